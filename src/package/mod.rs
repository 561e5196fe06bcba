//! What a bureau exports: a folder with `manifest.json` and one CSV a registry table (format 1).
//!
//! [`Package::open`] reads and checks the manifest; [`RowSource::visit`] then streams one table at a time, decoded and
//! strictly parsed, and holds the file against the manifest's row count and digest. [`Writer`] makes such folders, and
//! [`synthetic`] fills one with an invented county of any size.
//!
//! Nothing here knows what a row means, which rows belong together, or where they go. Values are handed over as they
//! stand; only what cannot be read is refused. No error, and no listing of columns, holds the value of a cell: a file
//! without a header has people in its first line.
//!
//! Read in this order.

pub mod manifest;
pub mod read;
mod split;
pub mod synthetic;
mod text;
pub mod write;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ring::digest;

use crate::domain::generation::GenerationFacts;
use crate::domain::tables::{self, Declared, RowSource, Table, Visited};

pub use manifest::{Encoding, ManifestError};
pub use read::ReadError;
pub use write::{About, WriteError, Writer};

use manifest::Manifest;
use read::{Columns, TableFile};

/// The manifest's name in the folder.
pub const MANIFEST_FILE: &str = "manifest.json";

/// No manifest is larger: forty tables take some ten kilobytes.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;

/// Why a folder is not taken for a package.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The manifest cannot be read, or there is none.
    #[error("cannot read the manifest `{path}`; is the folder a whole package?")]
    ReadManifest {
        /// The manifest.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The manifest is implausibly large.
    #[error("manifest `{path}` is larger than {MANIFEST_BYTES_MAX} bytes; is it a manifest?")]
    ManifestTooLarge {
        /// The manifest.
        path: PathBuf,
    },
    /// The manifest says something that is refused.
    #[error("cannot accept the manifest `{path}`")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What it says.
        source: ManifestError,
    },
    /// A file that the manifest lists for a table we read is not there.
    #[error("cannot find `{path}`, which the manifest lists for table `{table}`; copy the package again")]
    FileMissing {
        /// The file.
        path: PathBuf,
        /// Standard name of the table.
        table: &'static str,
    },
}

/// A package that was opened: its manifest is sound and its files are there; their content is checked as it is read.
#[derive(Debug)]
pub struct Package {
    dir: PathBuf,
    id: String,
    manifest: Manifest,
    manifest_bytes: Vec<u8>,
    declared: Declared,
    columns: BTreeMap<Table, Columns>,
}

impl Package {
    /// Opens the package in the folder `dir`.
    ///
    /// # Errors
    ///
    /// Where the manifest cannot be read or accepted, or a file that it lists for a table we read is missing.
    pub fn open(dir: &Path) -> Result<Self, PackageError> {
        let path = dir.join(MANIFEST_FILE);
        let manifest_bytes = read_manifest(&path)?;
        let manifest = Manifest::parse(&manifest_bytes).map_err(|source| PackageError::Manifest { path, source })?;
        for (table, entry) in &manifest.tables {
            let path = dir.join(&entry.file);
            if !fs::metadata(&path).is_ok_and(|found| found.is_file()) {
                return Err(PackageError::FileMissing { path, table: table.name() });
            }
        }
        let id = hex(digest::digest(&digest::SHA256, &manifest_bytes).as_ref());
        Ok(Self {
            dir: dir.to_owned(),
            id,
            manifest,
            manifest_bytes,
            declared: Declared::default(),
            columns: BTreeMap::new(),
        })
    }

    /// The package's identity: SHA-256 of the manifest's bytes, lower-case hexadecimal.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sequence and the first eight digits of the identity, as people and folders name the package.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}", self.manifest.sequence, &self.id[..8])
    }

    /// The manifest, byte for byte.
    #[must_use]
    pub fn manifest_bytes(&self) -> &[u8] {
        &self.manifest_bytes
    }

    /// The facts that answers tell of a generation made from this package; no rows are in quarantine.
    #[must_use]
    pub fn facts(&self) -> GenerationFacts {
        let manifest = &self.manifest;
        GenerationFacts {
            sequence: manifest.sequence,
            package_id: self.id.clone(),
            authority_code: manifest.authority_code.clone(),
            authority_name: manifest.authority_name.clone(),
            as_of: manifest.as_of.clone(),
            expires: manifest.expires.clone().unwrap_or_default(),
            tables: manifest.tables.iter().map(|(table, entry)| (*table, entry.rows)).collect(),
            ..GenerationFacts::default()
        }
    }

    /// How the files are encoded.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.manifest.encoding
    }

    /// Names of the tables that the manifest lists and no answer needs, as written there; their files are not opened.
    #[must_use]
    pub fn tables_ignored(&self) -> &[String] {
        &self.manifest.ignored
    }

    /// The columns of [`Table::columns`] that the table's file lacks, in that order.
    ///
    /// Known once the table was visited; empty before, and where the package lacks the table.
    #[must_use]
    pub fn columns_absent(&self, table: Table) -> &[&'static str] {
        self.columns.get(&table).map_or(&[], |columns| &columns.absent)
    }

    /// The columns of the table's file that are not read, in the order of the file.
    ///
    /// A name that is not of ASCII letters, digits and underscores is told by its place, as `column 7`. Known once the
    /// table was visited, as with [`Package::columns_absent`].
    #[must_use]
    pub fn columns_ignored(&self, table: Table) -> &[String] {
        self.columns.get(&table).map_or(&[], |columns| &columns.ignored)
    }
}

impl RowSource for Package {
    type Error = ReadError;

    fn row_count(&self, table: Table) -> Option<u64> {
        self.manifest.tables.get(&table).map(|entry| entry.rows)
    }

    fn file_name(&self, table: Table) -> &str {
        self.manifest.tables.get(&table).map_or("", |entry| &entry.file)
    }

    fn declared(&self) -> &Declared {
        &self.declared
    }

    fn columns(&mut self, table: Table) -> Result<Option<tables::Columns>, ReadError> {
        Ok(self.manifest.tables.contains_key(&table).then(tables::Columns::default))
    }

    /// Hands over the rows of a table; none where the package lacks it.
    ///
    /// The row count and the digest are checked after the last row.
    fn visit(&mut self, table: Table, visit: &mut dyn FnMut(Visited<'_>)) -> Result<(), ReadError> {
        let Some(entry) = self.manifest.tables.get(&table) else { return Ok(()) };
        let name = self.name();
        let file = TableFile { package: &name, dir: &self.dir, table, entry, encoding: self.manifest.encoding };
        let columns = file.visit(visit)?;
        self.columns.insert(table, columns);
        Ok(())
    }
}

fn read_manifest(path: &Path) -> Result<Vec<u8>, PackageError> {
    let failed = |source| PackageError::ReadManifest { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MANIFEST_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MANIFEST_BYTES_MAX {
        return Err(PackageError::ManifestTooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}
