//! Rows that cannot be placed or read, set aside where the operator allows it: sealed, and told in every answer.
//!
//! A row in quarantine is searched for nobody. It is kept as the package has it, so that somebody can find what is wrong with
//! it without the package; what it holds is personal data, and is sealed under a key of its own like a unit's record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::tables::{RowSource, Table, Visited};

use super::staged::Line;

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
impl std::fmt::Debug for QuarantinedRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
