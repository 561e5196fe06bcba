//! What a response proves, from its bytes and the registry's public key alone. Pure: no file, no clock, no ledger.
//!
//! A response is `bdcd.query.v1.QueryResponse` or `ExchangeResponse`; they share one wire form. It is taken in the one form in
//! which it was sent: a byte more or less is another response.

use super::{
    leaf::{Leaf, MalformedLeaf, Opening, commit},
    note::{Checkpoint, VerifierKey},
    receipt::{Receipt, ReceiptError},
};
use crate::domain::wire::{Reader, Writer};

/// What is proved of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// What the entry says.
    pub leaf: Leaf,
    /// Its number in the ledger.
    pub entry: u64,
    /// The signed tree that it is in.
    pub checkpoint: Checkpoint,
    /// The bytes answered with.
    pub answer: Vec<u8>,
    /// Whether it was proved what they answer to: a request was given, and the entry commits to it.
    pub is_request_proved: bool,
}

/// Why a response proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The bytes are no response, or not as it was sent.
    #[error("this is no response of a registry as it was sent: give the bytes as received, all of them")]
    Response,
    /// The receipt does not hold.
    #[error("the receipt proves nothing")]
    Receipt(#[from] ReceiptError),
    /// The receipt holds, and what it is about cannot be read.
    #[error("the receipt is of an entry that cannot be read here: it may be of a later version")]
    Leaf(#[from] MalformedLeaf),
    /// The entry is of another answer.
    #[error(
        "the receipt is genuine, and of another answer: the answer was altered, or is not the one that belongs to it"
    )]
    Answer,
    /// The entry is of another request.
    #[error("the answer is genuine, and to another request than the one given")]
    Request,
}

/// Proves what can be proved of `response`, and that it answers `request` where one is given: the bytes of the inquiry in the
/// form that evidence commits to, or of the request message as sent.
///
/// # Errors
///
/// [`ProofError`]: nothing is proved.
pub fn verify(response: &[u8], request: Option<&[u8]>, key: &VerifierKey) -> Result<Proved, ProofError> {
    let Response { answer, receipt, opening } = Response::decode(response).ok_or(ProofError::Response)?;
    let receipt = Receipt::parse(&receipt)?;
    let checkpoint = receipt.verify(key)?;
    let leaf = Leaf::decode(&receipt.leaf)?;
    if leaf.answer != Some(commit(&opening, "answer", &answer)) {
        return Err(ProofError::Answer);
    }
    let is_request_proved = request.is_some();
    if request.is_some_and(|request| leaf.inquiry != Some(commit(&opening, "inquiry", request))) {
        return Err(ProofError::Request);
    }
    Ok(Proved { leaf, entry: receipt.index, checkpoint, answer, is_request_proved })
}

/// A response taken apart.
struct Response {
    answer: Vec<u8>,
    receipt: String,
    opening: Opening,
}

impl Response {
    /// `None` where the bytes are no response, or not written as a registry writes it.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (mut answer, mut receipt, mut opening) = (Vec::new(), String::new(), Opening::default());
        for field in Reader::new(bytes) {
            match field.ok()? {
                (1, field) => field.bytes().ok()?.clone_into(&mut answer),
                (2, field) => field.text().ok()?.clone_into(&mut receipt),
                (3, field) => opening = field.bytes().ok()?.try_into().ok()?,
                _ => return None,
            }
        }
        let mut writer = Writer::with_capacity(bytes.len());
        if !answer.is_empty() {
            writer.delimited(1, &answer);
        }
        writer.text(2, &receipt);
        writer.delimited(3, &opening);
        (writer.finish() == bytes).then_some(Self { answer, receipt, opening })
    }
}
