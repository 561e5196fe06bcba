//! Why a table's file is refused, and why a row of it cannot be read.

use std::io;

use crate::domain::rows::SourceError;

/// No row is longer in the columns that are read, in bytes of UTF-8. A quote that is never closed would otherwise take in the
/// rest of the file.
pub(super) const ROW_BYTES_MAX: usize = 4 << 20;

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
    /// Files are not those that the manifest was made for.
    #[error(
        "{files} is not what the manifest of package `{package}` was made for: cut short, altered or damaged on the way; \
         copy the package again"
    )]
    Digest {
        /// Name of the package.
        package: String,
        /// The files, in backticks, parted by commas.
        files: String,
    },
    /// The file has no header, being empty.
    #[error("`{file}` is empty; its first line must name the columns of table `{table}`")]
    NoHeader {
        /// The file.
        file: String,
        /// Standard name of the table.
        table: &'static str,
    },
    /// The file begins with a byte order mark of another encoding.
    #[error("`{file}` begins with the byte order mark of {mark}, but the manifest says `{encoding}`; {remedy}")]
    ByteOrderMark {
        /// The file.
        file: String,
        /// The encoding that the mark is of.
        mark: &'static str,
        /// The encoding that the manifest says.
        encoding: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The header holds NUL bytes.
    #[error("`{file}` line 1 holds NUL bytes, as a file of UTF-16 does; export it as `utf-8` or `gb18030`")]
    Nul {
        /// The file.
        file: String,
    },
    /// The first line is for a spreadsheet.
    #[error("`{file}` begins with the line `sep=`, which is for spreadsheets; take it out: line 1 must be the header")]
    SeparatorLine {
        /// The file.
        file: String,
    },
    /// The columns are parted by something else than commas.
    #[error(
        "`{file}` parts its columns by {separator}; export it with commas (and quotes around values that hold commas)"
    )]
    Separator {
        /// The file.
        file: String,
        /// What parts the columns.
        separator: &'static str,
    },
    /// The first line names no column of the table: it is a row, or the file is another table's.
    #[error(
        "`{file}` line 1 names no column of table `{table}`; export with a header, correct the table's name, or map the \
         bureau's own names by `columns` in the manifest"
    )]
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
    /// The manifest maps columns that the header lacks.
    #[error(
        "`{file}` has no column {columns}, which `columns` of the manifest maps; correct the manifest or the export"
    )]
    MappedColumnAbsent {
        /// The file.
        file: String,
        /// The names as the manifest writes them, in backticks, parted by commas.
        columns: String,
    },
    /// The line under the header is drawn.
    #[error("`{file}` line {line} is a line of dashes under the header, no row; export without it")]
    Dashes {
        /// The file.
        file: String,
        /// The line.
        line: u64,
    },
    /// A line counts the rows.
    #[error("`{file}` line {line} is a message of the export tool that counts the rows, no row; export without it")]
    RowCountLine {
        /// The file.
        file: String,
        /// The line.
        line: u64,
    },
    /// A row cannot be read, and the beginning of the next row cannot be found.
    #[error("cannot read `{file}` line {line}: {fault}")]
    Row {
        /// The file.
        file: String,
        /// Where the row begins.
        line: u64,
        /// What is wrong.
        fault: RowFault,
    },
    /// A row is implausibly long.
    #[error(
        "`{file}` line {line} has more than {ROW_BYTES_MAX} bytes in columns that are read; is a quote not closed?"
    )]
    RowTooLong {
        /// The file.
        file: String,
        /// Where the row begins.
        line: u64,
    },
    /// The file has more or fewer rows than the manifest says.
    #[error("package `{package}` has {found} rows in `{file}`, its manifest says {promised}{note}; export it again")]
    RowCount {
        /// Name of the package.
        package: String,
        /// The file.
        file: String,
        /// Rows read.
        found: u64,
        /// Rows by the manifest.
        promised: u64,
        /// What of the rows cannot be read; empty where all can.
        note: String,
    },
}

impl SourceError for ReadError {
    fn is_of_one_file(&self) -> bool {
        match self {
            // The package is not what the manifest was made for: what its files look like says nothing.
            Self::File { .. } | Self::Digest { .. } => false,
            Self::NoHeader { .. }
            | Self::ByteOrderMark { .. }
            | Self::Nul { .. }
            | Self::SeparatorLine { .. }
            | Self::Separator { .. }
            | Self::UnknownHeader { .. }
            | Self::ColumnTwice { .. }
            | Self::MappedColumnAbsent { .. }
            | Self::Dashes { .. }
            | Self::RowCountLine { .. }
            | Self::Row { .. }
            | Self::RowTooLong { .. }
            | Self::RowCount { .. } => true,
        }
    }
}

/// Why a row cannot be read. None holds a value; a column is named by the table's name for it, else by its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// The row has more or fewer fields than the header.
    #[error("{found} fields where the header has {expected}; quote fields that hold commas or line ends")]
    FieldCount {
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// Bytes are no text in the encoding that the manifest says.
    #[error("{column} is not valid `{encoding}`, which the manifest says; correct the value or the manifest")]
    Undecodable {
        /// The column.
        column: String,
        /// The encoding that the manifest says.
        encoding: &'static str,
    },
    /// The file ends inside a quote.
    #[error("{column} opens a quote that is never closed; double the quotes inside quoted fields and export again")]
    OpenQuote {
        /// The column.
        column: String,
    },
    /// Text follows a closing quote.
    #[error("{column} has text after its closing quote; double the quotes inside quoted fields")]
    TextAfterQuote {
        /// The column.
        column: String,
    },
    /// Blanks stand before an opening quote.
    #[error("{column} has a blank before its opening quote; export without blanks after the commas")]
    BlankBeforeQuote {
        /// The column.
        column: String,
    },
    /// A quote stands in a field that does not begin with one.
    #[error("{column} has a quote inside and none around; quote the field and double the quotes inside")]
    QuoteInside {
        /// The column.
        column: String,
    },
    /// An end mark stands before the end of the file.
    #[error("a mark ^Z (0x1A), which ends files in old systems, stands before the end of the file; take it out")]
    EndMark,
}
