//! Reads one table's file: header to columns, rows to values, the whole against the manifest.
//!
//! A row is split from decoded text in place; only values with doubled quotes are copied. Five million rows take
//! seconds, and memory is bounded by the longest row.

use std::io;
use std::path::Path;

use crate::domain::tables::{Row, Table, Visited};

use super::manifest::{Encoding, Entry};
use super::split::{Fault, Field, Split, split};
use super::text::{Ending, Text};

/// No table has more columns that are read.
const COLUMNS_MAX: usize = 32;

/// No row is longer, in bytes of UTF-8. A quote that is never closed would otherwise take in the rest of the file.
const ROW_BYTES_MAX: usize = 4 << 20;

/// Why a table's file is not read to its end. Lines count from 1 and are those on which a row begins.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened or read.
    #[error("cannot read `{file}` of package `{package}`; copy the package again")]
    File {
        /// Name of the package.
        package: String,
        /// The file.
        file: String,
        /// The cause.
        source: io::Error,
    },
    /// The file has no header, being empty.
    #[error("`{file}` is empty; its first line must name the columns of table `{table}`")]
    NoHeader {
        /// The file.
        file: String,
        /// Standard name of the table.
        table: &'static str,
    },
    /// The first line names no column of the table: it is a row, or the file is another table's.
    #[error("`{file}` line 1 names no column of table `{table}`; export with a header, or correct the table's name")]
    UnknownHeader {
        /// The file.
        file: String,
        /// Standard name of the table.
        table: &'static str,
    },
    /// Two columns of the header have one name, or a name and its synonym.
    #[error("`{file}` line 1 names {column} a second time; export each column once")]
    ColumnTwice {
        /// The file.
        file: String,
        /// The second of them: its name where it is a column of the table, else its place.
        column: String,
    },
    /// A row has more or fewer fields than the header.
    #[error("`{file}` line {line} has {found} fields, its header has {expected}; quote fields that hold commas")]
    FieldCount {
        /// The file.
        file: String,
        /// Where the row begins.
        line: u64,
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// Bytes are no text in the encoding that the manifest says.
    #[error(
        "`{file}` line {line}, {column}, is not valid `{encoding}`, which the manifest says; \
         correct the value or the manifest"
    )]
    Undecodable {
        /// The file.
        file: String,
        /// Where the row begins.
        line: u64,
        /// The column.
        column: String,
        /// The encoding that the manifest says.
        encoding: &'static str,
    },
    /// The file ends inside a quote.
    #[error(
        "`{file}` line {line}, {column}, opens a quote that is never closed: the file is cut short, or a quote is \
         not doubled; export it again"
    )]
    OpenQuote {
        /// The file.
        file: String,
        /// Where the row begins.
        line: u64,
        /// The column.
        column: String,
    },
    /// Text follows a closing quote.
    #[error("`{file}` line {line}, {column}, has text after its closing quote; double the quotes inside quoted fields")]
    TextAfterQuote {
        /// The file.
        file: String,
        /// Where the row begins.
        line: u64,
        /// The column.
        column: String,
    },
    /// A row is implausibly long.
    #[error("`{file}` line {line} is longer than {ROW_BYTES_MAX} bytes; is a quote not closed?")]
    RowTooLong {
        /// The file.
        file: String,
        /// Where the row begins.
        line: u64,
    },
    /// The file has more or fewer rows than the manifest says.
    #[error("package `{package}` has {found} rows in `{file}`, its manifest says {promised}; copy the package again")]
    RowCount {
        /// Name of the package.
        package: String,
        /// The file.
        file: String,
        /// Rows read.
        found: u64,
        /// Rows by the manifest.
        promised: u64,
    },
    /// The file is not the one that the manifest was made for.
    #[error(
        "package `{package}` has a `{file}` whose SHA-256 is not its manifest's: the file was altered or \
         damaged; copy the package again"
    )]
    Digest {
        /// Name of the package.
        package: String,
        /// The file.
        file: String,
    },
}

/// What a file's header has, beside what the table has.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) absent: Vec<&'static str>,
    pub(super) ignored: Vec<String>,
}

/// The file of a table, about to be read.
pub(super) struct TableFile<'a> {
    pub(super) package: &'a str,
    pub(super) dir: &'a Path,
    pub(super) table: Table,
    pub(super) entry: &'a Entry,
    pub(super) encoding: Encoding,
}

/// A header, mapped.
struct Header {
    /// For each column of the file, its position among [`Table::columns`].
    positions: Vec<Option<usize>>,
    columns: Columns,
}

/// The rows of a file, one after the other.
struct Records<'a> {
    file: &'a TableFile<'a>,
    text: Text,
    /// Where the current record begins and ends in what is buffered.
    start: usize,
    end: usize,
    /// The line on which the record after the current one begins.
    next_line: u64,
    fields: Vec<Field>,
    /// The header's positions; empty while the header is read.
    positions: Vec<Option<usize>>,
}

impl TableFile<'_> {
    /// Hands over every row, then checks the row count and the digest.
    pub(super) fn visit(&self, visit: &mut dyn FnMut(Visited<'_>)) -> Result<Columns, ReadError> {
        let mut records = Records::open(self)?;
        let header = self.header(&mut records)?;
        records.positions = header.positions;
        let (mut rows, mut copies) = (0_u64, String::new());
        let width = self.table.columns().len();
        let mut copy_ranges: Vec<(usize, usize, usize)> = Vec::new();
        while let Some(line) = records.advance()? {
            let (found, expected) = (records.fields.len(), records.positions.len());
            if found != expected {
                return Err(ReadError::FieldCount { file: self.name(), line, found, expected });
            }
            rows += 1;
            let text = records.record();
            let mut values = [""; COLUMNS_MAX];
            copies.clear();
            copy_ranges.clear();
            for (field, position) in records.fields.iter().zip(&records.positions) {
                let Some(position) = *position else { continue };
                let value = &text[field.start..field.end];
                if field.has_doubled_quotes {
                    let start = copies.len();
                    push_unquoted(&mut copies, value);
                    copy_ranges.push((position, start, copies.len()));
                } else {
                    values[position] = value;
                }
            }
            for (position, start, end) in &copy_ranges {
                values[*position] = &copies[*start..*end];
            }
            visit(Visited::Row(Row { table: self.table, line, values: &values[..width] }));
        }
        self.check(rows, records)?;
        Ok(header.columns)
    }

    /// Reads the first line.
    fn header(&self, records: &mut Records<'_>) -> Result<Header, ReadError> {
        let table = self.table;
        if records.advance()?.is_none() {
            return Err(ReadError::NoHeader { file: self.name(), table: table.name() });
        }
        let text = records.record();
        let names: Vec<&str> = records.fields.iter().map(|field| text[field.start..field.end].trim()).collect();
        let positions: Vec<Option<usize>> = names.iter().map(|name| table.position(name)).collect();
        if positions.iter().all(Option::is_none) {
            return Err(ReadError::UnknownHeader { file: self.name(), table: table.name() });
        }
        for (at, name) in names.iter().enumerate() {
            let is_same = |other: usize| match positions[at] {
                Some(position) => positions[other] == Some(position),
                None => !name.is_empty() && names[other].eq_ignore_ascii_case(name),
            };
            if (0..at).any(is_same) {
                return Err(ReadError::ColumnTwice { file: self.name(), column: column(table, &positions, at) });
            }
        }
        let absent = (0..table.columns().len()).filter(|position| !positions.contains(&Some(*position)));
        let absent = absent.map(|position| table.columns()[position]).collect();
        let ignored = names.iter().enumerate().filter(|(at, _)| positions[*at].is_none());
        let ignored = ignored.map(|(at, name)| told(name, at)).collect();
        Ok(Header { positions, columns: Columns { absent, ignored } })
    }

    /// Holds what was read against the manifest. The count comes first, being what a person can look for.
    fn check(&self, rows: u64, records: Records<'_>) -> Result<(), ReadError> {
        let package = self.package.to_owned();
        if rows != self.entry.rows {
            return Err(ReadError::RowCount { package, file: self.name(), found: rows, promised: self.entry.rows });
        }
        if records.text.digest().as_ref() != self.entry.sha256 {
            return Err(ReadError::Digest { package, file: self.name() });
        }
        Ok(())
    }

    fn name(&self) -> String {
        self.entry.file.clone()
    }
}

impl<'a> Records<'a> {
    fn open(file: &'a TableFile<'a>) -> Result<Self, ReadError> {
        let text = Text::open(&file.dir.join(&file.entry.file), file.encoding);
        let text = text.map_err(|source| cannot_read(file, source))?;
        Ok(Self { file, text, start: 0, end: 0, next_line: 1, fields: Vec::new(), positions: Vec::new() })
    }

    /// The text of the current record.
    fn record(&self) -> &str {
        &self.text.buffered()[self.start..self.end]
    }

    /// Goes to the next record and tells the line on which it begins; `None` at the end of the file.
    ///
    /// Lines with nothing in them are passed over: they hold no value that could be lost.
    fn advance(&mut self) -> Result<Option<u64>, ReadError> {
        loop {
            self.start = self.end;
            let rest = &self.text.buffered()[self.start..];
            let ending = self.text.ending();
            match split(rest, ending == Ending::EndOfFile, &mut self.fields) {
                Split::Row { bytes, lines } => {
                    let is_blank = rest.starts_with(['\r', '\n']);
                    let line = self.next_line;
                    self.end = self.start + bytes;
                    self.next_line += lines;
                    if !is_blank {
                        return Ok(Some(line));
                    }
                }
                Split::Fault(fault) => return Err(self.fault(fault)),
                Split::Incomplete => match ending {
                    Ending::EndOfFile => return Ok(None),
                    Ending::Undecodable => return Err(self.undecodable()),
                    Ending::More => self.read_more()?,
                },
            }
        }
    }

    fn read_more(&mut self) -> Result<(), ReadError> {
        if self.text.buffered().len() - self.start > ROW_BYTES_MAX {
            return Err(ReadError::RowTooLong { file: self.file.name(), line: self.next_line });
        }
        self.text.advance(self.start).map_err(|source| cannot_read(self.file, source))?;
        (self.start, self.end) = (0, 0);
        Ok(())
    }

    fn undecodable(&self) -> ReadError {
        let encoding = self.file.encoding.name();
        ReadError::Undecodable { file: self.file.name(), line: self.next_line, column: self.column(), encoding }
    }

    fn fault(&self, fault: Fault) -> ReadError {
        let (file, line, column) = (self.file.name(), self.next_line, self.column());
        match fault {
            Fault::OpenQuote => ReadError::OpenQuote { file, line, column },
            Fault::TextAfterQuote => ReadError::TextAfterQuote { file, line, column },
        }
    }

    /// The column after the fields that were split.
    fn column(&self) -> String {
        column(self.file.table, &self.positions, self.fields.len())
    }
}

fn cannot_read(file: &TableFile<'_>, source: io::Error) -> ReadError {
    ReadError::File { package: file.package.to_owned(), file: file.name(), source }
}

/// Names a column of a file, from 0, by the table's own name for it where it has one.
fn column(table: Table, positions: &[Option<usize>], at: usize) -> String {
    match positions.get(at) {
        Some(Some(position)) => format!("column `{}`", table.columns()[*position]),
        _ => format!("column {}", at + 1),
    }
}

/// Names a column that is not read. Only what is written like a column's name is repeated.
fn told(name: &str, at: usize) -> String {
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { name.to_owned() } else { format!("column {}", at + 1) }
}

/// Appends a value with its doubled quotes made single.
fn push_unquoted(to: &mut String, value: &str) {
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("\"\"") {
        to.push_str(before);
        to.push('"');
        rest = after;
    }
    to.push_str(rest);
}

#[cfg(test)]
mod tests;
