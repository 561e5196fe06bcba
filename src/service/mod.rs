//! Use cases: what happens between an inquiry as it came and the bytes that leave.
//!
//! [`policy`] says who may ask, [`refusal`] why not, [`strangers`] how often that is recorded of whom nobody knows, [`draft`]
//! is the pure step, [`engine`] has threads over the serving generation and the ledger, `generations` says which one serves, [`answer`] goes the whole way with
//! evidence on disk before anything leaves, [`exchange`] does so for messages of the specification, [`calls`] takes what every
//! transport brings, [`probe`] finds out whether an inquiry would be answered, [`load`] takes a package through its [`gates`]
//! until it serves, [`replay`] composes an old answer again, and [`record`] says what the ledger is told.

pub mod policy;
pub mod refusal;
pub mod strangers;
pub mod draft;
pub mod engine;
mod start;
mod generations;
mod post;
pub mod record;
pub mod answer;
pub mod exchange;
pub mod calls;
pub mod probe;
pub mod gates;
pub mod load;
pub mod replay;
