//! The ledger's database as its one writer sees it: made, opened with its head checked, appended to a batch at a time.
//!
//! What is appended at once is one transaction: entries, sealed bodies, and a row for each batch with its hashes and its signed
//! checkpoint. The write-ahead log is synced by the commit; only then is any of it told of.

use std::{path::Path, sync::Arc, time::Duration};

use data_encoding::HEXLOWER;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, config::DbConfig, params};

use super::{
    batch::{self, BATCH_ENTRIES_MAX, Batch},
    error::{OpenError, ReadError, unreadable},
    evidence::Prepared,
    leaf::{Leaf, UtcMillis, time_line},
    note::{Checkpoint, Ed25519Signer, Signer, VerifierKey},
    rows::{self, signed, unsigned},
    secret::Secrets,
    tree::{self, Frontier, Head},
};
use crate::keys::{self, MasterKey, SALT_BYTES};

/// The version of the database's layout.
pub(super) const FORMAT: i64 = 2;

/// The database's file.
pub(super) const DATABASE: &str = "ledger.db";

/// The folder of the search index, in the ledger's.
pub(super) const INDEX: &str = "index";

/// Bytes of a page of a new database. A sealed answer has about two thousand: of those one fits a page of 4096, and half of every
/// page written and synced would be empty; three fit twice that.
pub(super) const PAGE_BYTES: u32 = 8192;

/// How long a lock of another process is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// What the ledger says of itself: its format, its salt, the key that signs it, and the seal on these.
const META_ROWS: i64 = 4;

const SCHEMA: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
    CREATE TABLE entry (number INTEGER PRIMARY KEY, size INTEGER NOT NULL, terms BLOB NOT NULL, leaf BLOB NOT NULL);
    CREATE TABLE body (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
";

/// The table that format 2 has.
pub(super) const BATCH_TABLE: &str = "
    CREATE TABLE batch (
        size INTEGER PRIMARY KEY, first INTEGER NOT NULL, note TEXT NOT NULL, edge BLOB NOT NULL, hashes BLOB NOT NULL
    );
";

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
        connection.execute_batch(BATCH_TABLE)?;
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
        move_log(&connection)?;
        let (frontier, last_time) = check_head(&connection, key).map_err(unreadable)?;
        Ok(Self { connection, signer, frontier, last_time })
    }

    /// Moves the log into the database, and closes it: everything is in one file.
    pub(super) fn close(self) -> Result<(), OpenError> {
        move_log(&self.connection)?;
        self.connection.close().map_err(|(_, error)| error.into())
    }

    /// The ledger's secrets.
    pub(super) fn secrets(&self, master: &MasterKey) -> Result<Secrets, OpenError> {
        Ok(Meta::read(&self.connection, master)?.secrets)
    }

    /// The time of the last entry.
    pub(super) fn last_time(&self) -> UtcMillis {
        self.last_time
    }

    /// How many entries there are.
    pub(super) fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The tree as it is now.
    pub(super) fn head(&self) -> Head {
        Head { size: self.frontier.size(), root: self.frontier.root() }
    }

    /// Writes entries as of `now`, and returns once they are on disk: the batches that they are in, each of which but the last has
    /// [`BATCH_ENTRIES_MAX`]. Where it fails, the store is to be dropped and opened anew.
    pub(super) fn append(&mut self, entries: &mut [Dated<'_>], now: UtcMillis) -> rusqlite::Result<Vec<Arc<Batch>>> {
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // The clock may have been set back; the ledger's time is not.
        self.last_time = self.last_time.max(now);
        let batches = entries
            .chunks_mut(BATCH_ENTRIES_MAX)
            .map(|entries| {
                insert(&transaction, &mut self.frontier, &*self.signer, entries, self.last_time).map(Arc::new)
            })
            .collect::<rusqlite::Result<_>>()?;
        transaction.commit()?;
        Ok(batches)
    }

    /// Writes the database's header again as it is, in a commit of its own: whether an entry could be written shows by that, and
    /// nothing is changed. A number of the header's that nobody uses is set to what it is.
    pub(super) fn rewrite_header(&self) -> rusqlite::Result<()> {
        self.connection.pragma_update(None, "user_version", 0)
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

/// Inserts entries as one batch.
pub(super) fn insert(
    connection: &Connection,
    frontier: &mut Frontier,
    signer: &dyn Signer,
    entries: &mut [Dated<'_>],
    time: UtcMillis,
) -> rusqlite::Result<Batch> {
    let dated = time_line(time);
    for entry in &mut *entries {
        entry.leaf.clear();
        entry.leaf.extend_from_slice(&entry.prepared.undated);
        entry.leaf.extend_from_slice(dated.as_bytes());
    }
    let batch = Batch::append(frontier, entries.iter().map(|entry| tree::leaf_hash(&entry.leaf)), signer);
    let mut insert_entry =
        connection.prepare_cached("INSERT INTO entry (number, size, terms, leaf) VALUES (?1, ?2, ?3, ?4)")?;
    let mut insert_body = connection.prepare_cached("INSERT INTO body (number, sealed) VALUES (?1, ?2)")?;
    for (number, Dated { prepared, leaf }) in (batch.first()..).zip(entries) {
        insert_entry.execute(params![signed(number), signed(batch.size()), prepared.terms, &*leaf])?;
        if let Some(body) = &prepared.body {
            insert_body.execute(params![signed(number), body])?;
        }
    }
    batch.insert(connection)?;
    Ok(batch)
}

/// Moves all of the log into the database, and syncs that.
pub(super) fn move_log(connection: &Connection) -> Result<(), OpenError> {
    let is_held: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_held {
        let held = std::io::Error::new(std::io::ErrorKind::WouldBlock, "a reader holds the write-ahead log");
        return Err(OpenError::Store { source: held.into() });
    }
    Ok(())
}

/// Sets a connection up for writing.
pub(super) fn configure(connection: &Connection) -> rusqlite::Result<()> {
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
    format!("{format}\n{}\n{key}", HEXLOWER.encode(salt))
}

/// What a ledger says of itself, checked against the master key.
pub(super) struct Meta {
    /// The version of its layout.
    pub(super) format: i64,
    /// Its secrets.
    pub(super) secrets: Secrets,
    /// The key that signs it.
    pub(super) key: VerifierKey,
    salt: [u8; SALT_BYTES],
}

impl Meta {
    /// Reads it in `folder`.
    pub(super) fn of(folder: &Path, master: &MasterKey) -> Result<Self, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(folder.join(DATABASE), flags)?;
        // Nothing is moved or removed before it is known whether the ledger is whole.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Self::read(&connection, master)
    }

    /// Reads it, of a ledger of any format.
    pub(super) fn read(connection: &Connection, master: &MasterKey) -> Result<Self, OpenError> {
        let value = "SELECT value FROM meta WHERE key = ?1";
        let format: i64 = connection.query_row(value, ["format"], |row| row.get(0))?;
        if !(1..=FORMAT).contains(&format) {
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
        let key = VerifierKey::parse(&key).map_err(|_| OpenError::WrongMasterKey)?;
        Ok(Self { format, secrets, key, salt })
    }

    /// The same, where the layout is the one that this version works with.
    pub(super) fn current(self) -> Result<Self, OpenError> {
        if self.format == FORMAT { Ok(self) } else { Err(OpenError::OldFormat { found: self.format }) }
    }

    /// Says that the layout is the one that this version works with.
    pub(super) fn renew(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut update = connection.prepare("UPDATE meta SET value = ?2 WHERE key = ?1")?;
        update.execute(params!["format", FORMAT])?;
        let seal = self.secrets.meta(&sealed_text(FORMAT, &self.salt, &self.key.to_string()));
        update.execute(params!["seal", seal.as_slice()])?;
        Ok(())
    }
}

/// Checks the head, however long the ledger is: all of the last batch, and that it ends the ledger.
pub(super) fn check_head(connection: &Connection, key: &VerifierKey) -> Result<(Frontier, UtcMillis), ReadError> {
    let damaged = |entry, what| ReadError::Damaged { entry, what };
    let last: Option<i64> = connection.query_row("SELECT max(number) FROM entry", [], |row| row.get(0))?;
    let last = last.map(unsigned).ok_or(damaged(0, "is missing"))?;
    let misread = |err| rows::misread(err, last, "cannot be read");
    let newest = format!("SELECT {} FROM batch ORDER BY size DESC LIMIT 1", batch::COLUMNS);
    let batch = connection.query_row(&newest, [], Batch::from_row).optional().map_err(misread)?;
    let batch = batch.ok_or(damaged(last, "has no checkpoint"))?;
    let batch = batch.ok_or(damaged(last, "has lost the hashes of its batch"))?;
    let checkpoint = Checkpoint::verify(batch.note(), key)
        .map_err(|_| damaged(last, "has a checkpoint that is not signed by the ledger's key"))?;
    if batch.size() != last + 1 || checkpoint.size != last + 1 {
        return Err(damaged(last, "is not the one that the last checkpoint ends with"));
    }
    let mut frontier = batch.before();
    let mut time = UtcMillis::MIN;
    let mut completed = Vec::new();
    let mut entries = connection.prepare("SELECT number, size, leaf FROM entry WHERE number >= ?1 ORDER BY number")?;
    let mut rows = entries.query([signed(batch.first())])?;
    for number in batch.first()..batch.size() {
        let row = rows.next().map_err(misread)?.ok_or(damaged(number, "is missing"))?;
        let leaf = row.get_ref(2)?.as_blob().map_err(|_| damaged(number, "cannot be read"))?;
        if unsigned(row.get(0)?) != number {
            return Err(damaged(number, "is missing"));
        }
        if unsigned(row.get(1).map_err(misread)?) != batch.size() {
            return Err(damaged(number, "does not belong to the checkpoint that covers it"));
        }
        completed.clear();
        frontier.append(tree::leaf_hash(leaf), &mut completed);
        if completed != batch.completed_by(number) {
            return Err(damaged(number, "does not hash to its node"));
        }
        time = time.max(Leaf::decode(leaf).map_err(|_| damaged(number, "cannot be read"))?.time);
    }
    if frontier.root() != checkpoint.root {
        return Err(damaged(last, "is not in the tree that the last checkpoint signs"));
    }
    Ok((frontier, time))
}

/// Checks that `signer` has the key that the ledger is signed with.
pub(super) fn check_signer(key: &VerifierKey, signer: &Ed25519Signer) -> Result<(), OpenError> {
    let given = signer.verifier();
    if *key == given {
        return Ok(());
    }
    Err(OpenError::WrongSigner { expected: key.to_string(), given: given.to_string() })
}
