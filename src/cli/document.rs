//! An inquiry as a JSON document, and where documents come from.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use crate::{
    domain::{answer::Answer, inquiry::Item},
    rpc::contract,
    spec::MESSAGE_BYTES_MAX,
};

/// An inquiry as a JSON document; the names are the contract's.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Document {
    pub(super) request_number: String,
    pub(super) court: Court,
    pub(super) case_number: String,
    pub(super) handler: Handler,
    pub(super) notice_number: String,
    pub(super) subject: Subject,
    pub(super) items: Vec<String>,
    pub(super) include_ended: bool,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Court {
    pub(super) name: String,
    pub(super) code: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Handler {
    pub(super) name: String,
    pub(super) work_certificate_number: String,
    pub(super) official_certificate_number: String,
    pub(super) contact: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) document_kind: String,
    pub(super) document_number: String,
}

/// The items by their names in a document.
pub(super) const ITEMS: [(&str, Item); 6] = [
    ("ownership_and_use", Item::OwnershipAndUse),
    ("mortgage", Item::Mortgage),
    ("seizure", Item::Seizure),
    ("easement", Item::Easement),
    ("pre_notice", Item::PreNotice),
    ("objection", Item::Objection),
];

impl Document {
    /// A blank one that asks every item.
    pub(super) fn blank() -> Self {
        Self { items: ITEMS.map(|(name, _)| name.to_owned()).to_vec(), ..Self::default() }
    }

    /// The inquiry of the contract.
    pub(super) fn inquiry(self) -> Result<contract::Inquiry, Failure> {
        let mut items = Vec::new();
        for name in &self.items {
            let (_, item) = ITEMS.iter().find(|(known, _)| known == name).ok_or_else(|| {
                Failure::misused(format!("the inquiry asks `{name}`, which is no item"))
                    .hint("items are ownership_and_use, mortgage, seizure, easement, pre_notice, objection")
            })?;
            items.push(*item as i32);
        }
        let (court, handler, subject) = (self.court, self.handler, self.subject);
        Ok(contract::Inquiry {
            request_number: self.request_number,
            court: Some(contract::Court { name: court.name, code: court.code }),
            case_number: self.case_number,
            handler: Some(contract::Handler {
                name: handler.name,
                work_certificate_number: handler.work_certificate_number,
                official_certificate_number: handler.official_certificate_number,
                contact: handler.contact,
            }),
            notice_number: self.notice_number,
            subject: Some(contract::Subject {
                name: subject.name,
                document_kind: subject.document_kind,
                document_number: subject.document_number,
            }),
            items,
            include_ended: self.include_ended,
        })
    }
}

/// An inquiry from a file, or from standard input.
pub(super) fn read(path: Option<&Path>) -> Result<Document, Failure> {
    let bytes = match path {
        Some(path) if path.as_os_str() != "-" => {
            fs::read(path).map_err(|err| Failure::environment(format!("cannot read `{}`", path.display()), err))?
        }
        _ => standard_input()?,
    };
    parse(&bytes)
}

/// An inquiry from the bytes of its document.
pub(super) fn parse(bytes: &[u8]) -> Result<Document, Failure> {
    serde_json::from_slice(bytes).map_err(|err| {
        // The parser's own words quote what it met, which may be a name.
        let place = format!("the inquiry is not the JSON expected, at line {}, column {}", err.line(), err.column());
        Failure::misused(place).hint("`bdcd query --template` prints a blank one")
    })
}

/// All of standard input, up to the largest message.
pub(super) fn standard_input() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(MESSAGE_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|err| Failure::environment("cannot read standard input", err))?;
    Ok(bytes)
}

/// An answer from its bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<Answer, Failure> {
    Answer::decode(bytes).map_err(|err| Failure::refused(&err).hint("the daemon may be newer than this command"))
}
