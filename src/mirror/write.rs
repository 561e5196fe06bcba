//! Writing a generation's file: sealed records in the order of their ids, then the two indexes in sealed blocks in the order
//! of their tags, their fences, and the shortcuts of the first.
//!
//! The file is written once, beside what serves, so it needs no journal: where the load stops, the file is thrown away. It
//! is synced as a whole when it is complete.

use std::{io, path::Path};

use rusqlite::{Connection, params};

use crate::{
    domain::{
        cell::place,
        codec,
        generation::GenerationFacts,
        kinds::tag,
        matching::{Registered, index_keys},
        record::Unit,
        wire::Writer,
    },
    keys::SALT_BYTES,
};

use super::{
    index::{BLOCK_ENTRIES, ENTRY_BYTES, Fences, Index, TAG_BYTES, Tag, split},
    meta::{self, Counts, Meta},
    quarantine::QuarantinedRow,
    seal::Keys,
    shortcut::Shortcuts,
    sort::{Merge, Sorter},
};

/// Records in one transaction.
const TRANSACTION_RECORDS: i64 = 50_000;

/// Why the file could not be written.
#[derive(Debug)]
pub(super) enum WriteError {
    Disk(io::Error),
    Store(rusqlite::Error),
}

impl From<io::Error> for WriteError {
    fn from(source: io::Error) -> Self {
        Self::Disk(source)
    }
}

impl From<rusqlite::Error> for WriteError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Store(source)
    }
}

/// Writes one generation's file.
pub(super) struct RecordWriter {
    connection: Connection,
    keys: Keys,
    last_id: i64,
    subjects: Sorter,
    locators: Sorter,
    subject_entries: u64,
    tags: Vec<Tag>,
}

impl RecordWriter {
    /// Creates the file `path`; sorted runs go to unnamed files in `folder`, through buffers of `buffer_bytes` each.
    pub(super) fn create(path: &Path, folder: &Path, keys: Keys, buffer_bytes: usize) -> Result<Self, WriteError> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA page_size = 8192;
             PRAGMA journal_mode = OFF;
             PRAGMA synchronous = OFF;
             PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA cache_size = -32768;
             PRAGMA temp_store = MEMORY;
             CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
             CREATE TABLE unit (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
             CREATE TABLE subject (block INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
             CREATE TABLE shortcut (chunk INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
             CREATE TABLE quarantine (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
             CREATE TABLE locator (block INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
             CREATE TABLE fence (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
             BEGIN;",
        )?;
        Ok(Self {
            connection,
            keys,
            last_id: 0,
            subjects: Sorter::new(folder, buffer_bytes)?,
            locators: Sorter::new(folder, buffer_bytes)?,
            subject_entries: 0,
            tags: Vec::new(),
        })
    }

    /// Seals a unit under the next id, and notes by what it is found.
    pub(super) fn add(&mut self, unit: &Unit) -> Result<(), WriteError> {
        self.last_id += 1;
        let mut writer = Writer::with_capacity(2048);
        codec::write_unit(&mut writer, unit);
        let mut record = writer.finish();
        self.keys.seal(self.last_id, &mut record);
        self.connection
            .prepare_cached("INSERT INTO unit (id, sealed) VALUES (?1, ?2)")?
            .execute(params![self.last_id, record])?;
        self.note_subjects(unit)?;
        self.note_locators(unit)?;
        if self.last_id % TRANSACTION_RECORDS == 0 {
            self.connection.execute_batch("COMMIT; BEGIN;")?;
        }
        Ok(())
    }

    fn note_subjects(&mut self, unit: &Unit) -> Result<(), WriteError> {
        self.tags.clear();
        for party in unit.registrations.iter().flat_map(|registration| &registration.parties) {
            let keys = index_keys(Registered::of(party));
            self.tags.extend(keys.iter().map(|key| self.keys.subject_tag(key)));
        }
        push_entries(&mut self.tags, self.last_id, &mut self.subjects)?;
        self.subject_entries += self.tags.len() as u64;
        Ok(())
    }

    fn note_locators(&mut self, unit: &Unit) -> Result<(), WriteError> {
        self.tags.clear();
        if !unit.number.is_empty() {
            self.tags.push(self.keys.locator_tag(&unit.number));
        }
        for registration in &unit.registrations {
            let certificate = registration.common.get(tag::CERTIFICATE_NUMBER);
            let parts = place::certificates(certificate).into_iter().map(|part| str::to_uppercase(&part));
            self.tags.extend(parts.map(|number| self.keys.locator_tag(&number)));
        }
        push_entries(&mut self.tags, self.last_id, &mut self.locators)
    }

    /// Seals rows that were set aside.
    pub(super) fn set_aside(&mut self, rows: &[QuarantinedRow]) -> Result<(), WriteError> {
        let mut insert = self.connection.prepare("INSERT INTO quarantine (id, sealed) VALUES (?1, ?2)")?;
        for (number, row) in (1..).zip(rows) {
            let mut sealed = serde_json::to_vec(row).map_err(io::Error::other)?;
            self.keys.seal_quarantined(number, &mut sealed);
            insert.execute(params![number, sealed])?;
        }
        Ok(())
    }

    /// Writes the indexes, the shortcuts and what the file says of itself, and closes it. It is not synced yet.
    pub(super) fn finish(self, salt: &[u8; SALT_BYTES], facts: &GenerationFacts) -> Result<Counts, WriteError> {
        self.connection.execute_batch("COMMIT; BEGIN;")?;
        let mut shortcuts = Shortcuts::for_entries(self.subject_entries);
        let noted = |tag: &Tag, unit| shortcuts.add(tag, unit);
        let (subjects, locators) = (self.subjects.merge()?, self.locators.merge()?);
        let blocks = |index| BlockWriter::new(&self.connection, &self.keys, index);
        let counts = Counts {
            units: u64::try_from(self.last_id).expect("ids count from one"),
            subject_entries: blocks(Index::Subject).insert_entries(subjects, noted)?,
            locator_entries: blocks(Index::Locator).insert_entries(locators, |_, _| {})?,
        };
        let mut insert = self.connection.prepare("INSERT INTO shortcut (chunk, sealed) VALUES (?1, ?2)")?;
        for (chunk, mut sealed) in (0..).zip(shortcuts.chunks()) {
            self.keys.seal_shortcuts(chunk, &mut sealed);
            insert.execute(params![chunk, sealed])?;
        }
        drop(insert);
        meta::write(&self.connection, &Meta { salt: *salt, facts: facts.clone(), counts }, &self.keys)?;
        self.connection.execute_batch("COMMIT;")?;
        self.connection.close().map_err(|(_, source)| source)?;
        Ok(counts)
    }
}

fn push_entries(tags: &mut Vec<Tag>, unit: i64, sorter: &mut Sorter) -> Result<(), WriteError> {
    tags.sort_unstable();
    tags.dedup();
    for tag in tags {
        let mut entry = [0; ENTRY_BYTES];
        entry[..TAG_BYTES].copy_from_slice(tag);
        // Ids are positive, so their big-endian bytes sort as the numbers do.
        entry[TAG_BYTES..].copy_from_slice(&unit.to_be_bytes());
        sorter.push(&entry)?;
    }
    Ok(())
}

/// Writes one index.
struct BlockWriter<'a> {
    connection: &'a Connection,
    keys: &'a Keys,
    index: Index,
    block: Vec<u8>,
    fences: Fences,
}

impl<'a> BlockWriter<'a> {
    fn new(connection: &'a Connection, keys: &'a Keys, index: Index) -> Self {
        Self { connection, keys, index, block: Vec::new(), fences: Fences::default() }
    }

    /// Inserts the entries as they come, in order, and their fences last; returns how many they are.
    fn insert_entries(mut self, mut entries: Merge, mut note: impl FnMut(&Tag, i64)) -> Result<u64, WriteError> {
        let (mut entry, mut payload, mut count) = (Vec::new(), Vec::new(), 0);
        while entries.next(&mut entry, &mut payload)? {
            let entry: &[u8; ENTRY_BYTES] = entry.as_slice().try_into().map_err(io::Error::other)?;
            let (tag, unit) = split(entry);
            if self.block.is_empty() {
                self.fences.add(tag);
            }
            self.block.extend_from_slice(entry);
            if self.block.len() == BLOCK_ENTRIES * ENTRY_BYTES {
                self.end_block()?;
            }
            note(&tag, unit);
            count += 1;
        }
        if !self.block.is_empty() {
            self.end_block()?;
        }
        let mut fences = self.fences.bytes();
        self.keys.seal_fences(self.index, &mut fences);
        let insert = "INSERT INTO fence (id, sealed) VALUES (?1, ?2)";
        self.connection.execute(insert, params![self.index.number(), fences])?;
        Ok(count)
    }

    fn end_block(&mut self) -> Result<(), WriteError> {
        let number = i64::try_from(self.fences.blocks() - 1).expect("blocks are fewer than entries");
        self.keys.seal_block(self.index, number, &mut self.block);
        let insert = match self.index {
            Index::Subject => "INSERT INTO subject (block, sealed) VALUES (?1, ?2)",
            Index::Locator => "INSERT INTO locator (block, sealed) VALUES (?1, ?2)",
        };
        self.connection.prepare_cached(insert)?.execute(params![number, self.block])?;
        self.block.clear();
        Ok(())
    }
}
