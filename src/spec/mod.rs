//! The specification's XML messages and code lists: pure, no I/O.
//!
//! [`request`] reads what real senders send, [`feedback`] writes and reads what goes back, [`court`] reads the other
//! messages of the samples, [`codes`] names codes. Under them `document` opens what comes: `text` decodes bytes, `envelope`
//! takes SOAP away, `leaves` decides on base64. What implementations disagree on is a switch of [`FeedbackOptions`].
//!
//! The specification itself is not public; `deploy/DECISIONS.md`, "Message", says what its reconstruction rests on.

pub mod request;
pub mod feedback;
pub mod court;
pub mod codes;
mod document;
mod text;
mod envelope;
mod leaves;
mod xml;
mod nodes;
mod shape;
mod compose;
mod amount;
mod message;
mod options;

#[cfg(test)]
mod tests;

pub use message::withheld_because;
pub use options::{DateForm, FeedbackOptions, LeafMode, Nesting, NumberForm, ResultCodes};
pub use xml::{Leaves, MESSAGE_BYTES_MAX, XmlError};
