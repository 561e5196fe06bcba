//! One run: a file that is never changed again, and how a tag is found in it.
//!
//! Tags are uniform, so that a record's place follows from its tag, but for one thing: a tag that many entries have (a court's,
//! a gateway's) is a long stretch of equal tags and shifts all that follows. The fence takes that away: it holds every 1024th
//! record, is searched in memory, and leaves four blocks to look into. Among those the place is guessed by interpolation; a
//! wrong guess rules out its block and all on one side of it, so there are at most four.
//!
//! Every block that a search reads is compared with its seal, so a tag that it does not find is not there. `sweep` reads all.

use std::{
    fs::File,
    io,
    ops::ControlFlow,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use ring::hmac;

use super::{
    entries::Entries,
    error::{Fault, RunsError},
    filter::Filter,
    format::{
        BLOCK_BYTES, BLOCK_RECORDS, FENCE_RECORDS, Header, Part, RECORD_BYTES, Row, SEAL_BYTES, Seal, digest_of_bytes,
        seal_of_block,
    },
};
use crate::disk;

/// What opening a file came to.
pub(super) enum Opened {
    Run(Box<Run>),
    Faulty(Fault),
    /// A writer has merged and removed it since it was listed.
    Vanished,
}

/// What of a run is in memory: authentic, and enough to tell whether a block is.
#[derive(PartialEq, Eq)]
pub(super) struct Edges {
    pub(super) header: Header,
    pub(super) fence: Vec<Row>,
    pub(super) seals: Vec<Seal>,
}

/// An open run.
pub(super) struct Run {
    pub(super) header: Header,
    pub(super) fence: Vec<Row>,
    seals: Vec<Seal>,
    key: hmac::Key,
    /// Of a run that this process wrote, unless it is too large.
    filter: Option<Filter>,
    path: PathBuf,
    file: File,
}

/// A block of records, and where in the run it was read.
pub(super) struct Block {
    bytes: [u8; BLOCK_BYTES],
    first: u64,
    record_count: usize,
}

impl Block {
    pub(super) fn new() -> Self {
        Self { bytes: [0; BLOCK_BYTES], first: 0, record_count: 0 }
    }

    fn row(&self, at: usize) -> Row {
        Row::of(&self.bytes[at * RECORD_BYTES..(at + 1) * RECORD_BYTES])
    }

    /// The first record in it that is not below `target`, if it holds one.
    fn at_or_above(&self, target: Row) -> usize {
        let (mut low, mut high) = (0, self.record_count);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.row(middle) < target { low = middle + 1 } else { high = middle }
        }
        low
    }
}

impl Run {
    /// Opens the run of these entries; reads and authenticates header and fence, and checks the length.
    pub(super) fn open(folder: &Path, entries: Entries, key: &hmac::Key) -> Result<Opened, RunsError> {
        let failed = |source| RunsError::Read { entries, source };
        let path = folder.join(entries.file_name());
        let file = match disk::open(&path) {
            Ok(file) => file,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Opened::Vanished),
            Err(source) => return Err(failed(source)),
        };
        match Self::read(&file, entries, key) {
            Ok(edges) => Ok(Opened::Run(Box::new(Self::written(edges, None, key, path, file)))),
            Err(RunsError::Damaged { fault, .. }) => Ok(Opened::Faulty(fault)),
            Err(error) => Err(error),
        }
    }

    /// A run just written.
    pub(super) fn written(edges: Edges, filter: Option<Filter>, key: &hmac::Key, path: PathBuf, file: File) -> Self {
        let Edges { header, fence, seals } = edges;
        Self { header, fence, seals, key: key.clone(), filter, path, file }
    }

    /// Reads header, fence and seals once more; they must be as they were.
    pub(super) fn check_edges(&self) -> Result<(), RunsError> {
        let Edges { header, fence, seals } = Self::read(&self.file, self.entries(), &self.key)?;
        if header != self.header {
            return Err(self.damaged(Fault::Header));
        }
        if fence == self.fence && seals == self.seals { Ok(()) } else { Err(self.damaged(Fault::Fence)) }
    }

    fn read(file: &File, entries: Entries, key: &hmac::Key) -> Result<Edges, RunsError> {
        let failed = |source| RunsError::Read { entries, source };
        let damaged = |fault| RunsError::Damaged { entries, fault };
        let length = file.metadata().map_err(failed)?.len();
        if length < BLOCK_BYTES as u64 {
            return Err(damaged(Fault::Header));
        }
        let mut bytes = [0; BLOCK_BYTES];
        file.read_exact_at(&mut bytes, 0).map_err(failed)?;
        let header = Header::of(&bytes, key).map_err(damaged)?;
        if header.entries != entries {
            return Err(damaged(Fault::Name));
        }
        let (Some(fence_at), true) = (header.fence_at(), header.file_bytes() == Some(length)) else {
            return Err(damaged(Fault::Length));
        };
        let rest = usize::try_from(length - fence_at).map_err(|_| damaged(Fault::Length))?;
        let fence_bytes = header.fence_bytes().and_then(|bytes| usize::try_from(bytes).ok());
        let mut bytes = vec![0; rest];
        file.read_exact_at(&mut bytes, fence_at).map_err(failed)?;
        let (fence, seals) =
            fence_bytes.and_then(|at| bytes.split_at_checked(at)).ok_or_else(|| damaged(Fault::Length))?;
        if digest_of_bytes(Part::Fence, fence, key) != header.fence
            || digest_of_bytes(Part::Seals, seals, key) != header.seals
        {
            return Err(damaged(Fault::Fence));
        }
        let fence = fence.chunks_exact(RECORD_BYTES).map(Row::of).collect();
        let seals = seals.as_chunks::<SEAL_BYTES>().0.to_vec();
        Ok(Edges { header, fence, seals })
    }

    pub(super) fn entries(&self) -> Entries {
        self.header.entries
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn damaged(&self, fault: Fault) -> RunsError {
        RunsError::Damaged { entries: self.entries(), fault }
    }

    /// Hands over the entries that have the tag of `target`, from its entry on, until told to stop.
    pub(super) fn find_each(
        &self,
        target: Row,
        block: &mut Block,
        each: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, RunsError> {
        if self.filter.as_ref().is_some_and(|filter| !filter.may_have(target)) {
            return Ok(ControlFlow::Continue(()));
        }
        block.record_count = 0;
        let Some(mut at) = self.seek(target, block)? else { return Ok(ControlFlow::Continue(())) };
        let mut last = None;
        while at < self.header.record_count {
            let rows = self.rows_from(at, block)?;
            for number in rows.clone() {
                let row = block.row(number);
                if !row.has_tag_of(target) {
                    return Ok(ControlFlow::Continue(()));
                }
                if !self.entries().contains(row.entry()) {
                    return Err(self.damaged(Fault::Stray));
                }
                if last >= Some(row) {
                    return Err(self.damaged(Fault::Order));
                }
                last = Some(row);
                if each(row.entry()).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            at += rows.len() as u64;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The place of the first record that is not below `target`; `None` where the search saw that it has another tag.
    fn seek(&self, target: Row, block: &mut Block) -> Result<Option<u64>, RunsError> {
        // All records before `low` are below the target, none from `high` on; both are where a block begins or the run ends.
        let above = self.fence.partition_point(|row| *row < target) as u64;
        let mut low = above.saturating_sub(1) * FENCE_RECORDS;
        let mut high = (above * FENCE_RECORDS).min(self.header.record_count);
        let at = |above: u64| usize::try_from(above).ok().and_then(|at| self.fence.get(at)).copied();
        let mut low_row = above.checked_sub(1).and_then(at).unwrap_or(Row(0));
        let mut high_row = at(above);
        while low < high {
            let ahead = share(target, low_row, high_row.unwrap_or(Row(u128::MAX)), high - low);
            self.read_block((low + ahead) / BLOCK_RECORDS, block)?;
            let (first, last) = (block.row(0), block.row(block.record_count - 1));
            if target <= first {
                (high, high_row) = (block.first, Some(first));
            } else if last < target {
                (low, low_row) = (block.first + block.record_count as u64, last);
            } else {
                return Ok(Some(block.first + block.at_or_above(target) as u64));
            }
        }
        Ok(high_row.filter(|row| row.has_tag_of(target)).map(|_| low))
    }

    /// The numbers, in their block, of the records from `at` to the block's end; the block is read unless it is there.
    fn rows_from(&self, at: u64, block: &mut Block) -> Result<std::ops::Range<usize>, RunsError> {
        if !(block.first..block.first + block.record_count as u64).contains(&at) {
            self.read_block(at / BLOCK_RECORDS, block)?;
        }
        let start = usize::try_from(at - block.first).expect("a place in a block");
        Ok(start..block.record_count)
    }

    /// Reads the block of this number, which is in the run.
    fn read_block(&self, number: u64, block: &mut Block) -> Result<(), RunsError> {
        let first = number * BLOCK_RECORDS;
        let record_count = BLOCK_RECORDS.min(self.header.record_count - first);
        block.first = first;
        block.record_count = 0;
        let bytes = usize::try_from(record_count).expect("at most a block") * RECORD_BYTES;
        self.read_records(first, &mut block.bytes[..bytes])?;
        let seal = seal_of_block(self.entries(), number, &block.bytes[..bytes], &self.key);
        let known = usize::try_from(number).ok().and_then(|number| self.seals.get(number));
        if known != Some(&seal) {
            return Err(self.damaged(Fault::Body));
        }
        block.record_count = bytes / RECORD_BYTES;
        Ok(())
    }

    /// Reads the records from number `first` on into the whole buffer.
    pub(super) fn read_records(&self, first: u64, bytes: &mut [u8]) -> Result<(), RunsError> {
        let at = BLOCK_BYTES as u64 + first * RECORD_BYTES as u64;
        self.file.read_exact_at(bytes, at).map_err(|source| match source.kind() {
            // Its length was right when it was opened.
            io::ErrorKind::UnexpectedEof => self.damaged(Fault::Length),
            _ => RunsError::Read { entries: self.entries(), source },
        })
    }
}

/// Where among `count` records between two of these values the target should be, if values were spread evenly.
fn share(target: Row, low: Row, high: Row, count: u64) -> u64 {
    let whole = high.0.saturating_sub(low.0);
    let part = target.0.saturating_sub(low.0).min(whole);
    // The top 64 bits are enough, and leave room for the product.
    let shift = (u128::BITS - whole.leading_zeros()).saturating_sub(64);
    let ahead = (part >> shift) * u128::from(count) / (whole >> shift).max(1);
    u64::try_from(ahead).unwrap_or(u64::MAX).min(count.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_stays_within_bounds() {
        let row = Row;
        assert_eq!(share(row(50), row(0), row(100), 10), 5);
        assert_eq!(share(row(u128::MAX), row(0), row(u128::MAX), u64::MAX >> 1), (u64::MAX >> 1) - 1);
        assert_eq!(share(row(1 << 127), row(0), row(u128::MAX), 1000), 500);
        // What a damaged file may tell: bounds that cross, and a target outside of them.
        assert_eq!(share(row(5), row(9), row(3), 10), 0);
        assert_eq!(share(row(20), row(9), row(13), 10), 9);
        assert_eq!(share(row(5), row(5), row(5), 10), 0);
    }
}
