//! What a bureau exports: a folder with `manifest.json` and one CSV a registry table (format 1), or the same as `.tar.zst`.
//!
//! [`Package::open_verified`] says who vouches for the package (`signature`), then checks the manifest, with what it says of the
//! bureau's own words. Before the first file is parsed, all files are held against the manifest's digests: what was cut short on the way is told as that, and not by what its end looks
//! like. [`RowSource::columns`] reads one header, and [`RowSource::visit`] streams one table, decoded and strictly parsed, and holds
//! it against the manifest's row count. A row that cannot be read is handed over as such where it is certain where the next row
//! begins. [`seal`] makes packages of CSV files; [`Writer`] makes them row by row, and [`synthetic`] fills one with an invented
//! county of any size.
//!
//! Nothing here knows what a row means, which rows belong together, or where they go. Values are handed over as they
//! stand; only what cannot be read is refused. No error, and no listing of columns, holds the value of a cell: a file
//! without a header has people in its first line.
//!
//! Read in this order.

pub mod signature;
pub mod manifest;
mod words;
mod files;
mod archive;
mod read;
mod header;
mod text;
mod split;
mod error;
pub mod seal;
pub mod write;
pub mod synthetic;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use ring::digest;

use crate::domain::generation::{GenerationFacts, Signature};
use crate::domain::rows::{Columns, Declared, RowSource, Visited};
use crate::domain::tables::Table;
use crate::keys::note::NOTE_BYTES_MAX;

pub use archive::ArchiveError;
pub use error::{ReadError, RowFault};
pub use manifest::{Encoding, MANIFEST_FILE, ManifestError};
pub use signature::{SIGNATURE_FILE, SignatureError, Terms};
pub use words::WordsError;
pub use write::{About, WriteError, Writer};

use archive::{Archive, Head, Stop};
use files::Files;
use manifest::{MANIFEST_BYTES_MAX, Manifest};
use read::TableFile;

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
    /// Nobody vouches for the package, or somebody does wrongly.
    #[error("cannot take the package `{path}`")]
    Signature {
        /// The package.
        path: PathBuf,
        /// What of its signature.
        source: SignatureError,
    },
    /// A file is no archive of a package, or does what it may not.
    #[error("cannot take `{path}` for a package")]
    Archive {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ArchiveError,
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
    files: Files,
    id: String,
    manifest: Manifest,
    manifest_bytes: Vec<u8>,
    name: String,
    signature: Signature,
    /// What the headers that were read say: reading one again costs much in an archive.
    headers: BTreeMap<Table, Columns>,
    /// Whether the files were held against the manifest's digests.
    is_compared: bool,
}

impl Package {
    /// Opens the package in the folder `dir`, whoever made it.
    ///
    /// # Errors
    ///
    /// Where the manifest cannot be read or accepted, or a file that it lists for a table we read is missing.
    pub fn open(dir: &Path) -> Result<Self, PackageError> {
        Self::open_folder(dir, None)
    }

    /// Opens a package, a folder or an archive, where somebody vouches for it; its signature is verified before anything else
    /// is made of it.
    ///
    /// # Errors
    ///
    /// [`PackageError::Signature`] where nobody vouches for it, [`PackageError::Archive`] where a file is no archive of a package;
    /// else as [`open`](Self::open).
    pub fn open_verified(path: &Path, terms: Terms<'_>) -> Result<Self, PackageError> {
        if path.is_file() { Self::open_archive(path, terms) } else { Self::open_folder(path, Some(terms)) }
    }

    fn open_archive(path: &Path, terms: Terms<'_>) -> Result<Self, PackageError> {
        let judge = |Head { manifest: bytes, signature }: Head| {
            let signature = signature::verify(&bytes, signature.as_deref(), terms);
            let signature = signature.map_err(|source| PackageError::Signature { path: path.to_owned(), source })?;
            let manifest = Manifest::parse(&bytes);
            let manifest =
                manifest.map_err(|source| PackageError::Manifest { path: path.join(MANIFEST_FILE), source })?;
            Ok((bytes, signature, manifest))
        };
        let opened = Archive::open(path, terms.archive_bytes_max, judge);
        let (archive, (manifest_bytes, signature, manifest)) = opened.map_err(|stop| match stop {
            Stop::Judged(error) => error,
            Stop::Archive(source) => PackageError::Archive { path: path.to_owned(), source },
        })?;
        if let Some((table, entry)) = manifest.tables.iter().find(|(_, entry)| !archive.holds(&entry.file)) {
            return Err(PackageError::FileMissing { path: path.join(&entry.file), table: table.name() });
        }
        Ok(Self::new(Files::Archive(archive), manifest, manifest_bytes, signature))
    }

    fn open_folder(dir: &Path, terms: Option<Terms<'_>>) -> Result<Self, PackageError> {
        let path = dir.join(MANIFEST_FILE);
        let real = fs::canonicalize(dir).map_err(|source| PackageError::ReadManifest { path: path.clone(), source })?;
        let manifest_bytes = read_manifest(&path)?;
        if !is_inside(&real, &path) {
            return Err(PackageError::Outside { path });
        }
        let signature = match terms {
            None => Signature::Unknown,
            Some(terms) => verify(dir, &manifest_bytes, terms)?,
        };
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
        Ok(Self::new(Files::Folder(dir.to_owned()), manifest, manifest_bytes, signature))
    }

    fn new(files: Files, manifest: Manifest, manifest_bytes: Vec<u8>, signature: Signature) -> Self {
        let id = HEXLOWER.encode(digest::digest(&digest::SHA256, &manifest_bytes).as_ref());
        let name = format!("{}-{}", manifest.sequence, &id[..8]);
        let headers = BTreeMap::new();
        Self { files, id, manifest, manifest_bytes, name, signature, headers, is_compared: false }
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
            signature: self.signature.clone(),
        }
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
        let mapped = self.manifest.words.columns(table);
        Ok(Some(TableFile { package: &self.name, files: &self.files, table, entry, mapped }))
    }

    /// Compares the digests of all files that are read with the manifest's.
    fn compare(&self) -> Result<(), ReadError> {
        let mut altered = Vec::new();
        for entry in self.manifest.tables.values() {
            let digest = self.files.digest(&entry.file).map_err(|source| ReadError::File {
                package: self.name.clone(),
                file: entry.file.clone(),
                source,
            })?;
            if digest != entry.sha256 {
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
        if let Some(known) = self.headers.get(&table) {
            return Ok(Some(known.clone()));
        }
        let columns = self.file(table)?.map(|file| file.columns()).transpose()?;
        self.headers.extend(columns.clone().map(|columns| (table, columns)));
        Ok(columns)
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

fn verify(dir: &Path, manifest: &[u8], terms: Terms<'_>) -> Result<Signature, PackageError> {
    let path = dir.join(SIGNATURE_FILE);
    let note = match fs::File::open(&path) {
        Ok(file) => {
            let mut bytes = Vec::new();
            let read = file.take(NOTE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
            read.map_err(|source| PackageError::ReadManifest { path, source })?;
            Some(bytes)
        }
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => None,
        Err(source) => return Err(PackageError::ReadManifest { path, source }),
    };
    let verified = signature::verify(manifest, note.as_deref(), terms);
    verified.map_err(|source| PackageError::Signature { path: dir.to_owned(), source })
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
