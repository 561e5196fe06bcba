//! The thread that keeps the ledger in order behind the writer's back: it makes runs of what has gathered, and says when bodies
//! are to go.
//!
//! Nothing here is evidence: whatever fails is tried again, and the writer goes on.

use std::{
    path::Path,
    sync::{
        Arc, Weak,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use super::{
    error::{OpenError, ReadError, unreadable},
    evidence::{Evidence, REMOVE_BODIES},
    leaf::{Kind, UtcMillis},
    news::{News, chain},
    note::VerifierKey,
    read::Reader,
    recent::{Gathered, Recent},
    rows::{signed, unsigned},
    runs::{Record, Runs, RunsError},
    secret::Secrets,
    shared::Shared,
    time::{DAY_MILLIS, unseen_days},
    writer::Job,
};

/// How often it looks.
const INTERVAL: Duration = Duration::from_millis(200);

/// Entries that are made a run of at once.
pub(super) const RUN_ENTRIES: u64 = 1 << 16;

/// How long a run is put off at most: what none covers yet, another process searches entry by entry.
const RUN_INTERVAL: Duration = Duration::from_secs(5);

/// How long nothing must have been written before fewer are.
const IDLE: Duration = Duration::from_secs(1);

/// How often retention is looked at. It counts in whole days, so that a day has one entry that says what was removed.
const RETENTION_INTERVAL: Duration = Duration::from_mins(1);

/// Keeps the ledger in order until it is closed.
pub(super) struct Keeper {
    pub(super) shared: Weak<Shared>,
    pub(super) runs: Arc<Runs>,
    pub(super) body_retention: Option<Duration>,
    pub(super) removal_interval: Duration,
    /// Nothing is ever sent; it tells that the ledger is closed.
    pub(super) closed: Receiver<()>,
}

/// What the keeper has in hand between two looks.
#[derive(Default)]
struct Hand {
    /// What a run could not be made of yet.
    gathered: Option<Gathered>,
    /// What the last run was made of, emptied: room for what gathers next.
    room: Vec<Record>,
}

impl Keeper {
    pub(super) fn run(self) {
        let (mut last_end, mut last_change) = (0, Instant::now());
        let (mut last_run, mut retention_due) = (Instant::now(), Instant::now());
        let opened = Instant::now();
        let mut seen_since = opened;
        let (mut removing, mut hand) = (None, Hand::default());
        let (mut news, mut is_mending) = (News::default(), false);
        while self.closed.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            let Some(shared) = self.shared.upgrade() else { return };
            let end = shared.recent.end();
            if end != last_end {
                (last_end, last_change) = (end, Instant::now());
            }
            if self.runs.through() < shared.recent.first() {
                if !std::mem::replace(&mut is_mending, true) {
                    tracing::warn!("a part of the ledger's search index was damaged; making it again");
                }
                if let Err(error) = self.mend(&shared, shared.recent.first()) {
                    tell(&mut news, &error);
                }
            } else {
                is_mending = false;
            }
            let gathering = shared.recent.gathering();
            let is_due = last_change.elapsed() >= IDLE || last_run.elapsed() >= RUN_INTERVAL;
            if gathering >= RUN_ENTRIES || (is_due && (gathering > 0 || hand.gathered.is_some())) {
                last_run = Instant::now();
                self.make_run(&shared, &mut hand, &mut news);
            }
            let removed = match (removing, self.body_retention) {
                (Some(end), _) => go_on_removing(&shared, end),
                (None, Some(retention))
                    if Instant::now() >= retention_due && seen_since.elapsed() >= self.removal_interval =>
                {
                    retention_due = Instant::now() + RETENTION_INTERVAL.min(self.removal_interval);
                    let (seen, open) = (self.intervals(seen_since), self.intervals(opened));
                    let begun = begin_removal(&shared, retention, seen, open);
                    if matches!(begun, Ok(Some(_))) {
                        seen_since = Instant::now();
                    }
                    begun
                }
                _ => Ok(None),
            };
            removing = removed.unwrap_or_else(|error| {
                tracing::warn!(error = %chain(&*error), "cannot remove what retention says; it is tried again");
                None
            });
        }
    }

    /// Intervals of removal that have passed since, by the monotonic clock.
    fn intervals(&self, since: Instant) -> i64 {
        let passed = since.elapsed().as_secs() / self.removal_interval.as_secs().max(1);
        i64::try_from(passed).unwrap_or(i64::MAX)
    }

    fn make_run(&self, shared: &Shared, hand: &mut Hand, news: &mut News) {
        let take = || shared.recent.take(std::mem::take(&mut hand.room));
        let mut gathered = hand.gathered.take().unwrap_or_else(take);
        let made = self
            .mend(shared, gathered.first)
            .and_then(|()| self.runs.add(gathered.first, gathered.end, &mut gathered.records).map_err(OpenError::from));
        if let Err(error) = made {
            tell(news, &error);
            if let OpenError::Index(RunsError::Damaged { entries, .. }) = &error {
                // What is damaged is made again from the entries.
                self.runs.forget_from(entries.first()).unwrap_or_default();
            }
        }
        // A run may be there although merging it failed.
        if self.runs.through() >= gathered.end {
            shared.recent.forget();
            hand.room = gathered.records;
        } else {
            hand.gathered = Some(gathered);
        }
    }

    /// Makes runs again up to `first` where some were damaged and taken out.
    fn mend(&self, shared: &Shared, first: u64) -> Result<(), OpenError> {
        while self.runs.through() < first {
            let end = first.min(self.runs.through() + RUN_ENTRIES);
            cover(&shared.reader().map_err(unreadable)?, &self.runs, end)?;
        }
        Ok(())
    }
}

/// Tells why the index cannot be made, unless that was told lately.
fn tell(news: &mut News, error: &OpenError) {
    let error = chain(error);
    if news.is_new(&error) {
        tracing::warn!(error, "cannot make the ledger's search index; it is tried again");
    }
}

/// Writes that bodies go: of entries older than `retention` by the time that was seen to pass (module `time`), and of no more days
/// at once than intervals were `seen` to pass by a clock that nobody can set. Before which entry, where there are any.
///
/// `open` are the intervals for which the ledger has been open: as many of the last days count although they have no entry.
///
/// So a start under a wrong clock that is soon over removes nothing, one that lasts takes little with it before somebody
/// notices, and a ledger that was long closed catches up.
fn begin_removal(
    shared: &Shared,
    retention: Duration,
    seen: i64,
    open: i64,
) -> Result<Option<u64>, Box<dyn std::error::Error>> {
    let reader = shared.reader()?;
    let Some(oldest) = reader.body_numbers(i64::MIN, 1)?.pop() else { return Ok(None) };
    let oldest = reader.entry(unsigned(oldest))?.leaf()?.time;
    let now = (shared.clock)();
    let (now, doubted_days) = {
        let mut watch = shared.watch();
        watch.judge_aloud(now)?;
        (watch.seen(now), watch.doubted_days())
    };
    let age = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
    let allowed = oldest.saturating_add(seen.saturating_mul(DAY_MILLIS));
    // The end of the day of which the oldest is, at least: else a day is never done with.
    let allowed = allowed.saturating_add(DAY_MILLIS - 1);
    let cut = now.saturating_sub(age).min(allowed);
    let before = |cut: UtcMillis| reader.first_at(cut - cut.rem_euclid(DAY_MILLIS));
    if !is_left(&reader, before(cut)?)? {
        return Ok(None);
    }
    // Looked at only where something would go, for it reads an entry or more of each day.
    let unseen =
        if open < doubted_days { unseen_days(&reader, now, doubted_days)?.saturating_sub(open).max(0) } else { 0 };
    let end = before(cut.min(now.saturating_sub(age).saturating_sub(unseen.saturating_mul(DAY_MILLIS))))?;
    if !is_left(&reader, end)? {
        return Ok(None);
    }
    let evidence = Evidence::act(REMOVE_BODIES, &format!("before entry {end}"), "bdcd");
    let said = shared.record(Kind::Administration, evidence)?;
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

/// Gathers what no run covers yet; where that is much, as after an index was lost, makes runs of it on the way.
pub(super) fn gather(
    folder: &Path,
    secrets: &Arc<Secrets>,
    key: &VerifierKey,
    runs: &Runs,
    size: u64,
) -> Result<Recent, OpenError> {
    let reader = Reader::with(folder, Arc::clone(secrets), key.clone()).map_err(unreadable)?;
    reader.check_last(size).map_err(unreadable)?;
    if size - runs.through() > RUN_ENTRIES {
        tracing::info!(entries = size - runs.through(), "making the ledger's search index again");
    }
    while size - runs.through() > RUN_ENTRIES {
        cover(&reader, runs, runs.through() + RUN_ENTRIES)?;
    }
    let recent = Recent::starting_at(runs.through());
    reader.each(runs.through(), size, &mut |entry| recent.add(entry.number, &entry.terms)).map_err(unreadable)?;
    Ok(recent)
}

/// Makes a run of the entries from those that runs cover to before `end`.
pub(super) fn cover(reader: &Reader, runs: &Runs, end: u64) -> Result<(), OpenError> {
    let gathered = Recent::starting_at(runs.through());
    reader.each(runs.through(), end, &mut |entry| gathered.add(entry.number, &entry.terms)).map_err(unreadable)?;
    let mut gathered = gathered.take(Vec::new());
    Ok(runs.add(gathered.first, gathered.end, &mut gathered.records)?)
}
