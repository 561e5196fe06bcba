//! Whether the ledger holds: every entry hashed again, every checkpoint verified, every body opened, the index read through.
//!
//! The tree is grown anew from the leaves, so that each checkpoint is compared with what it must say at its size; that is
//! more than the consistency of each with the next. Entries are read a few at a time, and a daemon goes on writing
//! meanwhile: what it adds after the start is left to the next audit.

use std::collections::VecDeque;

use super::{
    error::ReadError,
    evidence::is_committed,
    leaf::{Fact, Kind, Leaf, UtcMillis},
    note::Checkpoint,
    read::{Reader, StoredEntry},
    tree::{self, Frontier, Hash},
};

/// Checkpoints that are read at once.
const CHECKPOINTS_AT_ONCE: usize = 512;

/// What was found right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Entries.
    pub entry_count: u64,
    /// Signed checkpoints.
    pub checkpoint_count: u64,
    /// Sealed bodies, opened.
    pub body_count: u64,
    /// Bodies that retention removed.
    pub removed_body_count: u64,
    /// Records of the search index.
    pub record_count: u64,
}

/// What was found wrong.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// An entry; the first that is wrong.
    #[error("ledger entry {entry} {what}: the ledger was altered or damaged, from this entry on at the latest")]
    Fault {
        /// The entry.
        entry: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The checkpoint that somebody kept is of another history.
    #[error(
        "the tree of {size} entries is not the one that the kept checkpoint signs: something before it was changed"
    )]
    Since {
        /// The size of the checkpoint kept.
        size: u64,
    },
    /// The checkpoint that somebody kept is of entries that are not here.
    #[error("the kept checkpoint is of {kept} entries, and there are {found}: entries were taken away")]
    Shortened {
        /// The size of the checkpoint kept.
        kept: u64,
        /// The size of the ledger.
        found: u64,
    },
    /// The search index is wrong; entries are not.
    #[error(
        "the entries hold, the search index does not: stop the daemon, remove the folder `index` of the ledger, and start it: the index is made again"
    )]
    Index(#[source] super::runs::RunsError),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Audits the ledger; `progress` is told how many entries are done.
///
/// `since` is a checkpoint that somebody kept, its signature verified: that nothing before it was changed is proved too.
///
/// # Errors
///
/// [`AuditError`]: the first thing that is wrong.
pub fn audit(reader: &Reader, since: Option<&Checkpoint>, progress: &mut dyn FnMut(u64)) -> Result<Audit, AuditError> {
    let newest = Checkpoint::verify(&reader.newest_checkpoint()?, reader.key())
        .map_err(|_| AuditError::Fault { entry: reader.size().unwrap_or(1).saturating_sub(1), what: UNSIGNED })?;
    if let Some(since) = since.filter(|since| since.size > newest.size) {
        return Err(AuditError::Shortened { kept: since.size, found: newest.size });
    }
    let mut walk = Walk { since, ..Walk::new(reader) };
    let mut result = Ok(());
    reader.each(0, newest.size, &mut |entry| {
        if result.is_ok() {
            progress(entry.number);
            result = walk.entry(&entry);
        }
    })?;
    result?;
    walk.end(newest.size)
}

const UNSIGNED: &str = "has a checkpoint that is not signed by the ledger's key";

struct Walk<'a> {
    reader: &'a Reader,
    since: Option<&'a Checkpoint>,
    frontier: Frontier,
    completed: Vec<Hash>,
    last_time: UtcMillis,
    /// Checkpoints to come, by size.
    checkpoints: VecDeque<(u64, String)>,
    found: Audit,
    /// The last entry whose body is gone.
    last_removed: Option<u64>,
    /// Before which entry bodies were said to be removed.
    removed_before: u64,
}

impl<'a> Walk<'a> {
    fn new(reader: &'a Reader) -> Self {
        Self {
            reader,
            since: None,
            frontier: Frontier::new(),
            completed: Vec::new(),
            last_time: UtcMillis::MIN,
            checkpoints: VecDeque::new(),
            found: Audit::default(),
            last_removed: None,
            removed_before: 0,
        }
    }

    fn entry(&mut self, entry: &StoredEntry) -> Result<(), AuditError> {
        let fault = |what| AuditError::Fault { entry: entry.number, what };
        let leaf = Leaf::decode(&entry.leaf_bytes).map_err(|_| fault("cannot be read"))?;
        self.frontier.append(tree::leaf_hash(&entry.leaf_bytes), &mut self.completed);
        if self.completed.as_flattened() != entry.hashes {
            return Err(fault("does not hash to its node"));
        }
        if leaf.time < self.last_time {
            return Err(fault("is dated before the entry before it"));
        }
        self.last_time = leaf.time;
        let opening = self.reader.opening(&leaf);
        if !is_committed(&opening, "terms", Some(&entry.terms), Some(&leaf.terms)) {
            return Err(fault("is found by terms that its leaf does not commit to"));
        }
        self.body(entry, &leaf)?;
        if leaf.kind == Kind::Administration && leaf.facts.get(Fact::Act) == super::REMOVE_BODIES {
            let before = leaf.facts.get(Fact::Detail).rsplit(' ').next().and_then(|number| number.parse().ok());
            self.removed_before = self.removed_before.max(before.unwrap_or(0));
        }
        self.checkpoint(entry)?;
        self.found.entry_count += 1;
        match self.since {
            Some(since) if since.size == self.frontier.size() && since.root != self.frontier.root() => {
                Err(AuditError::Since { size: since.size })
            }
            _ => Ok(()),
        }
    }

    fn body(&mut self, entry: &StoredEntry, leaf: &Leaf) -> Result<(), AuditError> {
        let is_due = leaf.inquiry.is_some() || leaf.answer.is_some();
        match self.reader.body(entry.number, leaf) {
            Ok(Some(_)) if !is_due => {
                Err(AuditError::Fault { entry: entry.number, what: "has a body that its leaf does not know" })
            }
            Ok(Some(_)) => {
                self.found.body_count += 1;
                Ok(())
            }
            Ok(None) => {
                if is_due {
                    self.found.removed_body_count += 1;
                    self.last_removed = Some(entry.number);
                }
                Ok(())
            }
            Err(ReadError::Damaged { entry, what }) => Err(AuditError::Fault { entry, what }),
            Err(error) => Err(error.into()),
        }
    }

    /// Compares with the checkpoint that covers the entry, and verifies that where the entry is its last.
    fn checkpoint(&mut self, entry: &StoredEntry) -> Result<(), AuditError> {
        let fault = |what| AuditError::Fault { entry: entry.number, what };
        if self.checkpoints.is_empty() {
            // Those before cover none of the entries that are left.
            self.checkpoints = self.reader.checkpoints(entry.number + 1, CHECKPOINTS_AT_ONCE)?.into();
        }
        let (size, note) = self.checkpoints.front().ok_or(fault("has lost its checkpoint"))?;
        if *size != entry.size || *size <= entry.number {
            return Err(fault("does not belong to the checkpoint that covers it"));
        }
        if *size > entry.number + 1 {
            return Ok(());
        }
        let checkpoint = Checkpoint::verify(note, self.reader.key()).map_err(|_| fault(UNSIGNED))?;
        if checkpoint.size != *size || checkpoint.root != self.frontier.root() {
            return Err(fault("is not in the tree that its checkpoint signs"));
        }
        self.checkpoints.pop_front();
        self.found.checkpoint_count += 1;
        Ok(())
    }

    /// What only the whole shows.
    fn end(self, size: u64) -> Result<Audit, AuditError> {
        if let Some(entry) = self.last_removed.filter(|last| *last >= self.removed_before) {
            return Err(AuditError::Fault { entry, what: "has lost its body, which no entry says was removed" });
        }
        if self.reader.count_bodies(size)? != self.found.body_count {
            return Err(AuditError::Fault {
                entry: 0,
                what: "and others have bodies under numbers that are no entry's",
            });
        }
        let index = self.reader.runs()?;
        if let Some(left_out) = index.left_out().first() {
            return Err(AuditError::Index(super::runs::RunsError::Damaged {
                entries: left_out.entries,
                fault: left_out.fault,
            }));
        }
        let summary = index.verify(&mut |_| {}).map_err(AuditError::Index)?;
        Ok(Audit { record_count: summary.record_count, ..self.found })
    }
}
