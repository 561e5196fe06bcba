//! What a load tells: rows, units, registrations, and the odd values that were kept as they are. No personal data.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::domain::{cell::column, kinds::Kind, record::Status, tables::Table};

/// How far a load has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Rows are being read.
    Reading {
        /// The table.
        table: Table,
        /// Rows of it read so far.
        rows: u64,
    },
    /// Units are being put together and sealed.
    Assembling {
        /// Units so far.
        units: u64,
    },
    /// The index of subjects and numbers is being written.
    Indexing,
    /// The file is being synced and checked.
    Verifying,
}

/// What was loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadReport {
    /// The generation's name.
    pub generation: String,
    /// Whether the package was loaded before, and only the pointer moved; the figures are those of then.
    pub already_loaded: bool,
    /// Who vouches for the package; empty where that is not known.
    #[serde(default)]
    pub signature: String,
    /// Whether an older generation was made again that was found damaged; what serves serves on.
    #[serde(default)]
    pub made_again: bool,
    /// Rows per table, in the order of the standard; absent tables are not told.
    pub tables: Vec<TableRows>,
    /// Columns that decide answers and that the package lacks, as `TABLE.COLUMN`.
    #[serde(default)]
    pub absent_columns: Vec<String>,
    /// Units stored.
    pub units: u64,
    /// Units among them that have no unit number.
    pub units_without_number: u64,
    /// Registrations by kind and status; a registration on several units counts on each.
    pub registrations: Vec<RegistrationCount>,
    /// Keys by which subjects are found.
    pub subject_entries: u64,
    /// Unit numbers and certificate numbers by which units are located.
    pub locator_entries: u64,
    /// Odd values, kept as they are.
    pub odd_values: Vec<OddValues>,
    /// Rows that were set aside, by table and reason; the column is the table's name.
    #[serde(default)]
    pub quarantined: Vec<OddValues>,
}

/// Rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRows {
    /// Name of the table.
    pub table: String,
    /// Rows read.
    pub rows: u64,
}

/// Registrations of one kind and status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationCount {
    /// The table's list item in the message (`FDCQ`, `DYAQ`).
    pub kind: String,
    /// `current`, `ended` or `provisional`.
    pub status: String,
    /// How many.
    pub count: u64,
}

/// Values of one column that are odd for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OddValues {
    /// `TABLE.COLUMN`.
    pub column: String,
    /// Why they are odd.
    pub reason: String,
    /// How many.
    pub count: u64,
}

impl LoadReport {
    /// Of each table with rows in quarantine, how many those are, and how many rows it has.
    pub(super) fn set_aside(&self) -> impl Iterator<Item = (Table, u64, u64)> {
        let mut tables: BTreeMap<Table, u64> = BTreeMap::new();
        for entry in &self.quarantined {
            if let Some(table) = Table::from_name(&entry.column) {
                *tables.entry(table).or_default() += entry.count;
            }
        }
        let rows = |table: Table| self.tables.iter().find(|one| one.table == table.name()).map_or(0, |one| one.rows);
        tables.into_iter().map(move |(table, count)| (table, count, rows(table)))
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let already = match (self.already_loaded, self.made_again) {
            (true, _) => " (loaded before; the pointer was moved)",
            (_, true) => " (damaged before, made again and kept; the pointer was not moved)",
            (false, false) => "",
        };
        writeln!(formatter, "generation {}{already}", self.generation)?;
        if !self.signature.is_empty() {
            writeln!(formatter, "package {}", self.signature)?;
        }
        writeln!(formatter, "units {} ({} without a unit number)", self.units, self.units_without_number)?;
        writeln!(formatter, "subject keys {}, located numbers {}", self.subject_entries, self.locator_entries)?;
        writeln!(formatter, "rows")?;
        for entry in &self.tables {
            writeln!(formatter, "  {:<8} {:>10}", entry.table, entry.rows)?;
        }
        writeln!(formatter, "registrations")?;
        for entry in &self.registrations {
            writeln!(formatter, "  {:<8} {:<12} {:>10}", entry.kind, entry.status, entry.count)?;
        }
        if !self.odd_values.is_empty() {
            writeln!(formatter, "odd values, kept as they are")?;
        }
        for entry in &self.odd_values {
            writeln!(formatter, "  {:<16} {:>10}  {}", entry.column, entry.count, entry.reason)?;
        }
        if !self.quarantined.is_empty() {
            writeln!(formatter, "in quarantine, searched for nobody, told in every answer")?;
        }
        for entry in &self.quarantined {
            writeln!(formatter, "  {:<8} {:>10}  {}", entry.column, entry.count, entry.reason)?;
        }
        Ok(())
    }
}

/// Why a value is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Oddity {
    /// What the cell itself tells.
    Cell(column::Oddity),
    EmptyStatus,
    NoUnitNumber,
    FormerHolder,
    Duplicate,
    NoUnitToStandOn,
    SharedUnitNumber,
    SharedCertificate,
    SharedBusiness,
    NoHolder,
    EndsNothing,
}

impl Oddity {
    fn reason(self) -> &'static str {
        match self {
            Self::Cell(oddity) => oddity.describe(),
            Self::EmptyStatus => "is empty: taken as current unless a mark of ending is there",
            Self::NoUnitToStandOn => "is a charge on a unit that has no right and no house",
            Self::SharedUnitNumber => "is no unit number and stands under several certificates: joins nothing",
            Self::SharedCertificate => "stands on several rights without unit number: joins nothing",
            Self::SharedBusiness => "stands on mortgages of different certificates: lists no units for them",
            Self::Duplicate => "is a row that stands there twice, value for value",
            Self::FormerHolder => "holds no longer: counted as ended, left out of the holders",
            Self::NoUnitNumber => "is absent or a word for none",
            Self::NoHolder => "no holder on the registration",
            Self::EndsNothing => "names no registration: ends nothing",
        }
    }
}

/// Counts while loading.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) rows: BTreeMap<Table, u64>,
    pub(super) absent_columns: Vec<String>,
    pub(super) units: u64,
    pub(super) units_without_number: u64,
    registrations: BTreeMap<(Kind, u8), u64>,
    odd: BTreeMap<(Table, &'static str, Oddity), u64>,
    /// Rows that were set aside, by table and reason.
    pub(super) quarantined: BTreeMap<(Table, String), u64>,
    /// Texts in columns of codes that no list has, with their counts; of each column at most [`UNKNOWN_CODES_MAX`].
    pub(super) unknown_codes: BTreeMap<(Table, &'static str), BTreeMap<String, u64>>,
}

/// Different unknown codes of a column that are remembered: more are no codes.
pub(super) const UNKNOWN_CODES_MAX: usize = 21;

impl Tally {
    /// Counts an odd value.
    pub(super) fn odd(&mut self, table: Table, column: &'static str, oddity: Oddity) {
        *self.odd.entry((table, column, oddity)).or_default() += 1;
    }

    /// How many values are odd for this reason, by table and column.
    pub(super) fn counts_of(&self, oddity: Oddity) -> impl Iterator<Item = ((Table, &'static str), u64)> {
        let of = self.odd.iter().filter(move |((.., known), _)| *known == oddity);
        of.map(|((table, column, _), count)| ((*table, *column), *count))
    }

    /// Counts a text that is no code of its column's list.
    pub(super) fn unknown_code(&mut self, table: Table, column: &'static str, text: &str) {
        let texts = self.unknown_codes.entry((table, column)).or_default();
        if let Some(count) = texts.get_mut(text) {
            *count += 1;
        } else if texts.len() < UNKNOWN_CODES_MAX {
            texts.insert(text.to_owned(), 1);
        }
    }

    /// Counts a registration.
    pub(super) fn registration(&mut self, kind: Kind, status: Status) {
        *self.registrations.entry((kind, status as u8)).or_default() += 1;
    }

    /// Takes the counts of another part of the load.
    pub(super) fn add(&mut self, other: Self) {
        self.units += other.units;
        self.units_without_number += other.units_without_number;
        other.rows.into_iter().for_each(|(table, rows)| *self.rows.entry(table).or_default() += rows);
        other.registrations.into_iter().for_each(|(key, count)| *self.registrations.entry(key).or_default() += count);
        other.odd.into_iter().for_each(|(key, count)| *self.odd.entry(key).or_default() += count);
    }

    /// The report of the generation of this name.
    pub(super) fn report(&self, generation: String, subject_entries: u64, locator_entries: u64) -> LoadReport {
        let statuses = [(Status::Current, "current"), (Status::Ended, "ended"), (Status::Provisional, "provisional")];
        let status =
            |number: u8| statuses.iter().find(|(status, _)| *status as u8 == number).map_or("", |named| named.1);
        LoadReport {
            generation,
            already_loaded: false,
            signature: String::new(),
            made_again: false,
            tables: self
                .rows
                .iter()
                .map(|(table, rows)| TableRows { table: table.name().to_owned(), rows: *rows })
                .collect(),
            absent_columns: self.absent_columns.clone(),
            units: self.units,
            units_without_number: self.units_without_number,
            registrations: self
                .registrations
                .iter()
                .map(|((kind, number), count)| RegistrationCount {
                    kind: kind.table().item.to_owned(),
                    status: status(*number).to_owned(),
                    count: *count,
                })
                .collect(),
            subject_entries,
            locator_entries,
            odd_values: self
                .odd
                .iter()
                .map(|((table, column, oddity), count)| OddValues {
                    column: format!("{}.{column}", table.name()),
                    reason: oddity.reason().to_owned(),
                    count: *count,
                })
                .collect(),
            quarantined: self
                .quarantined
                .iter()
                .map(|((table, reason), count)| OddValues {
                    column: table.name().to_owned(),
                    reason: reason.clone(),
                    count: *count,
                })
                .collect(),
        }
    }
}
