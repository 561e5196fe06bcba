//! Which file has which table.
//!
//! By the bureau's file; else by the manifest that is there; else by the file's name: a table's name, standard or exchange, perhaps
//! behind the owner (`BDCDJ.FDCQ2.csv`), and with a time or a division code at either end (`FDCQ2_20260901.csv`,
//! `990102-FDCQ2.csv`). A name that is anything else is asked about: a table that is guessed wrong is a
//! table that nobody searches.

use std::fs;
use std::path::Path;

use crate::domain::tables::{Table, standard};

use super::super::manifest::{MANIFEST_FILE, Written};
use super::super::signature::SIGNATURE_FILE;
use super::error::SealError;
use super::order::{Bureau, Listing, TABLES_FILE};

/// Digits of which a number at the end of a name is a time or a division code, and not part of a table's name.
const NUMBER_DIGITS_MIN: usize = 6;

/// What a file is by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    Table(Table),
    /// A table of the standard that feeds no answer.
    Unneeded(String),
    /// No table.
    Other,
    /// What nobody has said.
    Unknown,
}

/// Sorts the files of a folder.
pub(super) fn list(folder: &Path, bureau: &Bureau, old: Option<&Written>) -> Result<Listing, SealError> {
    check(bureau)?;
    let (mut listing, mut unknown) = (Listing::default(), Vec::new());
    for file in files(folder)? {
        match named(&file, bureau, old)? {
            Named::Table(table) => {
                if let Some(first) = listing.tables.insert(table, file.clone()) {
                    return Err(SealError::TwoFiles { table: table.name(), first, second: file });
                }
            }
            Named::Unneeded(_) => listing.unneeded.push(file),
            Named::Other => listing.others.push(file),
            Named::Unknown => unknown.push(file),
        }
    }
    if let Some(first) = unknown.first() {
        let files = unknown.iter().map(|file| with_similar(file)).collect::<Vec<_>>().join(", ");
        return Err(SealError::UnknownTable { files, first: first.clone() });
    }
    if listing.tables.is_empty() {
        return Err(SealError::Empty { path: folder.to_owned() });
    }
    Ok(listing)
}

/// The names of the folder's files, sorted, but for those of the package itself and hidden ones.
fn files(folder: &Path) -> Result<Vec<String>, SealError> {
    let failed = |source| SealError::Read { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().into_string().map_err(|_| SealError::Name)?;
        let kind = entry.file_type().map_err(failed)?;
        let is_own = [MANIFEST_FILE, SIGNATURE_FILE, TABLES_FILE].contains(&name.as_str());
        if name.starts_with('.') || is_own || kind.is_dir() {
            continue;
        }
        if kind.is_symlink() {
            return Err(SealError::Link { file: name });
        }
        files.push(name);
    }
    files.sort();
    Ok(files)
}

/// Refuses tables that the standard does not have.
fn check(bureau: &Bureau) -> Result<(), SealError> {
    let is_known = |table: &String| table.is_empty() || standard::is_table(table);
    match bureau.files.iter().find(|(_, table)| !is_known(table)) {
        Some((pattern, table)) => Err(SealError::NoSuchTable { pattern: pattern.clone(), table: table.clone() }),
        None => Ok(()),
    }
}

fn named(file: &str, bureau: &Bureau, old: Option<&Written>) -> Result<Named, SealError> {
    if let Some((_, table)) = bureau.files.iter().find(|(pattern, _)| fits(pattern, file)) {
        return Ok(if table.is_empty() { Named::Other } else { of_table(table) });
    }
    if let Some(known) = old.and_then(|old| old.tables.iter().find(|table| table.file == file)) {
        return Ok(of_table(&known.name));
    }
    let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    let is_csv = ending.eq_ignore_ascii_case("csv");
    match table_of(stem) {
        Some(table) if is_csv || ending.eq_ignore_ascii_case("txt") => Ok(of_table(&table)),
        Some(table) => Err(SealError::NoCsv { file: file.to_owned(), table }),
        None if is_csv => Ok(Named::Unknown),
        None => Ok(Named::Other),
    }
}

fn of_table(name: &str) -> Named {
    match Table::from_name(&standard::fold(name)) {
        Some(table) => Named::Table(table),
        None => Named::Unneeded(name.to_owned()),
    }
}

/// The one table that a file's name without its ending names.
fn table_of(stem: &str) -> Option<String> {
    let mut named = stem.split('.').map(without_numbers).filter(|part| standard::is_table(part));
    let table = named.next()?;
    // `H.FDCQ2` may be either.
    if named.next().is_some() { None } else { Some(standard::fold(table)) }
}

/// A part of a name without the numbers at its ends that are times or division codes.
fn without_numbers(part: &str) -> &str {
    let is_sign = |char: char| matches!(char, '_' | '-' | ' ');
    let mut rest = part.trim();
    // A date and a time may stand one behind the other; a time alone has fewer digits, and always a sign before it.
    loop {
        let digits = rest.len() - rest.trim_end_matches(|char: char| char.is_ascii_digit()).len();
        let before = &rest[..rest.len() - digits];
        let is_time = digits >= 4 && before.ends_with(is_sign);
        if digits == 0 || before.is_empty() || !(is_time || digits >= NUMBER_DIGITS_MIN) {
            break;
        }
        rest = before.trim_end_matches(is_sign);
    }
    let digits = rest.len() - rest.trim_start_matches(|char: char| char.is_ascii_digit()).len();
    if digits >= NUMBER_DIGITS_MIN && rest[digits..].starts_with(is_sign) {
        rest = rest[digits..].trim_start_matches(is_sign);
    }
    rest
}

/// Whether a file has a name, or fits a pattern, in which `*` stands for any characters; in any case of its letters.
fn fits(pattern: &str, file: &str) -> bool {
    let (pattern, file) = (pattern.to_lowercase(), file.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = file.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A file, and the tables that it may have.
fn with_similar(file: &str) -> String {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let similar: Vec<String> = standard::similar(stem).into_iter().map(|known| format!("`{known}`")).collect();
    if similar.is_empty() { format!("`{file}`") } else { format!("`{file}` ({}?)", similar.join(" or ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_owner_and_time_are_recognised_and_nothing_is_guessed() {
        for (stem, table) in [
            ("QLR", "QLR"),
            ("qlr", "QLR"),
            ("ZTT_GY_QLR", "ZTT_GY_QLR"),
            ("BDCDJ.FDCQ2_20260901", "FDCQ2"),
            ("bdcdj.ztt_gy_qlr_20260901_0600", "ZTT_GY_QLR"),
            ("FDCQ2-20260901060000", "FDCQ2"),
            ("QLR20260901", "QLR"),
            ("QLR.20260901", "QLR"),
            ("990102_ZD_K", "ZD_K"),
            ("990102-H 20260901", "H"),
            ("ＦＤＣＱ１", "FDCQ1"),
        ] {
            assert_eq!(table_of(stem).as_deref(), Some(table), "{stem}");
        }
        for stem in
            ["QLR_1", "QLR (1)", "QLR_bak", "H.FDCQ2", "FDCQ", "FDCQ220260901", "KEHU", "20260901", "", "QLR_2026x"]
        {
            assert_eq!(table_of(stem), None, "{stem}");
        }
    }

    #[test]
    fn patterns_fit_whole_names() {
        for (pattern, file) in [
            ("a.csv", "A.CSV"),
            ("客户_*.csv", "客户_2026.csv"),
            ("*", "x"),
            ("a*b*c", "abxbc"),
            ("*.csv", ".csv"),
            ("a*", "a"),
        ] {
            assert!(fits(pattern, file), "{pattern} {file}");
        }
        for (pattern, file) in [("a.csv", "ba.csv"), ("a*b*c", "acb"), ("ab*bc", "abc"), ("", "a"), ("a*a", "a")] {
            assert!(!fits(pattern, file), "{pattern} {file}");
        }
    }
}
