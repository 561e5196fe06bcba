//! The query request: one or many BDCCXQQ (`deploy/DECISIONS.md`, "Message").

use super::{
    document, leaves,
    xml::{Element, Leaves, XmlError, readable},
};
use crate::domain::inquiry::{Draft, Item};

/// The most requests of one message; a poll returns tens.
pub const REQUESTS_MAX: usize = 1_000;

/// Why bytes are no request message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is no document of the specification's kind.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// It carries no request, and is no empty list either.
    #[error("it carries no BDCCXQQ in Data/BDCCXQQLIST")]
    Empty,
    /// The court side's system reports an error instead of requests (`ErrorMSG`).
    #[error("the court side's system reports an error instead of requests: {0}")]
    Reported(String),
    /// It carries too many.
    #[error("it carries more than {REQUESTS_MAX} BDCCXQQ: send them in several messages")]
    TooMany,
}

/// A request message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestMessage {
    /// CREATETIME of the head.
    pub create_time: String,
    /// DIGITALSIGN of the head.
    pub digital_sign: String,
    /// How its leaves are written.
    pub leaves: Leaves,
    /// Its requests, in order; none in the reply to a poll where nothing waits.
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

/// Reads a request message, in any form of D53.
///
/// # Errors
///
/// Where it is no such message, or reports an error; an invalid request in it is not an error here.
pub fn read(bytes: &[u8]) -> Result<RequestMessage, ReadError> {
    let mut message = match document::read(bytes, "Message") {
        Err(XmlError::NoMessage) => return Ok(RequestMessage::default()),
        Err(XmlError::Reported(text)) => return Err(ReadError::Reported(text)),
        other => other?,
    };
    let leaves = leaves::decode(&mut message)?;
    let requests: Vec<_> = listed(&message).map(RequestItem::of).take(REQUESTS_MAX + 1).collect();
    match requests.len() {
        0 => nothing_asked(&message)?,
        1..=REQUESTS_MAX => {}
        _ => return Err(ReadError::TooMany),
    }
    let head = |name| message.child("Head").map_or("", |head| head.leaf(&[name])).to_owned();
    Ok(RequestMessage { create_time: head("CREATETIME"), digital_sign: head("DIGITALSIGN"), leaves, requests })
}

/// Why a message without requests has none: an error that it reports, an empty list, or requests in a form that is not read.
///
/// `ErrorMSG` counts only here: the specification's own sample carries it beside a request, with a text that says when it would
/// be absent.
fn nothing_asked(message: &Element) -> Result<(), ReadError> {
    let element = ["ErrorMSG", "errMsg"].into_iter().find_map(|name| message.child(name)).map(|child| &child.text);
    let reported = message.error_message.as_ref().or(element).map(|text| readable(&leaves::plain(text)));
    if let Some(reported) = reported.filter(|text| !text.is_empty()) {
        return Err(ReadError::Reported(reported));
    }
    let is_blank = |element: &Element| element.text.trim().is_empty();
    let is_empty_list = |child: &Element| child.name == "BDCCXQQLIST" && child.children.is_empty() && is_blank(child);
    let is_empty = |data: &Element| is_blank(data) && data.children.iter().all(is_empty_list);
    let mut data = message.all("Data").peekable();
    let is_answer_to_a_poll = data.peek().is_some() && data.all(is_empty);
    if is_answer_to_a_poll { Ok(()) } else { Err(ReadError::Empty) }
}

fn listed(message: &Element) -> impl Iterator<Item = &Element> {
    message.all("Data").flat_map(|data| data.all("BDCCXQQLIST")).flat_map(|list| list.all("BDCCXQQ"))
}
