//! `bdcd package seal`: makes a package of the CSV files in a folder.
//!
//! Every file is read as a load reads it: its encoding is recognised, its header mapped, its rows counted, its digest taken. Then
//! `manifest.json` is written beside, synced and renamed, and `manifest.sig` after it; a seal that is cut short leaves the old
//! manifest, or a new one whose signature is another's, which a load refuses. The CSV files are not changed.
//!
//! What the bureau knows of its export stands in a file that it keeps ([`Bureau`]), and in the manifest that is there already: the
//! words of both go into the new one, and where they differ, those of the bureau's file.

mod order;
mod names;
mod encoding;
mod error;

use std::fs::{self, File};
use std::io;
use std::path::Path;

use data_encoding::HEXLOWER;

use crate::disk;
use crate::domain::tables::standard;

pub use error::SealError;
pub use order::{Bureau, Order, Sealed, SealedTable, TABLES_FILE};

use super::files::Files;
use super::manifest::{
    Encoding, Entry, FORMAT, MANIFEST_FILE, Manifest, ManifestError, Written, WrittenAuthority, WrittenTable,
};
use super::read::TableFile;
use super::signature::{self, SIGNATURE_FILE};
use super::words::{Words, WrittenWords};
use super::{PackageError, archive};

/// Seals a folder.
///
/// # Errors
///
/// [`SealError`]; the manifest that was there stands then, but for an error while writing.
pub fn seal(order: &Order<'_>) -> Result<Sealed, SealError> {
    let old = old_manifest(order)?;
    let listing = names::list(order.folder, order.bureau, old.as_ref())?;
    let words = words(order.bureau, old.as_ref());
    let checked = Words::check(words.clone(), &listing.tables.keys().copied().collect(), order.as_of);
    let checked = checked.map_err(ManifestError::from)?;
    let encodings = encoding::of_files(order, &listing)?;
    let files = Files::Folder(order.folder.to_owned());
    let (mut tables, mut written) = (Vec::new(), Vec::new());
    for (table, file) in &listing.tables {
        let encoding = encodings.get(file.as_str()).copied().unwrap_or(Encoding::Utf8);
        let entry = Entry { file: file.clone(), rows: 0, sha256: [0; 32], encoding };
        let mapped = checked.columns(*table);
        let read = TableFile { package: "", files: &files, table: *table, entry: &entry, mapped };
        let (counted, digest) = read.read(&mut |_| {})?;
        let first_unreadable = counted.first.map(|(line, fault)| (line, fault.to_string()));
        let (rows, unreadable, file) = (counted.rows, counted.unreadable, file.clone());
        tables.push(SealedTable {
            table: table.name(),
            file: file.clone(),
            encoding,
            rows,
            unreadable,
            first_unreadable,
        });
        written.push(WrittenTable {
            name: table.name().to_owned(),
            file,
            rows,
            sha256: HEXLOWER.encode(digest.as_ref()),
            encoding: None,
        });
    }
    let of_package = encoding::most(&tables);
    for (table, written) in tables.iter().zip(&mut written) {
        written.encoding = (table.encoding != of_package).then(|| table.encoding.name().to_owned());
    }
    let manifest = manifest_bytes(order, old.as_ref(), words, of_package, written)?;
    let signed = signature::seal(&manifest, order.signer)?;
    let name = {
        let id = ring::digest::digest(&ring::digest::SHA256, &manifest);
        format!("{}-{}", Manifest::parse(&manifest)?.sequence, &HEXLOWER.encode(id.as_ref())[..8])
    };
    for (name, bytes) in [(MANIFEST_FILE, manifest.as_slice()), (SIGNATURE_FILE, signed.as_bytes())] {
        let written = disk::replace(order.folder, name, &format!(".{name}.new"), bytes);
        written.map_err(|source| SealError::Write { path: order.folder.join(name), source })?;
    }
    if let Some(path) = order.archive {
        let files = listing.tables.values().map(String::as_str);
        let names: Vec<&str> = [MANIFEST_FILE, SIGNATURE_FILE].into_iter().chain(files).collect();
        let written = write_archive(order.folder, &names, path);
        written.map_err(|source| SealError::Write { path: path.to_owned(), source })?;
    }
    Ok(Sealed { name, tables, unneeded: listing.unneeded, others: listing.others })
}

/// The manifest that is there; `None` where there is none.
fn old_manifest(order: &Order<'_>) -> Result<Option<Written>, SealError> {
    let path = order.folder.join(MANIFEST_FILE);
    if !path.exists() {
        return Ok(None);
    }
    let bytes = super::read_manifest(&path).map_err(SealError::OldManifest)?;
    let old = Manifest::read(&bytes)
        .map_err(|source| SealError::OldManifest(PackageError::Manifest { path: path.clone(), source }))?;
    if old.authority.code != order.authority_code {
        let (found, wanted) = (old.authority.code, order.authority_code.to_owned());
        return Err(SealError::OtherAuthority { found, wanted });
    }
    Ok(Some(old))
}

/// The words of the bureau's file and of the manifest that is there; where they differ, those of the file.
fn words(bureau: &Bureau, old: Option<&Written>) -> WrittenWords {
    let Bureau { files: _, columns, codes, none, accept } = bureau.clone();
    let mut words = WrittenWords { columns, codes, none, accept };
    let Some(old) = old else { return words };
    for (own, kept) in [(&mut words.columns, &old.columns), (&mut words.codes, &old.codes)] {
        for (place, kept) in kept {
            // Names are compared folded: `qlr` and `QLR` are one place.
            let is_same = |known: &&String| standard::fold(known) == standard::fold(place);
            let place = own.keys().find(is_same).unwrap_or(place).clone();
            let of_place = own.entry(place).or_default();
            for (word, meaning) in kept {
                of_place.entry(word.clone()).or_insert_with(|| meaning.clone());
            }
        }
    }
    words.none.extend(old.none.iter().filter(|word| !bureau.none.contains(word)).cloned());
    for (what, reason) in &old.accept {
        words.accept.entry(what.clone()).or_insert_with(|| reason.clone());
    }
    words
}

/// The bytes of the manifest, checked as a load checks them.
fn manifest_bytes(
    order: &Order<'_>,
    old: Option<&Written>,
    words: WrittenWords,
    encoding: Encoding,
    tables: Vec<WrittenTable>,
) -> Result<Vec<u8>, SealError> {
    let WrittenWords { columns, codes, none, accept } = words;
    let written = Written {
        format: FORMAT,
        kind: "full".to_owned(),
        sequence: sequence(order, old),
        authority: WrittenAuthority { code: order.authority_code.to_owned(), name: order.authority_name.to_owned() },
        as_of: order.as_of.to_owned(),
        expires: order.expires.map(str::to_owned),
        encoding: encoding.name().to_owned(),
        tables,
        columns,
        codes,
        none,
        accept,
    };
    let mut bytes = serde_json::to_vec_pretty(&written).map_err(ManifestError::Shape)?;
    bytes.push(b'\n');
    Manifest::parse(&bytes)?;
    Ok(bytes)
}

/// The sequence number: as ordered, one more than before, or the time of the export in UTC as `20261122220000`.
///
/// A bureau that exports into a new folder each time has no number to go on from; the time of the export grows as one must.
fn sequence(order: &Order<'_>, old: Option<&Written>) -> u64 {
    let of_time = || {
        let time: jiff::Timestamp = order.as_of.parse().ok()?;
        time.strftime("%Y%m%d%H%M%S").to_string().parse().ok()
    };
    let next = old.map(|old| old.sequence.saturating_add(1));
    // A time that cannot be read is refused with the manifest.
    order.sequence.or(next).or_else(of_time).unwrap_or_default()
}

/// Writes an archive beside, syncs it, and gives it its name.
fn write_archive(folder: &Path, names: &[&str], path: &Path) -> io::Result<()> {
    let place = path.parent().filter(|place| !place.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = place.join(format!(".{}.new", path.file_name().unwrap_or_default().to_string_lossy()));
    archive::write(folder, names, File::create(&beside)?)?.sync_all()?;
    fs::rename(&beside, path)?;
    disk::sync_folder(place)
}

#[cfg(test)]
mod tests;
