//! Writing a run: beside, synced, renamed, and the folder synced.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, binary_heap::PeekMut},
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
};

use ring::hmac;
use tempfile::NamedTempFile;

use super::{
    entries::Entries,
    error::{RunsError, disk},
    filter::Filter,
    format::{BLOCK_BYTES, FENCE_RECORDS, Header, Part, Row, Seal, digest_of, digest_of_bytes, finish, seal_of_block},
    run::{Edges, Run},
    sweep::Sweep,
};
use crate::disk::sync_folder;

/// What the name of a file under way begins with, as no run's name does.
pub(super) const BUILDING: &str = ".building-";

/// Bytes written at a time: enough to write a disk in order.
const BUFFER_BYTES: usize = 1024 * 1024;

const _: () = assert!(BUFFER_BYTES.is_multiple_of(BLOCK_BYTES));

/// A run under way. Dropped before it is finished, it leaves nothing.
struct Writer<'a> {
    key: &'a hmac::Key,
    entries: Entries,
    file: NamedTempFile,
    buffer: Vec<u8>,
    digest: hmac::Context,
    fence: Vec<Row>,
    seals: Vec<Seal>,
    filter: Option<Filter>,
    record_count: u64,
}

impl<'a> Writer<'a> {
    /// Begins the run of these entries, of so many records at most.
    fn new(folder: &Path, key: &'a hmac::Key, entries: Entries, record_count_max: u64) -> io::Result<Self> {
        // The rights are those of a file that no one changes again, less what the process withholds by its umask. What fails is
        // told without the file's name, here and below, where the file is written to and not `NamedTempFile`: it has another at
        // each try, and whoever tells the same only once would tell it for ever.
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o400);
        let file = tempfile::Builder::new().prefix(BUILDING).make_in(folder, |path| options.open(path))?;
        file.as_file().write_all(&[0; BLOCK_BYTES])?;
        let digest = digest_of(Part::Body, key);
        let filter = Filter::with_room_for(record_count_max);
        let (buffer, fence, seals) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { key, entries, file, buffer, digest, fence, seals, filter, record_count: 0 })
    }

    /// Adds a record, greater than the one before it.
    fn push(&mut self, row: Row) -> io::Result<()> {
        if self.record_count.is_multiple_of(FENCE_RECORDS) {
            self.fence.push(row);
        }
        if let Some(filter) = &mut self.filter {
            filter.add(row);
        }
        self.record_count += 1;
        self.buffer.extend_from_slice(&row.to_bytes());
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes what is gathered: whole blocks, but for the last time.
    fn flush(&mut self) -> io::Result<()> {
        for block in self.buffer.chunks(BLOCK_BYTES) {
            self.seals.push(seal_of_block(self.entries, self.seals.len() as u64, block, self.key));
        }
        self.digest.update(&self.buffer);
        self.file.as_file().write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self, folder: &Path) -> io::Result<Run> {
        self.flush()?;
        let fence: Vec<u8> = self.fence.iter().flat_map(|row| row.to_bytes()).collect();
        self.file.as_file().write_all(&fence)?;
        let seals = self.seals.as_flattened();
        self.file.as_file().write_all(seals)?;
        let header = Header {
            entries: self.entries,
            record_count: self.record_count,
            body: finish(self.digest),
            fence: digest_of_bytes(Part::Fence, &fence, self.key),
            seals: digest_of_bytes(Part::Seals, seals, self.key),
        };
        self.file.as_file().write_all_at(&header.to_bytes(self.key), 0)?;
        self.file.as_file().sync_all()?;
        let path = folder.join(self.entries.file_name());
        let file = self.file.persist(&path)?;
        if let Err(error) = sync_folder(folder) {
            // Not known to last, so it is not known at all; if it stays all the same, the next writer finds it.
            drop(fs::remove_file(&path));
            return Err(error);
        }
        let edges = Edges { header, fence: self.fence, seals: self.seals };
        Ok(Run::written(edges, self.filter, self.key, path, file))
    }
}

/// Writes these rows, ascending and none twice, as the run of these entries.
pub(super) fn write_run(
    folder: &Path,
    key: &hmac::Key,
    entries: Entries,
    rows: impl ExactSizeIterator<Item = Row>,
) -> Result<Run, RunsError> {
    let failed = disk("write a run");
    let mut writer = Writer::new(folder, key, entries, rows.len() as u64).map_err(&failed)?;
    for row in rows {
        writer.push(row).map_err(&failed)?;
    }
    writer.finish(folder).map_err(&failed)
}

/// Writes the records of these runs as the run of these entries. Each is found authentic, or nothing is written.
pub(super) fn write_merged(
    folder: &Path,
    key: &hmac::Key,
    entries: Entries,
    runs: &[Arc<Run>],
) -> Result<Run, RunsError> {
    let failed = disk("merge runs");
    let mut sweeps: Vec<Sweep> = runs.iter().map(|run| Sweep::new(Arc::clone(run), key)).collect();
    let mut heads = BinaryHeap::with_capacity(sweeps.len());
    for (at, sweep) in sweeps.iter_mut().enumerate() {
        heads.extend(sweep.next()?.map(|row| Reverse((row, at))));
    }
    let record_count = runs.iter().map(|run| run.header.record_count).sum();
    let mut writer = Writer::new(folder, key, entries, record_count).map_err(&failed)?;
    while let Some(mut head) = heads.peek_mut() {
        let Reverse((row, at)) = *head;
        writer.push(row).map_err(&failed)?;
        match sweeps[at].next()? {
            Some(next) => *head = Reverse((next, at)),
            None => drop(PeekMut::pop(head)),
        }
    }
    writer.finish(folder).map_err(&failed)
}
