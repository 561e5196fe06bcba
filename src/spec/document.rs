//! A document as another system sends it: in whatever encoding, as base64, or inside a SOAP envelope.

use super::{
    envelope, text,
    xml::{Element, XmlError, parse},
};

/// Reads a document with this root: as it is, as base64, or inside a SOAP envelope
/// (`deploy/DECISIONS.md`, "Message", D53).
pub(super) fn read(bytes: &[u8], root: &'static str) -> Result<Element, XmlError> {
    let element = parse(&text::of_message(bytes)?)?;
    if envelope::is_envelope(&element) {
        envelope::message_of(&element, root)
    } else if element.name == root {
        Ok(element)
    } else {
        Err(XmlError::Root { expected: root })
    }
}
