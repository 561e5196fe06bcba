//! An old answer composed again from its generation, and compared.
//!
//! Inquiry, generation and rule version determine an answer to the byte (invariant 4), so whoever has the generation can
//! show that the answer was right for the data of its day. Works while the generation is kept.

use super::draft::{self, DraftError};
use crate::{
    domain::{
        answer::RULES_VERSION,
        inquiry::{Door, Draft},
    },
    ledger::{
        ReadError, Reader,
        leaf::{Fact, Kind, Leaf},
    },
    mirror::{Mirror, OpenError},
};

/// What became of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// What the entry says.
    pub leaf: Leaf,
    /// Bytes of the answer recorded.
    pub recorded_bytes: usize,
    /// Whether the answer composed again is the one recorded.
    pub is_same: bool,
}

/// Why an answer cannot be composed again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The entry cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The entry is of no answer.
    #[error("ledger entry {entry} is no answer but {kind}: replay the answers themselves")]
    NoAnswer {
        /// The entry.
        entry: u64,
        /// What it is.
        kind: &'static str,
    },
    /// Retention has removed inquiry and answer.
    #[error(
        "the inquiry and answer of ledger entry {entry} were removed after their retention: nothing is left to compose from"
    )]
    Removed {
        /// The entry.
        entry: u64,
    },
    /// It was composed by other rules.
    #[error(
        "ledger entry {entry} was composed by rules version {recorded}, this is version {known}: run the version that it belongs to"
    )]
    Rules {
        /// The entry.
        entry: u64,
        /// Of the answer.
        recorded: String,
        /// Of this program.
        known: u32,
    },
    /// Its generation is not kept.
    #[error(
        "generation `{name}` of ledger entry {entry} is not there any more: its package would have to be loaded again"
    )]
    Pruned {
        /// The entry.
        entry: u64,
        /// The generation.
        name: String,
    },
    /// A generation of that name is there, of another package.
    #[error("generation `{name}` was compiled from another package than the one of ledger entry {entry}")]
    OtherPackage {
        /// The entry.
        entry: u64,
        /// The generation.
        name: String,
    },
    /// Its generation cannot be opened.
    #[error(transparent)]
    Open(OpenError),
    /// The inquiry recorded is none.
    #[error("the inquiry of ledger entry {entry} cannot be read: it may be of a later version")]
    Inquiry {
        /// The entry.
        entry: u64,
    },
    /// It cannot be composed.
    #[error(transparent)]
    Draft(#[from] DraftError),
}

/// Composes the answer of `entry` again from its generation.
///
/// # Errors
///
/// [`ReplayError`] where that cannot be done; that the answer differs is none.
pub fn replay(ledger: &Reader, mirror: &Mirror, entry: u64) -> Result<Replayed, ReplayError> {
    let leaf = ledger.entry(entry)?.leaf()?;
    if leaf.kind != Kind::Answer {
        return Err(ReplayError::NoAnswer { entry, kind: leaf.kind.word() });
    }
    let recorded = leaf.facts.get(Fact::Rules);
    if recorded != RULES_VERSION.to_string() {
        return Err(ReplayError::Rules { entry, recorded: recorded.to_owned(), known: RULES_VERSION });
    }
    let body = ledger.body(entry, &leaf)?.and_then(|body| body.inquiry.zip(body.answer));
    let (inquiry, answer) = body.ok_or(ReplayError::Removed { entry })?;
    let name = leaf.facts.get(Fact::Generation).to_owned();
    let generation = match mirror.open(&name) {
        Ok(generation) => generation,
        Err(OpenError::Missing { name }) => return Err(ReplayError::Pruned { entry, name }),
        Err(error) => return Err(ReplayError::Open(error)),
    };
    if generation.facts().package_id != leaf.facts.get(Fact::Package) {
        return Err(ReplayError::OtherPackage { entry, name });
    }
    // What came by `Exchange` states less; all of it passed its own door once.
    let draft = Draft::decode(&inquiry).map_err(|_| ReplayError::Inquiry { entry })?;
    let inquiry = draft.check(Door::Exchange).map_err(|_| ReplayError::Inquiry { entry })?;
    let mut reader = generation.reader().map_err(ReplayError::Open)?;
    let again = draft::answer_bytes(&mut reader, generation.frame(), &inquiry)?;
    Ok(Replayed { recorded_bytes: answer.len(), is_same: again == answer, leaf })
}
