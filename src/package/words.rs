//! What a manifest says of the bureau's own words: `columns`, `codes`, `none`, `accept`.
//!
//! ```json
//! "columns": { "QLR": { "证件号": "ZJH" } },
//! "codes": { "QSZT": { "历史": "2" }, "CFDJ.CFLX": { "首封": "1" } },
//! "none": ["未办理"],
//! "accept": { "QLR.ZJZL": "not kept before 2016", "CFDJ": "seizures are kept on paper", "CFDJ.CFLX=9": "a test row" }
//! ```
//!
//! All of it is checked against the tables of the standard before a file is opened. What it comes to is left to those who read:
//! the mirror stops at a gap that nobody accepts.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::cell::Vocabulary;
use crate::domain::generation::Accepted;
use crate::domain::rows::{Declared, WrittenLines};
use crate::domain::tables::{Table, standard};

/// The clock of Beijing, which every authority goes by: where a time is written in UTC, it says nothing of the authority's.
const BEIJING_SECONDS: i32 = 8 * 3600;

/// Why the bureau's own words are refused.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    /// A table is none that is read.
    #[error("its `{key}` names table `{table}`, which is none that is read; write the standard's name, such as `QLR`")]
    Table {
        /// `columns`, `codes` or `accept`.
        key: &'static str,
        /// As written.
        table: String,
    },
    /// A table is not in the package.
    #[error("its `columns` maps columns of table `{table}`, which `tables` does not list; list the table too")]
    NotListed {
        /// Standard name of the table.
        table: &'static str,
    },
    /// A column is none that is read of the table.
    #[error("its `{key}` names column `{column}`, but of table `{table}` only these are read: {known}")]
    Column {
        /// `columns`, `codes` or `accept`.
        key: &'static str,
        /// Standard name of the table.
        table: &'static str,
        /// As written.
        column: String,
        /// The columns that are read.
        known: String,
    },
    /// A column is none that is read of any table.
    #[error(
        "its `codes` names column `{column}`, which no table has; write a column's name, such as `QSZT` or `CFDJ.CFLX`"
    )]
    NoColumn {
        /// As written.
        column: String,
    },
    /// Two columns of the bureau's are mapped to one, or one to two.
    #[error("its `columns` maps column `{column}` of table `{table}` a second time; map each column once")]
    Twice {
        /// Standard name of the table.
        table: &'static str,
        /// As written.
        column: String,
    },
    /// A word or a code is empty.
    #[error("its `{key}` has an empty word or value; write what the files have, and what it means")]
    Empty {
        /// `columns`, `codes` or `none`.
        key: &'static str,
    },
    /// A line of a load's report stands there as it was, without the operator's words.
    #[error("its `{key}` still says `{text}`: write what the bureau knows in its place")]
    Unfilled {
        /// `columns`, `codes` or `accept`.
        key: &'static str,
        /// As written.
        text: String,
    },
    /// A gap is accepted without a reason.
    #[error("its `accept` gives no reason for `{what}`; write why answers may be given without it: answers repeat it")]
    NoReason {
        /// As written.
        what: String,
    },
}

/// The four keys, as written.
#[derive(Clone, Debug, Default)]
pub(super) struct WrittenWords {
    pub(super) columns: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) codes: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) none: Vec<String>,
    pub(super) accept: BTreeMap<String, String>,
}

impl WrittenWords {
    /// The keys that a load's report may add to.
    fn lines(&self) -> WrittenLines {
        let accept = BTreeMap::from([(String::new(), self.accept.clone())]);
        let keys = [("columns", self.columns.clone()), ("codes", self.codes.clone()), ("accept", accept)];
        keys.into_iter().collect()
    }
}

/// A column of a file under the bureau's own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MappedColumn {
    /// As the manifest writes it.
    pub(super) written: String,
    /// Folded, as headers are compared.
    pub(super) folded: String,
    /// The position among [`Table::columns`].
    pub(super) position: usize,
}

/// The four keys, as checked.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) declared: Declared,
    pub(super) columns: BTreeMap<Table, Vec<MappedColumn>>,
}

impl Words {
    /// Checks the four keys; `as_of` is a checked time, whose offset is the authority's.
    pub(super) fn check(written: WrittenWords, listed: &BTreeSet<Table>, as_of: &str) -> Result<Self, WordsError> {
        let lines = written.lines();
        let mut mapped = Vec::new();
        let mut columns: BTreeMap<Table, Vec<MappedColumn>> = BTreeMap::new();
        for (table, names) in written.columns {
            let table = table_of("columns", &table)?;
            if !listed.contains(&table) {
                return Err(WordsError::NotListed { table: table.name() });
            }
            let of_table = columns.entry(table).or_default();
            for (written, column) in names {
                let one = mapped_column(table, written, &column)?;
                if of_table.iter().any(|other| other.position == one.position || other.folded == one.folded) {
                    return Err(WordsError::Twice { table: table.name(), column: one.written });
                }
                mapped.push(format!("{}.{} = {}", table.name(), one.written, table.columns()[one.position]));
                of_table.push(one);
            }
        }
        let codes = check_codes(written.codes, &mut mapped)?;
        for word in &written.none {
            if word.trim().is_empty() {
                return Err(WordsError::Empty { key: "none" });
            }
            mapped.push(format!("{} = none", word.trim()));
        }
        let accepted = written.accept.into_iter().map(|(what, reason)| accepted(&what, &reason));
        let accepted = accepted.collect::<Result<_, _>>()?;
        let vocabulary = Vocabulary::new(&written.none, &codes, utc_offset_seconds(as_of));
        Ok(Self { declared: Declared { vocabulary, accepted, mapped, written: lines, misnamed: Vec::new() }, columns })
    }

    /// The columns of a table that are mapped.
    pub(super) fn columns(&self, table: Table) -> &[MappedColumn] {
        self.columns.get(&table).map_or(&[], Vec::as_slice)
    }
}

type Codes = BTreeMap<String, BTreeMap<String, String>>;

/// Checks `codes`, and names columns as the standard does.
fn check_codes(written: Codes, mapped: &mut Vec<String>) -> Result<Codes, WordsError> {
    let mut codes = Codes::new();
    for (column, words) in written {
        let column = match column.split_once('.') {
            Some((table, column)) => {
                let table = table_of("codes", table)?;
                format!("{}.{}", table.name(), column_of("codes", table, column)?)
            }
            None => any_column(&column)?.to_owned(),
        };
        for (word, code) in words {
            let (word, code) = (word.trim().to_owned(), code.trim().to_owned());
            if word.is_empty() || code.is_empty() {
                return Err(WordsError::Empty { key: "codes" });
            }
            check_filled("codes", &code)?;
            mapped.push(format!("{column}.{word} = {code}"));
            codes.entry(column.clone()).or_default().insert(word, code);
        }
    }
    Ok(codes)
}

/// Reads `TABLE`, `TABLE.COLUMN` or `TABLE.COLUMN=VALUE`, and a reason.
fn accepted(what: &str, reason: &str) -> Result<Accepted, WordsError> {
    if reason.trim().is_empty() {
        return Err(WordsError::NoReason { what: what.to_owned() });
    }
    check_filled("accept", reason)?;
    let (place, value) = match what.split_once('=') {
        Some((place, value)) => (place, format!("={}", value.trim())),
        None => (what, String::new()),
    };
    let what = match place.split_once('.') {
        None => table_of("accept", place)?.name().to_owned(),
        Some((table, column)) => {
            let table = table_of("accept", table)?;
            format!("{}.{}{value}", table.name(), column_of("accept", table, column)?)
        }
    };
    Ok(Accepted { what, reason: reason.trim().to_owned() })
}

/// Refuses what stands in `<>`: the place of a word in a line that a load's report suggests.
fn check_filled(key: &'static str, written: &str) -> Result<(), WordsError> {
    let text = written.trim();
    let is_filled = !(text.starts_with('<') && text.ends_with('>'));
    if is_filled { Ok(()) } else { Err(WordsError::Unfilled { key, text: text.to_owned() }) }
}

fn mapped_column(table: Table, written: String, column: &str) -> Result<MappedColumn, WordsError> {
    check_filled("columns", &written)?;
    let folded = standard::fold(&written);
    if folded.is_empty() {
        return Err(WordsError::Empty { key: "columns" });
    }
    let column = column_of("columns", table, column)?;
    let position = table.position(column).unwrap_or_default();
    Ok(MappedColumn { written, folded, position })
}

fn table_of(key: &'static str, written: &str) -> Result<Table, WordsError> {
    let table = Table::from_name(&standard::fold(written));
    table.ok_or_else(|| WordsError::Table { key, table: written.to_owned() })
}

fn column_of(key: &'static str, table: Table, written: &str) -> Result<&'static str, WordsError> {
    let position = table.position(&standard::fold(written));
    position.map(|position| table.columns()[position]).ok_or_else(|| WordsError::Column {
        key,
        table: table.name(),
        column: written.to_owned(),
        known: table.columns().join(" "),
    })
}

/// The column of this name that some table has.
fn any_column(written: &str) -> Result<&'static str, WordsError> {
    let folded = standard::fold(written);
    let column = Table::ALL.iter().find_map(|table| table.columns().iter().find(|known| **known == folded));
    column.copied().ok_or_else(|| WordsError::NoColumn { column: written.to_owned() })
}

fn utc_offset_seconds(as_of: &str) -> i32 {
    let pieces = jiff::fmt::temporal::Pieces::parse(as_of).ok();
    let offset = pieces.and_then(|pieces| pieces.to_numeric_offset()).map_or(0, jiff::tz::Offset::seconds);
    if offset == 0 { BEIJING_SECONDS } else { offset }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(written: &serde_json::Value) -> Result<Words, String> {
        let key = |name: &str| written.get(name).cloned().unwrap_or_else(|| serde_json::json!({}));
        let words = WrittenWords {
            columns: serde_json::from_value(key("columns")).unwrap(),
            codes: serde_json::from_value(key("codes")).unwrap(),
            none: written.get("none").cloned().map(|none| serde_json::from_value(none).unwrap()).unwrap_or_default(),
            accept: serde_json::from_value(key("accept")).unwrap(),
        };
        let listed = BTreeSet::from([Table::Qlr]);
        Words::check(words, &listed, "2026-11-23T06:00:00+08:00").map_err(|err| err.to_string())
    }

    #[test]
    fn the_bureaus_own_words_are_read() {
        let words = check(&serde_json::json!({
            "columns": { "ztt_gy_qlr": { "证件号": "zjh", "XM": "QLRMC" } },
            "codes": { "qszt": { "历史": "2" }, "cfdj.CFLX": { "首封": "1" } },
            "none": ["未办理"],
            "accept": { "qlr.zjzl": " not kept ", "CFDJ": "on paper", "cfdj.cflx=首封 ": "tests" },
        }))
        .unwrap();
        let mapped: Vec<_> = words.columns(Table::Qlr).iter().map(|one| (one.written.as_str(), one.position)).collect();
        let position = |column| Table::Qlr.position(column).unwrap();
        assert_eq!(mapped, [("XM", position("QLRMC")), ("证件号", position("ZJH"))]);
        assert_eq!(words.columns(Table::H), []);
        assert_eq!(
            words.declared.mapped,
            ["QLR.XM = QLRMC", "QLR.证件号 = ZJH", "CFDJ.CFLX.首封 = 1", "QSZT.历史 = 2", "未办理 = none"]
        );
        let accepted: Vec<_> = words.declared.accepted.iter().map(|one| (&*one.what, &*one.reason)).collect();
        assert_eq!(accepted, [("CFDJ", "on paper"), ("CFDJ.CFLX=首封", "tests"), ("QLR.ZJZL", "not kept")]);
    }

    #[test]
    fn what_fits_no_table_is_refused() {
        let refused = |written: &serde_json::Value| check(written).map(|_| ()).unwrap_err();
        let cases = [
            (
                serde_json::json!({ "columns": { "KEHU": { "a": "ZJH" } } }),
                "its `columns` names table `KEHU`, which is none that is read; write the standard's name, such as `QLR`",
            ),
            (
                serde_json::json!({ "columns": { "H": { "a": "ZL" } } }),
                "its `columns` maps columns of table `H`, which `tables` does not list; list the table too",
            ),
            (
                serde_json::json!({ "columns": { "QLR": { "a": "ZJH", "b": "zjh" } } }),
                "its `columns` maps column `b` of table `QLR` a second time; map each column once",
            ),
            (
                serde_json::json!({ "codes": { "QSTZ": { "历史": "2" } } }),
                "its `codes` names column `QSTZ`, which no table has; write a column's name, such as `QSZT` or `CFDJ.CFLX`",
            ),
            (
                serde_json::json!({ "codes": { "QSZT": { "历史": "" } } }),
                "its `codes` has an empty word or value; write what the files have, and what it means",
            ),
            (
                serde_json::json!({ "none": [" "] }),
                "its `none` has an empty word or value; write what the files have, and what it means",
            ),
            (
                serde_json::json!({ "accept": { "CFDJ": "<why answers may be given without it>" } }),
                "its `accept` still says `<why answers may be given without it>`: write what the bureau knows in its place",
            ),
            (
                serde_json::json!({ "codes": { "QSZT": { "某": "<code>" } } }),
                "its `codes` still says `<code>`: write what the bureau knows in its place",
            ),
            (
                serde_json::json!({ "accept": { "CFDJ": " " } }),
                "its `accept` gives no reason for `CFDJ`; write why answers may be given without it: answers repeat it",
            ),
            (
                serde_json::json!({ "accept": { "ZXDJ.QSZT": "x" } }),
                "its `accept` names column `QSZT`, but of table `ZXDJ` only these are read: BDCDYH BDCQZH YWH ZXYWH ZXSJ \
                 QLLX",
            ),
        ];
        for (written, expected) in cases {
            assert_eq!(refused(&written), expected);
        }
    }

    #[test]
    fn the_authoritys_clock_is_that_of_its_export() {
        assert_eq!(utc_offset_seconds("2026-11-23T06:00:00+06:00"), 6 * 3600);
        assert_eq!(utc_offset_seconds("2026-11-23T06:00:00Z"), BEIJING_SECONDS);
    }
}
