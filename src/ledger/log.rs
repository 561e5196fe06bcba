//! The write-ahead log: a thread moves it into the database behind the writer's back, a little at a time.
//!
//! Moved seldom and much at once, it holds the writer up: one sync of fifty megabytes keeps the writer's own syncs waiting for ten
//! milliseconds, and everybody with them. So it is moved by half a megabyte or so, and each is synced at once: when the writer winds the
//! log back, which it alone can do while it writes, and which it may do only where all is synced, there is little left to do.
//!
//! Nothing here is evidence. Whatever fails is tried again: the log holds what the database does not.

use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    thread,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use super::store::DATABASE;

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
    written: Receiver<()>,
    is_long: Arc<AtomicBool>,
    open: Option<Open>,
}

/// What the mover works with.
struct Open {
    connection: Connection,
    database: &'static File,
    /// Bytes of the database that were let go of, or were there before.
    forgotten: u64,
}

#[derive(Debug, thiserror::Error)]
enum MoveError {
    #[error(transparent)]
    Store(#[from] rusqlite::Error),
    #[error(transparent)]
    Disk(#[from] io::Error),
    /// What was moved may not be on disk, and the next sync would not say so. The log has it as long as nobody winds it back.
    #[error(transparent)]
    Unsure(io::Error),
}

impl Mover {
    /// A mover of the log of the ledger in `folder`, and what the writer tells it by.
    pub(super) fn new(folder: PathBuf) -> (Self, Written) {
        let (sender, written) = mpsc::sync_channel(1);
        let is_long = Arc::new(AtomicBool::new(false));
        let mover = Self { folder, written, is_long: Arc::clone(&is_long), open: None };
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
                    thread::sleep(PAUSE);
                    PAGES_MIN
                }
                Err(RecvTimeoutError::Timeout) => 1,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            is_left = match self.step(pages_min) {
                Ok(is_left) => is_left,
                Err(MoveError::Unsure(error)) => {
                    tracing::error!(%error, "the disk failed to keep what was moved into the ledger: its log is kept whole; see to the disk, then restart the daemon, which moves it again");
                    return;
                }
                Err(error) => {
                    tracing::debug!(%error, "cannot move the ledger's log yet");
                    true
                }
            };
        }
    }

    /// Moves what the log holds where that is `pages_min` pages or more; whether something is left.
    fn step(&mut self, pages_min: i64) -> Result<bool, MoveError> {
        let open = match &mut self.open {
            Some(open) => open,
            slot @ None => slot.insert(open(&self.folder)?),
        };
        let (pages, moved) = checkpoint(&open.connection, "NOOP")?;
        if pages - moved < pages_min {
            return Ok(pages > moved);
        }
        let (pages, moved) = checkpoint(&open.connection, "PASSIVE")?;
        // SQLite syncs the database only where nothing was written meanwhile, which beside a busy writer is never.
        open.database.sync_data().map_err(MoveError::Unsure)?;
        open.let_go()?;
        // A reader who still needs the log keeps it from being moved, and would keep the writer waiting.
        if pages > PAGES_MAX && pages == moved {
            self.is_long.store(true, Ordering::Relaxed);
        }
        Ok(pages > moved)
    }
}

impl Open {
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

fn open(folder: &std::path::Path) -> Result<Open, MoveError> {
    let file = folder.join(DATABASE);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&file, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    // Never closed: POSIX drops all locks of a process on a file as soon as it closes any handle on it, and SQLite's are such locks.
    // That costs one handle for each ledger that is opened, which is one a process.
    let database: &File = Box::leak(Box::new(File::open(&file)?));
    let forgotten = database.metadata()?.len();
    Ok(Open { connection, database, forgotten })
}

/// How many pages the log has, and how many of them are in the database, after a checkpoint of this kind.
fn checkpoint(connection: &Connection, kind: &str) -> rusqlite::Result<(i64, i64)> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({kind})"), [], |row| Ok((row.get(1)?, row.get(2)?)))
}
