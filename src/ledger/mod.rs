//! The evidence ledger: what was asked, by whom, and what was answered from which data, so that neither side can deny or
//! change it later.
pub mod tree;

pub mod note;

pub mod receipt;

pub mod leaf;

pub mod proof;

mod secret;

mod evidence;

pub mod runs;

mod claims;

mod recent;

mod error;

mod read;

pub mod search;

mod store;

mod writer;

mod keeper;

pub mod audit;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{self, SyncSender, TrySendError},
    },
    thread,
    time::Duration,
};

use tokio::sync::oneshot;

pub use claims::{Claim, Claimed};
pub use error::{AppendError, OpenError, ReadError, Source};
pub use evidence::{Body, Evidence, Prepared};
pub use read::{Answered, Reader, Repeat, StoredEntry};
pub use secret::Term;
pub use writer::{Clock, Committed};

use crate::keys::{KeyError, MasterKey};
use claims::Claims;
use keeper::Keeper;
use leaf::{Fact, Facts, Kind};
use note::{Ed25519Signer, Signer, VerifierKey};
use recent::Recent;
use runs::{Mode, Runs};
use secret::Secrets;
use store::Store;
use writer::{Append, BatchLimits, Job, Writer};

/// The folder of the search index, in the ledger's.
const INDEX: &str = "index";

const LOCK: &str = "ledger.lock";

/// The act of an entry that says that bodies go.
const REMOVE_BODIES: &str = "remove-bodies";

/// How the ledger is written.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it is.
    pub folder: PathBuf,
    /// Entries that may wait for the writer; more are refused.
    pub queue_entries_max: usize,
    /// Entries of one commit.
    pub batch_entries_max: usize,
    /// Bytes of one commit, about.
    pub batch_bytes_max: usize,
    /// How long sealed bodies are kept; for ever where absent. Leaves are always kept.
    pub body_retention: Option<Duration>,
}

/// The ledger, open for writing; closed when dropped, once what waits is written.
pub struct Ledger {
    shared: Option<Arc<Shared>>,
    writer: Option<thread::JoinHandle<()>>,
    keeper: Option<thread::JoinHandle<()>>,
    open: Option<mpsc::Sender<()>>,
    _lock: File,
}

/// What the ledger's threads share.
struct Shared {
    folder: PathBuf,
    secrets: Arc<Secrets>,
    key: VerifierKey,
    signer: Arc<dyn Signer>,
    queue: SyncSender<Job>,
    claims: Claims,
    recent: Arc<Recent>,
    runs: Arc<Runs>,
    clock: Clock,
}

impl Ledger {
    /// Makes a new ledger in `folder`, which must hold none: its first entry says that it was made.
    ///
    /// # Errors
    ///
    /// [`OpenError::Exists`] where there is one; others where it cannot be written.
    pub fn create(
        folder: &Path,
        master: &MasterKey,
        signer: Ed25519Signer,
        by: &str,
        clock: &Clock,
    ) -> Result<(), OpenError> {
        fs::create_dir_all(folder).map_err(|source| OpenError::Disk { doing: "make the folder", source })?;
        let _lock = lock(folder)?;
        let key = signer.verifier();
        let signer: Arc<dyn Signer> = Arc::new(signer);
        let mut store = Store::create(folder, master, &key, signer)?;
        let secrets = store.secrets(master)?;
        let facts = Facts::default().with(Fact::Act, "create").with(Fact::By, by);
        let terms = vec![(Term::Kind, Kind::Administration.word().to_owned())];
        let evidence = Evidence { facts, terms, ..Evidence::default() };
        let prepared = evidence::prepare(&secrets, Kind::Administration, evidence)?;
        store.append(&mut [store::Dated { prepared: &prepared, leaf: Vec::new() }], clock())?;
        drop(store);
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| OpenError::Disk { doing: "sync the folder", source })
    }

    /// Opens the ledger for writing: takes its lock, checks its head, and starts its threads.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where there is none, another process writes it, a key does not fit, or its head is damaged.
    pub fn open(options: &Options, master: &MasterKey, signer: Ed25519Signer, clock: Clock) -> Result<Self, OpenError> {
        let folder = options.folder.clone();
        if !folder.join(store::DATABASE).is_file() {
            return Err(OpenError::Missing { folder });
        }
        let lock = lock(&folder)?;
        let key = signer.verifier();
        let signer: Arc<dyn Signer> = Arc::new(signer);
        let (secrets, known) = store::meta_of(&folder, master)?;
        if known != key {
            return Err(OpenError::WrongSigner { expected: known.to_string(), given: key.to_string() });
        }
        let secrets = Arc::new(secrets);
        let store = Store::open(&folder, &key, Arc::clone(&signer))?;
        let runs = Arc::new(Runs::open(&folder.join(INDEX), secrets.runs(), Mode::ReadWrite)?);
        runs.forget_from(store.size())?;
        let recent = Arc::new(gather(&folder, &secrets, &key, &runs, store.size())?);
        let (queue, jobs) = mpsc::sync_channel(options.queue_entries_max.max(1));
        let claims = Claims::default();
        let writer = Writer {
            folder: folder.clone(),
            key: key.clone(),
            signer: Arc::clone(&signer),
            secrets: Arc::clone(&secrets),
            recent: Arc::clone(&recent),
            claims: claims.clone(),
            clock: Arc::clone(&clock),
            limits: BatchLimits { entries_max: options.batch_entries_max.max(1), bytes_max: options.batch_bytes_max },
        };
        let shared = Arc::new(Shared { folder, secrets, key, signer, queue, claims, recent, runs, clock });
        let thread = |source| OpenError::Thread { source };
        let writer =
            thread::Builder::new().name("ledger".to_owned()).spawn(move || writer.run(store, &jobs)).map_err(thread)?;
        let (open, closed) = mpsc::channel();
        let keeper = Keeper {
            folder: shared.folder.clone(),
            shared: Arc::downgrade(&shared),
            runs: Arc::clone(&shared.runs),
            body_retention: options.body_retention,
            closed,
        };
        let keeper =
            thread::Builder::new().name("ledger-keeper".to_owned()).spawn(move || keeper.run()).map_err(thread)?;
        Ok(Self { shared: Some(shared), writer: Some(writer), keeper: Some(keeper), open: Some(open), _lock: lock })
    }

    /// The key that signs the ledger.
    #[must_use]
    pub fn key(&self) -> &VerifierKey {
        &self.shared().key
    }

    /// A detached signature over `bytes` by the ledger's key.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.shared().signer.sign(bytes)
    }

    /// A reader with a connection of its own.
    ///
    /// # Errors
    ///
    /// [`ReadError::Store`] where the database cannot be opened.
    pub fn reader(&self) -> Result<Reader, ReadError> {
        self.shared().reader()
    }

    /// Claims what `gateway` asks under `number`, so that it is answered once.
    #[must_use]
    pub fn claim(&self, gateway: &str, number: &str) -> Claimed {
        let shared = self.shared();
        shared.claims.claim(shared.secrets.tag(Term::Once, &once(gateway, number)))
    }

    /// The entry that answered what is claimed; `None` where none did.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where the index or an entry that it leads to cannot be read.
    pub fn answered(&self, claim: &Claim, reader: &Reader) -> Result<Option<u64>, ReadError> {
        let shared = self.shared();
        if let Some(entry) = shared.recent.once(claim.tag()) {
            return Ok(Some(entry));
        }
        let mut found = Vec::new();
        shared.runs.find(claim.tag(), &mut found)?;
        for entry in found {
            if reader.has_term(entry, Term::Once, claim.tag())? {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Makes an event ready to be written, on the caller's thread.
    ///
    /// # Errors
    ///
    /// [`KeyError::Random`] where the system gives no random bytes.
    pub fn prepare(&self, kind: Kind, evidence: Evidence<'_>) -> Result<Prepared, KeyError> {
        evidence::prepare(&self.shared().secrets, kind, evidence)
    }

    /// Has an event written; `reply` is called on the writer's thread once it is on disk, or cannot be. Where too many wait it
    /// is called at once.
    pub fn append(
        &self,
        prepared: Prepared,
        claim: Option<Claim>,
        reply: impl FnOnce(Result<Committed, AppendError>) + Send + 'static,
    ) {
        self.shared().append(Append { prepared, claim, reply: Box::new(reply) });
    }

    /// Has an event written, and waits until it is on disk.
    ///
    /// # Errors
    ///
    /// [`AppendError`] where it is not.
    pub async fn record(&self, kind: Kind, evidence: Evidence<'_>) -> Result<Committed, AppendError> {
        let (reply, written) = oneshot::channel();
        let prepared = self.prepare(kind, evidence).map_err(|_| AppendError::Unavailable)?;
        self.append(prepared, None, move |result| drop(reply.send(result)));
        written.await.unwrap_or(Err(AppendError::Unavailable))
    }

    /// The same, for callers without a runtime.
    ///
    /// # Errors
    ///
    /// [`AppendError`] where it is not.
    pub fn record_blocking(&self, kind: Kind, evidence: Evidence<'_>) -> Result<Committed, AppendError> {
        self.shared().record(kind, evidence)
    }

    fn shared(&self) -> &Shared {
        self.shared.as_ref().expect("it is taken by `drop` alone")
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        drop(self.open.take());
        for thread in [self.keeper.take()].into_iter().flatten() {
            drop(thread.join());
        }
        // With the last sender the writer's queue ends; it writes what waits and closes the database.
        drop(self.shared.take());
        for thread in [self.writer.take()].into_iter().flatten() {
            drop(thread.join());
        }
    }
}

impl Shared {
    fn reader(&self) -> Result<Reader, ReadError> {
        Reader::with(&self.folder, Arc::clone(&self.secrets), self.key.clone())
    }

    fn append(&self, append: Append) {
        match self.queue.try_send(Job::Append(append)) {
            Err(TrySendError::Full(Job::Append(append))) => (append.reply)(Err(AppendError::Overloaded)),
            Err(TrySendError::Disconnected(Job::Append(append))) => (append.reply)(Err(AppendError::Unavailable)),
            // Nothing but what was sent comes back.
            Ok(()) | Err(_) => {}
        }
    }

    fn record(&self, kind: Kind, evidence: Evidence<'_>) -> Result<Committed, AppendError> {
        let (reply, written) = mpsc::channel();
        let prepared = evidence::prepare(&self.secrets, kind, evidence).map_err(|_| AppendError::Unavailable)?;
        self.append(Append { prepared, claim: None, reply: Box::new(move |result| drop(reply.send(result))) });
        written.recv().unwrap_or(Err(AppendError::Unavailable))
    }
}

/// What term [`Term::Once`] is made of.
#[must_use]
pub fn once(gateway: &str, number: &str) -> String {
    format!("{gateway}\n{number}")
}

/// The clock of the system.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| jiff::Timestamp::now().as_millisecond())
}

fn lock(folder: &Path) -> Result<File, OpenError> {
    let disk = |source| OpenError::Disk { doing: "open the lock", source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(LOCK)).map_err(disk)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Busy { folder: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(disk(source)),
    }
}

/// Gathers what no run covers yet; where that is much, as after an index was lost, makes runs of it on the way.
fn gather(
    folder: &Path,
    secrets: &Arc<Secrets>,
    key: &VerifierKey,
    runs: &Runs,
    size: u64,
) -> Result<Recent, OpenError> {
    let reader = Reader::with(folder, Arc::clone(secrets), key.clone()).map_err(unreadable)?;
    if size - runs.through() > keeper::RUN_ENTRIES {
        tracing::info!(entries = size - runs.through(), "making the ledger's search index again");
    }
    while size - runs.through() > keeper::RUN_ENTRIES {
        cover(&reader, runs, runs.through() + keeper::RUN_ENTRIES)?;
    }
    let recent = Recent::starting_at(runs.through());
    reader.each(runs.through(), size, &mut |entry| recent.add(entry.number, &entry.terms)).map_err(unreadable)?;
    Ok(recent)
}

/// Makes a run of the entries from those that runs cover to before `end`.
fn cover(reader: &Reader, runs: &Runs, end: u64) -> Result<(), OpenError> {
    let gathered = Recent::starting_at(runs.through());
    reader.each(runs.through(), end, &mut |entry| gathered.add(entry.number, &entry.terms)).map_err(unreadable)?;
    let gathered = gathered.take();
    Ok(runs.add(gathered.first, gathered.end, &mut gathered.records.clone())?)
}

/// An entry that cannot be read while the ledger is opened or put in order.
fn unreadable(error: ReadError) -> OpenError {
    match error {
        ReadError::Damaged { entry, what } => OpenError::Damaged { entry, what },
        other => OpenError::Store { source: other.into() },
    }
}
