//! The engine: reader threads over the serving generation and the ledger.
//!
//! Each reader thread owns its connections and takes work from a bounded queue of its own; a full house is an answer
//! ([`Overloaded`]), never a growing queue. Which generation they read is `generations`' to say.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};

pub use super::{
    generations::State,
    start::{Options, StartError},
};

use super::generations::{self, Generations, Serving};
use crate::{
    domain::generation::GenerationFacts,
    ledger::{self, Ledger},
    mirror::{Generation, Mirror, OpenError, Reader},
};

/// Every reader has as much waiting as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many inquiries wait: ask again in a moment")]
pub struct Overloaded;

/// Work for a reader thread.
type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// What a reader thread works with.
pub struct Desk {
    generations: Arc<Generations>,
    opened: Option<(Arc<Serving>, Reader)>,
    ledger: Arc<Ledger>,
    evidence: Option<ledger::Reader>,
}

impl Desk {
    /// The generation that serves now and its reader, opened anew after a switch.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where it cannot be opened any more.
    pub fn mirror(&mut self) -> Result<(&Generation, &mut Reader), OpenError> {
        let current = self.generations.serving();
        self.opened.take_if(|(serving, _)| !Arc::ptr_eq(serving, &current));
        let (serving, reader) = match &mut self.opened {
            Some(opened) => opened,
            slot @ None => {
                let reader = current.reader()?;
                slot.insert((current, reader))
            }
        };
        Ok((&serving.generation, reader))
    }

    /// Notes that what was read last is damaged.
    pub(super) fn damaged(&self) {
        if let Some((serving, _)) = &self.opened {
            self.generations.damaged(&serving.generation);
        }
    }

    /// Whether what [`Desk::mirror`] reads was found damaged.
    pub(super) fn is_damaged(&self) -> bool {
        self.opened.as_ref().is_some_and(|(serving, _)| self.generations.is_damaged(&serving.generation))
    }

    /// The ledger, and a reader of it.
    ///
    /// # Errors
    ///
    /// [`ledger::ReadError`] where it cannot be opened for reading.
    pub fn ledger(&mut self) -> Result<(&Ledger, &ledger::Reader), ledger::ReadError> {
        match &mut self.evidence {
            Some(reader) => Ok((&self.ledger, reader)),
            slot @ None => Ok((&self.ledger, slot.insert(self.ledger.reader()?))),
        }
    }

    /// Closes what is open: after a fault the next job starts afresh.
    pub fn clear(&mut self) {
        (self.opened, self.evidence) = (None, None);
    }
}

/// Reads the serving generation and the ledger on threads of its own.
pub struct Engine {
    generations: Arc<Generations>,
    queues: Vec<mpsc::Sender<Job>>,
    next: AtomicUsize,
}

impl Engine {
    /// Opens the serving generation, records that it serves, and starts the threads; they end when the engine is dropped.
    ///
    /// # Errors
    ///
    /// Where nothing is loaded, nothing of it can serve or be recorded, or the system gives no thread.
    pub fn start(mirror: Mirror, ledger: &Arc<Ledger>, options: Options) -> Result<Self, StartError> {
        let readers = options.reader_threads.max(1);
        let generations = Generations::start(mirror, ledger, readers)?;
        let mut queues = Vec::new();
        for number in 0..readers {
            let (queue, jobs) = mpsc::channel(options.queued_per_reader_max.max(1));
            let mut desk = Desk {
                generations: Arc::clone(&generations),
                opened: None,
                ledger: Arc::clone(ledger),
                evidence: None,
            };
            // Opened now, so that no descriptor is wanted later.
            desk.mirror()?;
            desk.ledger()?;
            thread::Builder::new().name(format!("reader-{number}")).spawn(move || read(desk, jobs))?;
            queues.push(queue);
        }
        let (followed, recorded) = (Arc::downgrade(&generations), Arc::downgrade(ledger));
        let checked = Weak::clone(&followed);
        thread::Builder::new()
            .name("pointer".to_owned())
            .spawn(move || generations::follow(&followed, &recorded, options))?;
        thread::Builder::new().name("check".to_owned()).spawn(move || generations::check(&checked, options))?;
        Ok(Self { generations, queues, next: AtomicUsize::new(0) })
    }

    /// The facts of the generation that serves now.
    #[must_use]
    pub fn facts(&self) -> GenerationFacts {
        self.state().facts
    }

    /// How the generations are doing.
    #[must_use]
    pub fn state(&self) -> State {
        self.generations.state()
    }

    /// Hands the job to a reader, and waits for room where it has none; false where the readers are gone.
    pub(super) async fn enqueue_patiently(&self, job: impl FnOnce(&mut Desk) + Send + 'static) -> bool {
        let reader = self.next.fetch_add(1, Ordering::Relaxed) % self.queues.len();
        self.queues[reader].send(Box::new(job)).await.is_ok()
    }

    /// Has a reader thread do `work`, and waits for what comes of it; `None` where the thread ended before.
    ///
    /// Dropping the future before a reader took the work forgets it.
    ///
    /// # Errors
    ///
    /// [`Overloaded`] where too many wait.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk, oneshot::Sender<T>) + Send + 'static,
    ) -> Result<Option<T>, Overloaded> {
        let (reply, done) = oneshot::channel();
        self.enqueue(move |desk| {
            // Nobody waits any more: the call was cancelled or its deadline has passed.
            if !reply.is_closed() {
                work(desk, reply);
            }
        })?;
        Ok(done.await.ok())
    }

    /// Hands the job to the next reader that has room.
    ///
    /// # Errors
    ///
    /// [`Overloaded`] where none has.
    pub(super) fn enqueue(&self, job: impl FnOnce(&mut Desk) + Send + 'static) -> Result<(), Overloaded> {
        let mut job: Job = Box::new(job);
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for offset in 0..self.queues.len() {
            match self.queues[first.wrapping_add(offset) % self.queues.len()].try_send(job) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(back) | TrySendError::Closed(back)) => job = back,
            }
        }
        Err(Overloaded)
    }
}

/// One reader thread: works until the engine is dropped.
fn read(mut desk: Desk, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.blocking_recv() {
        // A panic costs one inquiry, never the thread: its caller is told that the reader stopped.
        if panic::catch_unwind(AssertUnwindSafe(|| job(&mut desk))).is_err() {
            tracing::error!("a reader panicked: this is a fault of the program, report it");
            desk.clear();
        }
    }
}
