//! What a bureau exports: a folder with `manifest.json` and one CSV a registry table (format 1).
//!
//! [`Package::open`] reads and checks the manifest, with what it says of the bureau's own words. Before the first file is parsed,
//! all files are held against the manifest's digests: what was cut short on the way is told as that, and not by what its end looks
//! like. [`RowSource::columns`] reads one header, and [`RowSource::visit`] streams one table, decoded and strictly parsed, and holds
//! it against the manifest's row count. A row that cannot be read is handed over as such where it is certain where the next row
//! begins. [`Writer`] makes such folders, and [`synthetic`] fills one with an invented county of any size.
//!
//! Nothing here knows what a row means, which rows belong together, or where they go. Values are handed over as they
//! stand; only what cannot be read is refused. No error, and no listing of columns, holds the value of a cell: a file
//! without a header has people in its first line.
//!
//! Read in this order.

pub mod manifest;
mod words;
mod read;
mod header;
mod text;
mod split;
mod error;
pub mod write;
pub mod synthetic;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use ring::digest;

use crate::domain::generation::GenerationFacts;
use crate::domain::rows::{Columns, Declared, RowSource, Visited};
use crate::domain::tables::Table;

pub use error::{ReadError, RowFault};
pub use manifest::{Encoding, ManifestError};
pub use words::WordsError;
pub use write::{About, WriteError, Writer};

use manifest::Manifest;
use read::TableFile;

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
    /// A symbolic link leads out of the folder.
    #[error("`{path}` is a link that leads out of the package's folder; copy the file itself into the folder")]
    Outside {
        /// The file.
        path: PathBuf,
    },
}

/// A package that was opened: its manifest is sound and its files are there; their content is checked as it is read.
#[derive(Debug)]
pub struct Package {
    dir: PathBuf,
    id: String,
    manifest: Manifest,
    manifest_bytes: Vec<u8>,
    name: String,
    /// Whether the files were held against the manifest's digests.
    is_compared: bool,
}

impl Package {
    /// Opens the package in the folder `dir`.
    ///
    /// # Errors
    ///
    /// Where the manifest cannot be read or accepted, or a file that it lists for a table we read is missing.
    pub fn open(dir: &Path) -> Result<Self, PackageError> {
        let path = dir.join(MANIFEST_FILE);
        let real = fs::canonicalize(dir).map_err(|source| PackageError::ReadManifest { path: path.clone(), source })?;
        let manifest_bytes = read_manifest(&path)?;
        if !is_inside(&real, &path) {
            return Err(PackageError::Outside { path });
        }
        let manifest = Manifest::parse(&manifest_bytes).map_err(|source| PackageError::Manifest { path, source })?;
        for (table, entry) in &manifest.tables {
            let path = dir.join(&entry.file);
            if !fs::metadata(&path).is_ok_and(|found| found.is_file()) {
                return Err(PackageError::FileMissing { path, table: table.name() });
            }
            if !is_inside(&real, &path) {
                return Err(PackageError::Outside { path });
            }
        }
        let id = HEXLOWER.encode(digest::digest(&digest::SHA256, &manifest_bytes).as_ref());
        let name = format!("{}-{}", manifest.sequence, &id[..8]);
        Ok(Self { dir: dir.to_owned(), id, manifest, manifest_bytes, name, is_compared: false })
    }

    /// The package's identity: SHA-256 of the manifest's bytes, lower-case hexadecimal.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sequence and the first eight digits of the identity, as people and folders name the package.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.clone()
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
            quarantined: Vec::new(),
            accepted: manifest.words.declared.accepted.clone(),
            mapped: manifest.words.declared.mapped.clone(),
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

    /// The file of a table, where the package has the table and no file was altered.
    ///
    /// Before the first file is parsed, all are held against the manifest: a file cut short would else be told by whatever its
    /// end happens to look like.
    fn file(&mut self, table: Table) -> Result<Option<TableFile<'_>>, ReadError> {
        if !self.is_compared {
            self.compare()?;
            self.is_compared = true;
        }
        let Some(entry) = self.manifest.tables.get(&table) else { return Ok(None) };
        let (mapped, encoding) = (self.manifest.words.columns(table), self.manifest.encoding);
        Ok(Some(TableFile { package: &self.name, dir: &self.dir, table, entry, mapped, encoding }))
    }

    /// Compares the digests of all files that are read with the manifest's.
    fn compare(&self) -> Result<(), ReadError> {
        let mut altered = Vec::new();
        for entry in self.manifest.tables.values() {
            let digest = text::digest(&self.dir.join(&entry.file)).map_err(|source| ReadError::File {
                package: self.name.clone(),
                file: entry.file.clone(),
                source,
            })?;
            if digest.as_ref() != entry.sha256 {
                altered.push(format!("`{}`", entry.file));
            }
        }
        if altered.is_empty() {
            return Ok(());
        }
        Err(ReadError::Digest { package: self.name.clone(), files: altered.join(", ") })
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
        &self.manifest.words.declared
    }

    fn columns(&mut self, table: Table) -> Result<Option<Columns>, ReadError> {
        self.file(table)?.map(|file| file.columns()).transpose()
    }

    /// Hands over the rows of a table; none where the package lacks it.
    ///
    /// The row count, and the digest of what was read, are checked after the last row.
    fn visit(&mut self, table: Table, visit: &mut dyn FnMut(Visited<'_>)) -> Result<(), ReadError> {
        self.file(table)?.map_or(Ok(()), |file| file.visit(visit))
    }
}

/// Whether a file is in the folder, links followed; `dir` is a path without links.
fn is_inside(dir: &Path, path: &Path) -> bool {
    fs::canonicalize(path).is_ok_and(|real| real.starts_with(dir))
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
