//! Whether the ledger holds: every entry hashed again, every checkpoint verified, every body opened, the index read through.
//!
//! The tree is grown anew from the leaves, so that each checkpoint is compared with what it must say at its size; that is
//! more than the consistency of each with the next. Entries are read a few at a time, and a daemon goes on writing
//! meanwhile: what it adds after the start is left to the next audit.

use std::collections::VecDeque;

use super::{
    batch::Batch,
    error::ReadError,
    evidence::REMOVE_BODIES,
    leaf::{Fact, Kind, Leaf, UtcMillis},
    note::Checkpoint,
    read::{BATCH_MISREAD, BodyState, Extent, Reader, StoredEntry},
    rows::unsigned,
    tree::{self, Frontier, Hash},
};

/// Batches or entries that are read at once.
const ROWS_AT_ONCE: usize = 512;

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
    Read(ReadError),
}

impl From<ReadError> for AuditError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Damaged { entry, what } => Self::Fault { entry, what },
            other => Self::Read(other),
        }
    }
}

/// Audits the ledger; `progress` is told how many entries are done.
///
/// `since` is a checkpoint that somebody kept, its signature verified: that nothing before it was changed is proved too.
///
/// # Errors
///
/// [`AuditError`]: the first thing that is wrong.
pub fn audit(reader: &Reader, since: Option<&Checkpoint>, progress: &mut dyn FnMut(u64)) -> Result<Audit, AuditError> {
    // Entries and their checkpoint are committed together, so every entry seen now has one; what comes later is left out.
    let extent = reader.extent()?;
    let size = extent.entries.map_or(0, |(_, last)| unsigned(last.saturating_add(1)));
    if let Some(since) = since.filter(|since| since.size > size) {
        return Err(AuditError::Shortened { kept: since.size, found: size });
    }
    let mut walk = Walk { since, ..Walk::new(reader) };
    let mut result = Ok(());
    let each = reader.each(0, size, &mut |entry| {
        if result.is_ok() {
            progress(entry.number);
            result = walk.entry(&entry);
        }
    });
    // What was read before it could not be read on may be wrong, and comes first.
    if let Err(fault) = result.and(each.map_err(AuditError::from)) {
        // And before both a body that is gone, of which only what follows tells whether it was to go.
        walk.check_removed(walk.found.entry_count)?;
        return Err(fault);
    }
    walk.check_removed(size)?;
    check_extent(&extent, size)?;
    walk.check_index()
}

const UNSIGNED: &str = "has a checkpoint that is not signed by the ledger's key";

/// Nothing stands beside the entries from 0 on, their bodies, and the checkpoints up to their number.
fn check_extent(extent: &Extent, size: u64) -> Result<(), AuditError> {
    let fault = |entry, what| Err(AuditError::Fault { entry, what });
    let (Some(entries), Some(batches)) = (extent.entries, extent.batches) else {
        return fault(0, "is missing");
    };
    if unsigned(batches.1) > size {
        return fault(size, "is missing, though there is a checkpoint that covers it");
    }
    if entries.0 < 0 || batches.0 < 1 || extent.bodies.is_some_and(|(first, _)| first < 0) {
        return fault(0, "comes after something under a number below the first");
    }
    match extent.bodies {
        Some((_, last)) if unsigned(last) >= size => fault(unsigned(last), "is missing, though there is a body of it"),
        _ => Ok(()),
    }
}

struct Walk<'a> {
    reader: &'a Reader,
    since: Option<&'a Checkpoint>,
    frontier: Frontier,
    completed: Vec<Hash>,
    last_time: UtcMillis,
    /// Batches to come, the one in hand first.
    batches: VecDeque<Option<Batch>>,
    /// The first entry of the batch in hand, or of the next.
    first: u64,
    found: Audit,
    /// Entries whose bodies are gone.
    removed: Stretches,
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
            batches: VecDeque::new(),
            first: 0,
            found: Audit::default(),
            removed: Stretches::default(),
            removed_before: 0,
        }
    }

    fn entry(&mut self, entry: &StoredEntry) -> Result<(), AuditError> {
        let fault = |what| AuditError::Fault { entry: entry.number, what };
        let leaf = Leaf::decode(&entry.leaf_bytes).map_err(|_| fault("cannot be read"))?;
        self.hash(entry)?;
        if leaf.time < self.last_time {
            return Err(fault("is dated before the entry before it"));
        }
        self.last_time = leaf.time;
        match self.reader.check_parts(entry, &leaf)? {
            BodyState::Kept => {
                self.found.body_count += 1;
                self.removed.end();
            }
            BodyState::Removed => {
                self.found.removed_body_count += 1;
                self.removed.add(entry.number);
            }
            BodyState::Never => {}
        }
        self.removed_before = self.removed_before.max(removed_before(&leaf));
        self.checkpoint(entry)?;
        self.found.entry_count += 1;
        match self.since {
            Some(since) if since.size == self.frontier.size() && since.root != self.frontier.root() => {
                Err(AuditError::Since { size: since.size })
            }
            _ => Ok(()),
        }
    }

    /// Hashes the entry into the tree, and compares with the batch that holds it.
    fn hash(&mut self, entry: &StoredEntry) -> Result<(), AuditError> {
        let fault = |what| AuditError::Fault { entry: entry.number, what };
        if self.batches.is_empty() {
            // Those before hold none of the entries that are left.
            self.batches = self.reader.batches(entry.number + 1, ROWS_AT_ONCE)?.into();
        }
        let batch = self.batches.front().ok_or(fault("has lost its checkpoint"))?.as_ref();
        let batch = batch.ok_or(fault(BATCH_MISREAD))?;
        if (batch.first(), batch.size()) != (self.first, entry.size) || batch.size() <= entry.number {
            return Err(fault("does not belong to the checkpoint that covers it"));
        }
        if entry.number == self.first && batch.before() != self.frontier {
            return Err(fault("follows another tree than the one before it"));
        }
        self.completed.clear();
        self.frontier.append(tree::leaf_hash(&entry.leaf_bytes), &mut self.completed);
        if self.completed != batch.completed_by(entry.number) {
            return Err(fault("does not hash to its node"));
        }
        Ok(())
    }

    /// Verifies the checkpoint of the batch where the entry is its last.
    fn checkpoint(&mut self, entry: &StoredEntry) -> Result<(), AuditError> {
        let fault = |what| AuditError::Fault { entry: entry.number, what };
        if entry.size > entry.number + 1 {
            return Ok(());
        }
        let batch = self.batches.pop_front().flatten().expect("the entry was compared with it");
        let checkpoint = Checkpoint::verify(batch.note(), self.reader.key()).map_err(|_| fault(UNSIGNED))?;
        if checkpoint.size != batch.size() || checkpoint.root != self.frontier.root() {
            return Err(fault("is not in the tree that its checkpoint signs"));
        }
        self.first = batch.size();
        self.found.checkpoint_count += 1;
        Ok(())
    }

    /// Bodies are gone only where an entry says so: one that was walked over, or one from `rest` on, as where retention began
    /// after the audit did.
    fn check_removed(&mut self, rest: u64) -> Result<(), AuditError> {
        let mut next = rest;
        while self.removed.first_from(self.removed_before).is_some() {
            let entries = self.reader.entries(next, ROWS_AT_ONCE)?;
            let Some(last) = entries.last() else { break };
            next = last.number + 1;
            let said = entries.iter().filter_map(|entry| entry.leaf().ok()).map(|leaf| removed_before(&leaf)).max();
            self.removed_before = self.removed_before.max(said.unwrap_or(0));
        }
        if let Some(mut entry) = self.removed.first_from(self.removed_before) {
            // A stretch passes over entries that never had a body.
            while self.reader.entry(entry)?.leaf().is_ok_and(|leaf| !leaf.has_body()) {
                entry += 1;
            }
            return Err(AuditError::Fault { entry, what: "has lost its body, which no entry says was removed" });
        }
        Ok(())
    }

    /// The search index is whole, and what was found right.
    fn check_index(self) -> Result<Audit, AuditError> {
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

/// Before which entry bodies go, where the leaf says that some do.
pub(super) fn removed_before(leaf: &Leaf) -> u64 {
    if leaf.kind != Kind::Administration || leaf.facts.get(Fact::Act) != REMOVE_BODIES {
        return 0;
    }
    leaf.facts.get(Fact::Detail).rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Ascending numbers as stretches of neighbours, of which there are few.
#[derive(Default)]
struct Stretches {
    stretches: Vec<(u64, u64)>,
    is_ended: bool,
}

impl Stretches {
    fn add(&mut self, number: u64) {
        match self.stretches.last_mut().filter(|_| !self.is_ended) {
            Some((_, last)) => *last = number,
            None => self.stretches.push((number, number)),
        }
        self.is_ended = false;
    }

    /// The next number is no neighbour of the last.
    fn end(&mut self) {
        self.is_ended = true;
    }

    /// The first that may be `number` or after: at it or a little before the one that is.
    fn first_from(&self, number: u64) -> Option<u64> {
        self.stretches.iter().find(|(_, last)| *last >= number).map(|(first, _)| number.max(*first))
    }
}
