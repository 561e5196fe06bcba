//! From an inquiry to the bytes of its answer: the one path that `Query`, `Exchange` and replay share.
//!
//! Pure but for the reader: the same inquiry on the same generation gives the same bytes (invariant 4).

use crate::{
    domain::{answer::Answer, generation::GenerationFacts, inquiry::Inquiry},
    mirror::{OpenError, ReadError, Reader},
};

/// Why an answer could not be drafted.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// The generation could not be read.
    #[error("cannot read the serving generation")]
    Read(#[from] ReadError),
    /// The generation could not be opened for reading.
    #[error("cannot open the serving generation")]
    Open(#[from] OpenError),
    /// What was found, reported and withheld does not add up (invariant 2); nothing is answered.
    #[error("the counts of the answer do not reconcile: this is a fault of the program, report it")]
    Unreconciled,
}

/// Composes the answer to `inquiry` from the generation behind `reader`.
///
/// # Errors
///
/// Where the generation cannot be read, or the counts do not reconcile.
pub fn answer(reader: &mut Reader, facts: &GenerationFacts, inquiry: &Inquiry) -> Result<Answer, DraftError> {
    let units = reader.find(&inquiry.subject.search_keys())?;
    let answer = Answer::compose(inquiry, units, facts);
    if answer.reconciles() { Ok(answer) } else { Err(DraftError::Unreconciled) }
}

/// The bytes of the answer to `inquiry`, as they leave and as they are kept.
///
/// # Errors
///
/// As [`answer`].
pub fn answer_bytes(reader: &mut Reader, facts: &GenerationFacts, inquiry: &Inquiry) -> Result<Vec<u8>, DraftError> {
    Ok(answer(reader, facts, inquiry)?.encode())
}
