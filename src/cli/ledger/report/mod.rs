//! `bdcd ledger report`: how often which court and which handler asked, and what came of it, month by month.
//!
//! `count` adds up, `plain` tells it in the terminal and to programs, `page` and `chart` as one HTML page that needs nothing else, in
//! years as well. Labels are in the courts' language, as answers are.
//!
//! A handler is a person: the report tells one by a pseudonym, the first digits of the digest that the handler's entries are
//! found by, and by name only where that is asked for and recorded.

mod chart;
mod contents;
mod count;
mod html;
mod labels;
mod months;
mod page;
mod plain;

use std::path::PathBuf;

use jiff::Zoned;

use super::{
    criteria,
    opened::{Asked, Sealed},
    reveal::{self, Numbers},
};
use crate::cli::{
    failure::Failure,
    open::{self, ConfigArgument},
    output::{self, keep, print, say},
};
use crate::ledger::{
    Reader,
    leaf::UtcMillis,
    search::{Criteria, Found, Search},
};
use contents::Report;
use count::Counts;
use months::Months;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The month, 2026-11, or the first and the last of several, 2026-01..2026-11; in this machine's time zone
    #[arg(long, value_name = "MONTH")]
    month: Months,
    /// How to tell it
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Write it to this file, which must not exist, instead of standard output; only its owner can read it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Tell handlers by name; this is recorded in the ledger first
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For the terminal
    Table,
    /// One page with charts that needs no other file, for screen and paper
    Html,
    /// For programs
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = arguments.config.read()?;
    let reader = open::reader(&config)?;
    let months = arguments.month;
    let span = (criteria::midnight(months.first)?, criteria::midnight(months.end())?);
    let made = Zoned::now();
    let zone = made.time_zone().clone();
    let known: Vec<_> = config.gateways.iter().flat_map(|gateway| &gateway.courts).cloned().collect();
    let known = known.into_iter().map(|court| (court.code, court.name));
    let mut counts = Counts::new(&reader, months, zone.clone(), known);
    for found in within(&reader, span)? {
        counts.add(&found.map_err(|err| open::unreadable(&err))?);
    }
    counts.put_in_order();
    if arguments.reveal {
        let sealed: Numbers = counts.handler_entries().collect();
        if sealed.count() > 0 {
            reveal::record(&config, &format!("report, names of handlers: {}", sealed.told()))?;
        }
        counts.name_handlers(|entry| name_of(&reader, entry))?;
    }
    let ledger = reader.key().name().to_owned();
    let report = Report { months, counts, ledger, zone, span, made, is_revealed: arguments.reveal };
    let text = match arguments.format {
        Format::Table => plain::table(&report),
        Format::Json => format!("{}\n", output::pretty(&plain::json(&report))?),
        Format::Html => page::html(&report),
    };
    match &arguments.out {
        None => print(&text),
        Some(file) => {
            keep(file, text.as_bytes())?;
            say(&format!("wrote the report to `{}`", file.display()));
            Ok(())
        }
    }
}

/// The entries of a time span.
fn within(reader: &Reader, (since, until): (UtcMillis, UtcMillis)) -> Result<Search<'_>, Failure> {
    let criteria = Criteria { since: Some(since), until: Some(until), ..Criteria::default() };
    Search::new(reader, &criteria, 0).map_err(|err| criteria::failed(&err))
}

/// The handler's name in an entry's body; `None` where that was removed.
fn name_of(reader: &Reader, number: u64) -> Result<Option<String>, Failure> {
    let entry = reader.entry(number).map_err(|err| open::unreadable(&err))?;
    let leaf = entry.leaf().map_err(|err| open::unreadable(&err))?;
    let found = Found { entry, leaf };
    Ok(match Sealed::open(reader, &found)?.asked(&found.leaf) {
        Some(Asked::Inquiry(draft)) => Some(draft.handler_name.trim().to_owned()),
        Some(Asked::Message(_)) | None => None,
    })
}
