//! XML as the specification's messages use it: elements, text, attributes; nothing that points outside.
//!
//! A document type, an entity beyond the five of XML and numeric ones, and anything not well-formed are refused: messages
//! come from outside.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

/// The largest message read, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The deepest nesting read: a feedback has `Message/Data/list/BDCCXJG/list/item/QLRXXLIST/QLRXX/element`.
const DEPTH_MAX: usize = 16;

/// How much is shown of what another system reports, in characters.
const REPORTED_CHARS_MAX: usize = 200;

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Longer than [`MESSAGE_BYTES_MAX`].
    #[error("it is longer than {MESSAGE_BYTES_MAX} bytes: send fewer requests a message")]
    TooLong,
    /// Not text in an encoding that is read.
    #[error("its bytes are no UTF-8, no UTF-16 with a byte order mark, and no GB18030, GBK or GB2312 that it declares")]
    Encoding,
    /// A SOAP envelope whose return value is empty.
    #[error("it is a SOAP envelope without a message")]
    NoMessage,
    /// It carries an error of the system that sent it.
    #[error("the court side's system reports an error: {0}")]
    Reported(String),
    /// It declares a document type.
    #[error("it declares a document type (DOCTYPE), which messages must not")]
    DocumentType,
    /// It refers to an entity that XML does not define.
    #[error("it refers to an entity other than the five of XML, at byte {0}")]
    Entity(u64),
    /// It is not well-formed.
    #[error("it is not well-formed XML, at byte {0}")]
    Malformed(u64),
    /// Nested deeper than any message.
    #[error("its elements are nested deeper than {DEPTH_MAX}")]
    TooDeep,
    /// It holds a character that XML cannot carry.
    #[error("it holds a character that XML cannot carry, U+{0:04X}")]
    Character(u32),
    /// Its root is another.
    #[error("its root element is not `{expected}`")]
    Root {
        /// The root expected.
        expected: &'static str,
    },
    /// A leaf of a message with encoded leaves is no base64 of a text.
    #[error("its leaves are base64, but that of `{0}` is no base64 of UTF-8 or GB18030 text")]
    Leaf(String),
}

/// Whether leaf values stand as they are, or as base64 of their UTF-8 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaves {
    /// As they are.
    #[default]
    Plain,
    /// As base64.
    Base64,
}

/// An element with what it holds. Attributes other than `ErrorMSG` carry no data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) error_message: Option<String>,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// The children of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of one of these names, blanks around it removed; empty where there is none.
    pub(super) fn leaf(&self, names: &[&str]) -> &str {
        names.iter().find_map(|name| self.child(name)).map_or("", |child| child.text.trim())
    }
}

/// Whether XML 1.0 can carry a character.
pub(super) fn can_carry(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// What another system wrote, fit to be shown: one line, without control characters, of bounded length.
pub(super) fn readable(text: &str) -> String {
    let words: Vec<_> = text.split(|one: char| one.is_whitespace() || one.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(REPORTED_CHARS_MAX).collect()
}

/// Reads the text of a document.
pub(super) fn parse(text: &str) -> Result<Element, XmlError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    if let Some(character) = text.chars().find(|character| !can_carry(*character)) {
        return Err(XmlError::Character(character.into()));
    }
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let at = reader.buffer_position();
        let malformed = XmlError::Malformed(at);
        match reader.read_event().map_err(|_| malformed.clone())? {
            Event::Start(start) => {
                if open.len() == DEPTH_MAX {
                    return Err(XmlError::TooDeep);
                }
                if root.is_some() {
                    return Err(malformed);
                }
                open.push(element(&start).ok_or(malformed)?);
            }
            Event::Empty(start) => {
                let element = element(&start).ok_or_else(|| malformed.clone())?;
                close(element, &mut open, &mut root).ok_or(malformed)?;
            }
            Event::End(_) => {
                let element = open.pop().ok_or_else(|| malformed.clone())?;
                close(element, &mut open, &mut root).ok_or(malformed)?;
            }
            Event::Text(text) => {
                // XML reads every line end as one line feed.
                push(&mut open, &text.replace("\r\n", "\n").replace('\r', "\n")).ok_or(malformed)?;
            }
            Event::CData(text) => push(&mut open, &text).ok_or(malformed)?,
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref().map_err(|_| XmlError::Entity(at))? {
                    Some(character) => character,
                    None => predefined(&reference).ok_or(XmlError::Entity(at))?,
                };
                if !can_carry(character) {
                    return Err(XmlError::Character(character.into()));
                }
                push(&mut open, character.encode_utf8(&mut [0; 4])).ok_or(malformed)?;
            }
            Event::DocType(_) => return Err(XmlError::DocumentType),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => return root.filter(|_| open.is_empty()).ok_or(malformed),
        }
    }
}

fn predefined(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => None,
    }
}

/// An element by its name without prefix: prefixes are no names.
fn element(start: &BytesStart<'_>) -> Option<Element> {
    let mut element = Element { name: start.local_name().as_ref().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        if attribute.key.local_name().as_ref() == "ErrorMSG" {
            element.error_message = Some(unescaped(&attribute.value)?);
        }
    }
    Some(element)
}

/// The text of an attribute, its references replaced.
fn unescaped(value: &str) -> Option<String> {
    let text = quick_xml::escape::unescape(value).ok()?;
    text.chars().all(can_carry).then(|| text.into_owned())
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) -> Option<()> {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return None,
    }
    Some(())
}

/// Adds text to the innermost open element; outside the root only blanks may stand.
fn push(open: &mut [Element], text: &str) -> Option<()> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

/// Writes a document.
#[derive(Debug)]
pub(super) struct Writer {
    text: String,
    leaves: Leaves,
}

impl Writer {
    pub(super) fn new(leaves: Leaves) -> Self {
        Self { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned(), leaves }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    pub(super) fn element(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
        write(self);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// Writes a leaf; where leaves are plain, what XML cannot carry becomes U+FFFD (D54).
    pub(super) fn leaf(&mut self, name: &str, text: &str) {
        self.element(name, |writer| match writer.leaves {
            Leaves::Plain => writer.escaped(text),
            Leaves::Base64 => STANDARD.encode_string(text, &mut writer.text),
        });
    }

    fn escaped(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '&' => self.text.push_str("&amp;"),
                // Read back as a line feed otherwise.
                '\r' => self.text.push_str("&#13;"),
                _ if can_carry(character) => self.text.push(character),
                _ => self.text.push(char::REPLACEMENT_CHARACTER),
            }
        }
    }
}
