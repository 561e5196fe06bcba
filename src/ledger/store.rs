//! The ledger's database as its one writer sees it: made, opened with its head checked, appended to a batch at a time.
//!
//! Everything of a batch is one transaction: entries with the hashes of the subtrees that they complete, sealed bodies, and
//! one signed checkpoint. The write-ahead log is synced by the commit; only then is the batch told of.

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use super::{
    error::{OpenError, ReadError},
    evidence::Prepared,
    leaf::{Leaf, UtcMillis, time_line},
    note::{Checkpoint, Signer, VerifierKey},
    read, receipt,
    secret::Secrets,
    tree::{self, Frontier, Hash},
};
use crate::keys::{self, MasterKey, SALT_BYTES, hex};

/// The version of the database's layout.
pub(super) const FORMAT: i64 = 1;

/// The database's file.
pub(super) const DATABASE: &str = "ledger.db";

/// Bytes of a page of a new database. A sealed answer has about two thousand: of those one fits a page of 4096, and half of every
/// page written and synced would be empty; three fit twice that.
pub(super) const PAGE_BYTES: u32 = 8192;

/// How long a lock of another process is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// What the ledger says of itself: its format, its salt, the key that signs it, and the seal on these.
const META_ROWS: i64 = 4;

const SCHEMA: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
    CREATE TABLE entry (
        number INTEGER PRIMARY KEY, size INTEGER NOT NULL, hashes BLOB NOT NULL, terms BLOB NOT NULL, leaf BLOB NOT NULL
    );
    CREATE TABLE body (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
    CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL);
";

/// A batch that is on disk: what the receipts of its entries are made from.
#[derive(Debug)]
pub(super) struct Batch {
    first: u64,
    size: u64,
    /// The tree's right edge before the batch.
    peaks: Vec<Hash>,
    /// The hashes of the subtrees that its entries complete, entry by entry, lowest level first.
    completed: Vec<Hash>,
    checkpoint: String,
}

/// How many subtrees the first `size` entries complete.
fn completed_count(size: u64) -> u64 {
    2 * size - u64::from(size.count_ones())
}

impl Batch {
    /// The receipt of one of its entries.
    pub(super) fn receipt(&self, entry: u64, leaf: &[u8]) -> String {
        let mut node = |level: u32, index: u64| -> Result<Hash, std::convert::Infallible> {
            let by = tree::completed_by(level, index);
            if let Some(within) = by.checked_sub(self.first) {
                let at = completed_count(self.first + within) - completed_count(self.first) + u64::from(level);
                return Ok(self.completed[usize::try_from(at).expect("a batch is in memory")]);
            }
            // What an earlier entry completed and the proof needs whole is a part of the right edge.
            let place = Frontier::place(self.first, level, index);
            Ok(self.peaks[place.expect("a proof uses the largest complete subtrees left of the batch")])
        };
        let Ok(proof) = tree::inclusion_proof(entry, self.size, &mut node);
        receipt::write(leaf, entry, &proof, &self.checkpoint)
    }
}

/// An event to be written, dated by the writer.
pub(super) struct Dated<'a> {
    pub(super) prepared: &'a Prepared,
    /// The leaf as written; filled in by [`Store::append`].
    pub(super) leaf: Vec<u8>,
}

/// The database, open for writing.
pub(super) struct Store {
    connection: Connection,
    signer: Arc<dyn Signer>,
    frontier: Frontier,
    last_time: UtcMillis,
}

impl Store {
    /// Makes the database of a new ledger; it has no entry yet, and does not open until its first is written.
    pub(super) fn create(
        folder: &Path,
        master: &MasterKey,
        key: &VerifierKey,
        signer: Arc<dyn Signer>,
    ) -> Result<Self, OpenError> {
        let connection = Connection::open(folder.join(DATABASE))?;
        configure(&connection)?;
        let salt: [u8; SALT_BYTES] = keys::random()?;
        let secrets = Secrets::derive(master, &salt);
        connection.execute_batch("BEGIN IMMEDIATE")?;
        connection.execute_batch(SCHEMA)?;
        let key = key.to_string();
        let mut insert = connection.prepare("INSERT INTO meta (key, value) VALUES (?1, ?2)")?;
        insert.execute(params!["format", FORMAT])?;
        insert.execute(params!["salt", salt.as_slice()])?;
        insert.execute(params!["key", key])?;
        insert.execute(params!["seal", secrets.meta(&sealed_text(FORMAT, &salt, &key)).as_slice()])?;
        drop(insert);
        connection.execute_batch("COMMIT")?;
        Ok(Self { connection, signer, frontier: Frontier::new(), last_time: 0 })
    }

    /// Opens the database, and checks its head: the last checkpoint is signed and is of the tree, and the last entry is in it.
    ///
    /// What an earlier process left in the write-ahead log is first moved into the database and synced: after a sync that
    /// failed, the log may hold what the disk does not.
    pub(super) fn open(folder: &Path, key: &VerifierKey, signer: Arc<dyn Signer>) -> Result<Self, OpenError> {
        let connection = Connection::open_with_flags(
            folder.join(DATABASE),
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        configure(&connection)?;
        let is_held: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if is_held {
            let held = std::io::Error::new(std::io::ErrorKind::WouldBlock, "a reader holds the write-ahead log");
            return Err(OpenError::Store { source: held.into() });
        }
        let (frontier, last_time) = check_head(&connection, key).map_err(super::unreadable)?;
        Ok(Self { connection, signer, frontier, last_time })
    }

    /// Moves the log into the database, and closes it: everything is in one file.
    pub(super) fn close(self) -> Result<(), OpenError> {
        let is_busy: bool = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if is_busy {
            return Err(OpenError::Store { source: "another process reads what is only being made".into() });
        }
        self.connection.close().map_err(|(_, error)| error.into())
    }

    /// The ledger's secrets.
    pub(super) fn secrets(&self, master: &MasterKey) -> Result<Secrets, OpenError> {
        Ok(read_meta(&self.connection, master)?.0)
    }

    /// How many entries there are.
    pub(super) fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Writes a batch as of `now`, and returns once it is on disk. Where it fails, the store is to be dropped and opened anew.
    pub(super) fn append(&mut self, batch: &mut [Dated<'_>], now: UtcMillis) -> rusqlite::Result<Batch> {
        let first = self.size();
        let size = first + batch.len() as u64;
        // The clock may have been set back; the ledger's time is not.
        self.last_time = self.last_time.max(now);
        let dated = time_line(self.last_time);
        let peaks = self.frontier.peaks().to_vec();
        let mut all_completed = Vec::with_capacity(2 * batch.len() + 64);
        let mut completed = Vec::new();
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        {
            let mut entries = transaction
                .prepare_cached("INSERT INTO entry (number, size, hashes, terms, leaf) VALUES (?1, ?2, ?3, ?4, ?5)")?;
            let mut bodies = transaction.prepare_cached("INSERT INTO body (number, sealed) VALUES (?1, ?2)")?;
            for (number, dated_entry) in (first..).zip(batch.iter_mut()) {
                let prepared = dated_entry.prepared;
                dated_entry.leaf.clear();
                dated_entry.leaf.extend_from_slice(&prepared.undated);
                dated_entry.leaf.extend_from_slice(dated.as_bytes());
                self.frontier.append(tree::leaf_hash(&dated_entry.leaf), &mut completed);
                let hashes = completed.as_flattened();
                entries.execute(params![signed(number), signed(size), hashes, prepared.terms, dated_entry.leaf])?;
                if let Some(body) = &prepared.body {
                    bodies.execute(params![signed(number), body])?;
                }
                all_completed.extend_from_slice(&completed);
            }
        }
        let checkpoint = Checkpoint { origin: self.signer.name().to_owned(), size, root: self.frontier.root() };
        let checkpoint = checkpoint.sign(&[&*self.signer]);
        transaction
            .prepare_cached("INSERT INTO checkpoint (size, note) VALUES (?1, ?2)")?
            .execute(params![signed(size), checkpoint])?;
        transaction.commit()?;
        Ok(Batch { first, size, peaks, completed: all_completed, checkpoint })
    }

    /// Removes up to `count` sealed bodies of entries before `end`; how many it removed. Their leaves stay.
    pub(super) fn remove_bodies(&mut self, end: u64, count: u64) -> rusqlite::Result<usize> {
        let statement =
            "DELETE FROM body WHERE number IN (SELECT number FROM body WHERE number < ?1 ORDER BY number LIMIT ?2)";
        self.connection.prepare_cached(statement)?.execute(params![signed(end), signed(count)])
    }

    /// Winds the write-ahead log back, most of which is in the database already. Where somebody reads just now, it is left to the
    /// next time: nobody waits for a reader.
    pub(super) fn wind_back_log(&mut self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(Duration::ZERO)?;
        self.connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))?;
        self.connection.busy_timeout(BUSY_TIMEOUT)
    }
}

/// Numbers as `SQLite` keeps them.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number as `SQLite` kept it; what is below zero is nobody's.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 134217728;
         PRAGMA cache_size = -16384;
         PRAGMA secure_delete = ON;",
    )
}

fn sealed_text(format: i64, salt: &[u8], key: &str) -> String {
    format!("{format}\n{}\n{key}", hex(salt))
}

/// What the ledger in `folder` says of itself; see [`read_meta`].
pub(super) fn meta_of(folder: &Path, master: &MasterKey) -> Result<(Secrets, VerifierKey), OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    read_meta(&Connection::open_with_flags(folder.join(DATABASE), flags)?, master)
}

/// What the ledger says of itself, checked against the master key: its secrets, and the key that signs it.
pub(super) fn read_meta(connection: &Connection, master: &MasterKey) -> Result<(Secrets, VerifierKey), OpenError> {
    let value = "SELECT value FROM meta WHERE key = ?1";
    let format: i64 = connection.query_row(value, ["format"], |row| row.get(0))?;
    if format != FORMAT {
        return Err(OpenError::Format { found: format, known: FORMAT });
    }
    let salt: Vec<u8> = connection.query_row(value, ["salt"], |row| row.get(0))?;
    let key: String = connection.query_row(value, ["key"], |row| row.get(0))?;
    let seal: Vec<u8> = connection.query_row(value, ["seal"], |row| row.get(0))?;
    let rows: i64 = connection.query_row("SELECT count(*) FROM meta", [], |row| row.get(0))?;
    let salt: [u8; SALT_BYTES] = salt.try_into().map_err(|_| OpenError::WrongMasterKey)?;
    let secrets = Secrets::derive(master, &salt);
    if secrets.meta(&sealed_text(format, &salt, &key)).as_slice() != seal || rows != META_ROWS {
        return Err(OpenError::WrongMasterKey);
    }
    Ok((secrets, VerifierKey::parse(&key).map_err(|_| OpenError::WrongMasterKey)?))
}

/// Checks the head, however long the ledger is: a few dozen reads.
fn check_head(connection: &Connection, key: &VerifierKey) -> Result<(Frontier, UtcMillis), ReadError> {
    let damaged = |entry, what| ReadError::Damaged { entry, what };
    let last: Option<i64> = connection.query_row("SELECT max(number) FROM entry", [], |row| row.get(0))?;
    let last = last.map(unsigned).ok_or(damaged(0, "is missing"))?;
    let misread = |err| read::misread(err, last, "cannot be read");
    let note = "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1";
    let note: Option<(i64, String)> =
        connection.query_row(note, [], |row| Ok((row.get(0)?, row.get(1)?))).optional().map_err(misread)?;
    let (size, note) = note.ok_or(damaged(last, "has no checkpoint"))?;
    let checkpoint = Checkpoint::verify(&note, key)
        .map_err(|_| damaged(last, "has a checkpoint that is not signed by the ledger's key"))?;
    if unsigned(size) != last + 1 || checkpoint.size != last + 1 {
        return Err(damaged(last, "is not the one that the last checkpoint ends with"));
    }
    let mut peaks = Vec::new();
    for (level, index) in Frontier::positions(checkpoint.size) {
        peaks.push(
            read::node(connection, level, index)
                .map_err(misread)?
                .ok_or(damaged(tree::completed_by(level, index), "is missing, or has lost its hashes"))?,
        );
    }
    let frontier = Frontier::from_peaks(checkpoint.size, peaks).ok_or(damaged(last, "has lost its hashes"))?;
    if frontier.root() != checkpoint.root {
        return Err(damaged(last, "is not in the tree that the last checkpoint signs"));
    }
    let leaf: Vec<u8> = connection
        .query_row("SELECT leaf FROM entry WHERE number = ?1", [signed(last)], |row| row.get(0))
        .map_err(misread)?;
    if read::node(connection, 0, last).map_err(misread)? != Some(tree::leaf_hash(&leaf)) {
        return Err(damaged(last, "does not hash to its node"));
    }
    let leaf = Leaf::decode(&leaf).map_err(|_| damaged(last, "cannot be read"))?;
    Ok((frontier, leaf.time))
}
