//! `bdcd query`: one inquiry, one answer.

use std::{fs, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{ConfigArgument, Failure, ask, client::Client, json, print, serve, snapshot, table};
use crate::{
    domain::{answer::Answer, inquiry::Item},
    rpc::contract,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The inquiry, a JSON file; `-` reads standard input
    #[arg(value_name = "INQUIRY.json", required_unless_present = "template")]
    inquiry: Option<PathBuf>,
    /// Print a blank inquiry to fill in, and stop
    #[arg(long)]
    template: bool,
    /// How to print the answer
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Keep the whole response in this file, which must not exist: the evidence that `bdcd verify` reads
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

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
    fn blank() -> Self {
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

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.template {
        return print(&format!("{}\n", pretty(&Document::blank())?));
    }
    let config = snapshot::read(&arguments.config.config)?;
    let inquiry = read(arguments.inquiry.as_deref())?.inquiry()?;
    let response = serve::runtime()?.block_on(async { Client::connect(&config).await?.query(inquiry).await })?;
    if let Some(file) = &arguments.save {
        ask::save(file, &response)?;
    }
    let answer = decode(&response.answer)?;
    match arguments.format {
        Format::Table => print(&table::of_answer(&answer)),
        Format::Json => print(&format!("{}\n", pretty(&json::of_answer(&answer))?)),
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<Answer, Failure> {
    Answer::decode(bytes).map_err(|err| Failure::refused(&err).hint("the daemon may be newer than this command"))
}

pub(super) fn pretty(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|_| Failure::fault("a value has no JSON form"))
}

pub(super) fn read(path: Option<&std::path::Path>) -> Result<Document, Failure> {
    let bytes = match path {
        Some(path) if path.as_os_str() != "-" => {
            fs::read(path).map_err(|err| Failure::environment(format!("cannot read `{}`", path.display()), err))?
        }
        _ => ask::standard_input()?,
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
