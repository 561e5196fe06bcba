//! Whether the leaves of a message are base64, and what they then say (`deploy/DECISIONS.md`, "Message", D53).
//!
//! The decision is one for the whole message, from all its leaves: a leaf that is no base64 of a text proves that the leaves
//! are plain. One leaf proves nothing else: a plain `2323` is valid base64 too. The encoding under base64 is one for the
//! message as well: UTF-8 where every leaf is UTF-8, else GB18030 where every leaf is GB18030. A short GBK name can be valid
//! UTF-8 by chance, so only a message that mixes both is decoded leaf by leaf, UTF-8 first.

use super::{
    text,
    xml::{Element, Leaves, XmlError},
};

/// Decides how the leaves of a received message are written, and decodes them where they are base64.
pub(super) fn decode(message: &mut Element) -> Result<Leaves, XmlError> {
    let mut packed = Vec::new();
    collect(message, &mut packed);
    let are_packed =
        !packed.is_empty() && packed.iter().all(|text| unpacked(text).is_some_and(|bytes| is_text(&bytes)));
    if !are_packed {
        return Ok(Leaves::Plain);
    }
    decode_as_base64(message)?;
    Ok(Leaves::Base64)
}

/// Decodes every leaf from base64.
pub(super) fn decode_as_base64(message: &mut Element) -> Result<(), XmlError> {
    let mut packed = Vec::new();
    collect(message, &mut packed);
    let bytes: Vec<_> = packed.iter().filter_map(|text| unpacked(text)).collect();
    let are_utf8 = bytes.iter().all(|bytes| str::from_utf8(bytes).is_ok());
    let are_gb18030 = !are_utf8 && bytes.iter().all(|bytes| text::of_gb18030(bytes).is_some());
    decode_each(message, are_gb18030)
}

fn decode_each(element: &mut Element, are_gb18030: bool) -> Result<(), XmlError> {
    if !element.children.is_empty() {
        return element.children.iter_mut().try_for_each(|child| decode_each(child, are_gb18030));
    }
    let plain = unpacked(&element.text).and_then(|bytes| {
        let utf8 = str::from_utf8(&bytes).ok().filter(|_| !are_gb18030).map(str::to_owned);
        utf8.or_else(|| text::of_gb18030(&bytes).map(std::borrow::Cow::into_owned))
    });
    element.text = plain.ok_or_else(|| XmlError::Leaf(element.name.clone()))?;
    Ok(())
}

/// A text that may be base64 of Chinese text by itself, such as an attribute beside encoded leaves.
pub(super) fn plain(registered: &str) -> String {
    let plain = unpacked(registered).and_then(|bytes| String::from_utf8(bytes).ok());
    plain.filter(|text| !text.is_ascii()).unwrap_or_else(|| registered.to_owned())
}

/// The texts of the leaves that hold something.
fn collect<'a>(element: &'a Element, texts: &mut Vec<&'a str>) {
    if element.children.is_empty() && !element.text.trim().is_empty() {
        texts.push(&element.text);
    }
    element.children.iter().for_each(|child| collect(child, texts));
}

/// The bytes under the base64 of a leaf; the text must be padded, as every encoder of the sources pads it.
fn unpacked(text: &str) -> Option<Vec<u8>> {
    let packed: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let is_padded = packed.len().is_multiple_of(4);
    is_padded.then(|| text::from_base64(&packed)).flatten()
}

fn is_text(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok() || text::of_gb18030(bytes).is_some()
}
