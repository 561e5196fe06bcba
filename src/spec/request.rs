//! The query request: one or many BDCCXQQ (`exchange-format.md` §3).

use super::xml::{self, Element, Leaves, XmlError};
use crate::domain::inquiry::{Draft, Item};

/// The most requests of one message; a poll returns tens.
pub const REQUESTS_MAX: usize = 1_000;

/// Why bytes are no request message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is no document of the specification's kind.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// It carries no request.
    #[error("it carries no BDCCXQQ in Data/BDCCXQQLIST")]
    Empty,
    /// It carries too many.
    #[error("it carries more than {REQUESTS_MAX} BDCCXQQ: send them in several messages")]
    TooMany,
}

/// A request message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestMessage {
    /// CREATETIME of the head.
    pub create_time: String,
    /// DIGITALSIGN of the head.
    pub digital_sign: String,
    /// How its leaves are written.
    pub leaves: Leaves,
    /// Its requests, in order; at least one.
    pub requests: Vec<RequestItem>,
}

/// One BDCCXQQ; an element that is absent is empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RequestItem {
    /// CXQQDH, also read as BDHM.
    pub request_number: String,
    /// XZ 性质; carried, not branched on.
    pub nature: String,
    /// XM
    pub name: String,
    /// GJ
    pub country: String,
    /// ZJZL, also read as ZJLX.
    pub document_kind: String,
    /// ZJH, also read as DSRZJHM.
    pub document_number: String,
    /// FZJG
    pub issuing_place: String,
    /// FYMC
    pub court_name: String,
    /// CBR
    pub handler_name: String,
    /// AH
    pub case_number: String,
    /// GZZBH
    pub work_certificate_number: String,
    /// GWZBH
    pub official_certificate_number: String,
    /// CKH
    pub notice_number: String,
    /// WSBH
    pub document_reference: String,
    /// LB 类别
    pub category: String,
}

impl std::fmt::Debug for RequestItem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RequestItem(…)")
    }
}

impl RequestItem {
    fn of(element: &Element) -> Self {
        let leaf = |names: &[&str]| element.leaf(names).to_owned();
        Self {
            request_number: leaf(&["CXQQDH", "BDHM"]),
            nature: leaf(&["XZ"]),
            name: leaf(&["XM"]),
            country: leaf(&["GJ"]),
            document_kind: leaf(&["ZJZL", "ZJLX"]),
            document_number: leaf(&["ZJH", "DSRZJHM"]),
            issuing_place: leaf(&["FZJG"]),
            court_name: leaf(&["FYMC"]),
            handler_name: leaf(&["CBR"]),
            case_number: leaf(&["AH"]),
            work_certificate_number: leaf(&["GZZBH"]),
            official_certificate_number: leaf(&["GWZBH"]),
            notice_number: leaf(&["CKH"]),
            document_reference: leaf(&["WSBH"]),
            category: leaf(&["LB"]),
        }
    }

    /// The inquiry that it is: every item is asked, ended rights are not, and what the message does not carry is empty.
    #[must_use]
    pub fn to_draft(&self) -> Draft {
        Draft {
            request_number: self.request_number.clone(),
            court_name: self.court_name.clone(),
            case_number: self.case_number.clone(),
            handler_name: self.handler_name.clone(),
            work_certificate_number: self.work_certificate_number.clone(),
            official_certificate_number: self.official_certificate_number.clone(),
            notice_number: self.notice_number.clone(),
            subject_name: self.name.clone(),
            document_kind: self.document_kind.clone(),
            document_number: self.document_number.clone(),
            items: Item::ALL.map(|item| item as i32).to_vec(),
            ..Draft::default()
        }
    }
}

/// Reads a request message.
///
/// # Errors
///
/// Where it is no such message; a request in it that cannot be asked is none of them.
pub fn read(bytes: &[u8]) -> Result<RequestMessage, ReadError> {
    let mut message = xml::read(bytes, "Message")?;
    let leaves = leaves_of(&message);
    if leaves == Leaves::Base64 {
        message.decode_leaves()?;
    }
    let requests: Vec<_> = listed(&message).map(RequestItem::of).take(REQUESTS_MAX + 1).collect();
    match requests.len() {
        0 => return Err(ReadError::Empty),
        1..=REQUESTS_MAX => {}
        _ => return Err(ReadError::TooMany),
    }
    let head = |name| message.child("Head").map_or("", |head| head.leaf(&[name])).to_owned();
    Ok(RequestMessage { create_time: head("CREATETIME"), digital_sign: head("DIGITALSIGN"), leaves, requests })
}

fn listed(message: &Element) -> impl Iterator<Item = &Element> {
    message.all("Data").flat_map(|data| data.all("BDCCXQQLIST")).flat_map(|list| list.all("BDCCXQQ"))
}

/// Decides once how the leaves are written, from one whose plain shape is known: a plain `2323` is valid base64 too.
fn leaves_of(message: &Element) -> Leaves {
    let create_time = message.child("Head").map_or("", |head| head.leaf(&["CREATETIME"]));
    let plain = if create_time.is_empty() {
        // A request number is a number, at times behind a letter; base64 of one holds letters of both cases.
        let number = listed(message).map(|item| item.leaf(&["CXQQDH", "BDHM"])).find(|number| !number.is_empty());
        number.is_none_or(|number| number.chars().filter(char::is_ascii_alphabetic).count() <= 2)
    } else {
        create_time.contains(['/', '-']) && create_time.starts_with(|one: char| one.is_ascii_digit())
    };
    if plain { Leaves::Plain } else { Leaves::Base64 }
}
