//! What a load must understand before anything may be answered from it (D38, D40, D47).
//!
//! Everything that stops a load is found in one run and told together, each with the line of the manifest that would settle
//! it if the operator knows what is meant. Texts of the register are told only where they can be codes: see [`shown`].

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::domain::{
    cell::column::{Content, content},
    generation::Accepted,
    kinds::KINDS,
    rows::{Columns, Misnamed, RowSource, WrittenLines},
    tables::{Table, standard},
};

use super::{
    reason::Reason,
    report::{Oddity, Tally, UNKNOWN_CODES_MAX},
    staged::Line,
    survey::Survey,
};
use crate::domain::cell::column;

/// Rows that are named one by one; all are counted.
const LISTED_MAX: usize = 20;

/// The longest text that is shown as a code, in characters.
const CODE_CHARACTERS_MAX: usize = 12;

/// What stands in a line for the manifest until the operator writes a reason or a code; the manifest's reader refuses it.
const WHY: &str = "<why answers may be given without it>";
const CODE: &str = "<code>";

/// Columns of marks of ending.
const ENDING: [&str; 7] = ["ZXDYYWH", "ZXSJ", "ZXYYYWH", "ZXYYDJSJ", "ZXYGYWH", "JFYWH", "JFDJSJ"];

/// A row that cannot be placed or read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Its table.
    pub table: Table,
    /// The file, as the package names it.
    pub file: String,
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// What is wrong with it; never a value.
    pub reason: String,
}

/// Key, place, and words with their meanings.
type Suggested = (&'static str, String, Vec<(String, String)>);

/// Something that was not understood, and what to write into the manifest about it.
#[derive(Debug)]
pub(super) struct Problem {
    /// A sentence, with what settles it.
    text: String,
    /// The line of the manifest that most likely settles it: key, place, and what stands there with its meaning.
    line: Option<Suggested>,
}

/// Everything that stops a load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What was not understood, a sentence each, with what settles it.
    pub problems: Vec<String>,
    /// The first rows that cannot be placed or read.
    pub rows: Vec<RefusedRow>,
    /// All such rows, by table and reason.
    pub counts: BTreeMap<(Table, String), u64>,
    /// Why these rows may not be set aside, where some may.
    pub beyond: Option<String>,
    /// What the problems ask to write, each key once: keys given twice are an error in a manifest.
    lines: WrittenLines,
}

impl Findings {
    /// Whether nothing stops the load.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty() && self.counts.is_empty()
    }

    fn write_lines(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.lines.is_empty() {
            write!(
                formatter,
                "\nwrite of these lines into the manifest, before \"tables\" and in place of what it has under the same keys, what is \
                 true, and your own words for what stands in <>; then seal a signed package again, with a sequence above what serves \
                 (`bdcd package seal` keeps these lines):"
            )?;
        }
        for (key, places) in &self.lines {
            let places = places.iter().filter(|(_, words)| !words.is_empty()).map(|(place, words)| {
                let words = words.iter().map(|(word, meaning)| format!("{}: {}", quoted(word), quoted(meaning)));
                let words = words.collect::<Vec<_>>().join(", ");
                // An accepted gap has no place: it names itself.
                if place.is_empty() { words } else { format!("{}: {{{words}}}", quoted(place)) }
            });
            write!(formatter, "\n  \"{key}\": {{{}}},", places.collect::<Vec<_>>().join(", "))?;
        }
        Ok(())
    }

    fn write_rows(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: u64 = self.counts.values().sum();
        if let [row] = &self.rows[..]
            && total == 1
        {
            let RefusedRow { table, file, line, reason } = row;
            let table = table.name();
            return write!(
                formatter,
                "\n- row of table `{table}` in `{file}`, line {line}, cannot be placed: {reason}"
            );
        }
        if total > 0 {
            write!(formatter, "\n- {total} rows cannot be placed:")?;
        }
        for ((table, reason), count) in &self.counts {
            write!(formatter, "\n  {:<8} {count:>8}  {reason}", table.name())?;
        }
        for (at, row) in self.rows.iter().enumerate() {
            let opening = if at == 0 { "\n  lines:" } else { "," };
            write!(formatter, "{opening} {} {}", row.file, row.line)?;
        }
        let more = total.saturating_sub(self.rows.len() as u64);
        if more > 0 { write!(formatter, " and {more} more") } else { Ok(()) }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            write!(formatter, "\n- {problem}")?;
        }
        self.write_rows(formatter)?;
        if let Some(beyond) = &self.beyond {
            write!(formatter, "\n- {beyond}")?;
        }
        self.write_lines(formatter)
    }
}

/// A text as JSON has it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Rows that cannot be placed, on their way into [`Findings`] or into quarantine.
#[derive(Debug)]
pub(super) struct Refused {
    listed: Vec<(Line, String)>,
    counts: BTreeMap<(Table, String), u64>,
    /// How many of them are remembered one by one.
    listed_max: usize,
}

impl Refused {
    /// None yet; so many may go into quarantine.
    pub(super) fn new(quarantine_max: usize) -> Self {
        // One more than may be set aside, to know that there are too many.
        let listed_max = LISTED_MAX.max(quarantine_max.saturating_add(1));
        Self { listed: Vec::new(), counts: BTreeMap::new(), listed_max }
    }

    /// The rows, each once with its first reason, where all of them may go into quarantine.
    pub(super) fn set_aside(&self, quarantine_max: usize) -> Option<BTreeMap<Line, &str>> {
        let mut rows = BTreeMap::new();
        for (line, reason) in &self.listed {
            rows.entry(*line).or_insert(reason.as_str());
        }
        let are_all = self.counts.values().sum::<u64>() == self.listed.len() as u64;
        (are_all && rows.len() <= quarantine_max).then_some(rows)
    }

    /// How many rows of each table they are.
    pub(super) fn by_table(&self) -> BTreeMap<Table, u64> {
        let mut tables = BTreeMap::new();
        if self.counts.values().sum::<u64>() == self.listed.len() as u64 {
            // A row may stand in several places, and fail in each.
            let lines: BTreeSet<Line> = self.listed.iter().map(|(line, _)| *line).collect();
            for line in lines {
                *tables.entry(line.table).or_default() += 1;
            }
        } else {
            for ((table, _), count) in &self.counts {
                *tables.entry(*table).or_default() += count;
            }
        }
        tables
    }

    pub(super) fn place(&mut self, line: Line, reason: Reason) {
        self.add(line, reason.to_string());
    }

    pub(super) fn add(&mut self, line: Line, reason: String) {
        if self.listed.len() < self.listed_max {
            self.listed.push((line, reason.clone()));
        }
        *self.counts.entry((line.table, reason)).or_default() += 1;
    }

    pub(super) fn join(&mut self, other: Self) {
        let room = self.listed_max - self.listed.len().min(self.listed_max);
        self.listed.extend(other.listed.into_iter().take(room));
        for (key, count) in other.counts {
            *self.counts.entry(key).or_default() += count;
        }
    }

    pub(super) fn into_findings<S: RowSource>(mut self, problems: Vec<Problem>, source: &Survey<'_, S>) -> Findings {
        if !source.is_complete() {
            (self.listed, self.counts) = Default::default();
        }
        let mut lines = WrittenLines::new();
        for (key, place, words) in problems.iter().filter_map(|problem| problem.line.clone()) {
            // What the manifest says already stays in its key: a key that stands there twice is an error.
            let written = || source.declared().written.get(key).cloned().unwrap_or_default();
            lines.entry(key).or_insert_with(written).entry(place).or_default().extend(words);
        }
        let problems = problems.into_iter().map(|problem| problem.text).collect();
        let row = |(Line { table, line }, reason)| RefusedRow {
            table,
            file: source.file_name(table).to_owned(),
            line,
            reason,
        };
        let rows = self.listed.into_iter().take(LISTED_MAX).map(row).collect();
        Findings { problems, rows, counts: self.counts, beyond: None, lines }
    }
}

fn is_accepted(accepted: &[Accepted], what: &str) -> bool {
    accepted.iter().any(|one| one.what == what)
}

/// Tables under names that the standard does not have, and files that cannot be read.
pub(super) fn files<S: RowSource>(survey: &Survey<'_, S>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = survey.declared().misnamed.iter().map(misnamed).collect();
    problems.extend(survey.unreadable.values().map(|text| Problem { text: text.clone(), line: None }));
    if !survey.is_complete() {
        let text = "whether rows can be placed is only known when every file is read: mend the above and load again";
        problems.push(Problem { text: text.to_owned(), line: None });
    }
    problems
}

fn misnamed(table: &Misnamed) -> Problem {
    let Misnamed { name, file, similar, read_as } = table;
    let entry = |name: &str| format!("`\"name\": {}, \"file\": {}`", quoted(name), quoted(file));
    let names: Vec<String> = similar.iter().map(|name| format!("`{name}`")).collect();
    let remedy = match &similar[..] {
        [] => format!("if it is a table of the standard, give its entry that name, as {}", entry("<name>")),
        [first, ..] => format!("if it is {}, give its entry that name, as {}", names.join(" or "), entry(first)),
    };
    let read = if read_as.is_some() { "; to look for more, it was read as that" } else { "" };
    let text = format!("the standard has no table `{name}`: {remedy}, else leave the entry out of `tables`{read}");
    Problem { text, line: None }
}

/// What the headers of the package lack that decides answers (D47): all such columns, and of what stops the load the problems.
///
/// # Errors
///
/// Where a header cannot be read.
pub(super) fn headers<S: RowSource>(
    source: &mut Survey<'_, S>,
    accepted: &[Accepted],
) -> Result<(Vec<String>, Vec<Problem>), S::Error> {
    let (mut absent, mut problems) = (Vec::new(), Vec::new());
    for table in Table::ALL {
        match source.columns(table)? {
            Some(columns) => {
                let deciding = columns.absent.iter().filter(|column| decides(table, column));
                absent.extend(deciding.map(|column| format!("{}.{column}", table.name())));
                missing(table, &columns, accepted, &mut problems);
                if table == Table::Qlr && source.row_count(table) == Some(0) && !is_accepted(accepted, "QLR") {
                    let text = "table `QLR` has no rows: without holders every subject would have nothing; export it with its rows";
                    problems.push(Problem { text: format!("{text}, or write {}", accept("QLR")), line: None });
                }
            }
            None if source.unreadable.contains_key(&table) => {}
            None if table == Table::Qlr && !is_accepted(accepted, "QLR") => problems.push(Problem {
                text: "the package lacks table `QLR`: without holders every subject would have nothing; export it too, or add its \
                       file to `tables` in the manifest"
                    .to_owned(),
                line: None,
            }),
            None => {}
        }
    }
    Ok((absent, problems))
}

fn is_right(table: Table) -> bool {
    KINDS.iter().any(|kind| kind.tables.contains(&table))
}

/// Whether answers turn on a column.
fn decides(table: Table, column: &str) -> bool {
    match table {
        Table::Qlr => ["BDCDYH", "ZJH", "ZJZL", "QLRMC", "QSZT"].contains(&column),
        _ => is_right(table) && (column == "BDCDYH" || column == "QSZT" || ENDING.contains(&column)),
    }
}

fn missing(table: Table, columns: &Columns, accepted: &[Accepted], problems: &mut Vec<Problem>) {
    let is_right = is_right(table);
    let decides = |column: &&'static str| decides(table, column);
    let has_mark = table
        .columns()
        .iter()
        .any(|column| (*column == "QSZT" || ENDING.contains(column)) && !columns.absent.contains(column));
    for column in columns.absent.iter().filter(|column| decides(column)) {
        let what = format!("{}.{column}", table.name());
        if is_accepted(accepted, &what) {
            continue;
        }
        let name = table.name();
        let others: Vec<&String> = columns
            .unread
            .iter()
            .filter(|unread| !standard::has_column(table, unread) && may_be(unread, column))
            .collect();
        // A label may be that of any column: it is offered where it is the only one, for the only column that lacks.
        let lacking = columns.absent.iter().filter(|absent| decides(absent)).count();
        let by_letters: Vec<&String> = others.iter().copied().filter(|other| other.is_ascii()).collect();
        let other = match (&by_letters[..], &others[..]) {
            ([one], _) => Some(*one),
            ([], [one]) if lacking == 1 => Some(*one),
            _ => None,
        };
        let is_bare = is_right && !has_mark && *column == "QSZT";
        let line = |other: &str| Some(("columns", name.to_owned(), vec![(other.to_owned(), (*column).to_owned())]));
        if let Some(other) = other {
            let text = format!(
                "table `{name}` lacks column `{column}`, and has `{other}`, which the standard does not know; if it is that \
                 column, write `\"columns\": {{\"{name}\": {{\"{other}\": \"{column}\"}}}}` into the manifest, else \
                 {}",
                accept(&what)
            );
            problems.push(Problem { text, line: line(other) });
        } else if !others.is_empty() {
            let text = format!(
                "table `{name}` lacks column `{column}`, and has columns which the standard does not know: {}; if one is that \
                 column, write `\"columns\": {{\"{name}\": {{\"<its name>\": \"{column}\"}}}}` into the manifest, else {}",
                others.iter().map(|other| format!("`{other}`")).collect::<Vec<_>>().join(", "),
                accept(&what)
            );
            problems.push(Problem { text, line: line(&format!("<name of {column}>")) });
        } else if matches!(*column, "ZJH" | "QLRMC" | "BDCDYH") || is_bare {
            let follows = match *column {
                "QSZT" => "nothing would ever end",
                "BDCDYH" => "its rows would stand on no unit",
                _ => "every subject would have nothing",
            };
            let text = format!(
                "table `{name}` lacks column `{column}`: {follows}; if it has another name there, write `\"columns\": \
                 {{\"{name}\": {{\"<its name>\": \"{column}\"}}}}` into the manifest, else {}",
                accept(&what)
            );
            problems.push(Problem { text, line: line(&format!("<name of {column}>")) });
        }
    }
}

fn accept(what: &str) -> String {
    format!("`\"accept\": {{{}: \"{WHY}\"}}`, which every answer repeats", quoted(what))
}

/// Whether a column that the standard does not know may be `column` under another name: a label, or a name that holds its
/// letters in order, or is held by it.
fn may_be(unread: &str, column: &str) -> bool {
    let name: String = standard::fold(unread).chars().filter(|one| one.is_alphanumeric()).collect();
    let holds = |long: &str, short: &str| {
        let mut letters = long.chars();
        short.len() >= 2 && short.chars().all(|one| letters.any(|known| known == one))
    };
    !name.is_ascii() || holds(&name, column) || (name.len() * 2 > column.len() && holds(column, &name))
}

/// What the rows hold that nobody understands and that decides answers.
pub(super) fn rows(tally: &Tally, accepted: &[Accepted]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for ((table, column), count) in tally.counts_of(Oddity::Cell(column::Oddity::Scientific)) {
        // In house codes and other numbers of parts it is told, and joins nothing else.
        if matches!(column, "BDCDYH" | "YWH" | "BDCQZH" | "BDCDJZMH" | "ZDDM" | "GYDBDCDYH" | "XYDBDCDYH") {
            let text = format!(
                "column `{}.{column}` holds {count} numbers in scientific notation (the form of 2.02E+11): digits are lost, and \
                 strangers would be joined; export the column as text",
                table.name()
            );
            problems.push(Problem { text, line: None });
        }
    }
    for ((table, column), texts) in &tally.unknown_codes {
        let position = table.position(column).unwrap_or_default();
        let is_deciding = matches!(content(*table, position), Content::Code { is_deciding: true, .. });
        let place = format!("{}.{column}", table.name());
        let is_settled =
            |text: &str| ["*", text.trim()].iter().any(|value| is_accepted(accepted, &format!("{place}={value}")));
        let unsettled: Vec<(&String, &u64)> = texts.iter().filter(|(text, _)| !is_settled(text)).collect();
        if !is_deciding || unsettled.is_empty() {
            continue;
        }
        let count =
            tally.counts_of(Oddity::Cell(column::Oddity::UnknownCode)).find(|(key, _)| *key == (*table, column));
        let count = count.map_or(0, |(_, count)| count);
        if texts.len() >= UNKNOWN_CODES_MAX || !unsettled.iter().all(|(text, _)| shown(text)) {
            let text = format!(
                "column `{place}` holds {count} texts that are no codes of its list, too many or too long to be codes: are the \
                 columns shifted? Correct the export; or, if they mean nothing, write {}",
                accept(&format!("{place}=*"))
            );
            let all = vec![(format!("{place}=*"), WHY.to_owned())];
            problems.push(Problem { text, line: Some(("accept", String::new(), all)) });
            continue;
        }
        let listed: Vec<String> =
            unsettled.iter().map(|(text, count)| format!("`{}` {count}x", text.trim().escape_debug())).collect();
        let entries = |entry: &dyn Fn(&str) -> String| -> String {
            unsettled.iter().map(|(text, _)| entry(text.trim())).collect::<Vec<_>>().join(", ")
        };
        let said = format!(
            "column `{place}` holds codes that its list does not have: {}; write what they mean, as `\"codes\": {{\"{place}\": \
             {{{}}}}}`, or, where nobody knows, `\"accept\": {{{}}}`, which every answer repeats",
            listed.join(", "),
            entries(&|text| format!("{}: \"{CODE}\"", quoted(text))),
            entries(&|text| format!("{}: \"{WHY}\"", quoted(&format!("{place}={text}"))))
        );
        let words = unsettled.iter().map(|(text, _)| (text.trim().to_owned(), CODE.to_owned())).collect();
        problems.push(Problem { text: said, line: Some(("codes", place, words)) });
    }
    problems
}

/// Whether a text may be shown: short, and without digits enough for a number of somebody.
fn shown(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.chars().count() <= CODE_CHARACTERS_MAX && digits < 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_may_be_another_by_its_letters_or_as_a_label() {
        for (unread, column) in
            [("证件号", "ZJH"), ("ZJHM", "ZJH"), ("QLRZJHM", "ZJH"), ("JF_DJSJ", "JFDJSJ"), ("JFSJ", "JFDJSJ")]
        {
            assert!(may_be(unread, column), "{unread}");
        }
        for (unread, column) in [("BZ", "ZJH"), ("LXDH", "JFDJSJ"), ("ID", "BDCDYH")] {
            assert!(!may_be(unread, column), "{unread}");
        }
    }

    #[test]
    fn a_page_holds_counts_of_all_and_lines_of_some() {
        let mut refused = Refused::new(0);
        for line in 2..202 {
            refused.place(Line { table: Table::Qlr, line }, Reason::Orphan);
        }
        assert_eq!(refused.listed.len(), LISTED_MAX);
        assert_eq!(refused.counts.values().sum::<u64>(), 200);
    }
}
