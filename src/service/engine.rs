//! The engine: reader threads over the serving generation, and the thread that follows the pointer.
//!
//! Each reader thread owns its connection and takes inquiries from a bounded queue of its own; a full house is an answer
//! ([`AnswerError::Overloaded`]), never a growing queue. A new generation is opened beside, then swapped in whole: an answer
//! is wholly from one (invariant 3), and what does not open leaves the last good one serving (invariant 7).

use std::{
    error::Error,
    io, iter,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};

use super::draft::{self, DraftError};
use crate::{
    domain::{generation::GenerationFacts, inquiry::Inquiry},
    mirror::{Generation, Mirror, OpenError, Reader},
};

/// How the engine runs.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads that read the generation.
    pub reader_threads: usize,
    /// Inquiries that may wait for each of them.
    pub queued_per_reader_max: usize,
    /// How often the pointer is looked at.
    pub pointer_interval: Duration,
}

/// Why the engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nothing is loaded.
    #[error("no generation serves yet: load a package with `bdcd snapshot load` first")]
    Empty,
    /// The serving generation does not open.
    #[error("cannot open the serving generation")]
    Open(#[from] OpenError),
    /// The system gives no thread.
    #[error("cannot start a thread")]
    Thread(#[from] io::Error),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Every reader has as much waiting as it may.
    #[error("too many inquiries wait: ask again in a moment")]
    Overloaded,
    /// The answer could not be drafted.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The reader ended before it answered.
    #[error("the reader ended before it answered: ask again")]
    Stopped,
}

struct Job {
    inquiry: Inquiry,
    reply: oneshot::Sender<Result<Vec<u8>, DraftError>>,
}

/// Answers inquiries from the serving generation.
pub struct Engine {
    serving: Arc<ArcSwap<Generation>>,
    queues: Vec<mpsc::Sender<Job>>,
    next: AtomicUsize,
}

impl Engine {
    /// Opens the serving generation and starts the threads; they end when the engine is dropped.
    ///
    /// # Errors
    ///
    /// Where nothing is loaded, the generation does not open, or the system gives no thread.
    pub fn start(mirror: Mirror, options: Options) -> Result<Self, StartError> {
        let name = mirror.current()?.ok_or(StartError::Empty)?;
        let serving = Arc::new(ArcSwap::from_pointee(mirror.open(&name)?));
        let mut queues = Vec::new();
        for number in 0..options.reader_threads.max(1) {
            let (queue, jobs) = mpsc::channel(options.queued_per_reader_max.max(1));
            let serving = Arc::clone(&serving);
            thread::Builder::new().name(format!("reader-{number}")).spawn(move || read(&serving, jobs))?;
            queues.push(queue);
        }
        let followed = Arc::downgrade(&serving);
        thread::Builder::new().name("pointer".to_owned()).spawn(move || {
            while let Some(serving) = followed.upgrade() {
                follow(&mirror, &serving);
                drop(serving);
                thread::sleep(options.pointer_interval);
            }
        })?;
        Ok(Self { serving, queues, next: AtomicUsize::new(0) })
    }

    /// The facts of the generation that serves now.
    #[must_use]
    pub fn facts(&self) -> GenerationFacts {
        self.serving.load().facts().clone()
    }

    /// The bytes of the answer to `inquiry`.
    ///
    /// # Errors
    ///
    /// Where too many wait, or no answer can be drafted. Dropping the future before a reader took the inquiry forgets it.
    pub async fn answer(&self, inquiry: Inquiry) -> Result<Vec<u8>, AnswerError> {
        let (reply, answered) = oneshot::channel();
        self.enqueue(Job { inquiry, reply })?;
        Ok(answered.await.map_err(|_| AnswerError::Stopped)??)
    }

    /// Hands the job to the next reader that has room.
    fn enqueue(&self, mut job: Job) -> Result<(), AnswerError> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for offset in 0..self.queues.len() {
            match self.queues[first.wrapping_add(offset) % self.queues.len()].try_send(job) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(back) | TrySendError::Closed(back)) => job = back,
            }
        }
        Err(AnswerError::Overloaded)
    }
}

/// One reader thread: answers until the engine is dropped.
fn read(serving: &ArcSwap<Generation>, mut jobs: mpsc::Receiver<Job>) {
    let mut opened: Option<(Arc<Generation>, Reader)> = None;
    while let Some(job) = jobs.blocking_recv() {
        // Nobody waits any more: the call was cancelled or its deadline has passed.
        if job.reply.is_closed() {
            continue;
        }
        // A panic costs one inquiry, never the thread: its caller is told that the reader stopped.
        let answered = panic::catch_unwind(AssertUnwindSafe(|| {
            let (generation, reader) = on_serving(serving, &mut opened)?;
            draft::answer_bytes(reader, generation.frame(), &job.inquiry)
        }));
        match answered {
            Ok(Ok(bytes)) => reply(job, Ok(bytes)),
            Ok(Err(error)) => {
                let generation = serving.load();
                tracing::error!(generation = generation.name(), error = chain(&error), "cannot answer");
                opened = None;
                reply(job, Err(error));
            }
            Err(_) => {
                tracing::error!("a reader panicked: this is a fault of the program, report it");
                opened = None;
            }
        }
    }
}

/// Hands the result back; where nobody waits any more there is nobody to tell.
fn reply(job: Job, result: Result<Vec<u8>, DraftError>) {
    job.reply.send(result).unwrap_or_default();
}

/// An error with its causes, for the log.
fn chain(error: &dyn Error) -> String {
    let causes = iter::successors(error.source(), |cause: &&dyn Error| (*cause).source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

/// The reader of the generation that serves now, opened anew after a switch.
fn on_serving<'a>(
    serving: &ArcSwap<Generation>,
    opened: &'a mut Option<(Arc<Generation>, Reader)>,
) -> Result<&'a mut (Arc<Generation>, Reader), DraftError> {
    let current = serving.load_full();
    opened.take_if(|(generation, _)| !Arc::ptr_eq(generation, &current));
    match opened {
        Some(opened) => Ok(opened),
        slot @ None => {
            let reader = current.reader()?;
            Ok(slot.insert((current, reader)))
        }
    }
}

/// Opens the generation that the pointer names, where it is another one.
fn follow(mirror: &Mirror, serving: &ArcSwap<Generation>) {
    let name = match mirror.current() {
        Ok(Some(name)) if name != serving.load().name() => name,
        Ok(_) => return,
        Err(err) => {
            tracing::warn!(error = chain(&err), "cannot read the pointer; the last good generation serves");
            return;
        }
    };
    match mirror.open(&name) {
        Ok(generation) => {
            serving.store(Arc::new(generation));
            tracing::info!(generation = name, "generation serves");
        }
        Err(err) => {
            tracing::error!(generation = name, error = chain(&err), "cannot open generation; the last good one serves");
        }
    }
}
