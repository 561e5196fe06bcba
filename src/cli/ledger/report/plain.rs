//! A report in the terminal, and for programs.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::{Value, json};

use super::{contents::Report, count::Tally, labels};
use crate::ledger::leaf::rfc3339;

/// The tables, one after the other.
pub(super) fn table(report: &Report) -> String {
    let sums = &report.counts;
    let mut text = String::new();
    let mut section = |title: &str, table: &dyn std::fmt::Display| {
        writeln!(text, "{title}\n{table}\n").unwrap_or_default();
    };
    let total = sums.total;
    section(
        &format!("不动产登记查询统计　{}", title(report)),
        &format_args!(
            "存证账本 {}，{}；时区 {}{}",
            report.ledger,
            entries(report),
            report.zone_name(),
            if report.is_unfinished() { "；本期尚未结束" } else { "" }
        ),
    );
    let mut outcomes = with_header(["结果", "件数"], 1);
    for (word, count) in &sums.outcomes {
        outcomes.add_row([outcome(word), count.to_string()]);
    }
    outcomes.add_row(["合计".to_owned(), total.total().to_string()]);
    section("按结果", &outcomes);
    let courts = sums.courts.iter().map(|(court, tally)| ([labels::court(court)], *tally));
    section("按法院", &tallies(["法院"], courts, total));
    let handlers = sums
        .handlers
        .iter()
        .map(|handler| ([labels::court(&handler.court), labels::handler(handler, report.is_revealed)], handler.tally));
    section("按承办人", &tallies(["法院", "承办人"], handlers, total));
    let periods = sums.periods.iter().filter(|(_, tally)| tally.total() > 0);
    let periods = periods.map(|(date, tally)| ([period(report, *date)], *tally));
    section(if report.months.count() == 1 { "按日" } else { "按月" }, &tallies(["日期"], periods, total));
    let others = sums.others.iter().map(|(kind, count)| format!("{} {count} 条", labels::kind(*kind)));
    section("查询以外的存证条目", &others.collect::<Vec<_>>().join("，"));
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// What came of a query, with the ledger's word for it where there is another.
fn outcome(word: &str) -> String {
    let label = labels::outcome(word);
    if label == word { label.to_owned() } else { format!("{label}（{word}）") }
}

/// A table whose columns from `names` on are numbers.
fn with_header<'a>(header: impl IntoIterator<Item = &'a str>, names: usize) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    if table.width().is_none() {
        table.set_width(120);
    }
    for column in table.column_iter_mut().skip(names) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn tallies<const N: usize>(header: [&str; N], rows: impl Iterator<Item = ([String; N], Tally)>, total: Tally) -> Table {
    let mut table = with_header(header.into_iter().chain(["合计", "查有登记", "未查到登记", "拒绝"]), N);
    let cells =
        |tally: Tally| [tally.total(), tally.found, tally.nothing_found, tally.refused].map(|one| one.to_string());
    for (names, tally) in rows {
        table.add_row(names.into_iter().chain(cells(tally)));
    }
    let mut sum = [const { String::new() }; N];
    "合计".clone_into(&mut sum[0]);
    table.add_row(sum.into_iter().chain(cells(total)));
    table
}

/// The months, as a person writes them.
pub(super) fn title(report: &Report) -> String {
    let (first, last) = (report.months.first, report.months.last);
    let begin = format!("{}年{}月", first.year(), first.month());
    match (first.year() == last.year(), report.months.count()) {
        (_, 1) => begin,
        (true, _) => format!("{begin}至{}月", last.month()),
        (false, _) => format!("{begin}至{}年{}月", last.year(), last.month()),
    }
}

/// A day or a month.
pub(super) fn period(report: &Report, date: jiff::civil::Date) -> String {
    if report.months.count() == 1 { date.to_string() } else { date.strftime("%Y-%m").to_string() }
}

/// Which entries the report is of.
pub(super) fn entries(report: &Report) -> String {
    report.counts.entries.map_or_else(
        || "本期没有存证条目".to_owned(),
        |(first, last)| format!("存证条目 {first} 至 {last}，共 {} 条", last - first + 1),
    )
}

/// Everything, for programs.
pub(super) fn json(report: &Report) -> Value {
    let sums = &report.counts;
    let month = |date: jiff::civil::Date| date.strftime("%Y-%m").to_string();
    let courts = sums.courts.iter().map(|(court, sum)| {
        let mut value = json!({ "code": given(&court.code), "name": given(&court.name) });
        add(&mut value, *sum);
        value
    });
    let handlers = sums.handlers.iter().map(|handler| {
        let mut value = json!({
            "court": given(&handler.court.code),
            "pseudonym": given(&handler.pseudonym),
            "name": handler.name,
        });
        add(&mut value, handler.tally);
        value
    });
    let periods = sums.periods.iter().map(|(date, sum)| {
        let mut value = json!({ "date": period(report, *date) });
        add(&mut value, *sum);
        value
    });
    let mut total = json!({});
    add(&mut total, sums.total);
    json!({
        "ledger": report.ledger,
        "first_month": month(report.months.first),
        "last_month": month(report.months.last),
        "time_zone": report.zone.iana_name(),
        "since": rfc3339(report.span.0),
        "until": rfc3339(report.span.1),
        "made": rfc3339(report.made.timestamp().as_millisecond()),
        "is_finished": !report.is_unfinished(),
        "first_entry": sums.entries.map(|(first, _)| first),
        "last_entry": sums.entries.map(|(_, last)| last),
        "total": total,
        "by_outcome": sums.outcomes.iter().map(|(word, count)| json!({ "outcome": word, "queries": count })).collect::<Vec<_>>(),
        "by_court": courts.collect::<Vec<_>>(),
        "by_handler": handlers.collect::<Vec<_>>(),
        "by_period": periods.collect::<Vec<_>>(),
        "other_entries": sums.others.iter().map(|(kind, count)| (kind.word().to_owned(), json!(count))).collect::<serde_json::Map<_, _>>(),
    })
}

fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn add(value: &mut Value, tally: Tally) {
    value["queries"] = tally.total().into();
    value["found"] = tally.found.into();
    value["nothing_found"] = tally.nothing_found.into();
    value["refused"] = tally.refused.into();
}
