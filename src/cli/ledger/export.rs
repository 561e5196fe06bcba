//! `bdcd ledger export`: entries for programs and spreadsheets, a line an entry.
//!
//! A value stands in a line exactly as in the leaf. Nothing is put before a value that a spreadsheet would take for a formula:
//! case and request numbers come from callers, and an export that changes them is no evidence. The help text says so.

use std::io::{self, BufWriter, Write};

use data_encoding::HEXLOWER;

use super::{
    criteria::{self, CriteriaArguments},
    opened::{self, Asked, FIELDS, Sealed},
    reveal::{self, Numbers},
};
use crate::cli::{
    failure::Failure,
    open::{self, ConfigArgument},
    output::say,
};
use crate::{
    config::Config,
    ledger::{
        Reader,
        leaf::{Fact, rfc3339},
        search::{Criteria, Found, Search},
    },
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    criteria: CriteriaArguments,
    /// How to write the entries
    #[arg(long, value_enum)]
    format: Format,
    /// Write what was asked as well, and with `jsonl` what was answered; this is recorded in the ledger first
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// JSON Lines: an object a line, absent facts as null
    Jsonl,
    /// Comma-separated values of RFC 4180 in UTF-8, with a header
    Csv,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.criteria.is_template()? {
        return Ok(());
    }
    let config = arguments.config.read()?;
    let criteria = arguments.criteria.criteria()?;
    let reader = open::reader(&config)?;
    let search = Search::new(&reader, &criteria, 0).map_err(|err| criteria::failed(&err))?;
    let end = search.end();
    drop(search);
    if arguments.reveal {
        record(arguments, &config, &counted(&reader, &criteria, end)?, &criteria)?;
    }
    // What came meanwhile, the entry of the reveal among it, was not counted and is not written.
    let search = Search::new(&reader, &criteria, 0).map_err(|err| criteria::failed(&err))?.before(end);
    let mut lines = Lines::new(arguments.format, arguments.reveal);
    let mut count = 0_u64;
    for found in search {
        let found = found.map_err(|err| open::unreadable(&err))?;
        if !lines.write(&reader, &found)? {
            return Ok(());
        }
        count += 1;
    }
    lines.end()?;
    if count == 0 {
        return Err(Failure::no(format!("nothing is found by a search {}", arguments.criteria.told(&criteria))));
    }
    say(&format!("exported {count} {}", if count == 1 { "entry" } else { "entries" }));
    Ok(())
}

/// The entries before `end` of which something is to be revealed.
fn counted(reader: &Reader, criteria: &Criteria, end: u64) -> Result<Numbers, Failure> {
    let mut numbers = Numbers::default();
    for found in Search::new(reader, criteria, 0).map_err(|err| criteria::failed(&err))?.before(end) {
        let found = found.map_err(|err| open::unreadable(&err))?;
        if found.leaf.has_body() {
            numbers.add(found.entry.number);
        }
    }
    Ok(numbers)
}

fn record(arguments: &Arguments, config: &Config, sealed: &Numbers, criteria: &Criteria) -> Result<(), Failure> {
    if sealed.count() > 0 {
        let what = format!("export {}: {}", arguments.criteria.told(criteria), sealed.told());
        reveal::record(config, &what)?;
    }
    Ok(())
}

/// Writes lines to standard output as they come.
struct Lines {
    out: BufWriter<io::Stdout>,
    format: Format,
    is_revealed: bool,
    has_begun: bool,
}

impl Lines {
    fn new(format: Format, is_revealed: bool) -> Self {
        Self { out: BufWriter::new(io::stdout()), format, is_revealed, has_begun: false }
    }

    /// Writes an entry; `false` where nobody reads any more.
    fn write(&mut self, reader: &Reader, found: &Found) -> Result<bool, Failure> {
        let sealed = self.is_revealed.then(|| Sealed::open(reader, found)).transpose()?;
        let mut text = String::new();
        match self.format {
            Format::Jsonl => {
                let mut value = opened::leaf_json(found);
                if let Some(sealed) = sealed {
                    value["opened"] = sealed.json(&found.leaf)?;
                }
                text.push_str(&value.to_string());
                text.push('\n');
            }
            Format::Csv => {
                if !self.has_begun {
                    text.push_str(&record_of(header(self.is_revealed)));
                }
                text.push_str(&record_of(cells(found, sealed.as_ref())));
            }
        }
        self.has_begun = true;
        written(self.out.write_all(text.as_bytes()))
    }

    fn end(mut self) -> Result<bool, Failure> {
        written(self.out.flush())
    }
}

fn written(result: io::Result<()>) -> Result<bool, Failure> {
    match result {
        Ok(()) => Ok(true),
        Err(err) if err.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(err) => Err(Failure::environment("cannot write to standard output", err)),
    }
}

fn header(is_revealed: bool) -> Vec<String> {
    let mut header: Vec<&str> = vec!["entry", "time", "kind"];
    header.extend(Fact::all().map(Fact::name));
    header.extend(["nonce", "inquiry-commitment", "answer-commitment", "terms-commitment", "checkpoint-size"]);
    if is_revealed {
        header.push("body");
        header.extend(FIELDS);
        header.push("message");
    }
    header.into_iter().map(str::to_owned).collect()
}

fn cells(found: &Found, sealed: Option<&Sealed>) -> Vec<String> {
    let Found { entry, leaf } = found;
    let mut cells = vec![entry.number.to_string(), rfc3339(leaf.time), leaf.kind.word().to_owned()];
    cells.extend(Fact::all().map(|fact| leaf.facts.get(fact).to_owned()));
    cells.push(HEXLOWER.encode(&leaf.nonce));
    cells.extend(opened::commitments(leaf).map(|(_, commitment)| commitment.unwrap_or_default()));
    cells.push(entry.size.to_string());
    if let Some(sealed) = sealed {
        let (fields, message) = match sealed.asked(leaf) {
            Some(Asked::Inquiry(draft)) => (opened::fields(*draft), String::new()),
            Some(Asked::Message(message)) => (Default::default(), message),
            None => Default::default(),
        };
        cells.push(sealed.word().to_owned());
        cells.extend(fields);
        cells.push(message);
    }
    cells
}

/// A record of RFC 4180: cells with a comma, a quote or a line break in quotes, quotes doubled.
///
/// The `csv` crate stays in `package`, where tables of the register are read; here a record is three rules.
fn record_of(cells: Vec<String>) -> String {
    let quoted = cells.into_iter().map(|cell| {
        if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
    });
    let mut record = quoted.collect::<Vec<_>>().join(",");
    record.push_str("\r\n");
    record
}
