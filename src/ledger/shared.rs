//! What the ledger's threads share: the writer's queue, and what is found without the database.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, SyncSender, TrySendError},
    },
};

use super::{
    claims::Claims,
    error::{AppendError, ReadError},
    evidence::{self, Evidence},
    leaf::Kind,
    note::{Signer, VerifierKey},
    own::Own,
    pulse::Pulse,
    read::Reader,
    recent::Recent,
    runs::Runs,
    secret::Secrets,
    time::Watch,
    writer::{Append, Clock, Committed, Job, Probed},
};

/// What the ledger's threads share.
pub(super) struct Shared {
    pub(super) folder: PathBuf,
    pub(super) secrets: Arc<Secrets>,
    pub(super) key: VerifierKey,
    pub(super) signer: Arc<dyn Signer>,
    pub(super) queue: SyncSender<Job>,
    pub(super) claims: Claims,
    pub(super) recent: Arc<Recent>,
    pub(super) runs: Arc<Runs>,
    pub(super) clock: Clock,
    pub(super) watch: Arc<Mutex<Watch>>,
    pub(super) pulse: Arc<Pulse>,
    pub(super) own: Arc<Own>,
}

impl Shared {
    pub(super) fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn reader(&self) -> Result<Reader, ReadError> {
        // To open a connection touches the files too.
        self.own.check()?;
        let reader = Reader::with(&self.folder, Arc::clone(&self.secrets), self.key.clone())?;
        Ok(reader.owned(Arc::clone(&self.own)))
    }

    pub(super) fn append(&self, append: Append) {
        self.pulse.is_queued();
        if let Some((Job::Append(append), error)) = self.not_taken(Job::Append(append)) {
            self.pulse.is_taken();
            (append.reply)(Err(error));
        }
    }

    pub(super) fn probe(&self, probed: Probed) {
        if let Some((Job::Probe(probed), error)) = self.not_taken(Job::Probe(probed)) {
            probed(Err(error));
        }
    }

    /// Puts a job into the writer's queue; the job itself where there is no room for it, or nobody to do it.
    fn not_taken(&self, job: Job) -> Option<(Job, AppendError)> {
        match self.queue.try_send(job) {
            Ok(()) => None,
            Err(TrySendError::Full(job)) => Some((job, AppendError::Overloaded)),
            Err(TrySendError::Disconnected(job)) => Some((job, AppendError::Unavailable)),
        }
    }

    pub(super) fn record(&self, kind: Kind, evidence: Evidence<'_>) -> Result<Committed, AppendError> {
        let (reply, written) = mpsc::channel();
        let prepared = evidence::prepare(&self.secrets, kind, evidence).map_err(|_| AppendError::Unavailable)?;
        let reply = Box::new(move |result| drop(reply.send(result)));
        self.append(Append { prepared, claim: None, accepts_clock: false, reply });
        written.recv().unwrap_or(Err(AppendError::Unavailable))
    }
}
