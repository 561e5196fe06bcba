//! The specification's XML messages and code lists: pure, no I/O.
//!
//! [`request`] reads what real senders send, [`feedback`] writes and reads what goes back, [`court`] reads the other
//! messages of the samples, [`codes`] names codes. Under them `document` opens what comes: `text` decodes bytes, `envelope`
//! takes SOAP away, `leaves` decides on base64. What implementations disagree on is a switch of [`FeedbackOptions`].
//!
//! The specification itself is not public; `deploy/DECISIONS.md`, "Message", says what its reconstruction rests on.

mod amount;
pub mod codes;
mod compose;
pub mod court;
mod document;
mod envelope;
pub mod feedback;
mod leaves;
mod message;
mod nodes;
mod options;
pub mod request;
mod shape;
#[cfg(test)]
mod tests;
mod text;
mod xml;

pub use message::withheld_because;
pub use options::{DateForm, FeedbackOptions, LeafMode, Nesting, NumberForm, ResultCodes};
pub use xml::{Leaves, MESSAGE_BYTES_MAX, XmlError};
