//! What is to be sealed, and what was.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::domain::tables::Table;
use crate::keys::note::Signer;

use super::super::manifest::Encoding;

/// The name of the bureau's file where it is kept in the folder.
pub const TABLES_FILE: &str = "tables.toml";

/// What a bureau knows of its own export, from a file that it keeps.
#[derive(Clone, Debug, Default)]
pub struct Bureau {
    /// Which table a file has: names of files, where `*` stands for any characters, each with a table's name, or with none
    /// where the file is no table.
    pub files: Vec<(String, String)>,
    /// Columns under the bureau's own names: by table, the standard's name of each.
    pub columns: BTreeMap<String, BTreeMap<String, String>>,
    /// The bureau's own words for codes: by column, the code of each.
    pub codes: BTreeMap<String, BTreeMap<String, String>>,
    /// The bureau's own words for "none".
    pub none: Vec<String>,
    /// Gaps that the operator accepts, with reasons.
    pub accept: BTreeMap<String, String>,
}

/// What is to be sealed.
pub struct Order<'a> {
    /// The folder with the CSV files.
    pub folder: &'a Path,
    /// 6-digit division code of the authority.
    pub authority_code: &'a str,
    /// Name of the authority.
    pub authority_name: &'a str,
    /// Time of the export, RFC 3339.
    pub as_of: &'a str,
    /// When it is meant to be superseded, RFC 3339.
    pub expires: Option<&'a str>,
    /// Sequence number; where none is given, one more than that of the manifest in the folder, else one made of `as_of`.
    pub sequence: Option<u64>,
    /// The encoding of all files, where it shall not be recognised.
    pub encoding: Option<Encoding>,
    /// What the bureau knows of its export.
    pub bureau: &'a Bureau,
    /// An archive to write as well, which holds the whole package.
    pub archive: Option<&'a Path>,
    /// Who signs.
    pub signer: &'a dyn Signer,
}

/// A package that was sealed.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Sequence and the first eight digits of the identity.
    pub name: String,
    /// The tables, in the order of the standard.
    pub tables: Vec<SealedTable>,
    /// Files of tables that feed no answer; they are not listed.
    pub unneeded: Vec<String>,
    /// Other files of the folder, which are not listed.
    pub others: Vec<String>,
}

/// A table of a package that was sealed.
#[derive(Clone, Debug)]
pub struct SealedTable {
    /// Standard name.
    pub table: &'static str,
    /// The file.
    pub file: String,
    /// The file's encoding.
    pub encoding: Encoding,
    /// Its rows.
    pub rows: u64,
    /// Rows among them that cannot be read.
    pub unreadable: u64,
    /// The line of the first of these, and why it cannot be read.
    pub first_unreadable: Option<(u64, String)>,
}

/// Tables, by the files that have them, and the files that have none.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) tables: BTreeMap<Table, String>,
    pub(super) unneeded: Vec<String>,
    pub(super) others: Vec<String>,
}

impl Listing {
    pub(super) fn files(&self) -> BTreeSet<&str> {
        self.tables.values().map(String::as_str).collect()
    }
}
