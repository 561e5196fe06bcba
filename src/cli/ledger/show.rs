//! `bdcd ledger show`: one entry, line by line.

use std::{fmt::Write as _, path::PathBuf};

use data_encoding::HEXLOWER;

use super::{
    opened::{self, Asked, FIELDS, Sealed},
    reveal::{self, Numbers},
};
use crate::cli::{
    client,
    failure::Failure,
    open::{self, ConfigArgument},
    output::{self, keep, print, say},
    table,
};
use crate::{
    ledger::{
        Body, Reader,
        leaf::{Fact, Kind, rfc3339},
        search::Found,
    },
    rpc::wire,
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The entry's number
    #[arg(value_name = "ENTRY")]
    entry: u64,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Show what was asked and answered as well; this is recorded in the ledger first
    #[arg(long)]
    reveal: bool,
    /// Write the entry's receipt to this file, which must not exist; it shows nobody's name
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Write the whole response as the gateway got it to this file, which must not exist: what `bdcd verify` reads
    #[arg(long, value_name = "FILE", requires = "reveal")]
    save: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = arguments.config.read()?;
    let reader = open::reader(&config)?;
    let entry = reader.entry(arguments.entry).map_err(|err| open::unreadable(&err))?;
    let leaf = entry.leaf().map_err(|err| open::unreadable(&err))?;
    let found = Found { entry, leaf };
    if let Some(file) = &arguments.receipt {
        keep(file, reader.receipt(&found.entry).map_err(|err| open::unreadable(&err))?.as_bytes())?;
        say(&format!("kept the receipt in `{}`", file.display()));
    }
    let sealed = Sealed::open(&reader, &found)?;
    let response = arguments.save.as_ref().map(|_| response(&reader, &found, &sealed)).transpose()?;
    if arguments.reveal && found.leaf.has_body() {
        let numbers = Numbers::from_iter([found.entry.number]);
        let saved = if arguments.save.is_some() { ", its response saved" } else { "" };
        reveal::record(&config, &format!("{}{saved}", numbers.told()))?;
    }
    if let Some((file, response)) = arguments.save.as_ref().zip(response) {
        client::save(file, &response)?;
    }
    match arguments.format {
        Format::Text => {
            let text = text(&found, &sealed, &reader);
            print(&if arguments.reveal { format!("{text}\n{}", revealed(&found, sealed)?) } else { text })
        }
        Format::Json => {
            let mut value = opened::leaf_json(&found);
            value["ledger"] = reader.key().name().into();
            value["body"] = sealed.word().into();
            if arguments.reveal {
                value["opened"] = sealed.json(&found.leaf)?;
            }
            print(&format!("{}\n", output::pretty(&value)?))
        }
    }
}

/// What the gateway got, to the byte.
fn response(reader: &Reader, found: &Found, sealed: &Sealed) -> Result<wire::Response, Failure> {
    let number = found.entry.number;
    match sealed {
        Sealed::Kept(Body { answer: Some(answer), .. }) => Ok(wire::Response {
            answer: answer.clone().into(),
            receipt: reader.receipt(&found.entry).map_err(|err| open::unreadable(&err))?,
            opening: reader.opening(&found.leaf).to_vec().into(),
        }),
        Sealed::Removed => Err(Failure::no(format!("the response of entry {number} was removed after its retention"))),
        Sealed::Kept(_) | Sealed::None => Err(Failure::no(format!("entry {number} is of no answer: nothing was sent"))),
    }
}

/// A line of a list.
fn line(text: &mut String, name: &str, value: &str) {
    writeln!(text, "  {name:<21} {value}").unwrap_or_default();
}

/// What the leaf tells, and what is kept of the entry.
fn text(found: &Found, sealed: &Sealed, reader: &Reader) -> String {
    let Found { entry, leaf } = found;
    let mut text = format!("Entry {} of ledger {}\n", entry.number, reader.key().name());
    line(&mut text, "kind", leaf.kind.word());
    line(&mut text, "time (UTC)", &rfc3339(leaf.time));
    for fact in Fact::all() {
        let value = leaf.facts.get(fact);
        if !value.is_empty() {
            line(&mut text, fact.name(), value);
        }
    }
    line(&mut text, "nonce", &HEXLOWER.encode(&leaf.nonce));
    for (name, commitment) in opened::commitments(leaf) {
        if let Some(commitment) = commitment {
            line(&mut text, &format!("{name} commitment"), &commitment);
        }
    }
    line(&mut text, "checkpoint", &format!("of {} entries", entry.size));
    let body = match sealed {
        Sealed::None => "none: nothing was asked or answered",
        Sealed::Removed => "removed after its retention; what the commitments bind was kept by the gateway alone",
        Sealed::Kept(_) => "kept, sealed; it opens, and is what the commitments bind",
    };
    line(&mut text, "body", body);
    text
}

/// What was asked and answered.
fn revealed(found: &Found, sealed: Sealed) -> Result<String, Failure> {
    let mut text = String::new();
    match sealed.asked(&found.leaf) {
        Some(Asked::Inquiry(draft)) => {
            text.push_str("Asked\n");
            for (name, value) in FIELDS.into_iter().zip(opened::fields(*draft)) {
                if !value.is_empty() {
                    line(&mut text, name.trim_start_matches("asked-"), &value);
                }
            }
        }
        Some(Asked::Message(message)) => writeln!(text, "Asked\n{message}").unwrap_or_default(),
        None => {}
    }
    match sealed {
        Sealed::Kept(Body { answer: Some(bytes), .. }) => {
            let answer = match found.leaf.kind {
                Kind::Feedback => String::from_utf8_lossy(&bytes).into_owned(),
                _ => table::of_answer(&opened::decode(&bytes)?),
            };
            writeln!(text, "\nAnswered\n{}", answer.trim_end()).unwrap_or_default();
        }
        Sealed::Kept(_) => text.push_str("\nNothing was answered: the call was refused.\n"),
        Sealed::Removed => text.push_str("What was asked and answered was removed after its retention.\n"),
        Sealed::None => text.push_str("There is nothing to reveal: nothing was asked or answered.\n"),
    }
    Ok(text)
}
