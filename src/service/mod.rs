//! Use cases: what happens between a checked inquiry and the bytes that leave.
//!
//! [`policy`] says who may ask, [`draft`] is the pure step, [`engine`] has threads over the serving generation and the ledger,
//! [`answer`] goes the whole way with evidence on disk before anything leaves, [`exchange`] does so for messages of the
//! specification, and [`record`] says what the ledger is told.

pub mod policy;

pub mod draft;

pub mod engine;

pub mod record;

mod post;

pub mod answer;

pub mod exchange;
