//! Rows of the registry's tables, and where they come from: a package, as the mirror sees it.

use std::{collections::BTreeMap, convert::Infallible};

use super::{cell::Vocabulary, generation::Accepted, tables::Table};

/// One row of a table, read and decoded, on its way into the mirror.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The table.
    pub table: Table,
    /// The line in its file on which the row begins, from 1; the header is line 1.
    pub line: u64,
    /// The values of [`Table::columns`], trimmed of nothing; empty where the export lacks the column.
    pub values: &'a [&'a str],
}

impl<'a> Row<'a> {
    /// The value of a column; empty where this table has no such column.
    #[must_use]
    pub fn get(&self, column: &str) -> &'a str {
        let position = self.table.column(column);
        position.and_then(|at| self.values.get(at)).copied().unwrap_or("")
    }
}

/// What the header of a table's file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The columns of [`Table::columns`] that the file lacks, in that order.
    pub absent: Vec<&'static str>,
    /// The columns of the file that are not read, in the order of the file.
    ///
    /// A name is given as it is written where it looks like a column's name; else its place is given, as `column 7`: a file
    /// without a header has people in its first line. [`standard::has_column`](super::tables::standard::has_column) says whether the standard knows it.
    pub unread: Vec<String>,
}

/// What a package says of its own words.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Its words for "none" and for codes, and its time zone.
    pub vocabulary: Vocabulary,
    /// The gaps that the operator accepts.
    pub accepted: Vec<Accepted>,
    /// Its own names of columns and codes, as `QLR.证件号 = ZJH`.
    pub mapped: Vec<String>,
    /// The keys `columns`, `codes` and `accept` as its manifest has them, for whoever is to add to them.
    pub written: WrittenLines,
    /// Tables under names that the standard does not have: a load stops at each.
    pub misnamed: Vec<Misnamed>,
}

/// A table under a name that the standard does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misnamed {
    /// The name as the package has it.
    pub name: String,
    /// Its file.
    pub file: String,
    /// The tables of the standard that it may be.
    pub similar: Vec<&'static str>,
    /// The table that its rows are read as, to tell what else is wrong; absent where that would be a guess.
    pub read_as: Option<Table>,
}

/// Lines of the manifest by key, place and word; what is accepted has no place, which is empty then.
pub type WrittenLines = BTreeMap<&'static str, BTreeMap<String, BTreeMap<String, String>>>;

/// What a table's file has at one place.
#[derive(Clone, Debug)]
pub enum Visited<'a> {
    /// A row.
    Row(Row<'a>),
    /// A row that cannot be read; it counts as one row.
    Unreadable {
        /// The line in its file on which the row begins, from 1.
        line: u64,
        /// Why it cannot be read: a sentence without values.
        reason: String,
        /// The bytes of the row, as far as they can be told from those of the next row.
        bytes: &'a [u8],
    },
}

/// Why reading a package stopped.
pub trait SourceError: std::error::Error + Send + Sync + 'static {
    /// Whether it is how one table's file is written, so that there is sense in looking at the others too.
    fn is_of_one_file(&self) -> bool;
}

impl SourceError for Infallible {
    fn is_of_one_file(&self) -> bool {
        match *self {}
    }
}

/// Where rows come from: the package as the mirror sees it.
pub trait RowSource {
    /// Why reading stopped.
    type Error: SourceError;

    /// How many rows the manifest promises of a table; absent where the package lacks it.
    fn row_count(&self, table: Table) -> Option<u64>;

    /// The name of the file a table is in, for messages.
    fn file_name(&self, table: Table) -> &str;

    /// What the package says of its own words.
    fn declared(&self) -> &Declared;

    /// Reads the header of a table's file and nothing behind it; `None` where the package lacks the table.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, is not what the manifest says, or begins with no header.
    fn columns(&mut self, table: Table) -> Result<Option<Columns>, Self::Error>;

    /// Hands every row of a table to `visit`, in the order of the file. May be called again for the same table.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or is not what the manifest says, or where a row cannot be read and the beginning of the
    /// next row cannot be found; the rows handed over before are then void.
    fn visit(&mut self, table: Table, visit: &mut dyn FnMut(Visited<'_>)) -> Result<(), Self::Error>;
}
