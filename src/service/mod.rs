//! Use cases: what happens between a checked inquiry and the bytes that leave.
//!
//! [`draft`] is the pure step, [`engine`] runs it on threads over the serving generation, [`policy`] says who may ask.

pub mod draft;
pub mod engine;
pub mod exchange;
pub mod policy;
