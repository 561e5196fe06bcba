//! Signed notes and checkpoints: the tree's size and root, signed, in the text form that any implementation of C2SP reads.
//!
//! ```text
//! example.com/ledger                                 origin, the name of the key
//! 20852163                                           entries
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=       root
//!
//! — example.com/ledger Az3grlgtzPICa5OS8npVmf1My…    base64 of key id and signature
//! ```
//!
//! # Use
//!
//! [`Ed25519Signer`] is the ledger's key, [`VerifierKey`] its public half, given to courts once. [`Checkpoint::sign`] writes a
//! note, [`Checkpoint::verify`] reads one. Further [`Signer`]s may sign beside; a reader ignores lines of keys it does not know,
//! so what such lines say is bound by nobody but their own keys. (A receipt has no such lines: module `receipt`.)
//!
//! # What is refused
//!
//! A text has one meaning and a meaning has one text: numbers without leading zeros, base64 with its padding and with zeros in
//! its unused bits, each line ended by a line feed, nothing after the last. Besides what C2SP asks for, a checkpoint is refused
//! whose origin is not the name of the key, that has lines after the root (our ledger writes none), or that the same key
//! signed twice.
//!
//! Source: <https://c2sp.org/signed-note>, <https://c2sp.org/tlog-checkpoint>.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::tree::Hash;
use crate::keys::note::sign;

pub(super) use crate::keys::note::Note;

pub use crate::keys::note::{
    Ed25519Signer, KeyError, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, NoteError, Signer, VerifierKey, is_key_name,
};

#[cfg(test)]
mod tests;

/// Reads a number as it is written: decimal digits, no sign, no leading zero.
pub(super) fn parse_number(text: &str) -> Option<u64> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if is_canonical { text.parse().ok() } else { None }
}

/// Reads a hash in base64, in its one form.
pub(super) fn parse_hash(text: &str) -> Option<Hash> {
    // 44 characters are what 32 bytes take; anything longer is not decoded at all.
    if text.len() == 44 { STANDARD.decode(text).ok()?.try_into().ok() } else { None }
}

/// How large a ledger's tree is and what its root is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The ledger's name, that of its key: one line, not empty.
    pub origin: String,
    /// The number of entries.
    pub size: u64,
    /// The tree's root.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed: origin, size and root, a line each.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.origin.len() + 80);
        writeln!(text, "{}\n{}", self.origin, self.size).expect("a String takes everything");
        STANDARD.encode_string(self.root, &mut text);
        text.push('\n');
        text
    }

    /// Writes the note: the text, a blank line, and a line for each signer in their order.
    ///
    /// [`Self::verify`] takes it where the origin is the key's name and there are between one and
    /// [`NOTE_SIGNATURES_MAX`] signers, each once.
    #[must_use]
    pub fn sign(&self, signers: &[&dyn Signer]) -> String {
        sign(&self.text(), signers)
    }

    /// Reads a note and verifies that `key` has signed it, once, as a checkpoint of its own ledger.
    ///
    /// # Errors
    ///
    /// [`NoteError::Form`] where the text is no signed note, [`NoteError::TooLong`] where it is past the limits;
    /// [`NoteError::Unsigned`] where the key has not signed it, [`NoteError::Twice`] where it has twice,
    /// [`NoteError::Signature`] where its signature is wrong; [`NoteError::Text`] where what it signed is no checkpoint, and
    /// [`NoteError::Origin`] where that is another ledger's.
    pub fn verify(note: &str, key: &VerifierKey) -> Result<Self, NoteError> {
        let note = Note::parse(note)?;
        note.verify(key)?;
        let checkpoint = Self::parse_text(note.text()).ok_or(NoteError::Text)?;
        if checkpoint.origin != key.name() {
            return Err(NoteError::Origin { origin: checkpoint.origin, name: key.name().to_owned() });
        }
        Ok(checkpoint)
    }

    /// Reads a note that nobody has verified.
    ///
    /// # Errors
    ///
    /// [`NoteError::Form`], [`NoteError::TooLong`] and [`NoteError::Text`] as [`Self::verify`].
    pub(super) fn parse(note: &str) -> Result<Self, NoteError> {
        Self::parse_text(Note::parse(note)?.text()).ok_or(NoteError::Text)
    }

    /// Reads what [`Self::text`] writes.
    fn parse_text(text: &str) -> Option<Self> {
        let (origin, rest) = text.split_once('\n')?;
        let (size, rest) = rest.split_once('\n')?;
        let root = parse_hash(rest.strip_suffix('\n')?)?;
        (!origin.is_empty()).then_some(())?;
        Some(Self { origin: origin.to_owned(), size: parse_number(size)?, root })
    }
}
