//! Which generation answers, while the daemon runs: what follows the pointer, falls back from what is damaged, and looks for
//! damage before an inquiry meets it.
//!
//! A generation is opened beside, with a reader for each thread, its entry is written to the ledger, then it is swapped in
//! whole: an answer is wholly from one (invariant 3), and what does not open, or cannot be recorded, leaves the last good one
//! serving (invariant 7).

use std::{
    ops::ControlFlow,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;

use super::{
    record,
    start::{Options, StartError},
};
use crate::{
    domain::generation::GenerationFacts,
    ledger::{Ledger, chain},
    mirror::{Choice, ChoiceError, Generation, Mirror, OpenError, PassedOver, Reader, Wholeness, told},
};

/// How long a thread sleeps at most before it looks whether the daemon still runs.
const NAP: Duration = Duration::from_secs(1);

/// A generation that answers, and readers of it that no thread has taken yet.
///
/// They are opened with it: a daemon that runs out of descriptors refuses connections, and not the answers to those it has.
pub(super) struct Serving {
    pub(super) generation: Generation,
    readers: Mutex<Vec<Reader>>,
}

impl Serving {
    fn open(generation: Generation, readers: usize) -> Result<Self, OpenError> {
        let readers = (0..readers).map(|_| generation.reader()).collect::<Result<_, _>>()?;
        Ok(Self { generation, readers: Mutex::new(readers) })
    }

    /// A reader: one that was opened with the generation, or, after a fault, a new one.
    pub(super) fn reader(&self) -> Result<Reader, OpenError> {
        let opened = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        opened.map_or_else(|| self.generation.reader(), Ok)
    }
}

/// How the generations are doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The facts of the one that answers now.
    pub facts: GenerationFacts,
    /// How many are marked as damaged.
    pub damaged: u64,
    /// When all were compared with their digests last, in seconds since 1970; `None` where they were not yet.
    pub checked: Option<i64>,
}

/// The mirror, and what of it answers.
pub(super) struct Generations {
    mirror: Mirror,
    serving: ArcSwap<Serving>,
    /// How many threads read.
    readers: usize,
    /// What was last told of what stands in the way: it is told when it changes, not every second.
    told: Mutex<String>,
    /// How many are marked as damaged, when last looked.
    damaged: AtomicU64,
    /// When all were compared with their digests last, in seconds since 1970; 0 where they were not yet.
    checked: AtomicI64,
}

impl Generations {
    /// Opens what is to serve, with so many readers, and records that it does.
    pub(super) fn start(mirror: Mirror, ledger: &Ledger, readers: usize) -> Result<Arc<Self>, StartError> {
        let (choice, passed_over) = mirror.choose(None)?;
        let Choice::Other(generation) = choice else { return Err(ChoiceError::Empty.into()) };
        mark(&mirror, &passed_over);
        let serving = Serving::open(*generation, readers)?;
        record::generation(ledger, serving.generation.facts(), &at("start", &passed_over))?;
        let serving = ArcSwap::from_pointee(serving);
        let (damaged, checked) = (AtomicU64::default(), AtomicI64::default());
        let generations = Self { mirror, serving, readers, told: Mutex::default(), damaged, checked };
        generations.tell(&told(&passed_over));
        generations.count_damaged();
        Ok(Arc::new(generations))
    }

    /// What answers now.
    pub(super) fn serving(&self) -> Arc<Serving> {
        self.serving.load_full()
    }

    /// The facts of what answers now, how many generations are damaged, and when they were looked through.
    pub(super) fn state(&self) -> State {
        let checked = Some(self.checked.load(Ordering::Relaxed)).filter(|checked| *checked > 0);
        let facts = self.serving().generation.facts().clone();
        State { facts, damaged: self.damaged.load(Ordering::Relaxed), checked }
    }

    /// Whether what answers now was found damaged: it serves on only where nothing else can.
    pub(super) fn is_damaged(&self, generation: &Generation) -> bool {
        self.mirror.is_marked(generation.name())
    }

    fn count_damaged(&self) {
        let Ok(names) = self.mirror.list() else { return };
        let damaged = names.iter().filter(|name| self.mirror.is_marked(name)).count();
        self.damaged.store(damaged as u64, Ordering::Relaxed);
    }

    /// Notes that a generation that was read is damaged; the next look at the pointer falls back.
    pub(super) fn damaged(&self, generation: &Generation) {
        // Else it was found damaged before, and what stands in its place is another file.
        if generation.is_in_place() && !self.mirror.is_marked(generation.name()) {
            note(&self.mirror, generation.name(), "an inquiry met damage in it");
        }
    }

    /// Opens what the pointer names, or what serves in its place, where that is another than what serves now.
    fn follow(&self, ledger: &Ledger) {
        let serving = self.serving();
        let (choice, passed_over) = match self.mirror.choose(Some(&serving.generation)) {
            Ok(chosen) => chosen,
            Err(error) => return self.tell(&format!("{}; the last good generation serves", chain(&error))),
        };
        mark(&self.mirror, &passed_over);
        let told = told(&passed_over);
        let Choice::Other(generation) = choice else { return self.tell(&told) };
        let name = generation.name().to_owned();
        let opened = match Serving::open(*generation, self.readers) {
            Ok(opened) => opened,
            Err(error) => return self.tell(&format!("{}; the last good generation serves", chain(&error))),
        };
        match record::generation(ledger, opened.generation.facts(), &at("switch", &passed_over)) {
            Ok(entry) => {
                self.serving.store(Arc::new(opened));
                tracing::info!(generation = name, entry, "generation serves");
                self.tell(&told);
            }
            Err(error) => {
                self.tell(&format!("cannot record generation `{name}`: {}; the last one serves on", chain(&error)));
            }
        }
    }

    /// Tells what stands in the way of the generation that should serve, where it is not what was told last.
    fn tell(&self, what: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told == what {
            return;
        }
        if what.is_empty() {
            tracing::info!("the generation that the pointer names serves again");
        } else {
            tracing::error!(what, "the generation that should serve does not");
        }
        what.clone_into(&mut told);
    }

    /// The generations to look through for damage: what serves, then what would serve in its place.
    fn to_check(&self) -> Vec<String> {
        let serving = self.serving().generation.name().to_owned();
        let mut names = self.mirror.list().unwrap_or_else(|error| {
            tracing::warn!(error = chain(&error), "cannot list the generations to check them");
            Vec::new()
        });
        names.retain(|name| *name != serving && !self.mirror.is_marked(name));
        names.push(serving);
        names.reverse();
        names
    }
}

/// Follows the pointer until the daemon ends.
///
/// Everything is held weakly: a daemon that stops closes its ledger, whatever this thread is waiting for.
pub(super) fn follow(generations: &Weak<Generations>, ledger: &Weak<Ledger>, options: Options) {
    while let Some((generations, ledger)) = generations.upgrade().zip(ledger.upgrade()) {
        generations.follow(&ledger);
        generations.count_damaged();
        drop((generations, ledger));
        thread::sleep(options.pointer_interval);
    }
}

/// Compares the generations' files with their digests, after the start and then once an interval, until the daemon ends.
pub(super) fn check(generations: &Weak<Generations>, options: Options) {
    loop {
        let began = Instant::now();
        let Some(names) = generations.upgrade().map(|generations| generations.to_check()) else { return };
        for name in names {
            let mut pace = Pace::new(options.check_bytes_per_second);
            let mut paced = |bytes| {
                pace.wait(bytes);
                // One of the holders is this thread.
                if generations.strong_count() > 1 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            let Some(held) = generations.upgrade() else { return };
            let mirror = &held.mirror;
            match mirror.check(&name, &mut paced) {
                Ok(Wholeness::Whole) => tracing::info!(generation = name, "generation is whole"),
                Ok(Wholeness::Differs(file)) => {
                    note(mirror, &name, &format!("{file} is not what it was when it was loaded"));
                }
                Ok(Wholeness::Unknown) => tracing::warn!(
                    generation = name,
                    "generation cannot be checked, for its digests are not there, or not as the load wrote them: load its package again"
                ),
                // Removed meanwhile, or the daemon stops.
                Ok(Wholeness::Stopped) | Err(OpenError::Missing { .. }) => {}
                Err(error) => tracing::warn!(generation = name, error = chain(&error), "cannot check generation"),
            }
        }
        if let Some(held) = generations.upgrade() {
            held.count_damaged();
            held.checked.store(jiff::Timestamp::now().as_second(), Ordering::Relaxed);
        }
        while began.elapsed() < options.check_interval {
            if generations.strong_count() == 0 {
                return;
            }
            thread::sleep(NAP.min(options.check_interval));
        }
    }
}

/// Reads no faster than so many bytes a second.
struct Pace {
    began: Instant,
    bytes: u64,
    bytes_per_second: u64,
}

impl Pace {
    fn new(bytes_per_second: u64) -> Self {
        Self { began: Instant::now(), bytes: 0, bytes_per_second: bytes_per_second.max(1) }
    }

    fn wait(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        let due = Duration::from_millis(self.bytes.saturating_mul(1000) / self.bytes_per_second);
        thread::sleep(due.saturating_sub(self.began.elapsed()).min(NAP));
    }
}

/// How an entry tells when a generation began to serve, and in whose place.
fn at(when: &str, passed_over: &[PassedOver]) -> String {
    if passed_over.is_empty() { when.to_owned() } else { format!("{when}, for {}", told(passed_over)) }
}

/// Marks what turned out to be damaged when it was opened.
fn mark(mirror: &Mirror, passed_over: &[PassedOver]) {
    for name in passed_over.iter().filter_map(PassedOver::found_damaged) {
        note(mirror, name, "it does not open");
    }
}

/// Marks a generation as damaged, and says so.
fn note(mirror: &Mirror, name: &str, what: &str) {
    tracing::error!(generation = name, what, "generation is damaged: see to the disk, and load its package again");
    if let Err(error) = mirror.mark_damaged(name) {
        tracing::error!(
            generation = name,
            %error,
            "cannot mark the generation as damaged: it is passed over until the daemon ends, and not after"
        );
    }
}
