//! The one thread that writes: it takes what waits, commits it at once, and then releases all who wait.
//!
//! The next batch forms while the last one is being synced, so there is no timer and nothing is held up on purpose. A commit
//! that fails is told to everybody in it, and to everybody who comes, until the database is open again, its head is checked,
//! and an entry that says so is on disk: only then is anything written that an answer depends on.

use std::{
    mem,
    path::PathBuf,
    process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    batch::Batch,
    claims::{Claim, Claims},
    error::{AppendError, OpenError, unreadable},
    evidence::{Evidence, Prepared, prepare},
    leaf::{Kind, Opening, UtcMillis},
    log::Written,
    news::{News, chain},
    note::{Signer, VerifierKey},
    pulse::Pulse,
    read::Reader,
    recent::Recent,
    secret::Secrets,
    store::{Dated, Store},
    time::Watch,
    vouch::{Vouch, WriteError},
};

/// How often a database that failed is tried again.
const REOPEN_INTERVAL: Duration = Duration::from_millis(500);

/// Bodies that are removed at once, between two batches.
const REMOVED_BODIES_MAX: u64 = 1000;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> UtcMillis + Send + Sync>;

/// Called on the writer's thread with what became of an entry; hands it on and returns.
pub(super) type Reply = Box<dyn FnOnce(Result<Committed, AppendError>) + Send>;

/// What the writer is asked to do.
pub(super) enum Job {
    /// Write an entry.
    Append(Append),
    /// Remove sealed bodies of entries before this one; an entry that says so stands already.
    RemoveBodies(u64),
    /// Find out whether an entry could be written.
    Probe(Probed),
}

/// Called on the writer's thread with what a probe found.
pub(super) type Probed = Box<dyn FnOnce(Result<(), AppendError>) + Send>;

/// What was taken from the queue at once.
#[derive(Default)]
struct Work {
    appends: Vec<Append>,
    removal: Option<u64>,
    probes: Vec<Probed>,
}

impl Work {
    /// Tells everybody who waits that nothing can be written.
    fn refuse(&mut self) {
        self.appends.drain(..).for_each(|append| (append.reply)(Err(AppendError::Unavailable)));
        self.probes.drain(..).for_each(|probed| probed(Err(AppendError::Unavailable)));
        self.removal = None;
    }
}

/// An entry to be written.
pub(super) struct Append {
    pub(super) prepared: Prepared,
    /// Given up once the entry can be found.
    pub(super) claim: Option<Claim>,
    /// Whether an operator says by it that the clock is right.
    pub(super) accepts_clock: bool,
    pub(super) reply: Reply,
}

/// An entry that is on disk.
#[derive(Debug)]
pub struct Committed {
    /// Its number.
    pub entry: u64,
    leaf: Vec<u8>,
    batch: Arc<Batch>,
    /// What opens its commitments.
    pub opening: Opening,
}

impl Committed {
    /// Its receipt, a `c2sp.org/tlog-proof@v1`.
    #[must_use]
    pub fn receipt(&self) -> String {
        self.batch.receipt(self.entry, &self.leaf)
    }
}

/// Bounds of a commit.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchLimits {
    pub(super) entries_max: usize,
    pub(super) bytes_max: usize,
}

/// What the writer works with.
pub(super) struct Writer {
    pub(super) folder: PathBuf,
    pub(super) key: VerifierKey,
    pub(super) signer: Arc<dyn Signer>,
    pub(super) secrets: Arc<Secrets>,
    pub(super) recent: Arc<Recent>,
    pub(super) claims: Claims,
    pub(super) clock: Clock,
    pub(super) watch: Arc<Mutex<Watch>>,
    pub(super) limits: BatchLimits,
    pub(super) written: Written,
    pub(super) pulse: Arc<Pulse>,
    pub(super) vouch: Vouch,
}

/// Ends the process where the writer panics: half a state must not go on answering.
struct EndsWithPanic;

impl Drop for EndsWithPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            tracing::error!("the ledger's writer panicked: this is a fault of the program, report it");
            process::abort();
        }
    }
}

impl Writer {
    /// Writes until everybody who could ask for it is gone.
    pub(super) fn run(self, store: Store, jobs: &Receiver<Job>) {
        let _guard = EndsWithPanic;
        let mut state = Some(store);
        let mut tried = Instant::now();
        let mut news = News::default();
        let mut work = Work::default();
        loop {
            match self.take(jobs, state.is_some(), &mut work) {
                Taken::Jobs => {}
                Taken::Nothing if state.is_none() => {}
                Taken::Nothing => continue,
                Taken::Closed => break,
            }
            if state.is_none() && !self.vouch.own().is_lost() && tried.elapsed() >= REOPEN_INTERVAL {
                state = self.reopen(&mut news);
                tried = Instant::now();
                self.pulse.is_writable(state.is_some());
            }
            let Some(store) = &mut state else {
                work.refuse();
                continue;
            };
            if let Err(error) = self.work(store, &mut work) {
                self.pulse.has_failed();
                work.refuse();
                // What was changed under the daemon was told of as such, and is not touched any more, not even to close it.
                if self.vouch.own().is_lost() {
                    std::mem::forget(state.take());
                } else {
                    tracing::error!(error = %chain(&error), "cannot write the ledger: nothing is answered until it can be written");
                    state = None;
                }
                tried = Instant::now();
            }
        }
        if self.vouch.look().is_err() {
            std::mem::forget(state.take());
        }
        // Whoever writes closes last, and moves what the log holds.
        drop(self.vouch);
        drop(state);
    }

    /// Takes what waits, up to the limits.
    fn take(&self, jobs: &Receiver<Job>, is_well: bool, work: &mut Work) -> Taken {
        let first = if is_well {
            jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            jobs.recv_timeout(REOPEN_INTERVAL)
        };
        let mut next = match first {
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) => return Taken::Nothing,
            Err(RecvTimeoutError::Disconnected) => return Taken::Closed,
        };
        let mut bytes = 0;
        loop {
            match next {
                Job::Append(append) => {
                    bytes += append.prepared.size_bytes();
                    self.pulse.is_taken();
                    work.appends.push(append);
                }
                Job::RemoveBodies(end) => work.removal = Some(end),
                Job::Probe(probed) => work.probes.push(probed),
            }
            if work.appends.len() >= self.limits.entries_max || bytes >= self.limits.bytes_max {
                return Taken::Jobs;
            }
            next = match jobs.try_recv() {
                Ok(job) => job,
                // What is taken is still to be done; that nobody is left shows the next time.
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return Taken::Jobs,
            };
        }
    }

    /// Does what was taken. Where it fails, whoever was not told is still in `work`.
    fn work(&self, store: &mut Store, work: &mut Work) -> Result<(), WriteError> {
        self.recent.wait_for_room();
        // What was asked before may have come to light while a claim on it was held; whoever held it asks again, and finds it.
        let (appends, stale): (Vec<_>, Vec<_>) = mem::take(&mut work.appends)
            .into_iter()
            .partition(|append| append.claim.as_ref().is_none_or(Claim::is_current));
        for append in stale {
            (append.reply)(Err(AppendError::Unavailable));
        }
        if !appends.is_empty() {
            self.append(store, appends)?;
        }
        if !work.probes.is_empty() {
            self.probe(store, &mut work.probes)?;
        }
        if let Some(end) = work.removal.take() {
            // A few at a time; the keeper asks again until none is left.
            self.vouch.look()?;
            store.remove_bodies(end, REMOVED_BODIES_MAX)?;
        }
        self.written.tell();
        if self.written.take_long() {
            self.vouch.look()?;
            store.wind_back_log()?;
            self.vouch.note();
        }
        Ok(())
    }

    fn append(&self, store: &mut Store, appends: Vec<Append>) -> Result<(), WriteError> {
        let now = (self.clock)();
        let accepts_clock = appends.iter().any(|append| append.accepts_clock);
        if !accepts_clock && let Err(implausible) = self.watch().judge_aloud(now) {
            for append in appends {
                (append.reply)(Err(AppendError::Clock(implausible)));
            }
            return Ok(());
        }
        let first = store.size();
        let mut dated: Vec<_> =
            appends.iter().map(|append| Dated { prepared: &append.prepared, leaf: Vec::new() }).collect();
        let written = self.commit(store, &mut dated, now);
        let leaves: Vec<_> = dated.into_iter().map(|one| one.leaf).collect();
        match written {
            Ok(batches) => {
                self.pulse.has_entries(store.size());
                if accepts_clock {
                    self.watch().accept(now);
                }
                let batches = batches.iter().flat_map(|batch| (batch.first()..batch.size()).map(move |_| batch));
                for (((entry, append), leaf), batch) in (first..).zip(appends).zip(leaves).zip(batches) {
                    self.recent.add(entry, &append.prepared.terms);
                    // The entry is found from here on, so whoever waits for the claim may look.
                    drop(append.claim);
                    let opening = append.prepared.opening();
                    (append.reply)(Ok(Committed { entry, leaf, batch: Arc::clone(batch), opening }));
                }
                Ok(())
            }
            Err(error) => {
                for append in appends {
                    (append.reply)(Err(AppendError::Unavailable));
                }
                Err(error)
            }
        }
    }

    /// Finds out whether an entry could be written, by writing what is there already.
    fn probe(&self, store: &Store, probes: &mut Vec<Probed>) -> Result<(), WriteError> {
        // A probe is no witness: else a clock that goes wrong little by little would be believed because somebody looked.
        let found = self.watch().doubt((self.clock)()).map_or(Ok(()), |doubt| Err(AppendError::Clock(doubt)));
        if found.is_ok() {
            self.vouch.before()?;
            store.rewrite_header()?;
            self.vouch.note();
        }
        probes.drain(..).for_each(|probed| probed(found));
        Ok(())
    }

    /// Commits, and returns once what is on disk may be told of.
    fn commit(
        &self,
        store: &mut Store,
        dated: &mut [Dated<'_>],
        now: UtcMillis,
    ) -> Result<Vec<Arc<Batch>>, WriteError> {
        self.vouch.before()?;
        let batches = store.append(dated, now)?;
        if let Some(last) = dated.last() {
            self.vouch.after(store.head(), &last.leaf)?;
        }
        Ok(batches)
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the database again, and writes that it was closed.
    fn reopen(&self, news: &mut News) -> Option<Store> {
        let now = (self.clock)();
        self.watch().judge_aloud(now).ok()?;
        self.vouch.own().check().ok()?;
        let reopened = Store::open(&self.folder, &self.key, Arc::clone(&self.signer)).and_then(|mut store| {
            self.catch_up(&store)?;
            self.vouch.renew(store.head())?;
            let prepared = prepare(&self.secrets, Kind::Administration, Evidence::act("resume", "", "bdcd"))?;
            let entry = store.size();
            self.commit(&mut store, &mut [Dated { prepared: &prepared, leaf: Vec::new() }], now)?;
            self.recent.add(entry, &prepared.terms);
            Ok(store)
        });
        match reopened {
            Ok(store) => {
                *news = News::default();
                self.pulse.has_entries(store.size());
                tracing::info!(entries = store.size(), "the ledger can be written again");
                Some(store)
            }
            Err(error) => {
                let error = chain(&error);
                if news.is_new(&error) {
                    tracing::warn!(error, "the ledger still cannot be written; it is tried again");
                }
                None
            }
        }
    }

    /// Makes entries findable that are on disk though their commit was reported as failed. That none is gone which was told to
    /// be on disk is checked first: nothing is written over it.
    fn catch_up(&self, store: &Store) -> Result<(), OpenError> {
        let known = self.recent.end();
        if store.size() < known {
            return Err(OpenError::Damaged { entry: store.size(), what: "was on disk, and is gone" });
        }
        let reader = Reader::with(&self.folder, Arc::clone(&self.secrets), self.key.clone()).map_err(unreadable)?;
        reader.check_last(store.size()).map_err(unreadable)?;
        reader.agreed()?;
        reader
            .each(known, store.size(), &mut |entry| self.recent.add(entry.number, &entry.terms))
            .map_err(unreadable)?;
        self.claims.renew();
        Ok(())
    }
}

enum Taken {
    Jobs,
    Nothing,
    Closed,
}
