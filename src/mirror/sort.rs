//! Sorting more than memory holds: records by key, spilled in sorted runs and merged.
//!
//! Records wait in a [`Buffer`]; a full one is sorted and written as a run to a temporary file that has no name any more,
//! so that nothing stays behind after a crash. What is written is sealed under a key that lives in memory alone: no personal
//! data reaches the disk in plain. Records of equal key keep the order in which they came. This module knows nothing of what
//! the bytes mean.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, Write},
    path::{Path, PathBuf},
};

use ring::aead::{Aad, LessSafeKey};

use super::seal::nonce;
use crate::keys::{KEY_BYTES, aead_key, random};

/// Plain bytes of a sealed chunk, about; one chunk of every run is in memory while merging.
const CHUNK_BYTES: usize = 256 * 1024;

/// Records not yet sorted.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    records: Vec<Extent>,
    capacity: usize,
}

#[derive(Clone, Copy)]
struct Extent {
    start: usize,
    key_length: u32,
    payload_length: u32,
}

impl Buffer {
    /// An empty buffer that is full at about `capacity` bytes.
    pub(super) fn new(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), records: Vec::new(), capacity }
    }

    /// Adds a record; the payload is what `write` appends.
    pub(super) fn push(&mut self, key: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        let payload = self.bytes.len();
        write(&mut self.bytes);
        let length = |bytes: usize| u32::try_from(bytes).expect("a row is far below 4 GiB");
        self.records.push(Extent {
            start,
            key_length: length(payload - start),
            payload_length: length(self.bytes.len() - payload),
        });
    }

    /// Whether it should be spilled.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() + self.records.len() * size_of::<Extent>() >= self.capacity
    }

    fn key(&self, record: &Extent) -> &[u8] {
        &self.bytes[record.start..record.start + record.key_length as usize]
    }

    /// Forgets its records, and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.records.clear();
    }
}

/// The sorted runs spilled so far.
pub(super) struct Runs {
    folder: PathBuf,
    key: LessSafeKey,
    chunk_count: i64,
    files: Vec<(File, i64)>,
}

impl Runs {
    /// No runs yet; their files will be in `folder`, without names.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        let key = random::<KEY_BYTES>().map_err(io::Error::other)?;
        Ok(Self { folder: folder.to_owned(), key: aead_key(&key), chunk_count: 0, files: Vec::new() })
    }

    /// Sorts the buffer's records, writes them as one run, and empties the buffer.
    pub(super) fn spill(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        if buffer.records.is_empty() {
            return Ok(());
        }
        let mut records = std::mem::take(&mut buffer.records);
        records.sort_by(|left, right| buffer.key(left).cmp(buffer.key(right)));
        let mut file = BufWriter::with_capacity(2 * CHUNK_BYTES, tempfile::tempfile_in(&self.folder)?);
        let first_chunk = self.chunk_count;
        let mut chunk = Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 4);
        for record in &records {
            chunk.extend_from_slice(&record.key_length.to_le_bytes());
            chunk.extend_from_slice(&record.payload_length.to_le_bytes());
            let end = record.start + record.key_length as usize + record.payload_length as usize;
            chunk.extend_from_slice(&buffer.bytes[record.start..end]);
            if chunk.len() >= CHUNK_BYTES {
                self.write_chunk(&mut file, &mut chunk)?;
            }
        }
        if !chunk.is_empty() {
            self.write_chunk(&mut file, &mut chunk)?;
        }
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        self.files.push((file, first_chunk));
        buffer.records = records;
        buffer.clear();
        Ok(())
    }

    fn write_chunk(&mut self, file: &mut impl Write, chunk: &mut Vec<u8>) -> io::Result<()> {
        // Chunks are numbered through all runs, so that no nonce is used twice under this sorter's key.
        self.key
            .seal_in_place_append_tag(nonce(self.chunk_count), Aad::empty(), chunk)
            .map_err(|_| io::Error::other("a chunk could not be sealed"))?;
        self.chunk_count += 1;
        let length = u32::try_from(chunk.len()).map_err(io::Error::other)?;
        file.write_all(&length.to_le_bytes())?;
        file.write_all(chunk)?;
        chunk.clear();
        Ok(())
    }

    /// Begins to read all records in the order of their keys.
    pub(super) fn merge(self) -> io::Result<Merge> {
        let mut merge = Merge { key: self.key, runs: Vec::new(), heads: BinaryHeap::new() };
        for (at, (file, chunk_number)) in self.files.into_iter().enumerate() {
            let file = BufReader::with_capacity(CHUNK_BYTES, file);
            merge.runs.push(Run { file, chunk_number, chunk: Vec::new(), at: 0, payload: (0, 0) });
            merge.advance(at, Vec::new())?;
        }
        Ok(merge)
    }
}

/// A sorter that spills by itself.
pub(super) struct Sorter {
    buffer: Buffer,
    runs: Runs,
}

impl Sorter {
    /// A sorter with a buffer of `capacity` bytes, whose runs will be in `folder`.
    pub(super) fn new(folder: &Path, capacity: usize) -> io::Result<Self> {
        Ok(Self { buffer: Buffer::new(capacity), runs: Runs::new(folder)? })
    }

    /// Adds a record without payload.
    pub(super) fn push(&mut self, key: &[u8]) -> io::Result<()> {
        self.buffer.push(key, |_| {});
        if self.buffer.is_full() { self.runs.spill(&mut self.buffer) } else { Ok(()) }
    }

    /// Begins to read all records in the order of their keys.
    pub(super) fn merge(mut self) -> io::Result<Merge> {
        self.runs.spill(&mut self.buffer)?;
        drop(self.buffer);
        self.runs.merge()
    }
}

/// Reads the records of all runs in the order of their keys.
pub(super) struct Merge {
    key: LessSafeKey,
    runs: Vec<Run>,
    heads: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
}

struct Run {
    file: BufReader<File>,
    chunk_number: i64,
    chunk: Vec<u8>,
    at: usize,
    payload: (usize, usize),
}

impl Merge {
    /// The next record's key and payload into the two buffers; `false` after the last.
    pub(super) fn next(&mut self, key: &mut Vec<u8>, payload: &mut Vec<u8>) -> io::Result<bool> {
        let Some(Reverse((head, at))) = self.heads.pop() else { return Ok(false) };
        key.clear();
        key.extend_from_slice(&head);
        payload.clear();
        let run = &self.runs[at];
        payload.extend_from_slice(&run.chunk[run.payload.0..run.payload.1]);
        self.advance(at, head)?;
        Ok(true)
    }

    /// Puts the next record of run `at` among the heads; `key` is a buffer to reuse.
    fn advance(&mut self, at: usize, mut key: Vec<u8>) -> io::Result<()> {
        let run = &mut self.runs[at];
        if run.at >= run.chunk.len() && !run.read_chunk(&self.key)? {
            return Ok(());
        }
        let key_length = run.length()?;
        let payload_length = run.length()?;
        let key_end = run.at + key_length;
        let end = key_end + payload_length;
        key.clear();
        key.extend_from_slice(run.chunk.get(run.at..key_end).ok_or_else(damaged)?);
        run.payload = (key_end, end);
        if end > run.chunk.len() {
            return Err(damaged());
        }
        run.at = end;
        self.heads.push(Reverse((key, at)));
        Ok(())
    }
}

impl Run {
    fn read_chunk(&mut self, key: &LessSafeKey) -> io::Result<bool> {
        if self.file.buffer().is_empty() && io::BufRead::fill_buf(&mut self.file)?.is_empty() {
            return Ok(false);
        }
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        self.chunk.resize(u32::from_le_bytes(length) as usize, 0);
        self.file.read_exact(&mut self.chunk)?;
        let plain =
            key.open_in_place(nonce(self.chunk_number), Aad::empty(), &mut self.chunk).map_err(|_| damaged())?.len();
        self.chunk.truncate(plain);
        self.chunk_number += 1;
        self.at = 0;
        Ok(true)
    }

    fn length(&mut self) -> io::Result<usize> {
        let bytes = self.chunk.get(self.at..self.at + 4).ok_or_else(damaged)?;
        self.at += 4;
        Ok(u32::from_le_bytes(bytes.try_into().map_err(|_| damaged())?) as usize)
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a temporary run does not read back as written")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(mut merge: Merge) -> Vec<(Vec<u8>, Vec<u8>)> {
        let (mut key, mut payload, mut all) = (Vec::new(), Vec::new(), Vec::new());
        while merge.next(&mut key, &mut payload).unwrap() {
            all.push((key.clone(), payload.clone()));
        }
        all
    }

    #[test]
    fn tiny_buffers_spill_many_runs_and_merge_stably() {
        let folder = tempfile::tempdir().unwrap();
        let mut runs = Runs::new(folder.path()).unwrap();
        let mut buffer = Buffer::new(64);
        let mut expected = Vec::new();
        for number in 0..500_u32 {
            let key = format!("{:03}", number * 7 % 100).into_bytes();
            buffer.push(&key, |bytes| bytes.extend_from_slice(&number.to_be_bytes()));
            expected.push((key, number.to_be_bytes().to_vec()));
            if buffer.is_full() {
                runs.spill(&mut buffer).unwrap();
            }
        }
        runs.spill(&mut buffer).unwrap();
        assert!(runs.files.len() > 50);
        expected.sort_by(|left, right| left.0.cmp(&right.0));
        assert_eq!(drain(runs.merge().unwrap()), expected);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "runs have no names");
    }

    #[test]
    fn runs_longer_than_a_chunk_read_back_and_show_nothing_in_plain() {
        let folder = tempfile::tempdir().unwrap();
        let mut runs = Runs::new(folder.path()).unwrap();
        let mut buffer = Buffer::new(usize::MAX / 2_usize.pow(40));
        let payload = "secret".repeat(1000);
        for number in 0..200_u32 {
            buffer.push(&number.to_be_bytes(), |bytes| bytes.extend_from_slice(payload.as_bytes()));
        }
        runs.spill(&mut buffer).unwrap();
        let mut stored = Vec::new();
        runs.files[0].0.read_to_end(&mut stored).unwrap();
        assert!(!stored.windows(6).any(|bytes| bytes == b"secret"));
        runs.files[0].0.rewind().unwrap();
        let read = drain(runs.merge().unwrap());
        assert_eq!(read.len(), 200);
        assert!(read.iter().all(|(_, read)| read == payload.as_bytes()));
    }

    #[test]
    fn an_empty_sorter_yields_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(drain(Sorter::new(folder.path(), 1024).unwrap().merge().unwrap()).is_empty());
    }
}
