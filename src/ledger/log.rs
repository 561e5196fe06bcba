//! The write-ahead log: a thread moves it into the database behind the writer's back, a little at a time.
//!
//! Moved seldom and much at once, it holds the writer up: one sync of fifty megabytes keeps the writer's own syncs waiting for ten
//! milliseconds, and everybody with them. So it is moved by half a megabyte or so, and each is synced at once: when the writer winds the
//! log back, which it alone can do while it writes, and which it may do only where all is synced, there is little left to do.
//!
//! # Syncs
//!
//! `SQLite` would sync the log before it moves it, and the database where it has moved all. The first is for nothing, since a
//! commit is seen only after the writer has synced it; and where there is writing the second seldom comes. So its syncs are
//! off here, and the database is synced once, when a step has moved what it could. Until then nobody may wind the log back,
//! which the writer does by itself where all is moved and nobody reads: a reader, the *guard*, is held for as long as a step
//! takes. Closing syncs as `SQLite` does.
//!
//! After a sync that failed, what was moved may not be on disk, and the next sync would not say so. Then the guard stays, and
//! all that was moved is written into the database again from the log, and synced, until that succeeds.
//!
//! Nothing here is evidence. Whatever fails is tried again: the log holds what the database does not.

use std::{
    collections::HashMap,
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    thread,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    own::{Lost, Own},
    rows::unsigned,
    store::DATABASE,
};

/// How long the log is left alone after a batch: what is written meanwhile is looked at together.
const PAUSE: Duration = Duration::from_micros(500);

/// Pages that are worth moving although there is writing: half a megabyte.
const PAGES_MIN: i64 = 64;

/// How long nothing must have been written before the rest is moved, and how soon what failed is tried again.
const IDLE: Duration = Duration::from_millis(200);

/// Pages of the log from which on the writer winds it back: 32 MiB. What lies in the log after a crash is read again at start-up.
const PAGES_MAX: i64 = 4096;

/// Bytes at the database's end that are not let go of: what is still being filled, and some hundreds of the newest entries.
const CACHED_BYTES: u64 = 2 << 20;

/// Bytes that are let go of at once. The memory is then used again for what is moved next; were it let go of late, the processor
/// would have forgotten it, and new memory costs most of all where the machine is a guest whose host must find it first.
const LET_GO_BYTES: u64 = 256 << 10;

/// The writer's end: it says that it wrote, and asks whether to wind the log back.
pub(super) struct Written {
    written: SyncSender<()>,
    is_long: Arc<AtomicBool>,
}

impl Written {
    /// Says that a batch was written.
    pub(super) fn tell(&self) {
        // Where one is waiting to be heard, it says the same; where nobody listens, the ledger is being closed.
        self.written.try_send(()).unwrap_or_default();
    }

    /// Whether the log is to be wound back now. That it is, is told once.
    pub(super) fn take_long(&self) -> bool {
        self.is_long.load(Ordering::Relaxed) && self.is_long.swap(false, Ordering::Relaxed)
    }
}

/// Moves the log until the writer is gone.
pub(super) struct Mover {
    folder: PathBuf,
    database: &'static File,
    own: Arc<Own>,
    written: Receiver<()>,
    is_long: Arc<AtomicBool>,
    open: Option<Open>,
}

/// Bytes before the first frame of the log, and before the page of each. Source: `SQLite`, "Database File Format", section 4.1.
const LOG_HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;

/// What the mover works with.
struct Open {
    connection: Connection,
    /// Reads while something is moved and not yet synced.
    guard: Connection,
    database: &'static File,
    log: File,
    page_bytes: usize,
    /// Whether a sync failed after something was moved. The guard reads until that is made good.
    is_unsure: bool,
    /// Bytes of the database that were let go of, or were there before.
    forgotten: u64,
}

#[derive(Debug, thiserror::Error)]
enum MoveError {
    #[error(transparent)]
    Store(#[from] rusqlite::Error),
    #[error(transparent)]
    Disk(#[from] io::Error),
    #[error(transparent)]
    Lost(#[from] Lost),
}

impl Mover {
    /// A mover of the log of the ledger in `folder` into its database, and what the writer tells it by.
    pub(super) fn new(folder: PathBuf, database: &'static File, own: Arc<Own>) -> (Self, Written) {
        let (sender, written) = mpsc::sync_channel(1);
        let is_long = Arc::new(AtomicBool::new(false));
        let mover = Self { folder, database, own, written, is_long: Arc::clone(&is_long), open: None };
        (mover, Written { written: sender, is_long })
    }

    pub(super) fn run(mut self) {
        let mut is_left = false;
        loop {
            let heard = if is_left {
                self.written.recv_timeout(IDLE)
            } else {
                self.written.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            let pages_min = match heard {
                Ok(()) => {
                    thread::sleep(if self.open.as_ref().is_some_and(|open| open.is_unsure) { IDLE } else { PAUSE });
                    PAGES_MIN
                }
                Err(RecvTimeoutError::Timeout) => 1,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            is_left = self.step(pages_min).unwrap_or_else(|error| {
                tracing::debug!(%error, "cannot move the ledger's log yet");
                true
            });
        }
        // Closing touches the files; where they are no longer the ledger's, all is left to the next start.
        if self.own.check().is_ok() {
            self.open.map(Open::close).unwrap_or_default();
        } else {
            std::mem::forget(self.open);
        }
    }

    /// Moves what the log holds where that is `pages_min` pages or more; whether something is left.
    fn step(&mut self, pages_min: i64) -> Result<bool, MoveError> {
        self.own.check()?;
        let open = match &mut self.open {
            Some(open) => open,
            slot @ None => slot.insert(Open::new(&self.folder, self.database)?),
        };
        if open.is_unsure {
            open.move_again()?;
        }
        let (pages, moved) = checkpoint(&open.connection, "NOOP")?;
        if pages - moved < pages_min {
            return Ok(pages > moved);
        }
        let (pages, moved) = open.move_guarded()?;
        open.let_go()?;
        // A reader who still needs the log keeps it from being moved, and would keep the writer waiting.
        if pages > PAGES_MAX && pages == moved {
            self.is_long.store(true, Ordering::Relaxed);
        }
        Ok(pages > moved)
    }
}

impl Open {
    fn new(folder: &Path, database: &'static File) -> Result<Self, MoveError> {
        let file = folder.join(DATABASE);
        let connect = || -> rusqlite::Result<Connection> {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(&file, flags)?;
            connection.busy_timeout(Duration::ZERO)?;
            connection.pragma_update(None, "synchronous", "OFF")?;
            // Without syncs, nothing is moved on the way out.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            Ok(connection)
        };
        let (connection, guard) = (connect()?, connect()?);
        let page_bytes = connection.pragma_query_value(None, "page_size", |row| row.get::<_, u16>(0))?.into();
        let log = File::open(folder.join(format!("{DATABASE}-wal")))?;
        let forgotten = database.metadata()?.len();
        Ok(Self { connection, guard, database, log, page_bytes, is_unsure: false, forgotten })
    }

    /// Moves what the log holds and syncs it, while nobody can wind the log back.
    fn move_guarded(&mut self) -> Result<(i64, i64), MoveError> {
        self.guard.execute_batch("BEGIN")?;
        let moved = self.move_and_sync();
        if !self.is_unsure {
            self.guard.execute_batch("COMMIT")?;
        }
        moved
    }

    fn move_and_sync(&mut self) -> Result<(i64, i64), MoveError> {
        // The guard's reading begins with the first row that it sees.
        self.guard.prepare_cached("SELECT 1 FROM meta LIMIT 1")?.query_row([], |_| Ok(()))?;
        let (_, moved_before) = checkpoint(&self.connection, "NOOP")?;
        let (pages, moved) = checkpoint(&self.connection, "PASSIVE")?;
        // Where the guard reads the database alone, as when all was moved before, it keeps nobody from winding the log back; but
        // then nothing can be moved either.
        if moved > moved_before
            && let Err(error) = self.database.sync_data()
        {
            tracing::error!(%error, "the disk failed to keep what was moved into the ledger: its log is kept whole, and moved again until the disk keeps it; see to the disk");
            self.is_unsure = true;
            return Err(error.into());
        }
        Ok((pages, moved))
    }

    /// Writes into the database again what was moved from the log as it is now, and syncs it.
    fn move_again(&mut self) -> Result<(), MoveError> {
        let (_, moved) = checkpoint(&self.connection, "NOOP")?;
        let frame_bytes = FRAME_HEADER_BYTES + self.page_bytes as u64;
        let frame = |index: u64| LOG_HEADER_BYTES + index * frame_bytes;
        // Of a page that was written more than once, the last counts, which is what stands there: whoever reads sees no change.
        let mut last = HashMap::new();
        for index in 0..unsigned(moved) {
            let mut number = [0; 4];
            self.log.read_exact_at(&mut number, frame(index))?;
            last.insert(u32::from_be_bytes(number), index);
        }
        let mut page = vec![0; self.page_bytes];
        for (number, index) in last {
            self.log.read_exact_at(&mut page, frame(index) + FRAME_HEADER_BYTES)?;
            // Pages count from one.
            let at = u64::from(number.saturating_sub(1)) * self.page_bytes as u64;
            self.database.write_all_at(&page, at)?;
        }
        self.database.sync_data()?;
        self.guard.execute_batch("COMMIT")?;
        self.is_unsure = false;
        tracing::info!("the disk keeps what is moved into the ledger again");
        Ok(())
    }

    /// Closes as `SQLite` does: the last to close moves the rest, synced. Where a sync failed, all is left to the next start.
    fn close(self) {
        if self.is_unsure {
            // Nobody may move or remove the log, as the last to close would.
            return std::mem::forget(self);
        }
        let Self { connection, guard, .. } = self;
        drop(guard);
        let closed = connection
            .pragma_update(None, "synchronous", "FULL")
            .and_then(|()| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false))
            .and_then(|_| connection.close().map_err(|(_, error)| error));
        if let Err(error) = closed {
            tracing::debug!(%error, "the ledger's log is left to the next start");
        }
    }

    /// Lets the system forget what left the newest part of the database: it is on disk, and hardly ever read again. The memory
    /// is that of the mirror, in which every inquiry looks.
    fn let_go(&mut self) -> io::Result<()> {
        let end = self.database.metadata()?.len().saturating_sub(CACHED_BYTES);
        if let Some(length) = std::num::NonZero::new(end.saturating_sub(self.forgotten))
            && length.get() >= LET_GO_BYTES
        {
            rustix::fs::fadvise(self.database, self.forgotten, Some(length), rustix::fs::Advice::DontNeed)?;
            self.forgotten = end;
        }
        Ok(())
    }
}

/// How many pages the log has, and how many of them are in the database, after a checkpoint of this kind.
fn checkpoint(connection: &Connection, kind: &str) -> rusqlite::Result<(i64, i64)> {
    let mut statement = connection.prepare_cached(&format!("PRAGMA wal_checkpoint({kind})"))?;
    statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
}

#[cfg(test)]
mod tests {
    use std::{fs::OpenOptions, io::Write as _, os::unix::fs::FileExt as _};

    use rusqlite::Connection;

    use super::{DATABASE, Open, checkpoint};

    /// A sync fails, and the pages that it was to keep are lost: what was moved before is in the log alone.
    #[test]
    fn pages_that_a_failed_sync_lost_are_moved_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(DATABASE);
        let writer = Connection::open(&file).unwrap();
        writer.busy_timeout(std::time::Duration::ZERO).unwrap();
        writer
            .execute_batch(
                "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
                 CREATE TABLE meta (key INTEGER PRIMARY KEY, value); PRAGMA wal_checkpoint(TRUNCATE);",
            )
            .unwrap();
        let write = |first: i64| {
            for key in first..first + 100 {
                writer.execute("INSERT INTO meta VALUES (?1, zeroblob(3000))", [key]).unwrap();
            }
        };
        write(0);
        let database = OpenOptions::new().read(true).write(true).open(&file).unwrap();
        let mut open = Open::new(folder.path(), Box::leak(Box::new(database))).unwrap();
        let before = std::fs::read(&file).unwrap();
        open.guard.execute_batch("BEGIN").unwrap();
        let (pages, moved) = open.move_and_sync().unwrap();
        assert!(pages > 100 && pages == moved, "{moved} of {pages}");
        open.is_unsure = true;
        // The disk has what it had.
        let mut database = OpenOptions::new().write(true).open(&file).unwrap();
        database.write_all(&before).unwrap();
        let length = database.metadata().unwrap().len();
        database
            .write_all_at(&vec![0x55; usize::try_from(length).unwrap() - before.len()], before.len() as u64)
            .unwrap();
        std::mem::forget(database);

        // The writer goes on; it cannot wind the log back.
        write(100);
        let (later, _) = checkpoint(&writer, "RESTART").unwrap();
        assert!(later > pages, "{later}");
        open.move_again().unwrap();
        assert!(!open.is_unsure);
        open.move_guarded().unwrap();
        let (all, moved) = checkpoint(&writer, "RESTART").unwrap();
        assert_eq!((all, moved), (later, later));
        open.close();
        drop(writer);
        // From the database alone.
        std::fs::remove_file(folder.path().join(format!("{DATABASE}-wal"))).unwrap_or_default();
        let reader = Connection::open(&file).unwrap();
        let count: i64 =
            reader.query_row("SELECT count(*) FROM meta WHERE length(value) = 3000", [], |row| row.get(0)).unwrap();
        let told: String = reader.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!((count, told.as_str()), (200, "ok"));
    }
}
