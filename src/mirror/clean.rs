//! Reading and cleaning: what a cell says becomes a value here, on the thread that reads, while another sends rows to their
//! places.

use std::sync::{LazyLock, mpsc::SyncSender};

use crate::domain::{
    cell::{
        Vocabulary,
        column::{self, Content},
    },
    kinds::KINDS,
    rows::{Row, RowSource, Visited},
    tables::Table,
};

use super::{
    gate::Refused,
    report::{Oddity, Progress, Tally},
    staged::Line,
};

/// How many rows go by between two words on progress.
const PROGRESS_ROWS: u64 = 50_000;

/// Bytes of a batch: enough to be worth waking somebody for.
const BATCH_BYTES: usize = 256 * 1024;

/// Columns whose empty cells are odd, by table and position: rights and what belongs to them name a unit, and rights say
/// whether they are in force.
static ODD_WHEN_EMPTY: LazyLock<Vec<Vec<(usize, Oddity)>>> = LazyLock::new(|| {
    let of = |table: Table| {
        let is_right = KINDS.iter().any(|kind| kind.tables.contains(&table));
        let belongs = matches!(table, Table::Qlr | Table::Zxdj | Table::Dywqd | Table::Fdcqxm | Table::H);
        let odd = move |at: usize| match column::content(table, at) {
            Content::Unit if belongs || is_right => Some((at, Oddity::NoUnitNumber)),
            Content::Code { list: "QSZT", .. } if is_right => Some((at, Oddity::EmptyStatus)),
            _ => None,
        };
        (0..table.columns().len()).filter_map(odd).collect()
    };
    Table::ALL.into_iter().map(of).collect()
});

/// Rows of one table, one value behind the other.
pub(super) struct Batch {
    pub(super) table: Table,
    lines: Vec<u64>,
    text: String,
    /// Where each value ends.
    ends: Vec<usize>,
}

impl Batch {
    fn new(table: Table) -> Self {
        Self { table, lines: Vec::new(), text: String::with_capacity(BATCH_BYTES + BATCH_BYTES / 8), ends: Vec::new() }
    }

    /// Hands over each row.
    pub(super) fn each(&self, mut take: impl FnMut(Row<'_>)) {
        let width = self.table.columns().len();
        let mut values = Vec::with_capacity(width);
        let mut start = 0;
        for (line, ends) in self.lines.iter().zip(self.ends.chunks_exact(width)) {
            values.clear();
            for end in ends {
                values.push(&self.text[start..*end]);
                start = *end;
            }
            take(Row { table: self.table, line: *line, values: &values });
        }
    }
}

/// Reads tables and cleans their cells.
pub(super) struct Cleaner {
    vocabulary: Vocabulary,
    /// What was odd.
    pub(super) tally: Tally,
    /// Rows that cannot be read.
    pub(super) refused: Refused,
}

impl Cleaner {
    /// A cleaner for a package of these words, which has to remember so many rows that cannot be read.
    pub(super) fn new(vocabulary: Vocabulary, quarantine_max: usize) -> Self {
        Self { vocabulary, tally: Tally::default(), refused: Refused::new(quarantine_max) }
    }

    /// Sends the rows of a table, in batches; where nobody takes them any more, the rest is of no use.
    pub(super) fn table<S: RowSource>(
        &mut self,
        source: &mut S,
        table: Table,
        batches: &SyncSender<Batch>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), S::Error> {
        let mut rows = 0;
        let mut batch = Batch::new(table);
        source.visit(table, &mut |visited| {
            rows += 1;
            if rows % PROGRESS_ROWS == 0 {
                progress(Progress::Reading { table, rows });
            }
            match visited {
                Visited::Row(row) => self.row(row, &mut batch),
                Visited::Unreadable { line, reason, .. } => self.refused.add(Line { table, line }, reason),
            }
            if batch.text.len() >= BATCH_BYTES {
                let full = std::mem::replace(&mut batch, Batch::new(table));
                batches.send(full).unwrap_or_default();
            }
        })?;
        // Empty or not: it says that the table is over.
        batches.send(batch).unwrap_or_default();
        self.tally.rows.insert(table, rows);
        Ok(())
    }

    fn row(&mut self, row: Row<'_>, batch: &mut Batch) {
        let (table, first) = (row.table, batch.ends.len());
        batch.lines.push(row.line);
        for (at, text) in row.values.iter().enumerate() {
            let cleaned = column::clean(table, at, text, &self.vocabulary);
            if let Some(oddity) = cleaned.oddity {
                self.tally.odd(table, table.columns()[at], Oddity::Cell(oddity));
                if oddity == column::Oddity::UnknownCode {
                    self.tally.unknown_code(table, table.columns()[at], text);
                }
            }
            batch.text.push_str(&cleaned.value);
            batch.ends.push(batch.text.len());
        }
        for (at, oddity) in &ODD_WHEN_EMPTY[table as usize] {
            let end = |at: usize| batch.ends.get(at).copied().unwrap_or_default();
            let start = if first + at == 0 { 0 } else { end(first + at - 1) };
            if batch.text[start..end(first + at)].trim().is_empty() {
                self.tally.odd(table, table.columns()[*at], *oddity);
            }
        }
    }
}
