//! The receipt of an entry: its bytes, the proof that the tree holds them, and the signed checkpoint, as one text.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFy…       the leaf's bytes
//! index 73894
//! gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=      siblings, the leaf's own first
//! B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
//!
//! example.com/ledger                                the checkpoint, as `note` writes it
//! 109482
//! sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=
//!
//! — example.com/ledger hI2DJw…
//! ```
//!
//! # What binds what
//!
//! The signature binds origin, size and root; the root binds the leaf, its place and so the index and every sibling. C2SP calls
//! `extra` unauthenticated; here it is the leaf itself, hashed when the receipt is verified, and so bound like the rest. There is
//! one text for each receipt: an empty leaf has no line of its own, and numbers and base64 have one form (`note` says which). So
//! a change of any single bit is refused by [`Receipt::parse`] or
//! [`Receipt::verify`].
//!
//! The key's own line is the only one. C2SP has a reader of notes ignore lines of keys that it does not know, and so does
//! [`Checkpoint::verify`], for a checkpoint may be kept with the signatures of others. But no key binds such a line for a reader
//! who does not have it, so it can be added and altered by anybody; the ledger writes none into a receipt, and a receipt with one is
//! refused. So a receipt that verifies is as the ledger wrote it, to the byte.
//!
//! This module does not know what a leaf says, and asks nobody whether the ledger is still there.
//!
//! Source: <https://c2sp.org/tlog-proof>.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    note::{Checkpoint, NOTE_BYTES_MAX, Note, NoteError, VerifierKey, parse_hash, parse_number},
    tree::{Hash, leaf_hash, root_of_inclusion},
};

#[cfg(test)]
mod tests;

/// Bytes of a leaf that a receipt may carry. A leaf holds digests and a few short texts, far below.
pub const LEAF_BYTES_MAX: usize = 64 * 1024;

/// Siblings in a proof: the height of the tallest tree whose size is a number here.
pub const PROOF_HASHES_MAX: usize = 64;

/// Bytes of a receipt's text that are read.
pub const RECEIPT_BYTES_MAX: usize = 256 * 1024;

/// A hash in base64, and its line feed.
const HASH_LINE_BYTES: usize = 45;

/// Header, index and blank line, rounded up.
const FRAME_BYTES_MAX: usize = 96;

const _: () = assert!(
    LEAF_BYTES_MAX.div_ceil(3) * 4 + PROOF_HASHES_MAX * HASH_LINE_BYTES + FRAME_BYTES_MAX + NOTE_BYTES_MAX
        <= RECEIPT_BYTES_MAX
);

const HEADER: &str = "c2sp.org/tlog-proof@v1\n";
const EXTRA: &str = "extra ";
const INDEX: &str = "index ";

/// An entry with the proof that a ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The leaf's bytes, at most [`LEAF_BYTES_MAX`].
    pub leaf: Vec<u8>,
    /// The entry's number, from zero.
    pub index: u64,
    /// The siblings on the way to the root, the leaf's own first; at most [`PROOF_HASHES_MAX`].
    pub proof: Vec<Hash>,
    /// The signed note of the tree's size and root, with one signature.
    pub checkpoint: String,
}

/// Why a receipt is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The text is longer than any receipt.
    #[error("receipt has {bytes} bytes, a ledger writes at most {RECEIPT_BYTES_MAX}: this is some other file")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The text does not begin as a receipt.
    #[error("text does not begin with `c2sp.org/tlog-proof@v1`: this is not a receipt")]
    Header,
    /// The entry's bytes are not in their one form.
    #[error("receipt has an entry that is no base64 or too long: it was altered, get it again from the ledger")]
    Leaf,
    /// The index is missing or not in its one form.
    #[error("receipt has no line `index` with a number: it was altered or cut short, get it again from the ledger")]
    Index,
    /// A line of the proof is no hash, there are too many, or the blank line after them is missing.
    #[error(
        "line {line} of the receipt is no hash of a proof: it was altered or cut short, get it again from the ledger"
    )]
    Proof {
        /// The line, from one.
        line: usize,
    },
    /// The checkpoint cannot be read or is not signed.
    #[error("checkpoint of the receipt does not hold")]
    Checkpoint(#[from] NoteError),
    /// The checkpoint has lines of further signers.
    #[error(
        "checkpoint of the receipt has {count} signatures, a ledger writes one: lines were added, get it again from the ledger"
    )]
    Signatures {
        /// How many lines there are.
        count: usize,
    },
    /// The proof is not one of that place in the signed tree.
    #[error("proof of entry {index} does not fit a ledger of {size} entries: index, proof or checkpoint was altered")]
    Place {
        /// The index.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// The signed tree does not hold the entry there.
    #[error("entry {index} is not in the signed ledger of {size} entries: entry, index or proof was altered")]
    NotIncluded {
        /// The index.
        index: u64,
        /// The tree's size.
        size: u64,
    },
}

/// Writes a receipt from its parts, in one allocation.
///
/// [`Receipt::parse`] takes it where leaf and proof keep to their limits and the checkpoint is a note with one signature.
#[must_use]
pub fn write(leaf: &[u8], index: u64, proof: &[Hash], checkpoint: &str) -> String {
    let leaf_bytes = leaf.len().div_ceil(3).saturating_mul(4);
    let capacity = FRAME_BYTES_MAX.saturating_add(leaf_bytes).saturating_add(proof.len() * HASH_LINE_BYTES);
    let mut text = String::with_capacity(capacity.saturating_add(checkpoint.len()));
    text.push_str(HEADER);
    if !leaf.is_empty() {
        text.push_str(EXTRA);
        STANDARD.encode_string(leaf, &mut text);
        text.push('\n');
    }
    writeln!(text, "{INDEX}{index}").expect("a String takes everything");
    for hash in proof {
        STANDARD.encode_string(hash, &mut text);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(checkpoint);
    text
}

impl Receipt {
    /// Writes the receipt's text.
    #[must_use]
    pub fn write(&self) -> String {
        write(&self.leaf, self.index, &self.proof, &self.checkpoint)
    }

    /// Reads a receipt's text; writing what it gives yields the same text again.
    ///
    /// Nothing is verified but the form, that of the checkpoint's note included.
    ///
    /// # Errors
    ///
    /// [`ReceiptError::TooLong`], [`ReceiptError::Header`], [`ReceiptError::Leaf`], [`ReceiptError::Index`],
    /// [`ReceiptError::Proof`], [`ReceiptError::Checkpoint`] and [`ReceiptError::Signatures`], for the first part that has not its
    /// form.
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        if text.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptError::TooLong { bytes: text.len() });
        }
        let rest = text.strip_prefix(HEADER).ok_or(ReceiptError::Header)?;
        let (leaf, rest) = parse_leaf(rest)?;
        let (index, mut rest) = rest.split_once('\n').ok_or(ReceiptError::Index)?;
        let index = index.strip_prefix(INDEX).and_then(parse_number).ok_or(ReceiptError::Index)?;
        let mut proof = Vec::new();
        let lines_before = if leaf.is_empty() { 2 } else { 3 };
        let checkpoint = loop {
            let refused = ReceiptError::Proof { line: lines_before + proof.len() + 1 };
            let Some((line, after)) = rest.split_once('\n') else { return Err(refused) };
            if line.is_empty() {
                break after;
            }
            match parse_hash(line) {
                Some(hash) if proof.len() < PROOF_HASHES_MAX => proof.push(hash),
                _ => return Err(refused),
            }
            rest = after;
        };
        let count = Note::parse(checkpoint)?.signers().count();
        if count != 1 {
            return Err(ReceiptError::Signatures { count });
        }
        Ok(Self { leaf, index, proof, checkpoint: checkpoint.to_owned() })
    }

    /// Verifies that `key` has signed the checkpoint and that the tree of it holds the leaf at the index; returns it.
    ///
    /// # Errors
    ///
    /// [`ReceiptError::Checkpoint`] where the checkpoint does not hold; [`ReceiptError::Place`] where the proof is too long or
    /// too short for the index and the tree's size, or the index past it; [`ReceiptError::NotIncluded`] where it leads to
    /// another root than the one signed.
    pub fn verify(&self, key: &VerifierKey) -> Result<Checkpoint, ReceiptError> {
        let checkpoint = Checkpoint::verify(&self.checkpoint, key)?;
        let (index, size) = (self.index, checkpoint.size);
        match root_of_inclusion(index, size, leaf_hash(&self.leaf), &self.proof) {
            Some(root) if root == checkpoint.root => Ok(checkpoint),
            Some(_) => Err(ReceiptError::NotIncluded { index, size }),
            None => Err(ReceiptError::Place { index, size }),
        }
    }
}

/// Reads the line of the leaf where there is one; without it the leaf is empty.
fn parse_leaf(text: &str) -> Result<(Vec<u8>, &str), ReceiptError> {
    let Some(rest) = text.strip_prefix(EXTRA) else { return Ok((Vec::new(), text)) };
    let (encoded, rest) = rest.split_once('\n').ok_or(ReceiptError::Leaf)?;
    let leaf = STANDARD.decode(encoded).map_err(|_| ReceiptError::Leaf)?;
    // An empty leaf is written without the line.
    if leaf.is_empty() || leaf.len() > LEAF_BYTES_MAX { Err(ReceiptError::Leaf) } else { Ok((leaf, rest)) }
}
