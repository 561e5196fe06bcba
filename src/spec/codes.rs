//! The labels of the national code lists, for messages.

pub use crate::domain::cell::code::label;
