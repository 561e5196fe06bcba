//! A package while it is looked through for everything that stops its load.
//!
//! A file that is written in a way that cannot be read is noted, and from then on passes for a table that the package lacks: so
//! one run tells of all files. Rows that refer to it seem to lead nowhere then, and are not told.

use std::collections::BTreeMap;

use crate::domain::{
    rows::{Columns, Declared, RowSource, SourceError as _, Visited},
    tables::Table,
};

/// A source that goes on where a file of it cannot be read.
pub(super) struct Survey<'a, S> {
    source: &'a mut S,
    /// Why files cannot be read.
    pub(super) unreadable: BTreeMap<Table, String>,
}

impl<'a, S: RowSource> Survey<'a, S> {
    pub(super) fn new(source: &'a mut S) -> Self {
        Self { source, unreadable: BTreeMap::new() }
    }

    /// Whether every table of the package was read as what it is: only then do rows that lead nowhere mean anything.
    pub(super) fn is_complete(&self) -> bool {
        let misnamed = &self.source.declared().misnamed;
        self.unreadable.is_empty() && misnamed.iter().all(|table| table.read_as.is_some())
    }

    fn note<T>(&mut self, table: Table, read: Result<T, S::Error>, instead: T) -> Result<T, S::Error> {
        match read {
            Err(error) if error.is_of_one_file() => {
                self.unreadable.insert(table, error.to_string());
                Ok(instead)
            }
            read => read,
        }
    }
}

impl<S: RowSource> RowSource for Survey<'_, S> {
    type Error = S::Error;

    fn row_count(&self, table: Table) -> Option<u64> {
        if self.unreadable.contains_key(&table) { None } else { self.source.row_count(table) }
    }

    fn file_name(&self, table: Table) -> &str {
        self.source.file_name(table)
    }

    fn declared(&self) -> &Declared {
        self.source.declared()
    }

    fn columns(&mut self, table: Table) -> Result<Option<Columns>, S::Error> {
        let columns = self.source.columns(table);
        self.note(table, columns, None)
    }

    fn visit(&mut self, table: Table, visit: &mut dyn FnMut(Visited<'_>)) -> Result<(), S::Error> {
        if self.unreadable.contains_key(&table) {
            return Ok(());
        }
        let visited = self.source.visit(table, visit);
        self.note(table, visited, ())
    }
}
