//! The SOAP envelope around a message, versions 1.1 and 1.2 (`deploy/DECISIONS.md`, "Message").
//!
//! The court side's service returns the message as one string: base64, or XML as escaped text or CDATA. Some services put the
//! elements themselves into the body. All of these are read; prefixes and name spaces decide nothing.

use super::{
    text,
    xml::{self, Element, XmlError, readable},
};

/// Whether a document is a SOAP envelope.
pub(super) fn is_envelope(root: &Element) -> bool {
    root.name == "Envelope"
}

/// The document with this root that the body carries.
///
/// A body whose return value is empty carries [`XmlError::NoMessage`]; a fault is [`XmlError::Reported`].
pub(super) fn message_of(envelope: &Element, root: &'static str) -> Result<Element, XmlError> {
    let body = envelope.child("Body").ok_or(XmlError::Root { expected: root })?;
    if let Some(fault) = body.child("Fault") {
        return Err(XmlError::Reported(readable(&fault_text(fault))));
    }
    if let Some(message) = named(body, root) {
        return Ok(message.clone());
    }
    let mut texts = Vec::new();
    collect_texts(body, &mut texts);
    if texts.is_empty() {
        return Err(XmlError::NoMessage);
    }
    // The return value stands beside other values at times: the one that is a document counts.
    let document = texts.iter().find_map(|text| document_of(text)).ok_or(XmlError::Root { expected: root })?;
    let message = xml::parse(&document)?;
    if message.name == root { Ok(message) } else { Err(XmlError::Root { expected: root }) }
}

/// What a fault says: `faultstring` of 1.1, `Reason/Text` of 1.2.
fn fault_text(fault: &Element) -> String {
    let reason = fault.child("Reason").and_then(|reason| reason.child("Text"));
    let said = fault.child("faultstring").or(reason).map_or("", |element| element.text.trim());
    let code = fault.child("faultcode").or_else(|| fault.child("Code")?.child("Value"));
    if said.is_empty() { code.map_or("SOAP Fault", |element| element.text.trim()).to_owned() } else { said.to_owned() }
}

fn named<'a>(element: &'a Element, name: &str) -> Option<&'a Element> {
    element.child(name).or_else(|| element.children.iter().find_map(|child| named(child, name)))
}

fn collect_texts<'a>(element: &'a Element, texts: &mut Vec<&'a str>) {
    let own = element.text.trim();
    if element.children.is_empty() && !own.is_empty() {
        texts.push(own);
    }
    for child in &element.children {
        collect_texts(child, texts);
    }
}

/// The text of a document held as text or as base64; `None` where it is no document.
fn document_of(held: &str) -> Option<String> {
    let document = text::of_message(held.as_bytes()).ok()?;
    document.trim_start().starts_with('<').then_some(document)
}
