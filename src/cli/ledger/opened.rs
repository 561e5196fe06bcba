//! What an entry keeps sealed, opened: what was asked and what was answered, for people and for programs.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::cli::{document, failure::Failure, json, open};
use crate::{
    domain::{
        answer::Answer,
        inquiry::{Draft, Item},
    },
    ledger::{
        Body, Reader,
        leaf::{Fact, Kind, Leaf},
        search::Found,
    },
};

/// What has become of an entry's body.
pub(super) enum Sealed {
    /// The entry never had one.
    None,
    /// It had one, and retention has removed it.
    Removed,
    /// Here it is, opened.
    Kept(Body),
}

impl Sealed {
    /// Opens the body of an entry.
    pub(super) fn open(reader: &Reader, found: &Found) -> Result<Self, Failure> {
        let body = reader.body(found.entry.number, &found.leaf).map_err(|err| open::unreadable(&err))?;
        Ok(match body {
            Some(body) => Self::Kept(body),
            None if found.leaf.has_body() => Self::Removed,
            None => Self::None,
        })
    }

    /// What was asked, where it is kept.
    pub(super) fn asked(&self, leaf: &Leaf) -> Option<Asked> {
        match self {
            Self::Kept(Body { inquiry: Some(bytes), .. }) => Some(Asked::read(bytes, leaf)),
            _ => None,
        }
    }

    /// What was asked and answered, for programs. Absent is `null`; `body` says why.
    pub(super) fn json(&self, leaf: &Leaf) -> Result<Value, Failure> {
        let answer = match self {
            Self::Kept(Body { answer: Some(bytes), .. }) => match leaf.kind {
                Kind::Feedback => json!({ "message": text(bytes) }),
                _ => json::of_answer(&decode(bytes)?),
            },
            _ => Value::Null,
        };
        let asked = self.asked(leaf).map(Asked::json).transpose()?;
        Ok(json!({ "body": self.word(), "inquiry": asked, "answer": answer }))
    }

    /// What has become of it, in a word.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Removed => "removed",
            Self::Kept(_) => "kept",
        }
    }
}

/// The answer of an entry.
pub(super) fn decode(bytes: &[u8]) -> Result<Answer, Failure> {
    Answer::decode(bytes)
        .map_err(|err| Failure::refused(&err).hint("the entry may be of a newer version than this command"))
}

/// What was asked.
pub(super) enum Asked {
    /// An inquiry of the contract, or one request of a message.
    Inquiry(Box<Draft>),
    /// A message of the specification, or what came in the place of one.
    Message(String),
}

impl Asked {
    fn read(bytes: &[u8], leaf: &Leaf) -> Self {
        // A message refused as a whole is kept as it came, a single request of one in the form of an inquiry.
        let inquiry = if leaf.kind == Kind::Feedback { None } else { Draft::decode(bytes).ok() };
        inquiry.map_or_else(|| Self::Message(text(bytes)), |draft| Self::Inquiry(Box::new(draft)))
    }

    pub(super) fn json(self) -> Result<Value, Failure> {
        match self {
            Self::Inquiry(draft) => {
                serde_json::to_value(document(*draft)).map_err(|_| Failure::fault("an inquiry has no JSON form"))
            }
            Self::Message(message) => Ok(json!({ "message": message })),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The names of an inquiry's fields, in the order of [`fields`].
pub(super) const FIELDS: [&str; 14] = [
    "asked-request",
    "asked-court",
    "asked-court-name",
    "asked-case",
    "handler-name",
    "work-certificate",
    "official-certificate",
    "contact",
    "notice",
    "subject-name",
    "document-kind",
    "document-number",
    "items",
    "include-ended",
];

/// Every field of an inquiry as it was stated.
pub(super) fn fields(draft: Draft) -> [String; 14] {
    let items = items(&draft).join(" ");
    [
        draft.request_number,
        draft.court_code,
        draft.court_name,
        draft.case_number,
        draft.handler_name,
        draft.work_certificate_number,
        draft.official_certificate_number,
        draft.handler_contact,
        draft.notice_number,
        draft.subject_name,
        draft.document_kind,
        draft.document_number,
        items,
        draft.include_ended.to_string(),
    ]
}

/// The items by their names in the contract; a number that is none stands as it came.
fn items(draft: &Draft) -> Vec<String> {
    let name = |number: &i32| {
        let item = Item::from_number(*number);
        let known = document::ITEMS.iter().find(|(_, known)| Some(*known) == item);
        known.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
    };
    draft.items.iter().map(name).collect()
}

/// The inquiry as `bdcd query` reads it.
fn document(draft: Draft) -> document::Document {
    document::Document {
        items: items(&draft),
        request_number: draft.request_number,
        court: document::Court { name: draft.court_name, code: draft.court_code },
        case_number: draft.case_number,
        handler: document::Handler {
            name: draft.handler_name,
            work_certificate_number: draft.work_certificate_number,
            official_certificate_number: draft.official_certificate_number,
            contact: draft.handler_contact,
        },
        notice_number: draft.notice_number,
        subject: document::Subject {
            name: draft.subject_name,
            document_kind: draft.document_kind,
            document_number: draft.document_number,
        },
        include_ended: draft.include_ended,
    }
}

/// An entry's leaf for programs: every fact, absent ones as `null`; times as in the leaf.
pub(super) fn leaf_json(found: &Found) -> Value {
    let Found { entry, leaf } = found;
    let mut value = serde_json::Map::new();
    value.insert("entry".into(), entry.number.into());
    value.insert("time".into(), crate::ledger::leaf::rfc3339(leaf.time).into());
    value.insert("kind".into(), leaf.kind.word().into());
    for fact in Fact::all() {
        let text = leaf.facts.get(fact);
        value.insert(fact.name().replace('-', "_"), Some(text).filter(|text| !text.is_empty()).into());
    }
    value.insert("nonce".into(), HEXLOWER.encode(&leaf.nonce).into());
    for (name, commitment) in commitments(leaf) {
        value.insert(format!("{name}_commitment"), commitment.into());
    }
    value.insert("checkpoint_size".into(), entry.size.into());
    value.into()
}

/// The commitments of a leaf by name, in base64 as they stand in it.
pub(super) fn commitments(leaf: &Leaf) -> [(&'static str, Option<String>); 3] {
    use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
    [("inquiry", leaf.inquiry), ("answer", leaf.answer), ("terms", Some(leaf.terms))]
        .map(|(name, commitment)| (name, commitment.map(|commitment| BASE64.encode(commitment))))
}
