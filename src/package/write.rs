//! Writes a package: tables row by row, then the manifest with their counts and digests.
//!
//! The manifest comes last, so that a folder that was left half-written is no package.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use ring::digest::{Context, SHA256};

use super::MANIFEST_FILE;
use super::manifest::{Encoding, FORMAT, Manifest, ManifestError, Written, WrittenAuthority, WrittenTable};

/// How much of a table is held before it is written.
const BUFFER_BYTES: usize = 128 << 10;

/// Why a package is not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The folder has files in it.
    #[error("folder `{path}` is not empty; name a new folder for the package")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The folder or a file cannot be made or written.
    #[error("cannot write `{path}`")]
    File {
        /// The folder or file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A row cannot be written as CSV, or has another number of values than the table has columns.
    #[error("cannot write row {row} of `{path}`")]
    Row {
        /// The file.
        path: PathBuf,
        /// The row, from 1.
        row: u64,
        /// The cause.
        source: csv::Error,
    },
    /// A value has a character that the encoding lacks.
    #[error("row {row} of `{path}`, column {column}, has a character that `{encoding}` lacks; write `utf-8`")]
    Unencodable {
        /// The file.
        path: PathBuf,
        /// The row, from 1; 0 for the header.
        row: u64,
        /// The column, from 1.
        column: usize,
        /// The encoding's name.
        encoding: &'static str,
    },
    /// Tables are not written in this encoding.
    #[error("tables are written in `utf-8` or `gb18030`, not in `{encoding}`")]
    Encoding {
        /// The encoding's name.
        encoding: &'static str,
    },
    /// The manifest would not be read back.
    #[error("what is told of the package makes no manifest")]
    Manifest(#[from] ManifestError),
}

/// What the manifest says of the package as a whole.
#[derive(Clone, Debug)]
pub struct About {
    /// 6-digit division code of the authority.
    pub authority_code: String,
    /// Name of the authority.
    pub authority_name: String,
    /// Sequence number.
    pub sequence: u64,
    /// Time of the export, RFC 3339.
    pub as_of: String,
    /// When it is meant to be superseded, RFC 3339; absent where nothing is said.
    pub expires: Option<String>,
    /// How the files are encoded.
    pub encoding: Encoding,
    /// Columns under the bureau's own names: by table, the standard's name of each.
    pub columns: BTreeMap<String, BTreeMap<String, String>>,
    /// The bureau's own words for codes: by column, the code of each.
    pub codes: BTreeMap<String, BTreeMap<String, String>>,
    /// The bureau's own words for "none".
    pub none: Vec<String>,
    /// Gaps that the operator accepts, with reasons.
    pub accept: BTreeMap<String, String>,
}

/// A table that is being written, known to the [`Writer`] that gave it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableHandle(usize);

/// Writes a package into a folder; several tables may be written side by side.
pub struct Writer {
    dir: PathBuf,
    about: About,
    tables: Vec<OpenTable>,
    encoded: Vec<u8>,
}

struct OpenTable {
    name: String,
    file: String,
    path: PathBuf,
    rows: u64,
    csv: csv::Writer<Hashed>,
}

/// A file and the digest of what was written to it.
struct Hashed {
    file: File,
    digest: Context,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.digest.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Writer {
    /// Begins a package in the folder `dir`, which is made where it does not exist.
    ///
    /// # Errors
    ///
    /// Where the folder has files in it or cannot be made, or the encoding is not written.
    pub fn create(dir: &Path, about: About) -> Result<Self, WriteError> {
        if matches!(about.encoding, Encoding::Utf16Le | Encoding::Utf16Be) {
            return Err(WriteError::Encoding { encoding: about.encoding.name() });
        }
        let failed = |source| WriteError::File { path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(failed)?;
        if fs::read_dir(dir).map_err(failed)?.next().is_some() {
            return Err(WriteError::NotEmpty { path: dir.to_owned() });
        }
        Ok(Self { dir: dir.to_owned(), about, tables: Vec::new(), encoded: Vec::new() })
    }

    /// Begins the table `name`, in the file `name.csv`, with these columns as header.
    ///
    /// # Errors
    ///
    /// Where the file exists or cannot be made.
    pub fn table(&mut self, name: &str, columns: &[&str]) -> Result<TableHandle, WriteError> {
        let file = format!("{name}.csv");
        let path = self.dir.join(&file);
        let made = File::create_new(&path).map_err(|source| WriteError::File { path: path.clone(), source })?;
        let csv = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .buffer_capacity(BUFFER_BYTES)
            .from_writer(Hashed { file: made, digest: Context::new(&SHA256) });
        self.tables.push(OpenTable { name: name.to_owned(), file, path, rows: 0, csv });
        let handle = TableHandle(self.tables.len() - 1);
        self.record(handle, columns.iter().copied())?;
        Ok(handle)
    }

    /// Writes a row: a value for each column of the header.
    ///
    /// # Errors
    ///
    /// Where the number of values is another, a character cannot be encoded, or the disk fails.
    pub fn row<'v>(&mut self, table: TableHandle, values: impl IntoIterator<Item = &'v str>) -> Result<(), WriteError> {
        self.tables[table.0].rows += 1;
        self.record(table, values)
    }

    fn record<'v>(&mut self, handle: TableHandle, values: impl IntoIterator<Item = &'v str>) -> Result<(), WriteError> {
        let table = &mut self.tables[handle.0];
        let encoding = self.about.encoding;
        for (at, value) in values.into_iter().enumerate() {
            let written = if encoding == Encoding::Utf8 || value.is_ascii() {
                table.csv.write_field(value)
            } else {
                self.encoded.clear();
                if !encode(encoding, value, &mut self.encoded) {
                    let (path, row) = (table.path.clone(), table.rows);
                    return Err(WriteError::Unencodable { path, row, column: at + 1, encoding: encoding.name() });
                }
                table.csv.write_field(&self.encoded)
            };
            written.map_err(|source| table.failed(source))?;
        }
        table.csv.write_record(None::<&[u8]>).map_err(|source| table.failed(source))
    }

    /// Ends the tables and writes the manifest; tells the rows of each table, in the order they were begun.
    ///
    /// # Errors
    ///
    /// Where the disk fails, or what was told of the package would not be read back.
    pub fn finish(self) -> Result<Vec<(String, u64)>, WriteError> {
        let mut tables = Vec::new();
        for table in self.tables {
            tables.push(table.finish()?);
        }
        let rows = tables.iter().map(|table| (table.name.clone(), table.rows)).collect();
        let manifest = write_manifest(self.about, tables)?;
        let path = self.dir.join(MANIFEST_FILE);
        let written = File::create_new(&path).and_then(|mut file| {
            file.write_all(&manifest)?;
            file.sync_all()
        });
        written.map_err(|source| WriteError::File { path, source })?;
        Ok(rows)
    }
}

impl OpenTable {
    fn finish(self) -> Result<WrittenTable, WriteError> {
        let Self { name, file, path, rows, csv } = self;
        let failed = |source| WriteError::File { path: path.clone(), source };
        let hashed = csv.into_inner().map_err(|err| failed(err.into_error()))?;
        hashed.file.sync_all().map_err(failed)?;
        Ok(WrittenTable { name, file, rows, sha256: HEXLOWER.encode(hashed.digest.finish().as_ref()), encoding: None })
    }

    fn failed(&self, source: csv::Error) -> WriteError {
        WriteError::Row { path: self.path.clone(), row: self.rows, source }
    }
}

/// Makes the manifest's bytes, checked as a reader would check them.
fn write_manifest(about: About, tables: Vec<WrittenTable>) -> Result<Vec<u8>, ManifestError> {
    let written = Written {
        format: FORMAT,
        kind: "full".to_owned(),
        sequence: about.sequence,
        authority: WrittenAuthority { code: about.authority_code, name: about.authority_name },
        as_of: about.as_of,
        expires: about.expires,
        encoding: about.encoding.name().to_owned(),
        tables,
        columns: about.columns,
        codes: about.codes,
        none: about.none,
        accept: about.accept,
    };
    let mut bytes = serde_json::to_vec_pretty(&written).map_err(ManifestError::Shape)?;
    bytes.push(b'\n');
    Manifest::parse(&bytes)?;
    Ok(bytes)
}

/// Encodes a value; `false` where a character is lacking.
fn encode(encoding: Encoding, value: &str, to: &mut Vec<u8>) -> bool {
    let (bytes, _, has_unmappable) = encoding.codec().encode(value);
    to.extend_from_slice(&bytes);
    !has_unmappable
}

#[cfg(test)]
mod tests {
    use super::super::{Package, PackageError};
    use super::*;
    use crate::domain::rows::{RowSource as _, Visited};
    use crate::domain::tables::Table;

    fn about(encoding: Encoding) -> About {
        About {
            authority_code: "990102".to_owned(),
            authority_name: "测试县不动产登记中心".to_owned(),
            sequence: 7,
            as_of: "2026-11-23T06:00:00+08:00".to_owned(),
            expires: None,
            encoding,
            columns: BTreeMap::new(),
            codes: BTreeMap::new(),
            none: Vec::new(),
            accept: BTreeMap::new(),
        }
    }

    #[test]
    fn what_is_written_reads_back_in_either_encoding() {
        for encoding in [Encoding::Utf8, Encoding::Gb18030] {
            let dir = tempfile::tempdir().unwrap();
            let mut writer = Writer::create(dir.path(), about(encoding)).unwrap();
            let holders = writer.table("ZTT_GY_QLR", &["QLRMC", "BZ", "X", "ZJH"]).unwrap();
            let parcels = writer.table("ZDJBXX", &["ZL"]).unwrap();
            writer.row(holders, ["𠮷小方㐀", "一行\r\n\"二\"行,", "-", "1"]).unwrap();
            writer.row(parcels, [""]).unwrap();
            writer.row(holders, ["ÄÖ€", " 空 ", "", ""]).unwrap();
            let rows = writer.finish().unwrap();
            assert_eq!(rows, [("ZTT_GY_QLR".to_owned(), 2), ("ZDJBXX".to_owned(), 1)]);

            let mut package = Package::open(dir.path()).unwrap();
            let mut read = Vec::new();
            let mut keep = |visited: Visited<'_>| {
                let Visited::Row(row) = visited else { panic!("every row can be read") };
                read.push((row.line, ["QLRMC", "BZ", "ZJH", "XB"].map(|column| row.get(column).to_owned())));
            };
            package.visit(Table::Qlr, &mut keep).unwrap();
            assert_eq!(read[0], (2, ["𠮷小方㐀", "一行\r\n\"二\"行,", "1", ""].map(str::to_owned)));
            assert_eq!(read[1], (4, ["ÄÖ€", " 空 ", "", ""].map(str::to_owned)));
            assert_eq!(package.columns(Table::Qlr).unwrap().unwrap().unread, ["X"]);
            assert_eq!(package.row_count(Table::Zdjbxx), Some(1));
            let mut count = 0;
            package.visit(Table::Zdjbxx, &mut |_| count += 1).unwrap();
            assert_eq!(count, 1);
        }
    }

    #[test]
    fn a_package_is_written_into_an_empty_folder_and_is_none_before_it_is_finished() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(dir.path(), about(Encoding::Utf8)).unwrap();
        let _ = writer.table("QLR", &["QLRMC"]).unwrap();
        drop(writer);
        assert!(matches!(Package::open(dir.path()), Err(PackageError::ReadManifest { .. })));
        let again = Writer::create(dir.path(), about(Encoding::Utf8));
        assert!(matches!(again, Err(WriteError::NotEmpty { .. })));
    }

    #[test]
    fn a_row_of_another_width_and_a_character_beyond_the_encoding_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(dir.path(), about(Encoding::Gb18030)).unwrap();
        let table = writer.table("QLR", &["QLRMC", "ZJH"]).unwrap();
        assert!(matches!(writer.row(table, ["甲"]), Err(WriteError::Row { row: 1, .. })));
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(dir.path(), about(Encoding::Gb18030)).unwrap();
        let table = writer.table("QLR", &["QLRMC"]).unwrap();
        let refused = writer.row(table, ["\u{e5e5}"]);
        assert!(matches!(refused, Err(WriteError::Unencodable { row: 1, column: 1, .. })));
    }

    #[test]
    fn what_would_not_be_read_back_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let writer = Writer::create(dir.path(), About { as_of: "today".to_owned(), ..about(Encoding::Utf8) }).unwrap();
        assert!(matches!(writer.finish(), Err(WriteError::Manifest(ManifestError::Time { .. }))));
    }
}
