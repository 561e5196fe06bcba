//! Rows that cannot be placed or read, set aside where the operator allows it: sealed, and told in every answer.
//!
//! A row in quarantine is searched for nobody. It is kept as the package has it, so that somebody can find what is wrong with
//! it without the package; what it holds is personal data, and is sealed under a key of its own like a unit's record.
//!
//! [`Limits`] bound how much may be set aside: rows of a package, because each is a gap in answers and takes memory while it is
//! gathered; and a share of each table, because where a good part of a table fits nothing, the export is wrong, not its rows.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::domain::{
    generation::Share,
    rows::{RowSource, Visited},
    tables::Table,
};

use super::staged::Line;

/// The smallest table that a share is taken of, in rows: a share of a small table would forbid its first bad row.
const SHARE_ROWS_MIN: u64 = 1000;

/// How much a load may set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// Rows of the package; 0 where nothing may be set aside.
    pub(super) rows_max: usize,
    /// Rows of each table, as a share of it.
    pub(super) share_max: Share,
}

impl Limits {
    /// Why so many rows may not be set aside; `None` where they may. `rows` are of each table: set aside, and in all.
    pub(super) fn refuse(&self, rows: impl Iterator<Item = (Table, u64, u64)>) -> Option<String> {
        let Self { rows_max, share_max } = self;
        if *rows_max == 0 {
            return None;
        }
        let (mut total, mut too_many) = (0, Vec::new());
        for (table, set_aside, all) in rows {
            total += set_aside;
            // Rows times 10,000 fit far beyond any table.
            if set_aside.saturating_mul(10_000)
                > all.max(SHARE_ROWS_MIN).saturating_mul(share_max.hundredths_of_percent())
            {
                too_many.push(format!("{set_aside} of the {all} rows of `{}`", table.name()));
            }
        }
        if total > *rows_max as u64 {
            too_many.insert(0, format!("{total} rows"));
        }
        (!too_many.is_empty()).then(|| {
            format!(
                "{} are more than may be set aside: at most {rows_max} rows of a package (`--quarantine=MAX`, else \
                 `load.quarantine-rows-max`), and {share_max} of each table's rows (`load.quarantine-share-max`; a table of less \
                 than {SHARE_ROWS_MIN} rows counts as one of {SHARE_ROWS_MIN})",
                too_many.join(", ")
            )
        })
    }
}

/// A row that was set aside.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedRow {
    /// Name of its table.
    pub table: String,
    /// The file, as the package names it.
    pub file: String,
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// What is wrong with it; never a value.
    pub reason: String,
    /// Its columns that are read and not empty, as registered; of a row that cannot be read, its text under no column.
    pub values: Vec<(String, String)>,
}

/// Never shows a value.
impl fmt::Debug for QuarantinedRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, line, reason, .. } = self;
        write!(formatter, "{table}:{line} ({reason})")
    }
}

/// Reads again the rows that are to be set aside.
pub(super) fn gather<S: RowSource>(
    source: &mut S,
    rows: &BTreeMap<Line, &str>,
) -> Result<Vec<QuarantinedRow>, S::Error> {
    let mut gathered = Vec::new();
    for table in Table::ALL {
        if !rows.keys().any(|line| line.table == table) {
            continue;
        }
        let file = source.file_name(table).to_owned();
        source.visit(table, &mut |visited| {
            let (line, values) = match &visited {
                Visited::Row(row) => (row.line, None),
                Visited::Unreadable { line, bytes, .. } => (*line, Some(*bytes)),
            };
            let Some(reason) = rows.get(&Line { table, line }) else { return };
            let values = match (&visited, values) {
                (Visited::Row(row), _) => {
                    let named = table.columns().iter().zip(row.values).filter(|(_, value)| !value.is_empty());
                    named.map(|(column, value)| ((*column).to_owned(), (*value).to_owned())).collect()
                }
                (_, bytes) => vec![(String::new(), String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned())],
            };
            let (table, reason) = (table.name().to_owned(), (*reason).to_owned());
            gathered.push(QuarantinedRow { table, file: file.clone(), line, reason, values });
        })?;
    }
    Ok(gathered)
}

/// How many rows of each table, in the order of the standard.
pub(super) fn by_table(rows: &[QuarantinedRow]) -> Vec<(Table, u64)> {
    let count = |table: Table| rows.iter().filter(|row| row.table == table.name()).count() as u64;
    Table::ALL.into_iter().map(|table| (table, count(table))).filter(|(_, count)| *count > 0).collect()
}

/// How many rows of each table were set aside for each reason, each row once: what a load is held to when it comes again.
pub(super) fn by_reason(rows: &[QuarantinedRow]) -> BTreeMap<(Table, String), u64> {
    let mut counts = BTreeMap::new();
    for row in rows {
        if let Some(table) = Table::from_name(&row.table) {
            *counts.entry((table, row.reason.clone())).or_default() += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse(share_max: u16, rows: &[(Table, u64, u64)]) -> Option<String> {
        let share_max = Share::from_hundredths_of_percent(share_max).unwrap();
        Limits { rows_max: 40, share_max }.refuse(rows.iter().copied())
    }

    #[test]
    fn rows_and_shares_are_bounds_and_both_are_named() {
        assert_eq!(refuse(100, &[(Table::Qlr, 30, 3000), (Table::Cfdj, 10, 20)]), None);
        let rows = refuse(100, &[(Table::Qlr, 30, 3000), (Table::Cfdj, 10, 20), (Table::Dyaq, 1, 9)]).unwrap();
        assert!(
            rows.starts_with("41 rows are more") && rows.contains("at most 40 rows") && rows.contains("1% of"),
            "{rows}"
        );
        let share = refuse(25, &[(Table::Qlr, 8, 3000), (Table::Cfdj, 3, 20)]).unwrap();
        assert!(share.starts_with("8 of the 3000 rows of `QLR`, 3 of the 20 rows of `CFDJ` are more"), "{share}");
        assert!(share.contains("0.25% of each table's rows"), "{share}");
        assert!(refuse(0, &[(Table::Qlr, 1, 3000)]).is_some());
    }
}
