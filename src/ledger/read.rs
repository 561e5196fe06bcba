//! Reading the ledger: entries by number, bodies, checkpoints, receipts; on a connection of the reader's own.
//!
//! What is read is checked where it costs nothing more: a body opens only for its entry, and the commitments of its leaf
//! bind it. Whether the tree holds as a whole is `audit`'s to say.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use super::{
    batch::{self, Batch},
    error::{OpenError, ReadError, unreadable},
    evidence::{Body, decode_terms, is_committed},
    leaf::{Leaf, Opening, UtcMillis},
    note::{Checkpoint, Ed25519Signer, VerifierKey},
    own::Own,
    rows::{misread, signed, unsigned},
    runs::{Mode, Runs, Tag},
    secret::{Secrets, Term},
    store::{self, DATABASE, Meta},
};
use crate::keys::MasterKey;

/// What is said of an entry whose batch is none.
pub(super) const BATCH_MISREAD: &str = "has a checkpoint or hashes that cannot be read";

/// Entries that are read at once.
pub(super) const ENTRIES_AT_ONCE: usize = 512;

/// An entry as it stands in the database.
#[derive(Clone, Debug)]
pub struct StoredEntry {
    /// Its number, from 0.
    pub number: u64,
    /// The size of the checkpoint that its receipt carries, that of its batch.
    pub size: u64,
    /// Kinds and tags of what it is found by.
    pub(super) terms: Vec<u8>,
    /// The bytes of its leaf.
    pub leaf_bytes: Vec<u8>,
}

impl StoredEntry {
    /// Its leaf.
    ///
    /// # Errors
    ///
    /// [`ReadError::Damaged`] where the bytes are none.
    pub fn leaf(&self) -> Result<Leaf, ReadError> {
        Leaf::decode(&self.leaf_bytes).map_err(|_| ReadError::Damaged { entry: self.number, what: "cannot be read" })
    }

    /// The digests of this kind that it is found by, in the order in which they were stated.
    pub fn tags(&self, term: Term) -> impl Iterator<Item = Tag> {
        decode_terms(&self.terms).filter(move |(kind, _)| *kind == term as u8).map(|(_, tag)| tag)
    }
}

/// What a gateway gets: the answer's bytes, the receipt, and what opens the leaf's commitments.
#[derive(Clone, PartialEq, Eq)]
pub struct Answered {
    /// The answer's bytes.
    pub answer: Vec<u8>,
    /// A `c2sp.org/tlog-proof@v1`.
    pub receipt: String,
    /// The entry's opening.
    pub opening: Opening,
}

/// What an entry has of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyState {
    /// It opens, and is what the leaf commits to.
    Kept,
    /// It is gone.
    Removed,
    /// There never was one.
    Never,
}

/// The least and the greatest number of each table, where it has rows.
pub(super) struct Extent {
    pub(super) entries: Option<(i64, i64)>,
    pub(super) bodies: Option<(i64, i64)>,
    pub(super) batches: Option<(i64, i64)>,
}

/// Reads the ledger. Not shared between threads; it can be sent to one.
pub struct Reader {
    folder: PathBuf,
    connection: Connection,
    own: Option<Arc<Own>>,
    pub(super) secrets: Arc<Secrets>,
    key: VerifierKey,
}

impl Reader {
    /// Opens the ledger in `folder` for reading, whether or not a daemon writes it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where there is none, or it does not fit the master key.
    pub fn open(folder: &Path, master: &MasterKey) -> Result<Self, OpenError> {
        if !folder.join(DATABASE).is_file() {
            return Err(OpenError::Missing { folder: folder.to_owned() });
        }
        let connection = connect(folder)?;
        let Meta { secrets, key, .. } = Meta::read(&connection, master)?.current()?;
        Ok(Self { folder: folder.to_owned(), connection, own: None, secrets: Arc::new(secrets), key })
    }

    /// Its connection, to begin one statement with: the files are looked at first where this process writes them.
    pub(super) fn connection(&self) -> Result<&Connection, ReadError> {
        if let Some(own) = &self.own {
            own.check()?;
        }
        Ok(&self.connection)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The same reader, of files that this process writes.
    pub(super) fn owned(self, own: Arc<Own>) -> Self {
        Self { own: Some(own), ..self }
    }

    pub(super) fn with(folder: &Path, secrets: Arc<Secrets>, key: VerifierKey) -> Result<Self, ReadError> {
        Ok(Self { folder: folder.to_owned(), connection: connect(folder)?, own: None, secrets, key })
    }

    /// The key that signs the ledger.
    #[must_use]
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Checks the signer and the head as opening for writing does, whether or not a daemon writes the ledger; not that it can be
    /// written, nor its search index. Returns how many entries there are.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where it would not open.
    pub fn check_head(&self, signer: &Ed25519Signer) -> Result<u64, OpenError> {
        store::check_signer(&self.key, signer)?;
        let size = self.check_whole()?;
        self.check_witness()?;
        Ok(size)
    }

    /// Checks the head, and returns how many entries there are.
    pub(super) fn check_whole(&self) -> Result<u64, OpenError> {
        // All of it is read as of one moment, or what is written meanwhile would look like damage.
        let moment = self.connection().map_err(unreadable)?.unchecked_transaction()?;
        let (frontier, _) = store::check_head(self.connection().map_err(unreadable)?, &self.key).map_err(unreadable)?;
        self.check_last(frontier.size()).map_err(unreadable)?;
        moment.finish()?;
        Ok(frontier.size())
    }

    /// How many entries there are.
    ///
    /// # Errors
    ///
    /// [`ReadError::Store`] where the database cannot be read.
    pub fn size(&self) -> Result<u64, ReadError> {
        let last: Option<i64> =
            self.connection()?.prepare_cached("SELECT max(number) FROM entry")?.query_row([], |row| row.get(0))?;
        Ok(last.map_or(0, |last| unsigned(last) + 1))
    }

    /// The entry of this number.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where there is none or it cannot be read.
    pub fn entry(&self, number: u64) -> Result<StoredEntry, ReadError> {
        match self.entries(number, 1)?.pop() {
            Some(entry) if entry.number == number => Ok(entry),
            _ => Err(ReadError::Missing { entry: number, last: self.size()?.saturating_sub(1) }),
        }
    }

    /// Up to `count` entries from `first` on, in order. Few enough at a time, and the writer's log is never held up.
    ///
    /// # Errors
    ///
    /// [`ReadError::Store`] where the database cannot be read.
    pub fn entries(&self, first: u64, count: usize) -> Result<Vec<StoredEntry>, ReadError> {
        let mut statement = self.connection()?.prepare_cached(
            "SELECT number, size, terms, leaf FROM entry WHERE number >= ?1 ORDER BY number LIMIT ?2",
        )?;
        let rows = statement.query_map(params![signed(first), signed(count as u64)], |row| {
            let number = unsigned(row.get(0)?);
            Ok((number, stored(number, row)))
        })?;
        let mut entries = Vec::new();
        for row in rows {
            let (number, entry) = row?;
            entries.push(entry.map_err(|err| misread(err, number, "cannot be read"))?);
        }
        Ok(entries)
    }

    /// Hands over the entries from `first` to before `end`, a few at a time, each with the terms that its leaf commits to: an
    /// index that is made of other terms would forget what was answered.
    pub(super) fn each(&self, first: u64, end: u64, take: &mut dyn FnMut(StoredEntry)) -> Result<(), ReadError> {
        let mut next = first;
        while next < end {
            let count = usize::try_from(end - next).map_or(ENTRIES_AT_ONCE, |left| left.min(ENTRIES_AT_ONCE));
            let entries = self.entries(next, count)?;
            if entries.first().is_none_or(|entry| entry.number != next) {
                return Err(ReadError::Damaged { entry: next, what: "is missing" });
            }
            for entry in entries {
                if entry.number != next {
                    return Err(ReadError::Damaged { entry: next, what: "is missing" });
                }
                next += 1;
                self.check_terms(&entry)?;
                take(entry);
            }
        }
        Ok(())
    }

    /// Whether an entry is found by this term.
    pub(super) fn has_term(&self, entry: u64, term: Term, tag: &Tag) -> Result<bool, ReadError> {
        let entry = self.entry(entry)?;
        self.check_terms(&entry)?;
        Ok(entry.tags(term).any(|known| known == *tag))
    }

    /// Checks that an entry's leaf commits to what the entry is found by.
    fn check_terms(&self, entry: &StoredEntry) -> Result<(), ReadError> {
        let leaf = entry.leaf()?;
        if is_committed(&self.opening(&leaf), "terms", Some(&entry.terms), Some(&leaf.terms)) {
            return Ok(());
        }
        Err(ReadError::Damaged { entry: entry.number, what: "has terms that its leaf does not commit to" })
    }

    /// The digest by which entries with this term are found.
    #[must_use]
    pub fn tag(&self, term: Term, text: &str) -> Tag {
        self.secrets.tag(term, text)
    }

    /// Entries of `range` that may be found by this term, ascending: their terms hold its bytes, if only by chance.
    pub(super) fn with_term(&self, range: Range<u64>, term: Term, tag: &Tag) -> Result<Vec<u64>, ReadError> {
        let mut statement = self.connection()?.prepare_cached(
            "SELECT number FROM entry WHERE number >= ?1 AND number < ?2 AND instr(terms, ?3) ORDER BY number",
        )?;
        let bytes = [&[term as u8][..], tag].concat();
        let rows = statement
            .query_map(params![signed(range.start), signed(range.end), bytes], |row| row.get(0).map(unsigned))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What the ledger consists of, all seen at one moment.
    pub(super) fn extent(&self) -> Result<Extent, ReadError> {
        let extent = "SELECT (SELECT min(number) FROM entry), (SELECT max(number) FROM entry),
            (SELECT min(number) FROM body), (SELECT max(number) FROM body),
            (SELECT min(size) FROM batch), (SELECT max(size) FROM batch)";
        Ok(self.connection()?.query_row(extent, [], |row| {
            let range = |at: usize| -> rusqlite::Result<_> {
                Ok(row.get::<_, Option<i64>>(at)?.zip(row.get::<_, Option<i64>>(at + 1)?))
            };
            Ok(Extent { entries: range(0)?, bodies: range(2)?, batches: range(4)? })
        })?)
    }

    /// Checks what belongs to an entry beside the tree: its terms and its body.
    pub(super) fn check_parts(&self, entry: &StoredEntry, leaf: &Leaf) -> Result<BodyState, ReadError> {
        let damaged = |what| ReadError::Damaged { entry: entry.number, what };
        if !is_committed(&self.opening(leaf), "terms", Some(&entry.terms), Some(&leaf.terms)) {
            return Err(damaged("is found by terms that its leaf does not commit to"));
        }
        match (self.body(entry.number, leaf)?, leaf.has_body()) {
            (Some(_), true) => Ok(BodyState::Kept),
            (Some(_), false) => Err(damaged("has a body that its leaf does not know")),
            (None, true) => Ok(BodyState::Removed),
            (None, false) => Ok(BodyState::Never),
        }
    }

    /// Checks what belongs to the last entry beside the tree, of which opening checks the last batch.
    pub(super) fn check_last(&self, size: u64) -> Result<(), ReadError> {
        let Some(last) = size.checked_sub(1) else { return Ok(()) };
        let entry = self.entry(last)?;
        // Retention writes an entry before it removes a body, so the last entry has its own.
        match self.check_parts(&entry, &entry.leaf()?)? {
            BodyState::Kept | BodyState::Never => Ok(()),
            BodyState::Removed => {
                Err(ReadError::Damaged { entry: last, what: "has lost its body, which no entry says was removed" })
            }
        }
    }

    /// The opened body of an entry; `None` where it has none, or no longer.
    ///
    /// # Errors
    ///
    /// [`ReadError::Damaged`] where it does not open, or is not what its leaf commits to.
    pub fn body(&self, number: u64, leaf: &Leaf) -> Result<Option<Body>, ReadError> {
        let damaged = |what| ReadError::Damaged { entry: number, what };
        let Some(mut sealed) = self.sealed(number)? else { return Ok(None) };
        self.secrets.open(&leaf.nonce, &mut sealed).map_err(|_| damaged("has a body that does not open"))?;
        let body = Body::decode(&sealed).map_err(|_| damaged("has a body that cannot be read"))?;
        let opening = self.opening(leaf);
        let is_bound = is_committed(&opening, "inquiry", body.inquiry.as_deref(), leaf.inquiry.as_ref())
            && is_committed(&opening, "answer", body.answer.as_deref(), leaf.answer.as_ref());
        if is_bound { Ok(Some(body)) } else { Err(damaged("has a body that its leaf does not commit to")) }
    }

    pub(super) fn sealed(&self, number: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let mut statement = self.connection()?.prepare_cached("SELECT sealed FROM body WHERE number = ?1")?;
        let sealed = statement.query_row([signed(number)], |row| row.get(0)).optional();
        sealed.map_err(|err| misread(err, number, "has a body that does not open"))
    }

    /// What opens the commitments of an entry.
    #[must_use]
    pub fn opening(&self, leaf: &Leaf) -> Opening {
        self.secrets.opening(&leaf.nonce)
    }

    /// Up to `count` batches that end with trees of `size` or more entries, in order; `None` for a row that is none.
    pub(super) fn batches(&self, size: u64, count: usize) -> Result<Vec<Option<Batch>>, ReadError> {
        let select = format!("SELECT {} FROM batch WHERE size >= ?1 ORDER BY size LIMIT ?2", batch::COLUMNS);
        let mut statement = self.connection()?.prepare_cached(&select)?;
        let mut rows = statement.query(params![signed(size), signed(count as u64)])?;
        let mut batches = Vec::new();
        while let Some(row) = rows.next()? {
            // Of whatever other type something is, it is no batch.
            batches.push(Batch::from_row(row).unwrap_or(None));
        }
        Ok(batches)
    }

    /// The newest signed checkpoint.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where there is none, or the database cannot be read.
    pub fn newest_checkpoint(&self) -> Result<String, ReadError> {
        let mut statement = self.connection()?.prepare_cached("SELECT note FROM batch ORDER BY size DESC LIMIT 1")?;
        let note: Option<String> = statement.query_row([], |row| row.get(0)).optional()?;
        note.ok_or(ReadError::Damaged { entry: 0, what: "has no checkpoint" })
    }

    /// The numbers of bodies from `first` on, up to `count`.
    pub(super) fn body_numbers(&self, first: i64, count: usize) -> Result<Vec<i64>, ReadError> {
        let mut statement =
            self.connection()?.prepare_cached("SELECT number FROM body WHERE number >= ?1 ORDER BY number LIMIT ?2")?;
        let rows = statement.query_map(params![first, signed(count as u64)], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The search index, as the writer left it last.
    pub(super) fn runs(&self) -> Result<Runs, ReadError> {
        Ok(Runs::open(&self.folder.join(store::INDEX), self.secrets.runs(), Mode::ReadOnly)?)
    }

    /// The receipt of an entry, the same to the byte as when it was written.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where what it is made from cannot be read, or does not belong together.
    pub fn receipt(&self, entry: &StoredEntry) -> Result<String, ReadError> {
        let damaged = |what| ReadError::Damaged { entry: entry.number, what };
        let select = format!("SELECT {} FROM batch WHERE size = ?1", batch::COLUMNS);
        let mut statement = self.connection()?.prepare_cached(&select)?;
        let batch = statement.query_row([signed(entry.size)], Batch::from_row).optional();
        let batch = batch.map_err(|err| misread(err, entry.number, BATCH_MISREAD))?;
        let batch = batch.ok_or(damaged("has lost its checkpoint"))?.ok_or(damaged(BATCH_MISREAD))?;
        if !(batch.first()..batch.size()).contains(&entry.number) {
            return Err(damaged("names a checkpoint that does not cover it"));
        }
        if Checkpoint::verify(batch.note(), &self.key).is_err() {
            return Err(damaged("has a checkpoint that is not signed by the ledger's key"));
        }
        let receipt = batch.checked_receipt(entry.number, &entry.leaf_bytes);
        receipt.ok_or(damaged("is not in the tree that its checkpoint signs"))
    }

    /// The first entry written at `time` or after; the size where there is none.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where an entry cannot be read.
    pub fn first_at(&self, time: UtcMillis) -> Result<u64, ReadError> {
        let (mut low, mut high) = (0, self.size()?);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.entry(middle)?.leaf()?.time < time {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

fn stored(number: u64, row: &rusqlite::Row<'_>) -> rusqlite::Result<StoredEntry> {
    Ok(StoredEntry { number, size: unsigned(row.get(1)?), terms: row.get(2)?, leaf_bytes: row.get(3)? })
}

pub(super) fn connect(folder: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join(DATABASE), flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(2))?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192;")?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}
