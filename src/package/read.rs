//! Reads one table's file: header to columns, rows to values, the whole against the manifest.
//!
//! A row is split from decoded text in place; only values with doubled quotes are copied. Five million rows take
//! seconds. Memory is bounded by the longest row, where a column that is not read counts for little: what is long in such a column
//! is dropped while the row is still being read, so a scanned picture in it may be of any length.
//!
//! A row that cannot be read is handed over as such where it is certain where the next row begins. That is so for another number
//! of fields and for bytes that are no text: both leave the structure whole. A quote out of place is passed over to the end
//! of its line where the line has an even number of quotes, or as many fields as the header with quotes taken as
//! characters. Else the file is refused at that line.

use std::io;

use ring::digest::Digest;

use crate::domain::rows::{Columns, Row, Visited};
use crate::domain::tables::Table;

use super::error::{ROW_BYTES_MAX, ReadError, RowFault};
use super::files::Files;
use super::header::{self, FirstLine, Header};
use super::manifest::{Encoding, Entry};
use super::split::{Fault, Field, Split, count_lines, line_end, split};
use super::text::{END_MARK, Ending, Mark, Text};
use super::words::MappedColumn;

/// No table has more columns that are read.
const COLUMNS_MAX: usize = 32;

/// From so many bytes on, what stands in columns that are not read is dropped.
const SHRINK_BYTES: usize = 1 << 20;

/// A value of a column that is not read is left as it is up to so many bytes.
const UNREAD_BYTES: usize = 4 << 10;

const _: () = assert!(SHRINK_BYTES < ROW_BYTES_MAX);

/// The file of a table, about to be read.
pub(super) struct TableFile<'a> {
    pub(super) package: &'a str,
    pub(super) files: &'a Files,
    pub(super) table: Table,
    pub(super) entry: &'a Entry,
    pub(super) mapped: &'a [MappedColumn],
}

/// A record that was gone to.
struct Record {
    /// The line on which it begins.
    line: u64,
    /// Why it is no row.
    fault: Option<RowFault>,
}

/// The rows of a file, one after the other.
struct Records<'a> {
    file: &'a TableFile<'a>,
    text: Text<'a>,
    /// Where the current record begins and ends in what is buffered.
    start: usize,
    end: usize,
    /// The line on which the record after the current one begins.
    next_line: u64,
    /// Line ends in what was dropped of the record that is being read.
    dropped_lines: u64,
    fields: Vec<Field>,
    /// The header's positions; empty while the header is read.
    positions: Vec<Option<usize>>,
}

/// Rows that were counted while a file was read.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) rows: u64,
    pub(super) unreadable: u64,
    /// The first that cannot be read.
    pub(super) first: Option<(u64, RowFault)>,
}

/// Values with doubled quotes, copied with single ones.
#[derive(Default)]
struct Copies {
    text: String,
    /// Position among the table's columns, and the range of the copy.
    ranges: Vec<(usize, usize, usize)>,
}

impl TableFile<'_> {
    /// Reads the header and nothing behind it.
    pub(super) fn columns(&self) -> Result<Columns, ReadError> {
        let mut records = Records::open(self)?;
        Ok(self.header(&mut records)?.columns)
    }

    /// Hands over every row, then checks the row count and the digest.
    pub(super) fn visit(&self, visit: &mut dyn FnMut(Visited<'_>)) -> Result<(), ReadError> {
        let (counted, digest) = self.read(visit)?;
        self.check(&counted, &digest)
    }

    /// Hands over every row; how many there are, and the digest of what was read.
    pub(super) fn read(&self, visit: &mut dyn FnMut(Visited<'_>)) -> Result<(Counted, Digest), ReadError> {
        let mut records = Records::open(self)?;
        records.positions = self.header(&mut records)?.positions;
        let (mut counted, mut copies) = (Counted::default(), Copies::default());
        while let Some(Record { line, fault }) = records.advance()? {
            if counted.rows == 0 && header::is_dashes(records.record()) {
                return Err(ReadError::Dashes { file: self.name(), line });
            }
            counted.rows += 1;
            let Some(fault) = fault.or_else(|| records.wrong_width()) else {
                records.hand_over(line, &mut copies, visit);
                continue;
            };
            if matches!(fault, RowFault::FieldCount { .. }) && header::counts_rows(records.record()) {
                return Err(ReadError::RowCountLine { file: self.name(), line });
            }
            let reason = fault.to_string();
            counted.unreadable += 1;
            counted.first.get_or_insert((line, fault));
            let bytes = records.record().trim_end_matches(['\r', '\n']).as_bytes();
            visit(Visited::Unreadable { line, reason, bytes });
        }
        Ok((counted, records.text.digest()))
    }

    /// Reads the first line.
    fn header(&self, records: &mut Records<'_>) -> Result<Header, ReadError> {
        let first = records.advance();
        if let Some(mark) = records.text.mark() {
            self.check_mark(mark)?;
        }
        let Some(Record { line, fault }) = first? else {
            return Err(ReadError::NoHeader { file: self.name(), table: self.table.name() });
        };
        if let Some(fault) = fault {
            return Err(ReadError::Row { file: self.name(), line, fault });
        }
        let text = records.record();
        let names = records.fields.iter().map(|field| &text[field.start..field.end]).collect();
        FirstLine { file: &self.entry.file, table: self.table, mapped: self.mapped, text, names }.read()
    }

    fn check_mark(&self, mark: Mark) -> Result<(), ReadError> {
        let (mark, remedy) = match (mark, self.entry.encoding) {
            (Mark::Utf8, Encoding::Utf8) | (Mark::Utf16Le, Encoding::Utf16Le) | (Mark::Utf16Be, Encoding::Utf16Be) => {
                return Ok(());
            }
            (Mark::Utf8, _) => ("UTF-8", "say `utf-8` in the manifest, or export in the one encoding"),
            (Mark::Utf16Le, _) => {
                ("UTF-16", "say `utf-16le` for it in the manifest, or export it as `utf-8` or `gb18030`")
            }
            (Mark::Utf16Be, _) => {
                ("UTF-16", "say `utf-16be` for it in the manifest, or export it as `utf-8` or `gb18030`")
            }
        };
        Err(ReadError::ByteOrderMark { file: self.name(), mark, encoding: self.entry.encoding.name(), remedy })
    }

    /// Holds what was read against the manifest. The count comes first, being what a person can look for.
    fn check(&self, counted: &Counted, digest: &Digest) -> Result<(), ReadError> {
        let package = self.package.to_owned();
        let (found, promised) = (counted.rows, self.entry.rows);
        if found != promised {
            let note = match &counted.first {
                None => String::new(),
                Some((line, fault)) => {
                    format!(" ({} of them cannot be read, the first at line {line}: {fault})", counted.unreadable)
                }
            };
            return Err(ReadError::RowCount { package, file: self.name(), found, promised, note });
        }
        if digest.as_ref() != self.entry.sha256 {
            return Err(ReadError::Digest { package, files: format!("`{}`", self.name()) });
        }
        Ok(())
    }

    fn name(&self) -> String {
        self.entry.file.clone()
    }
}

impl<'a> Records<'a> {
    fn open(file: &'a TableFile<'a>) -> Result<Self, ReadError> {
        let opened = file.files.open(&file.entry.file).map_err(|source| cannot_read(file, source))?;
        let text = Text::new(opened, file.entry.encoding);
        let (fields, positions) = (Vec::new(), Vec::new());
        Ok(Self { file, text, start: 0, end: 0, next_line: 1, dropped_lines: 0, fields, positions })
    }

    /// The text of the current record.
    fn record(&self) -> &str {
        &self.text.buffered()[self.start..self.end]
    }

    /// Goes to the next record; `None` at the end of the file.
    ///
    /// Lines with nothing in them are passed over: they hold no value that could be lost. So is a last line with nothing but
    /// the mark of the file's end.
    fn advance(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            self.start = self.end;
            let rest = &self.text.buffered()[self.start..];
            let is_last = self.text.ending() == Ending::EndOfFile;
            match split(rest, is_last, &mut self.fields) {
                Split::Row { bytes, lines } => {
                    let is_blank = rest.starts_with(['\r', '\n']);
                    if rest.starts_with(END_MARK) && rest[..bytes].trim_end_matches(['\r', '\n', END_MARK]).is_empty() {
                        let follows = rest[bytes..].chars().any(|char| !matches!(char, '\r' | '\n' | END_MARK));
                        match (follows, is_last) {
                            (false, true) => return Ok(None),
                            (false, false) => {
                                self.read_more()?;
                                continue;
                            }
                            (true, _) => return Ok(Some(self.go_on(bytes, lines, Some(RowFault::EndMark)))),
                        }
                    }
                    let record = self.go_on(bytes, lines, None);
                    if !is_blank {
                        return Ok(Some(record));
                    }
                }
                Split::Fault { fault, at } => match line_end(rest, at, is_last) {
                    None => self.read_more()?,
                    Some(end) => return self.pass_over(fault, end).map(Some),
                },
                Split::Incomplete if is_last => return Ok(None),
                Split::Incomplete => self.read_more()?,
            }
        }
    }

    /// Makes the next `bytes` the current record.
    fn go_on(&mut self, bytes: usize, lines: u64, fault: Option<RowFault>) -> Record {
        let line = self.next_line;
        self.end = self.start + bytes;
        self.next_line += lines + self.dropped_lines;
        self.dropped_lines = 0;
        let fault = fault.or_else(|| self.undecodable());
        Record { line, fault }
    }

    /// Makes a record of what cannot be split, to the end of its line; refuses the file where the line may not end there.
    fn pass_over(&mut self, fault: Fault, bytes: usize) -> Result<Record, ReadError> {
        let text = &self.text.buffered()[self.start..self.start + bytes];
        let line = text.trim_end_matches(['\r', '\n']);
        let has_even_quotes = text.bytes().filter(|byte| *byte == b'"').count() % 2 == 0;
        let is_as_wide = || line.split(',').count() == self.positions.len();
        let is_certain = match fault {
            Fault::OpenQuote => false,
            Fault::TextAfterQuote => has_even_quotes,
            Fault::BlankBeforeQuote | Fault::QuoteInside => has_even_quotes || is_as_wide(),
        };
        let lines = count_lines(text.as_bytes());
        let column = self.column(self.fields.len());
        let fault = match fault {
            Fault::OpenQuote => RowFault::OpenQuote { column },
            Fault::TextAfterQuote => RowFault::TextAfterQuote { column },
            Fault::BlankBeforeQuote => RowFault::BlankBeforeQuote { column },
            Fault::QuoteInside => RowFault::QuoteInside { column },
        };
        if !is_certain {
            return Err(ReadError::Row { file: self.file.name(), line: self.next_line, fault });
        }
        Ok(self.go_on(bytes, lines, Some(fault)))
    }

    /// Why the current record is no row, where bytes in it are no text.
    fn undecodable(&self) -> Option<RowFault> {
        let at = self.text.first_malformed(&(self.start..self.end))? - self.start;
        let before = self.fields.iter().filter(|field| field.end <= at).count();
        Some(RowFault::Undecodable { column: self.column(before), encoding: self.file.entry.encoding.name() })
    }

    /// Why the current record is no row, where it has another number of fields than the header.
    fn wrong_width(&self) -> Option<RowFault> {
        let (found, expected) = (self.fields.len(), self.positions.len());
        (found != expected).then_some(RowFault::FieldCount { found, expected })
    }

    /// Hands over the values of the current record.
    fn hand_over(&self, line: u64, copies: &mut Copies, visit: &mut dyn FnMut(Visited<'_>)) {
        let (table, text) = (self.file.table, self.record());
        let mut values = [""; COLUMNS_MAX];
        copies.text.clear();
        copies.ranges.clear();
        for (field, position) in self.fields.iter().zip(&self.positions) {
            let Some(position) = *position else { continue };
            let value = &text[field.start..field.end];
            if field.has_doubled_quotes {
                let start = copies.text.len();
                push_unquoted(&mut copies.text, value);
                copies.ranges.push((position, start, copies.text.len()));
            } else {
                values[position] = value;
            }
        }
        for (position, start, end) in &copies.ranges {
            values[*position] = &copies.text[*start..*end];
        }
        visit(Visited::Row(Row { table, line, values: &values[..table.columns().len()] }));
    }

    fn read_more(&mut self) -> Result<(), ReadError> {
        if self.text.buffered().len() - self.start > SHRINK_BYTES {
            self.shrink();
        }
        if self.text.buffered().len() - self.start > ROW_BYTES_MAX {
            return Err(ReadError::RowTooLong { file: self.file.name(), line: self.next_line });
        }
        self.text.advance(self.start).map_err(|source| cannot_read(self.file, source))?;
        (self.start, self.end) = (0, 0);
        Ok(())
    }

    /// Drops what is long in columns that are not read, of the record that is being read. It will be split again.
    fn shrink(&mut self) {
        let is_unread = |at: usize| self.positions.get(at) == Some(&None);
        let mut ranges = Vec::new();
        for (_, field) in self.fields.iter().enumerate().filter(|(at, _)| is_unread(*at)) {
            ranges.push(field.start..field.end);
        }
        if is_unread(self.fields.len()) {
            ranges.extend(self.unfinished());
        }
        ranges.retain(|range| range.len() > UNREAD_BYTES);
        for range in ranges.into_iter().rev() {
            let range = self.start + range.start..self.start + range.end;
            self.dropped_lines += count_lines(&self.text.buffered().as_bytes()[range.clone()]);
            self.text.drop_range(range);
        }
    }

    /// The range of the field that is not whole yet, as far as no more text changes what it is.
    fn unfinished(&self) -> Option<std::ops::Range<usize>> {
        let rest = &self.text.buffered()[self.start..];
        let start = match self.fields.last() {
            None => 0,
            Some(last) => last.end + 1 + usize::from(rest.as_bytes().get(last.end) == Some(&b'"')),
        };
        // The first character of a value without quotes stays: a quote that follows is then not taken for an opening one.
        let start = start + rest.get(start..)?.chars().next()?.len_utf8();
        // A quote may be the first of two, and a carriage return may come before a line feed.
        let (at, last) = rest.get(start..)?.char_indices().rfind(|(_, char)| !matches!(char, '"' | '\r'))?;
        Some(start..start + at + last.len_utf8())
    }

    /// Names the field `at`, from 0.
    fn column(&self, at: usize) -> String {
        header::column(self.file.table, &self.positions, at)
    }
}

fn cannot_read(file: &TableFile<'_>, source: io::Error) -> ReadError {
    ReadError::File { package: file.package.to_owned(), file: file.name(), source }
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
