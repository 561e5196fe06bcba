//! The evidence ledger: what was answered, to whom and when, so that neither side can deny or change it later.
//!
//! [`tree`] is the Merkle tree over the entries, [`note`] the signed statement of its size and root, [`receipt`] what a court
//! keeps with an answer: entry, proof and signed statement in one text that verifies offline. These three are pure: they
//! read no file, no clock and no random numbers.

pub mod tree;

pub mod note;

pub mod receipt;

pub mod runs;
