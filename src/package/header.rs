//! A file's first line: which column stands where, and what the line is where it is no header.
//!
//! Names are compared folded (`domain::tables::standard`). A bureau's own names are those that the manifest maps; nothing is
//! guessed from a name that only looks like a column's.

use crate::domain::rows::Columns;
use crate::domain::tables::{Table, standard};

use super::error::ReadError;
use super::words::MappedColumn;

/// Names of columns are no longer, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// A name of a column has no such run of digits; a number of a person or certificate has.
const NAME_DIGITS_MAX: usize = 7;

/// What files have been seen to part their columns by instead of commas.
const SEPARATORS: [(char, &str); 8] = [
    (';', "semicolons (`;`)"),
    ('\t', "tabs"),
    ('|', "vertical bars (`|`)"),
    ('\u{1}', "the control character 0x01, as Hive does"),
    ('，', "full-width commas"),
    ('；', "full-width semicolons"),
    ('^', "carets (`^`)"),
    (' ', "blanks"),
];

/// A header, mapped.
#[derive(Debug)]
pub(super) struct Header {
    /// For each column of the file, its position among [`Table::columns`].
    pub(super) positions: Vec<Option<usize>>,
    pub(super) columns: Columns,
}

/// A first line, and what is known of its file.
pub(super) struct FirstLine<'a> {
    pub(super) file: &'a str,
    pub(super) table: Table,
    pub(super) mapped: &'a [MappedColumn],
    /// The line as it stands.
    pub(super) text: &'a str,
    /// Its fields without quotes.
    pub(super) names: Vec<&'a str>,
}

impl FirstLine<'_> {
    /// Maps the names to the table's columns.
    pub(super) fn read(&self) -> Result<Header, ReadError> {
        let (file, table) = (self.file.to_owned(), self.table);
        if self.text.contains('\0') {
            return Err(ReadError::Nul { file });
        }
        let folded: Vec<String> = self.names.iter().map(|name| standard::fold(name)).collect();
        let positions: Vec<Option<usize>> = self.names.iter().map(|name| self.position(name)).collect();
        if positions.iter().all(Option::is_none) {
            return Err(self.no_header());
        }
        if let Some(at) = second_of_a_name(&folded, &positions) {
            return Err(ReadError::ColumnTwice { file, column: column(table, &positions, at) });
        }
        let is_absent = |mapped: &&MappedColumn| !folded.iter().any(|name| is_named(name, &mapped.folded));
        let absent: Vec<String> =
            self.mapped.iter().filter(is_absent).map(|mapped| format!("`{}`", mapped.written)).collect();
        if !absent.is_empty() {
            return Err(ReadError::MappedColumnAbsent { file, columns: absent.join(", ") });
        }
        let absent = (0..table.columns().len()).filter(|position| !positions.contains(&Some(*position)));
        let absent = absent.map(|position| table.columns()[position]).collect();
        let unread = self.unread(&folded, &positions);
        Ok(Header { positions, columns: Columns { absent, unread } })
    }

    /// The position of a column among the table's: by the manifest, by its name, or by what follows the table's name.
    ///
    /// A name with a separator in it is several names; folding would make one of them.
    fn position(&self, name: &str) -> Option<usize> {
        let folded = standard::fold(name);
        let own = |name: &str| self.mapped.iter().find(|mapped| mapped.folded == name).map(|mapped| mapped.position);
        let named = |name: &str| own(name).or_else(|| self.table.position(name));
        let has_separator = |separator: &&(char, &str)| name.trim().contains(separator.0);
        match SEPARATORS.iter().find(has_separator) {
            None => named(&folded).or_else(|| named(behind_the_dot(&folded))),
            Some((' ', _)) => named(&folded),
            Some(_) => own(&folded),
        }
    }

    /// The columns that are not read, by name where the line evidently is a header.
    fn unread(&self, folded: &[String], positions: &[Option<usize>]) -> Vec<String> {
        let is_known =
            |at: usize| positions[at].is_some() || standard::has_column(self.table, behind_the_dot(&folded[at]));
        let is_evident = (0..folded.len()).filter(|at| is_known(*at)).count() >= 2;
        let unread = (0..folded.len()).filter(|at| positions[*at].is_none());
        let describe = |at: usize| {
            let name = self.names[at].trim();
            let is_told = is_name(name) && (is_evident || is_known(at));
            if is_told { name.to_owned() } else { format!("column {}", at + 1) }
        };
        unread.map(describe).collect()
    }

    /// What the line is, no name of it being a column's.
    fn no_header(&self) -> ReadError {
        let (file, table) = (self.file.to_owned(), self.table.name());
        if standard::fold(self.text).starts_with("SEP") && self.text.to_ascii_lowercase().contains("sep=") {
            return ReadError::SeparatorLine { file };
        }
        let is_separator = |separator: char| {
            let mut names = self.text.split(separator);
            self.text.contains(separator) && names.any(|name| self.position(name).is_some())
        };
        match SEPARATORS.iter().find(|(separator, _)| is_separator(*separator)) {
            Some((_, separator)) => ReadError::Separator { file, separator },
            None => ReadError::UnknownHeader { file, table },
        }
    }
}

/// Names a column of a file, from 0, by the table's own name for it where it has one.
pub(super) fn column(table: Table, positions: &[Option<usize>], at: usize) -> String {
    match positions.get(at) {
        Some(Some(position)) => format!("column `{}`", table.columns()[*position]),
        _ => format!("column {}", at + 1),
    }
}

/// Whether a line under the header is drawn of dashes.
pub(super) fn is_dashes(text: &str) -> bool {
    let is_drawn = |char: char| matches!(char, '-' | '=' | '+' | '|' | ',' | '"' | ' ' | '\t' | '\r' | '\n');
    text.chars().all(is_drawn) && (text.contains("--") || text.contains("=="))
}

/// Whether a line with another number of fields than the header counts the rows, as tools do behind the last.
pub(super) fn counts_rows(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let is_short = text.len() <= NAME_BYTES_MAX && text.chars().any(|char| char.is_ascii_digit());
    let unit = ["行", "row", "条记录", "record"].iter().any(|unit| text.contains(unit));
    is_short && unit && !text.contains('"') && text.chars().filter(char::is_ascii_digit).count() <= 12
}

/// Whether a folded name is a mapped one, perhaps behind its table's name.
fn is_named(folded: &str, mapped: &str) -> bool {
    folded == mapped || behind_the_dot(folded) == mapped
}

/// Hive writes `table.column`.
fn behind_the_dot(folded: &str) -> &str {
    folded.rsplit_once('.').map_or(folded, |(_, column)| column)
}

/// The first column that an earlier one has the name of, or is the same column of the table.
fn second_of_a_name(folded: &[String], positions: &[Option<usize>]) -> Option<usize> {
    let is_same = |at: usize, other: usize| match positions[at] {
        Some(position) => positions[other] == Some(position),
        None => !folded[at].is_empty() && folded[other] == folded[at],
    };
    (0..folded.len()).find(|at| (0..*at).any(|other| is_same(*at, other)))
}

/// Whether this is written like a column's name; only such are repeated in messages.
fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let is_of_name = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.');
    let digits = name.split(|char: char| !char.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    begins && name.len() <= NAME_BYTES_MAX && name.chars().all(is_of_name) && digits <= NAME_DIGITS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str, mapped: &[MappedColumn]) -> Result<Header, String> {
        let names = text.split(',').collect();
        let line = FirstLine { file: "QLR.csv", table: Table::Qlr, mapped, text, names };
        line.read().map_err(|err| err.to_string())
    }

    fn mapped(written: &str, column: &str) -> MappedColumn {
        let position = Table::Qlr.position(column).unwrap();
        MappedColumn { written: written.to_owned(), folded: standard::fold(written), position }
    }

    fn columns_at(text: &str, mapped: &[MappedColumn]) -> Vec<&'static str> {
        let positions = header(text, mapped).unwrap().positions;
        positions.iter().map(|position| position.map_or("", |at| Table::Qlr.columns()[at])).collect()
    }

    #[test]
    fn names_are_compared_folded_and_behind_the_table() {
        assert_eq!(columns_at("ZJH\u{200b}, ｑｌｒｍｃ ,`BZ`", &[]), ["ZJH", "QLRMC", "BZ"]);
        assert_eq!(columns_at("qlr.zjh,qlr.qlrmc,qlr.dt", &[]), ["ZJH", "QLRMC", ""]);
    }

    #[test]
    fn the_manifest_maps_the_bureaus_own_names() {
        let by_manifest = [mapped("证件号", "ZJH"), mapped("QLRXM", "QLRMC")];
        assert_eq!(columns_at("证件号 ,qlrxm,BZ", &by_manifest), ["ZJH", "QLRMC", "BZ"]);
        assert_eq!(columns_at("t.证件号,t.qlrxm", &by_manifest), ["ZJH", "QLRMC"]);
        assert_eq!(
            header("证件号,BZ", &by_manifest).unwrap_err(),
            "`QLR.csv` has no column `QLRXM`, which `columns` of the manifest maps; correct the manifest or the export"
        );
        assert_eq!(
            header("证件号,QLRXM,ZJH", &by_manifest).unwrap_err(),
            "`QLR.csv` line 1 names column `ZJH` a second time; export each column once"
        );
    }

    #[test]
    fn unread_columns_are_named_only_where_the_line_is_a_header() {
        let unread = |text: &str| header(text, &[]).unwrap().columns.unread;
        assert_eq!(unread("QLRMC,证件号,BZ,a b,x990101194913310027,1"), ["证件号", "column 4", "column 5", "column 6"]);
        assert_eq!(unread("BZ,虚测甲,YSDM"), ["虚测甲", "YSDM"]);
        assert_eq!(unread("BZ,虚测甲"), ["column 2"]);
    }

    #[test]
    fn what_is_no_header_is_named_for_what_it_is() {
        let refused = |text: &str| header(text, &[]).unwrap_err();
        assert!(refused("sep=,").contains("begins with the line `sep=`"));
        for (text, separator) in [
            ("QLRMC;ZJH", "semicolons"),
            ("\"QLRMC\";\"ZJH\"", "semicolons"),
            ("QLRMC\tZJH", "tabs"),
            ("| QLRMC | ZJH |", "vertical bars"),
            ("qlr.qlrmc\u{1}qlr.zjh", "0x01"),
            ("QLRMC，ZJH", "full-width commas"),
            ("QLRMC   ZJH", "blanks"),
        ] {
            assert!(
                refused(text).contains(&format!("parts its columns by {separator}"))
                    || refused(text).contains(separator)
            );
        }
        assert!(refused("Q\0L\0R\0M\0C\0").contains("NUL"));
        assert!(refused("虚测甲,990101194913310027").contains("names no column of table `QLR`"));
    }

    #[test]
    fn lines_that_are_no_rows_are_recognised() {
        assert!(["---,--,-", "+----+---+", "==,=", "----------"].iter().all(|text| is_dashes(text)));
        assert!(!["-,-,-", "", "虚,--", "1,--"].iter().any(|text| is_dashes(text)));
        for text in
            ["(2 行受影响)", "(2 rows affected)", "2 rows selected.", "已选择 2 行。", "共 10 条记录", "(1 row)"]
        {
            assert!(counts_rows(text), "{text}");
        }
        assert!(!["甲", "行", "990202197903051015 一行", "row"].iter().any(|text| counts_rows(text)));
    }
}
