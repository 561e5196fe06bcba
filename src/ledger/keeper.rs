//! The thread that keeps the ledger in order behind the writer's back: it moves the write-ahead log into the database, makes
//! runs of what has gathered, and says when bodies are to go.
//!
//! Nothing here is evidence: whatever fails is tried again, and the writer goes on.

use std::{
    path::PathBuf,
    sync::{
        Arc, Weak,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};

use super::{
    Shared,
    error::OpenError,
    evidence::Evidence,
    leaf::{Fact, Facts, Kind},
    runs::{Runs, RunsError},
    secret::Term,
    store::{DATABASE, signed},
    writer::{Job, chain},
};

/// How often it looks.
const INTERVAL: Duration = Duration::from_millis(200);

/// Pages of the log that are moved although there is writing: 256 MiB. What is moved is synced, and the writer's own syncs wait
/// behind that, so it happens when nothing is written, or rarely; and what is written again meanwhile is moved once.
const LOG_PAGES_MIN: i64 = 32_768;

/// Passes over the log at once, and how few pages of a pass say that it has caught up with the writer.
const PASSES_MAX: usize = 8;
const LITTLE_PAGES: i64 = 16;

/// Entries that are made a run of at once.
pub(super) const RUN_ENTRIES: u64 = 1 << 16;

/// How long nothing must have been written before fewer are.
const IDLE: Duration = Duration::from_secs(1);

/// How often retention is looked at. It counts in whole days, so that a day has one entry that says what was removed.
const RETENTION_INTERVAL: Duration = Duration::from_mins(1);

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// Keeps the ledger in order until it is closed.
pub(super) struct Keeper {
    pub(super) folder: PathBuf,
    pub(super) shared: Weak<Shared>,
    pub(super) runs: Arc<Runs>,
    pub(super) body_retention: Option<Duration>,
    /// Nothing is ever sent; it tells that the ledger is closed.
    pub(super) closed: Receiver<()>,
}

impl Keeper {
    pub(super) fn run(self) {
        let mut log = None;
        let (mut last_end, mut last_change) = (0, Instant::now());
        let mut retention_due = Instant::now();
        while self.closed.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            let Some(shared) = self.shared.upgrade() else { return };
            let end = shared.recent.end();
            self.move_log(&shared, &mut log, end == last_end);
            if end != last_end {
                (last_end, last_change) = (end, Instant::now());
            }
            let gathering = shared.recent.gathering();
            if gathering >= RUN_ENTRIES || (gathering > 0 && last_change.elapsed() >= IDLE) {
                self.make_run(&shared);
            }
            if let Some(retention) = self.body_retention.filter(|_| Instant::now() >= retention_due) {
                retention_due = Instant::now() + RETENTION_INTERVAL;
                if let Err(error) = remove_bodies(&shared, retention) {
                    tracing::warn!(error = %chain(&*error), "cannot remove what retention says; it is tried again");
                }
            }
        }
    }

    /// Moves the log into the database where it is worth it, beside the writer.
    fn move_log(&self, shared: &Shared, log: &mut Option<Connection>, is_idle: bool) {
        let pages_min = if is_idle { 1 } else { LOG_PAGES_MIN };
        let moved = match log {
            Some(connection) => move_log(connection, pages_min),
            None => connect(&self.folder).and_then(|connection| move_log(log.insert(connection), pages_min)),
        };
        match moved {
            Ok(None) => {}
            // The writer is told how long it is: it alone can wind it back while it writes without pause.
            Ok(Some(pages)) => drop(shared.queue.try_send(Job::BoundLog(pages))),
            Err(error) => {
                tracing::debug!(%error, "cannot move the ledger's log yet");
                *log = None;
            }
        }
    }

    fn make_run(&self, shared: &Shared) {
        let gathered = shared.recent.take();
        let made = self.mend(shared, gathered.first).and_then(|()| {
            let mut records = gathered.records.clone();
            self.runs.add(gathered.first, gathered.end, &mut records).map_err(OpenError::from)
        });
        if let Err(error) = made {
            tracing::warn!(error = %chain(&error), "cannot write the ledger's search index; it is tried again");
            if let OpenError::Index(RunsError::Damaged { entries, .. }) = &error {
                // What is damaged is made again from the entries.
                self.runs.forget_from(entries.first()).unwrap_or_default();
            }
        }
        // A run may be there although merging it failed.
        if self.runs.through() >= gathered.end {
            shared.recent.forget();
        }
    }

    /// Makes runs again up to `first` where some were damaged and taken out.
    fn mend(&self, shared: &Shared, first: u64) -> Result<(), OpenError> {
        while self.runs.through() < first {
            let end = first.min(self.runs.through() + RUN_ENTRIES);
            super::cover(&shared.reader().map_err(super::unreadable)?, &self.runs, end)?;
        }
        Ok(())
    }
}

fn connect(folder: &std::path::Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join(DATABASE), flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    Ok(connection)
}

/// Moves what the log holds, then what was written meanwhile, until it is little; returns how long the log is, in pages. `None`
/// where fewer than `pages_min` are to be moved.
///
/// `SQLite` syncs the database only where a pass ends with nothing left, which beside a busy writer only a short one does. What
/// is not synced here the writer syncs when it winds the log back, and everybody waits for that.
fn move_log(connection: &mut Connection, pages_min: i64) -> rusqlite::Result<Option<i64>> {
    let (mut log_pages, mut moved_pages) = checkpoint(connection, "NOOP")?;
    if log_pages - moved_pages < pages_min {
        return Ok(None);
    }
    for _ in 0..PASSES_MAX {
        let before = moved_pages;
        (log_pages, moved_pages) = checkpoint(connection, "PASSIVE")?;
        if moved_pages - before <= LITTLE_PAGES {
            break;
        }
    }
    Ok(Some(log_pages))
}

/// How many pages the log has, and how many of them are in the database, after a checkpoint of this kind.
fn checkpoint(connection: &Connection, kind: &str) -> rusqlite::Result<(i64, i64)> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({kind})"), [], |row| Ok((row.get(1)?, row.get(2)?)))
}

/// Writes that bodies go, then has them removed: of entries older than `retention`.
fn remove_bodies(shared: &Shared, retention: Duration) -> Result<(), Box<dyn std::error::Error>> {
    let reader = shared.reader()?;
    let age = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
    let cut = (shared.clock)().saturating_sub(age);
    let end = reader.first_at(cut - cut.rem_euclid(DAY_MILLIS))?;
    let is_due = || -> Result<bool, super::ReadError> {
        Ok(reader.body_numbers(i64::MIN, 1)?.pop().is_some_and(|first| first < signed(end)))
    };
    if !is_due()? {
        return Ok(());
    }
    let detail = format!("before entry {end}");
    let facts =
        Facts::default().with(Fact::Act, super::REMOVE_BODIES).with(Fact::Detail, &detail).with(Fact::By, "bdcd");
    let terms = vec![(Term::Kind, Kind::Administration.word().to_owned())];
    let said = shared.record(Kind::Administration, Evidence { facts, terms, ..Evidence::default() })?;
    tracing::info!(entry = said.entry, before = end, "removing sealed bodies after their retention");
    while is_due()? {
        shared.queue.send(Job::RemoveBodies(end))?;
        std::thread::sleep(INTERVAL);
    }
    Ok(())
}
