//! The ledger: the evidence of every answer, and what auditors find it by.
//!
//! What is here so far is [`runs`], the search index. It is derived from the entries and can be rebuilt from them at any time;
//! it is no evidence itself.

pub mod runs;
