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
    error::{OpenError, ReadError},
    evidence::Evidence,
    leaf::{Fact, Facts, Kind},
    read::Reader,
    runs::{Runs, RunsError},
    secret::Term,
    store::{DATABASE, signed},
    writer::{Job, News, chain},
};

/// How often it looks.
const INTERVAL: Duration = Duration::from_millis(200);

/// Passes over the log at once, and how few pages of a pass say that it has caught up with the writer.
const PASSES_MAX: usize = 8;
const LITTLE_PAGES: i64 = 16;

/// Pages of the log that are moved although there is writing: 8 MiB. Fewer wait until nothing is written, for the writer's own
/// syncs wait behind those of the move. More would make the log grow, whose new blocks, a profile suggests, cost more to
/// sync than blocks that are written again; and what lies in the log after a crash is read again at start-up.
const LOG_PAGES_MIN: i64 = 1024;

/// Entries that are made a run of at once.
pub(super) const RUN_ENTRIES: u64 = 1 << 16;

/// How long a run is put off at most: what none covers yet, another process searches entry by entry.
const RUN_INTERVAL: Duration = Duration::from_secs(5);

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
        let (mut last_run, mut retention_due) = (Instant::now(), Instant::now());
        let mut removing = None;
        let mut news = News::default();
        while self.closed.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            let Some(shared) = self.shared.upgrade() else { return };
            let end = shared.recent.end();
            self.move_log(&shared, &mut log, end == last_end);
            if end != last_end {
                (last_end, last_change) = (end, Instant::now());
            }
            if self.runs.through() < shared.recent.first() {
                tracing::warn!("a part of the ledger's search index was damaged; making it again");
                if let Err(error) = self.mend(&shared, shared.recent.first()) {
                    tracing::warn!(error = %chain(&error), "cannot make the ledger's search index; it is tried again");
                }
            }
            let gathering = shared.recent.gathering();
            let is_due = last_change.elapsed() >= IDLE || last_run.elapsed() >= RUN_INTERVAL;
            if gathering >= RUN_ENTRIES || (gathering > 0 && is_due) {
                last_run = Instant::now();
                self.make_run(&shared, &mut news);
            }
            let removed = match (removing, self.body_retention) {
                (Some(end), _) => go_on_removing(&shared, end),
                (None, Some(retention)) if Instant::now() >= retention_due => {
                    retention_due = Instant::now() + RETENTION_INTERVAL;
                    begin_removal(&shared, retention)
                }
                _ => Ok(None),
            };
            removing = removed.unwrap_or_else(|error| {
                tracing::warn!(error = %chain(&*error), "cannot remove what retention says; it is tried again");
                None
            });
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

    fn make_run(&self, shared: &Shared, news: &mut News) {
        let gathered = shared.recent.take();
        let made = self.mend(shared, gathered.first).and_then(|()| {
            let mut records = gathered.records.clone();
            self.runs.add(gathered.first, gathered.end, &mut records).map_err(OpenError::from)
        });
        if let Err(error) = made {
            let error_text = chain(&error);
            if news.is_new(&error_text) {
                tracing::warn!(error = error_text, "cannot write the ledger's search index; it is tried again");
            }
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

/// Writes that bodies go: of entries older than `retention`. Before which entry, where there are any.
fn begin_removal(shared: &Shared, retention: Duration) -> Result<Option<u64>, Box<dyn std::error::Error>> {
    let reader = shared.reader()?;
    let age = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
    let cut = (shared.clock)().saturating_sub(age);
    let end = reader.first_at(cut - cut.rem_euclid(DAY_MILLIS))?;
    if !is_left(&reader, end)? {
        return Ok(None);
    }
    let detail = format!("before entry {end}");
    let facts =
        Facts::default().with(Fact::Act, super::REMOVE_BODIES).with(Fact::Detail, &detail).with(Fact::By, "bdcd");
    let terms = vec![(Term::Kind, Kind::Administration.word().to_owned())];
    let said = shared.record(Kind::Administration, Evidence { facts, terms, ..Evidence::default() })?;
    tracing::info!(entry = said.entry, before = end, "removing sealed bodies after their retention");
    Ok(Some(end))
}

/// Has the writer remove some bodies before entry `end`, as an entry says; where it is done, nothing is left to do.
///
/// A few at each look: else, where there are millions, the log and the index would be left alone for as long as that takes,
/// and where the writer cannot write, the ledger could not be closed.
fn go_on_removing(shared: &Shared, end: u64) -> Result<Option<u64>, Box<dyn std::error::Error>> {
    if !is_left(&shared.reader()?, end)? {
        return Ok(None);
    }
    // Where its queue is full, it has more urgent things to do.
    drop(shared.queue.try_send(Job::RemoveBodies(end)));
    Ok(Some(end))
}

/// Whether there is a body of an entry before `end`.
fn is_left(reader: &Reader, end: u64) -> Result<bool, ReadError> {
    Ok(reader.body_numbers(i64::MIN, 1)?.pop().is_some_and(|first| first < signed(end)))
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
