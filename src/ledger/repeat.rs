//! What becomes of something that is asked again: what was answered, from the ledger, byte for byte.
//!
//! Nothing is told that the entry's receipt does not prove: a leaf, a body or a checkpoint that was altered or damaged is an
//! error, and never another answer, nor the word that the answer was removed.

use super::{
    audit::removed_before,
    error::ReadError,
    evidence::is_committed,
    leaf::Kind,
    read::{Answered, Reader},
    search::{Criteria, Found, Search, SearchError},
};

/// What became of something asked before.
pub enum Repeat {
    /// It is what was asked before: here is what was answered.
    Same(Box<Answered>),
    /// Something else was asked under the same number.
    Other {
        /// The entry that stands under the number.
        entry: u64,
    },
    /// It was answered, and retention has removed the answer.
    Removed {
        /// The entry that stands for it.
        entry: u64,
    },
}

impl Reader {
    /// What becomes of `inquiry`, asked again under what `entry` stands for.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where the entry or its body cannot be read, or is not what the ledger's checkpoints sign.
    pub fn repeat(&self, entry: u64, inquiry: &[u8]) -> Result<Repeat, ReadError> {
        let stored = self.entry(entry)?;
        // First, for nothing that a damaged leaf says is to be told.
        let receipt = self.receipt(&stored)?;
        let leaf = stored.leaf()?;
        let opening = self.opening(&leaf);
        if !is_committed(&opening, "inquiry", Some(inquiry), leaf.inquiry.as_ref()) {
            return Ok(Repeat::Other { entry });
        }
        match self.body(entry, &leaf)?.and_then(|body| body.answer) {
            Some(answer) => Ok(Repeat::Same(Box::new(Answered { answer, receipt, opening }))),
            None if self.is_removed(entry)? => Ok(Repeat::Removed { entry }),
            None => Err(ReadError::Damaged { entry, what: "has lost its body, which no entry says was removed" }),
        }
    }

    /// Whether an entry says that the body of this one was removed.
    fn is_removed(&self, entry: u64) -> Result<bool, ReadError> {
        let criteria = Criteria { kind: Some(Kind::Administration), ..Criteria::default() };
        let search = Search::new(self, &criteria, entry).map_err(|error| match error {
            SearchError::Read(error) => error,
            SearchError::Blank { .. } => unreachable!("a kind is not blank"),
        })?;
        for found in search {
            let Found { entry: said, leaf } = found?;
            if entry < removed_before(&leaf) {
                self.receipt(&said)?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}
