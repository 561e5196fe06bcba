//! Reading a generation: units by the keys of their parties, or by number.
//!
//! A lookup costs one HMAC and one look at the shortcuts a key, one seek and one opening of a block of the index for a key
//! that they leave to it, and one seek, one opening and one decoding a unit. Statements are prepared once, and the file is
//! never locked: it is immutable (invariant 2 of the module's page). It is not mapped: see there, under protection.

use std::{
    fs::{self, File, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{CachedStatement, Connection, OpenFlags, OptionalExtension, Statement, config::DbConfig, params};

use crate::{
    domain::{answer::Frame, cell::place, codec, generation::GenerationFacts, record::Unit},
    keys::MasterKey,
};

use super::{
    error::{OpenError, ReadError},
    index::{Fences, Index, Tag, entries, split, units_of},
    meta::{self, Counts, FORMAT, Meta},
    quarantine::QuarantinedRow,
    seal::{DoesNotOpen, Keys},
    shortcut::{Lead, Shortcuts},
};

/// Memory for pages of the file that a reader holds at most: the upper levels of its tables, and what was read last.
const CACHE_KIB: u32 = 16 << 10;

const RECORD: &str = "SELECT sealed FROM unit WHERE id = ?1";
const QUARANTINE: &str = "SELECT id, sealed FROM quarantine ORDER BY id";
const SHORTCUTS: &str = "SELECT chunk, sealed FROM shortcut ORDER BY chunk";
const FENCES: &str = "SELECT sealed FROM fence WHERE id = ?1";

/// The fences of both indexes.
struct IndexFences {
    subject: Fences,
    locator: Fences,
}

impl IndexFences {
    fn of(&self, index: Index) -> &Fences {
        match index {
            Index::Subject => &self.subject,
            Index::Locator => &self.locator,
        }
    }
}

/// Device and inode: what tells a file from another one that stands at its path later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileNumber(u64, u64);

impl FileNumber {
    fn of(file: &Metadata) -> Self {
        Self(file.dev(), file.ino())
    }

    /// Of what stands at this path; `None` where nothing does.
    pub(super) fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|file| Self::of(&file))
    }
}

/// One compiled package, open for reading. Give each thread a [`Reader`] of its own.
pub struct Generation {
    name: String,
    file: PathBuf,
    /// Open for as long as the generation is, so that no other file gets the same number.
    held: File,
    keys: Arc<Keys>,
    shortcuts: Arc<Shortcuts>,
    fences: Arc<IndexFences>,
    facts: GenerationFacts,
    frame: Frame,
    counts: Counts,
}

impl std::fmt::Debug for Generation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Generation").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Generation {
    /// Opens the file of the generation of this name, and checks that the key opens it.
    pub(super) fn open(name: &str, file: PathBuf, master: &MasterKey) -> Result<Self, OpenError> {
        let store = |source: rusqlite::Error| OpenError::Store { name: name.to_owned(), source: source.into() };
        let held = File::open(&file).map_err(|source| OpenError::Read { path: file.clone(), source })?;
        let connection = connect(&file).map_err(store)?;
        let Some(stored) = meta::read(&connection).map_err(store)? else {
            return Err(OpenError::Format { name: name.to_owned(), format: FORMAT });
        };
        let keys = Keys::derive(master, &stored.meta.salt);
        let is_sealed = stored.is_sealed_by(&keys);
        let Meta { facts, counts, .. } = stored.meta;
        let record = connection.prepare(RECORD).and_then(|mut statement| read_record(&mut statement, &keys, 1));
        let record = record.ok().flatten();
        // One thing that opens shows that the key is right, and that what does not open is damaged.
        if !is_sealed && record.is_none() {
            return Err(OpenError::WrongKey { name: name.to_owned() });
        }
        let damaged = || OpenError::Store { name: name.to_owned(), source: DoesNotOpen.into() };
        if !is_sealed || (record.is_none() && counts.units > 0) {
            return Err(damaged());
        }
        if facts.name() != name {
            return Err(OpenError::OtherName { name: name.to_owned(), own: facts.name() });
        }
        let shortcuts = read_shortcuts(&connection, &keys, counts.subject_entries).map_err(store)?;
        let shortcuts = Arc::new(shortcuts.ok_or_else(damaged)?);
        let fences =
            |index, entries| read_fences(&connection, &keys, index, entries).map_err(store)?.ok_or_else(damaged);
        let fences = Arc::new(IndexFences {
            subject: fences(Index::Subject, counts.subject_entries)?,
            locator: fences(Index::Locator, counts.locator_entries)?,
        });
        let frame = Frame::new(&facts);
        let (name, keys) = (name.to_owned(), Arc::new(keys));
        let generation = Self { name, file, held, keys, shortcuts, fences, facts, frame, counts };
        if generation.is_in_place() { Ok(generation) } else { Err(generation.replaced()) }
    }

    /// What the package said of itself.
    #[must_use]
    pub fn facts(&self) -> &GenerationFacts {
        &self.facts
    }

    /// What every answer of it says alike.
    #[must_use]
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The name of its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many units it holds.
    #[must_use]
    pub fn unit_count(&self) -> u64 {
        self.counts.units
    }

    /// The rows that were set aside at its load, in the order of tables and lines.
    ///
    /// # Errors
    ///
    /// [`OpenError::Store`] where the file cannot be read, or they are not all there as they were sealed.
    pub fn quarantine(&self) -> Result<Vec<QuarantinedRow>, OpenError> {
        let store =
            |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Store { name: self.name.clone(), source };
        let connection = connect(&self.file).map_err(|err| store(err.into()))?;
        let rows = read_quarantine(&connection, &self.keys).map_err(|err| store(err.into()))?;
        let rows = rows.filter(|rows| rows.len() as u64 == self.facts.quarantined_rows());
        rows.ok_or_else(|| store(DoesNotOpen.into()))
    }

    /// Whether its file is still the one in the generation's folder: where the package is loaded again because the
    /// generation was damaged, another takes its place.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        let held = self.held.metadata().ok().map(|held| FileNumber::of(&held));
        held.is_some() && held == FileNumber::at(&self.file)
    }

    fn replaced(&self) -> OpenError {
        OpenError::Replaced { name: self.name.clone() }
    }

    /// How many rows its tables should have.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// A reader with a connection of its own.
    ///
    /// # Errors
    ///
    /// [`OpenError::Store`] where the file cannot be opened any more, [`OpenError::Replaced`] where it is another.
    pub fn reader(&self) -> Result<Reader, OpenError> {
        let store = |source: rusqlite::Error| OpenError::Store { name: self.name.clone(), source: source.into() };
        let connection = connect(&self.file).map_err(store)?;
        // Looked at after opening: where it is in place now, it was what was opened.
        if !self.is_in_place() {
            return Err(self.replaced());
        }
        let (keys, shortcuts, fences) = (Arc::clone(&self.keys), Arc::clone(&self.shortcuts), Arc::clone(&self.fences));
        Ok(Reader { connection, keys, shortcuts, fences, name: self.name.clone() })
    }
}

/// The fences of an index; `None` where they do not open or are not whole.
fn read_fences(connection: &Connection, keys: &Keys, index: Index, entries: u64) -> rusqlite::Result<Option<Fences>> {
    let sealed = connection.query_row(FENCES, params![index.number()], |row| row.get::<_, Vec<u8>>(0)).optional()?;
    let opened = sealed.and_then(|mut fences| keys.open_fences(index, &mut fences).is_ok().then_some(fences));
    Ok(opened.and_then(|fences| Fences::from_bytes(&fences, entries)))
}

/// The plain bytes of a record; `None` where there is no such record or it does not open.
fn read_record(statement: &mut Statement<'_>, keys: &Keys, id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    let sealed = statement.query_row(params![id], |row| Ok(row.get_ref(0)?.as_blob()?.to_vec())).optional()?;
    Ok(sealed.and_then(|mut record| keys.open(id, &mut record).is_ok().then_some(record)))
}

/// The file's shortcuts; `None` where they do not open or are not whole.
fn read_shortcuts(connection: &Connection, keys: &Keys, entries: u64) -> rusqlite::Result<Option<Shortcuts>> {
    let mut statement = connection.prepare(SHORTCUTS)?;
    let chunks = statement.query_map([], |row| {
        let (number, mut chunk) = (row.get(0)?, row.get_ref(1)?.as_blob()?.to_vec());
        // What does not open is a chunk of no lines, and so refused.
        keys.open_shortcuts(number, &mut chunk).unwrap_or_else(|DoesNotOpen| chunk.clear());
        Ok(chunk)
    })?;
    Shortcuts::from_chunks(entries, chunks)
}

/// The rows of the quarantine; `None` where one does not open.
fn read_quarantine(connection: &Connection, keys: &Keys) -> rusqlite::Result<Option<Vec<QuarantinedRow>>> {
    let mut statement = connection.prepare(QUARANTINE)?;
    let rows = statement.query_map([], |row| {
        let (number, mut sealed): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let is_open = keys.open_quarantined(number, &mut sealed).is_ok();
        Ok(serde_json::from_slice(&sealed).ok().filter(|_| is_open))
    })?;
    rows.collect()
}

/// Opens the file as what it is: never written again.
fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri(file), flags)?;
    connection
        .execute_batch(&format!("PRAGMA query_only = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -{CACHE_KIB};"))?;
    // Plans do not depend on what is bound: otherwise a statement of two tables is prepared again for each inquiry.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(8);
    Ok(connection)
}

/// The file as a URI: what could be read as part of the URI's syntax is escaped.
fn uri(file: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in file.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push('%');
            for nibble in [byte >> 4, byte & 15] {
                uri.extend(char::from_digit(u32::from(nibble), 16));
            }
        }
    }
    uri + "?immutable=1"
}

/// Reads one generation. Not shared between threads; it can be sent to one.
pub struct Reader {
    connection: Connection,
    keys: Arc<Keys>,
    shortcuts: Arc<Shortcuts>,
    fences: Arc<IndexFences>,
    name: String,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reader").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Reader {
    /// The units with a party that has any of these keys (`domain::matching`), each once, by ascending id.
    ///
    /// Ids follow the unit numbers, but for a parcel's own unit (`…W00000000`), which comes before the others of its parcel.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where the file fails or a record does not open.
    pub fn find(&mut self, keys: &[String]) -> Result<Vec<Unit>, ReadError> {
        let ids = self.unit_ids(keys)?;
        self.units(&ids)
    }

    /// The records of the units that [`Reader::find`] reads, as `domain::codec` writes them.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where the file fails or a record does not open.
    pub fn records(&mut self, keys: &[String]) -> Result<Vec<Vec<u8>>, ReadError> {
        let mut leads = self.leads(keys);
        match (leads.next(), leads.next()) {
            (None, _) => Ok(Vec::new()),
            (Some((_, Lead::Unit(id))), None) => Ok(vec![self.record(&mut self.prepare(RECORD)?, id)?]),
            // A unit may have several of the keys, and is opened once.
            (Some(first), second) => {
                let ids = self.ids([first].into_iter().chain(second).chain(leads))?;
                let mut statement = self.prepare(RECORD)?;
                ids.iter().map(|id| self.record(&mut statement, *id)).collect()
            }
        }
    }

    /// The units of this unit number or certificate number, each once, by ascending id; blanks, width and case aside.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where the file fails or a record does not open.
    pub fn locate(&mut self, number: &str) -> Result<Vec<Unit>, ReadError> {
        let mut ids = Vec::new();
        for form in locators(number) {
            let tag = self.keys.locator_tag(&form);
            self.add_ids(Index::Locator, &tag, &mut ids)?;
        }
        ids.sort_unstable();
        ids.dedup();
        self.units(&ids)
    }

    /// The ids of the units that [`Reader::find`] reads, ascending.
    ///
    /// Once in hundreds of millions of keys that lead nowhere, one leads to a unit without it: comparing decides (`shortcut`).
    ///
    /// # Errors
    ///
    /// [`ReadError`] where the file fails or a block of the index does not open.
    pub fn unit_ids(&mut self, keys: &[String]) -> Result<Vec<i64>, ReadError> {
        self.ids(self.leads(keys))
    }

    /// The plain bytes of a record, a unit as `domain::codec` writes it.
    ///
    /// # Errors
    ///
    /// [`ReadError::Record`] where there is no such record or it does not open.
    pub fn open_record(&mut self, id: i64) -> Result<Vec<u8>, ReadError> {
        let mut statement = self.prepare(RECORD)?;
        self.record(&mut statement, id)
    }

    /// Lets go of the pages that it keeps in memory: what is read next shows the file as it is now.
    ///
    /// # Errors
    ///
    /// [`ReadError::Store`] where `SQLite` refuses.
    pub fn forget(&mut self) -> Result<(), ReadError> {
        self.connection.execute_batch("PRAGMA shrink_memory").map_err(|source| self.failed(source))
    }

    fn units(&self, ids: &[i64]) -> Result<Vec<Unit>, ReadError> {
        let mut statement = self.prepare(RECORD)?;
        let unit = |id: &i64| {
            let record = self.record(&mut statement, *id)?;
            codec::read_unit(&record).map_err(|_| self.damaged(*id))
        };
        ids.iter().map(unit).collect()
    }

    fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, ReadError> {
        self.connection.prepare_cached(sql).map_err(|source| self.failed(source))
    }

    fn record(&self, statement: &mut CachedStatement<'_>, id: i64) -> Result<Vec<u8>, ReadError> {
        let record = read_record(statement, &self.keys, id).map_err(|source| self.failed(source))?;
        record.ok_or_else(|| self.damaged(id))
    }

    /// The tags of those keys that may lead somewhere, and where.
    fn leads(&self, keys: &[String]) -> impl Iterator<Item = (Tag, Lead)> {
        let lead = |key: &String| {
            let tag = self.keys.subject_tag(key);
            (tag, self.shortcuts.lead(&tag))
        };
        keys.iter().map(lead).filter(|(_, lead)| *lead != Lead::Nowhere)
    }

    fn ids(&self, leads: impl Iterator<Item = (Tag, Lead)>) -> Result<Vec<i64>, ReadError> {
        let mut ids = Vec::new();
        for (tag, lead) in leads {
            match lead {
                Lead::Nowhere => {}
                Lead::Unit(id) => ids.push(id),
                Lead::Index => self.add_ids(Index::Subject, &tag, &mut ids)?,
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Adds the units of a tag. Every block that can hold it must open, so they are all, and none means that there is none.
    fn add_ids(&self, index: Index, tag: &Tag, ids: &mut Vec<i64>) -> Result<(), ReadError> {
        let mut statement = self.prepare(index.select())?;
        for number in self.fences.of(index).covering(tag) {
            let block = self.block(&mut statement, index, number)?;
            let entries = entries(&block).ok_or_else(|| self.damaged_index(index))?;
            ids.extend(units_of(entries, tag));
        }
        Ok(())
    }

    /// A block of an index, opened.
    fn block(&self, statement: &mut CachedStatement<'_>, index: Index, number: usize) -> Result<Vec<u8>, ReadError> {
        let number = i64::try_from(number).map_err(|_| self.damaged_index(index))?;
        let sealed = statement.query_row(params![number], |row| Ok(row.get_ref(0)?.as_blob()?.to_vec())).optional();
        let mut block = sealed.map_err(|source| self.failed(source))?.ok_or_else(|| self.damaged_index(index))?;
        self.keys.open_block(index, number, &mut block).map_err(|_| self.damaged_index(index))?;
        Ok(block)
    }

    /// The rows of a table.
    pub(super) fn count(&self, table: &'static str) -> Result<u64, ReadError> {
        let count = self.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
        count.map(|count| u64::try_from(count).unwrap_or_default()).map_err(|source| self.failed(source))
    }

    /// The entries of an index that a lookup would find, which are to be all: every block opens, in order, as the fences
    /// say, and the shortcuts pass over none.
    pub(super) fn led_entries(&self, index: Index) -> Result<u64, ReadError> {
        let mut statement = self.prepare(index.select())?;
        let fences = self.fences.of(index);
        let (mut count, mut last) = (0, None);
        for number in 0..fences.blocks() {
            let block = self.block(&mut statement, index, number)?;
            for entry in entries(&block).ok_or_else(|| self.damaged_index(index))? {
                let (tag, unit) = split(entry);
                let is_led = index == Index::Locator
                    || match self.shortcuts.lead(&tag) {
                        Lead::Nowhere => false,
                        Lead::Unit(id) => id == unit,
                        Lead::Index => true,
                    };
                let is_next = last < Some((tag, unit)) && fences.covering(&tag).contains(&number);
                last = Some((tag, unit));
                count += u64::from(is_led && is_next);
            }
        }
        Ok(count)
    }

    fn damaged_index(&self, index: Index) -> ReadError {
        ReadError::Index { name: self.name.clone(), index: index.table() }
    }

    fn failed(&self, source: rusqlite::Error) -> ReadError {
        ReadError::Store { name: self.name.clone(), source: source.into() }
    }

    fn damaged(&self, id: i64) -> ReadError {
        ReadError::Record { name: self.name.clone(), id }
    }
}

/// The forms under which a unit number or a certificate number may be located.
fn locators(number: &str) -> Vec<String> {
    let certificates = place::certificates(number).into_iter().map(|part| str::to_uppercase(&part));
    place::unit_numbers(number).into_iter().map(String::from).chain(certificates).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_syntax_in_a_uri_is_escaped() {
        assert_eq!(uri(Path::new("/a b/c?d#e%/f.db")), "file:/a%20b/c%3fd%23e%25/f.db?immutable=1");
    }

    #[test]
    fn generations_are_shared_and_readers_are_sent() {
        fn is_shared<T: Send + Sync>() {}
        fn is_sent<T: Send>() {}
        is_shared::<Generation>();
        is_sent::<Reader>();
    }
}
