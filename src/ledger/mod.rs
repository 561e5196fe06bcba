//! The evidence ledger: what was asked, by whom, and what was answered from which data, so that neither side can deny or
//! change it later.
//!
//! A [`Ledger`] is opened once, by the daemon. What is to be recorded is made ready on the caller's thread
//! ([`Ledger::prepare`]: commitments, tags, sealing), handed to the one writer ([`Ledger::append`]), and told of once it is on
//! disk, with all that its receipt is made of. A [`Reader`] reads, from any process. [`proof`] needs no ledger at all: it says
//! what a kept response proves. This room knows nothing of inquiries and mirrors; `service::record` says what it is told.
//!
//! Read in this order: [`tree`], [`note`], [`receipt`] and [`leaf`], the pure forms; [`proof`]; then `secret`, `evidence`, `batch`,
//! `store`, `witness`, `own`, `vouch`, `log` and `writer`, the way of an entry; `claims`, `recent` and [`runs`], how it is found again; `read`, [`search`],
//! [`audit`] and `keeper`. The rest stands after them: witnesses of the clock, upgrade, backup.
//!
//! # Bytes on disk
//!
//! ```text
//! ledger.db, -wal, -shm      SQLite: WAL, synchronous=FULL
//! ledger.lock                held by the one process that writes
//! index/<first>-<end>.run    the search index: derived, made again where it is lost
//! ledger.witness             the size and root of the newest tree that was told of, outside SQLite (module `witness`)
//! ```
//!
//! | table | row |
//! |---|---|
//! | `meta(key, value)` | format, salt, public key, and a seal over the three under the master key |
//! | `entry(number, size, terms, leaf)` | from 0 on; `leaf` is what the tree hashes; `size` is that of the batch that holds it; `terms` are tags, 17 bytes each: kind and keyed digest |
//! | `body(number, sealed)` | inquiry and answer, AES-256-GCM under the ledger's body key; nonce and associated data are the leaf's nonce |
//! | `batch(size, first, note, edge, hashes)` | entries from `first` to before `size`, 64 at most; `note` is the checkpoint, a C2SP signed note; `edge` has the peaks of the tree before `first`, largest first; `hashes` those of the subtrees that the entries complete, entry by entry, lowest first |
//!
//! `edge` and `hashes` are all that receipts of the batch's entries are made of, so that a receipt is two seeks by number,
//! however large the tree. A commit appends to three tables at their ends, and no row is ever changed. The exception is `body`,
//! whose rows retention deletes. This is format 2; [`Ledger::upgrade`] brings format 1 to it.
//!
//! Entry 0 says that the ledger was made; a ledger without entries does not open, so that a lost file cannot pass for a new
//! ledger.
//!
//! # Life of an entry
//!
//! ```text
//! claim ─ asked before? ─ draft ─ prepare ─ queue ─ insert, sign, commit+sync ─ seen, witnessed ─ findable ─ claim given up ─ reply
//! ```
//!
//! The writer takes what waits, up to a bound, and commits it at once; the next commit forms meanwhile. A checkpoint is signed
//! once a batch, which is all of a commit or 64 entries of it. An entry found by `Term::Once` is what the same request gets
//! again; the claim sees to it that two at one moment make one entry. It goes with the entry to the writer, so a caller who
//! hangs up gives nothing free.
//!
//! Whether an entry could be written is found out by a *probe* ([`Ledger::probe`]): the writer commits the database's header as it is,
//! which appends a page to the log and syncs it, and changes nothing. It goes through the same queue.
//!
//! # Invariants
//!
//! 1. An entry is told of after the commit that holds it was synced, never before (invariant 1 of the crate).
//! 2. Rows of `entry` and `batch` are never changed or removed, rows of `meta` by an upgrade alone.
//! 3. Each checkpoint is of the tree of exactly the entries before its size; so any two are consistent.
//! 4. Times do not run backwards, whatever the clock does; where it is further from its witnesses than a bound, nothing is
//!    recorded until it is right, or an operator says that it is (module `time`).
//! 5. A leaf holds nothing of a person. What is of one is sealed in the body, or a keyed tag, or a commitment that opens only
//!    with what the gateway was given.
//! 6. At most one answer stands under a gateway's request number.
//! 7. A head that does not hold together does not serve: opening hashes the last batch again on the tree's edge before it, and
//!    checks its checkpoint's root and signature, and the last entry's body.
//! 8. A ledger that lacks entries of which its witness or its search index knows is not opened, and nothing of it is moved or
//!    removed: else their numbers would be given again.
//!
//! | crash, fault | what is left | what happens |
//! |---|---|---|
//! | before the commit's sync is done | nothing of the batch, or all of it; nobody was told | if all: found by whoever asks again |
//! | after it, before the replies | the batch | callers ask again and get it |
//! | a commit fails: disk full, read-only, input/output error | as above | everybody in the batch and after is told `UNAVAILABLE`; the database is opened anew, its head checked, what came to light is made findable, claims from before are worth nothing, and an entry `resume` must be written before anything else is |
//! | the log grows without pause | `ledger.db-wal` | it is moved beside the writer, a little at a time; past 32 MiB the writer winds it back |
//! | the sync of what was moved fails | the log, whole | an error is logged, nobody can wind the log back, and all that was moved is moved again until the disk keeps it |
//! | while a run is written or merged | see [`runs`] | the index is derived: what is not covered is read from the entries |
//! | the log is damaged, cut or lost after a kill; an older database is put back; rows are cut off its end | a shorter ledger that holds | the witness and the index know of more: it is refused |
//! | a file is moved, replaced or cut short while it is open; the log's index is damaged | as it was left | seen before a commit, or after it by another connection (modules `own`, `vouch`): nobody is told of it, nothing is written, read or closed until the next start |
//! | an older copy is put back with its witness and its index | a shorter ledger that holds | only a checkpoint kept outside shows it: `bdcd ledger verify --since` |
//!
//! A daemon that was killed may have moved what it had not synced, and a reader of another process keeps the log's index, which
//! says that it was moved. So opening syncs the database first.
//!
//! After a sync that failed, the pages that the system holds may not be on disk. So reopening moves the log into the database
//! and syncs that, before the head is checked.
//!
//! A commit costs for this, beside its sync: a write of 80 bytes that is not synced, six looks at names of files, and the last entry
//! read twice from what the system holds in memory.
//!
//! Assumed of the file system: what was synced stays, and a sync that succeeds says the truth.

pub mod tree;
pub mod note;
pub mod receipt;
pub mod leaf;
pub mod proof;
mod secret;
mod evidence;
mod batch;
mod store;
mod witness;
mod own;
mod vouch;
mod log;
mod pulse;
mod writer;
mod claims;
mod recent;
pub mod runs;
mod rows;
mod error;
mod read;
mod repeat;
pub mod search;
pub mod audit;
mod shared;
mod keeper;
mod news;
mod implausible;
pub mod time;
mod upgrade;
pub mod backup;

use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use tokio::sync::oneshot;

pub use claims::{Claim, Claimed};
pub use error::{AppendError, OpenError, ReadError, Source};
pub use evidence::{Body, Evidence, Prepared};
pub use implausible::Implausible;
pub use news::chain;
pub use pulse::State;
pub use read::{Answered, Reader, StoredEntry};
pub use repeat::Repeat;
pub use secret::Term;
pub use witness::Witnessed;
pub use writer::{Clock, Committed};

use crate::{
    disk::{self, sync_file, sync_folder},
    keys::{KeyError, MasterKey},
};
use claims::Claims;
use error::unreadable;
use keeper::Keeper;
use leaf::Kind;
use log::Mover;
use note::{Ed25519Signer, Signer, VerifierKey};
use pulse::Pulse;
use runs::{Mode, Runs, RunsError};
use shared::Shared;
use store::{Meta, Store};
use time::Watch;
use vouch::Vouch;
use witness::{Found, Witness};
use writer::{Append, BatchLimits, Writer};

const LOCK: &str = "ledger.lock";

/// The folder in which a new ledger's database is made.
const MAKING: &str = ".making";

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
    /// How long the ledger must be open, by a clock that nobody can set, before the bodies of one day go.
    pub removal_interval: Duration,
    /// How far the clock may be from its witnesses ([`time`]); any clock is believed where absent.
    pub clock_bound: Option<Duration>,
}

/// The ledger, open for writing; closed when dropped, once what waits is written.
pub struct Ledger {
    shared: Option<Arc<Shared>>,
    writer: Option<thread::JoinHandle<()>>,
    keeper: Option<thread::JoinHandle<()>>,
    mover: Option<thread::JoinHandle<()>>,
    open: Option<mpsc::Sender<()>>,
    _lock: File,
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
        let disk = |doing| move |source| OpenError::Disk { doing, source };
        fs::create_dir_all(folder).map_err(disk("make the folder"))?;
        let _lock = lock(folder)?;
        let file = folder.join(store::DATABASE);
        if file.exists() {
            return Err(OpenError::Exists { folder: folder.to_owned() });
        }
        // It is made beside, and moved to its place once it is whole and on disk: one that was cut short is no ledger.
        let making = folder.join(MAKING);
        if making.exists() {
            fs::remove_dir_all(&making).map_err(disk("remove what a `create` that was cut short left"))?;
        }
        fs::create_dir(&making).map_err(disk("make a folder"))?;
        let key = signer.verifier();
        let mut store = Store::create(&making, master, &key, Arc::new(signer))?;
        let secrets = store.secrets(master)?;
        let prepared = evidence::prepare(&secrets, Kind::Administration, Evidence::act("create", "", by))?;
        store.append(&mut [store::Dated { prepared: &prepared, leaf: Vec::new() }], clock())?;
        let head = store.head();
        store.close()?;
        let made = making.join(store::DATABASE);
        sync_file(&made).map_err(disk("sync the database"))?;
        fs::rename(&made, &file).map_err(disk("move the database to its place"))?;
        drop(Witness::open(folder, secrets.witness(), Found::Nothing, head)?);
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        for names in [Some(folder), parent].into_iter().flatten() {
            sync_folder(names).map_err(disk("sync the folder"))?;
        }
        fs::remove_dir_all(&making).map_err(disk("remove the folder in which it was made"))
    }

    /// Brings a ledger of an earlier format to this version's; the entry that says so, or `None` where it is of it already.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where there is none, another process writes it, a key does not fit, it does not hold, or it cannot be
    /// written; it is then as it was.
    pub fn upgrade(
        folder: &Path,
        master: &MasterKey,
        signer: &Ed25519Signer,
        by: &str,
        clock: &Clock,
    ) -> Result<Option<u64>, OpenError> {
        let (_lock, _, meta) = lock_known(folder, master, signer)?;
        if meta.format == store::FORMAT {
            return Ok(None);
        }
        upgrade::upgrade(folder, &meta, signer, by, clock()).map(Some)
    }

    /// Opens the ledger for writing: takes its lock, checks its head, and starts its threads.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where there is none, another process writes it, a key does not fit, or its head is damaged.
    pub fn open(options: &Options, master: &MasterKey, signer: Ed25519Signer, clock: Clock) -> Result<Self, OpenError> {
        let folder = options.folder.clone();
        let (lock, database, meta) = lock_known(&folder, master, &signer)?;
        let Meta { secrets, key, .. } = meta.current()?;
        let signer: Arc<dyn Signer> = Arc::new(signer);
        let secrets = Arc::new(secrets);
        // Before anything is moved or removed: what is left of a damaged ledger may be all that there is.
        let reader = Reader::with(&folder, Arc::clone(&secrets), key.clone()).map_err(unreadable)?;
        reader.check_whole()?;
        let witnessed = reader.agreed()?;
        let store = Store::open(&folder, &key, Arc::clone(&signer))?;
        let runs = Arc::new(Runs::open(&folder.join(store::INDEX), secrets.runs(), Mode::ReadWrite)?);
        witness::tell(witnessed, store.size());
        let witness = Witness::open(&folder, secrets.witness(), witnessed, store.head())?;
        let vouch = Vouch::new(&folder, database, witness)?;
        let own = Arc::clone(vouch.own());
        let recent = Arc::new(keeper::gather(&folder, &secrets, &key, &runs, store.size())?);
        let (queue, jobs) = mpsc::sync_channel(options.queue_entries_max.max(1));
        let claims = Claims::default();
        let watch = Watch::of(options.clock_bound, &reader, store.last_time(), clock()).map_err(unreadable)?;
        let watch = Arc::new(Mutex::new(watch));
        let (mover, written) = Mover::new(folder.clone(), database, Arc::clone(&own));
        let pulse = Arc::new(Pulse::new(store.size()));
        let writer = Writer {
            folder: folder.clone(),
            key: key.clone(),
            signer: Arc::clone(&signer),
            secrets: Arc::clone(&secrets),
            recent: Arc::clone(&recent),
            claims: claims.clone(),
            clock: Arc::clone(&clock),
            watch: Arc::clone(&watch),
            limits: BatchLimits { entries_max: options.batch_entries_max.max(1), bytes_max: options.batch_bytes_max },
            written,
            pulse: Arc::clone(&pulse),
            vouch,
        };
        let shared =
            Arc::new(Shared { folder, secrets, key, signer, queue, claims, recent, runs, clock, watch, pulse, own });
        let thread = |source| OpenError::Thread { source };
        let writer =
            thread::Builder::new().name("ledger".to_owned()).spawn(move || writer.run(store, &jobs)).map_err(thread)?;
        let mover = thread::Builder::new().name("ledger-log".to_owned()).spawn(move || mover.run()).map_err(thread)?;
        let (open, closed) = mpsc::channel();
        let keeper = Keeper {
            shared: Arc::downgrade(&shared),
            runs: Arc::clone(&shared.runs),
            body_retention: options.body_retention,
            removal_interval: options.removal_interval,
            closed,
        };
        let keeper =
            thread::Builder::new().name("ledger-keeper".to_owned()).spawn(move || keeper.run()).map_err(thread)?;
        Ok(Self {
            shared: Some(shared),
            writer: Some(writer),
            keeper: Some(keeper),
            mover: Some(mover),
            open: Some(open),
            _lock: lock,
        })
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
        let first = shared.recent.first();
        let mut found = Vec::new();
        if let Err(error) = shared.runs.find(claim.tag(), &mut found) {
            if let RunsError::Damaged { entries, .. } = &error {
                // The keeper makes it again from the entries.
                shared.runs.forget_from(entries.first())?;
            }
            return Err(error.into());
        }
        if shared.runs.through() < first {
            // What is not covered cannot be said to be absent.
            return Err(ReadError::Incomplete);
        }
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
        self.shared().append(Append { prepared, claim, accepts_clock: false, reply: Box::new(reply) });
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

    /// Records that an operator says that the clock of this machine is right, and believes it from here on.
    ///
    /// # Errors
    ///
    /// [`AppendError`] where that is not recorded: then the clock is believed no more than before.
    pub async fn accept_clock(&self, by: &str) -> Result<Committed, AppendError> {
        let shared = self.shared();
        let witness = shared.watch().latest();
        let evidence = Evidence::act(time::ACCEPT_CLOCK, &time::accepted_detail((shared.clock)(), witness), by);
        let prepared = self.prepare(Kind::Administration, evidence).map_err(|_| AppendError::Unavailable)?;
        let (reply, written) = oneshot::channel();
        let reply = Box::new(move |result| drop(reply.send(result)));
        shared.append(Append { prepared, claim: None, accepts_clock: true, reply });
        written.await.unwrap_or(Err(AppendError::Unavailable))
    }

    /// How it is doing; nobody is waited for.
    #[must_use]
    pub fn state(&self) -> State {
        self.shared().pulse.state()
    }

    /// Finds out whether an entry could be written now, by a commit that is synced and leaves none; `reply` is called on the
    /// writer's thread once that shows. Where too many wait it is called at once.
    pub fn probe(&self, reply: impl FnOnce(Result<(), AppendError>) + Send + 'static) {
        self.shared().probe(Box::new(reply));
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
        // The mover ends after the writer.
        for thread in [self.writer.take(), self.mover.take()].into_iter().flatten() {
            drop(thread.join());
        }
    }
}

/// What term [`Term::Once`] is made of.
fn once(gateway: &str, number: &str) -> String {
    format!("{gateway}\n{number}")
}

/// The clock of the system.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| jiff::Timestamp::now().as_millisecond())
}

/// Takes the lock of a ledger that is there and is of these keys; with it comes the file of its database.
fn lock_known(
    folder: &Path,
    master: &MasterKey,
    signer: &Ed25519Signer,
) -> Result<(File, &'static File, Meta), OpenError> {
    let file = folder.join(store::DATABASE);
    if !file.is_file() {
        return Err(OpenError::Missing { folder: folder.to_owned() });
    }
    let lock = lock(folder)?;
    let disk = |source| OpenError::Disk { doing: "sync the database", source };
    let database = OpenOptions::new().read(true).write(true).open(&file).map_err(disk)?;
    // Never closed, whatever fails below: POSIX drops all locks of a process on a file as soon as it closes any handle on it, and
    // SQLite's are such locks. That costs one handle for each ledger that is opened, which is one a process.
    let database = Box::leak(Box::new(database));
    // What a daemon that was killed had moved from the log, and not synced yet, nobody else would sync where a reader has kept
    // the log's index.
    database.sync_data().map_err(disk)?;
    let meta = Meta::of(folder, master)?;
    store::check_signer(&meta.key, signer)?;
    Ok((lock, database, meta))
}

/// Takes the ledger's lock.
fn lock(folder: &Path) -> Result<File, OpenError> {
    let taken = disk::lock(&folder.join(LOCK));
    let taken = taken.map_err(|source| OpenError::Disk { doing: "take the lock", source })?;
    taken.ok_or_else(|| OpenError::Busy { folder: folder.to_owned() })
}
