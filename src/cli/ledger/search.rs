//! `bdcd ledger search`: entries by what an auditor knows of them.

use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::json;

use super::{
    criteria::{self, CriteriaArguments},
    opened::{self, Asked, Sealed},
    reveal::{self, Numbers},
};
use crate::cli::{
    failure::Failure,
    open::{self, ConfigArgument},
    output::{self, Format, print, say},
};
use crate::ledger::{
    Reader,
    leaf::{Fact, rfc3339},
    search::{Found, Search},
};

/// Entries that are shown at once; more are exported.
const LIMIT_MAX: u64 = 10_000;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    criteria: CriteriaArguments,
    /// Show at most so many entries, the oldest first
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u64).range(1..=LIMIT_MAX))]
    limit: u64,
    /// Begin with this entry: where an earlier search stopped at its limit
    #[arg(long, value_name = "ENTRY", default_value = "0")]
    from: u64,
    /// How to print what was found
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Show who was asked about and who asked; this is recorded in the ledger first
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

/// What is shown. Of an opened body the answer is let go at once: many answers may be more than memory holds.
struct Row {
    found: Found,
    /// What has become of the body, and what was asked, where that is to be shown.
    opened: Option<(&'static str, Option<Asked>)>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.criteria.is_template()? {
        return Ok(());
    }
    let config = arguments.config.read()?;
    let criteria = arguments.criteria.criteria()?;
    let reader = open::reader(&config)?;
    let search = Search::new(&reader, &criteria, arguments.from).map_err(|err| criteria::failed(&err))?;
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    // One more tells whether there are more.
    let found: Result<Vec<_>, _> = search.take(limit.saturating_add(1)).collect();
    let mut found = found.map_err(|err| open::unreadable(&err))?;
    let next = (found.len() > limit).then(|| found.pop()).flatten().map(|one| one.entry.number);
    if found.is_empty() {
        return Err(Failure::no(format!("nothing is found by a search {}", arguments.criteria.told(&criteria)))
            .hint("criteria are compared as they were stated; leave one out to find more"));
    }
    let sealed: Numbers = found.iter().filter(|one| one.leaf.has_body()).map(|one| one.entry.number).collect();
    if arguments.reveal && sealed.count() > 0 {
        let what = format!("search {}: {}", arguments.criteria.told(&criteria), sealed.told());
        reveal::record(&config, &what)?;
    }
    let rows = found.into_iter().map(|found| row(&reader, found, arguments.reveal));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    match arguments.format {
        Format::Table => {
            print(&format!("{}\n", table(&rows, arguments.reveal)))?;
            say(&match (rows.len(), next) {
                (_, Some(next)) => format!("{} entries, and there are more: go on with `--from {next}`", rows.len()),
                (1, None) => "1 entry".to_owned(),
                (count, None) => format!("{count} entries"),
            });
            Ok(())
        }
        Format::Json => print(&format!("{}\n", output::pretty(&json(rows, next)?)?)),
    }
}

fn row(reader: &Reader, found: Found, is_revealed: bool) -> Result<Row, Failure> {
    let sealed = is_revealed.then(|| Sealed::open(reader, &found)).transpose()?;
    let opened = sealed.map(|sealed| (sealed.word(), sealed.asked(&found.leaf)));
    Ok(Row { found, opened })
}

/// Facts shown after the outcome.
const SHOWN: [Fact; 5] = [Fact::Gateway, Fact::Court, Fact::Case, Fact::Request, Fact::Generation];

fn table(rows: &[Row], is_revealed: bool) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_none() {
        table.set_width(200);
    }
    let revealed = ["subject", "handler"].into_iter().filter(|_| is_revealed);
    let header =
        ["entry", "time (UTC)", "kind", "outcome or act"].into_iter().chain(SHOWN.map(Fact::name)).chain(revealed);
    table.set_header(header);
    for Row { found, opened } in rows {
        let leaf = &found.leaf;
        let seconds = rfc3339(leaf.time).get(..19).unwrap_or_default().replace('T', " ");
        let outcome = [Fact::Outcome, Fact::Act].map(|fact| leaf.facts.get(fact)).concat();
        let facts = SHOWN.map(|fact| leaf.facts.get(fact).to_owned());
        let cells =
            [found.entry.number.to_string(), seconds, leaf.kind.word().to_owned(), outcome].into_iter().chain(facts);
        let opened = opened.as_ref().map(|(body, asked)| people(body, asked.as_ref())).into_iter().flatten();
        table.add_row(cells.chain(opened));
    }
    table
}

/// Who was asked about, and who asked.
fn people(body: &str, asked: Option<&Asked>) -> [String; 2] {
    match asked {
        Some(Asked::Inquiry(draft)) => {
            let joined = |parts: &[&str]| {
                parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("，")
            };
            let certificates = [&*draft.work_certificate_number, &draft.official_certificate_number];
            [
                joined(&[&draft.subject_name, &draft.document_number]),
                joined(&[&draft.handler_name, certificates[0], certificates[1]]),
            ]
        }
        Some(Asked::Message(_)) => ["(a message)".to_owned(), String::new()],
        None if body == "removed" => ["(removed)".to_owned(), "(removed)".to_owned()],
        None => [String::new(), String::new()],
    }
}

fn json(rows: Vec<Row>, next: Option<u64>) -> Result<serde_json::Value, Failure> {
    let mut entries = Vec::with_capacity(rows.len());
    for Row { found, opened } in rows {
        let mut value = opened::leaf_json(&found);
        if let Some((body, asked)) = opened {
            value["opened"] = json!({ "body": body, "inquiry": asked.map(Asked::json).transpose()? });
        }
        entries.push(value);
    }
    Ok(json!({ "entries": entries, "next": next }))
}
