//! The specification's XML messages and code lists: pure, no I/O.
//!
//! [`request`] reads what real senders send, [`feedback`] writes and reads what goes back, [`court`] reads the other
//! messages of the samples, [`codes`] names codes. What implementations disagree on is a switch of [`FeedbackOptions`].
//!
//! The specification itself is not public; `exchange-format.md` reconstructs it and names its evidence.

pub mod codes;
mod compose;
pub mod court;
pub mod feedback;
mod options;
pub mod request;
mod shape;
#[cfg(test)]
mod tests;
mod xml;

pub use compose::withheld_because;
pub use options::{DateForm, FeedbackOptions, LeafMode, Nesting, NumberForm, ResultCodes};
pub use xml::{Leaves, MESSAGE_BYTES_MAX, XmlError};
