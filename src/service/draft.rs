//! From an inquiry to the bytes of its answer: the one path that `Query`, `Exchange` and replay share.
//!
//! Pure but for the reader: the same inquiry on the same generation gives the same bytes (invariant 4).

use crate::{
    domain::{
        answer::{self, ComposeError, Frame},
        inquiry::Inquiry,
    },
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
    /// What was read gives no answer.
    #[error("cannot compose the answer")]
    Compose(#[from] ComposeError),
}

/// The bytes of the answer to `inquiry`, as they leave and as they are kept, from the generation behind `reader`.
///
/// # Errors
///
/// Where the generation cannot be read, or the counts do not reconcile.
pub fn answer_bytes(reader: &mut Reader, frame: &Frame, inquiry: &Inquiry) -> Result<Vec<u8>, DraftError> {
    let records = reader.records(&inquiry.subject.search_keys())?;
    Ok(answer::compose(inquiry, &records, frame)?)
}
