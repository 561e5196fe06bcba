//! Reading a run from its first record to its last, and whether all of it is what was written.
//!
//! Who merges reads by a sweep as well: else damage to a run would come out of the merge as authentic.

use std::sync::Arc;

use ring::hmac;

use super::{
    error::{Fault, RunsError},
    format::{FENCE_RECORDS, Part, RECORD_BYTES, Row, digest_of, finish},
    run::Run,
};

/// Bytes read at a time: enough to read a disk in order. A merge has one such buffer for each run that it takes, a few MiB.
const BUFFER_BYTES: usize = 256 * 1024;

const _: () = assert!(BUFFER_BYTES.is_multiple_of(RECORD_BYTES));

/// A run being read from first to last.
pub(super) struct Sweep {
    run: Arc<Run>,
    digest: Option<hmac::Context>,
    buffer: Vec<u8>,
    at: usize,
    next: u64,
    last: Option<Row>,
    bytes_read: u64,
}

impl Sweep {
    pub(super) fn new(run: Arc<Run>, key: &hmac::Key) -> Self {
        let digest = Some(digest_of(Part::Body, key));
        Self { run, digest, buffer: Vec::new(), at: 0, next: 0, last: None, bytes_read: 0 }
    }

    /// The next record; `None` after the last, which is said only where the whole body is authentic.
    pub(super) fn next(&mut self) -> Result<Option<Row>, RunsError> {
        if self.at == self.buffer.len() && !self.fill()? {
            return Ok(None);
        }
        let row = Row::of(&self.buffer[self.at..self.at + RECORD_BYTES]);
        if self.last >= Some(row) {
            return Err(self.run.damaged(Fault::Order));
        }
        if !self.run.entries().contains(row.entry()) {
            return Err(self.run.damaged(Fault::Stray));
        }
        if self.next.is_multiple_of(FENCE_RECORDS) {
            let number = usize::try_from(self.next / FENCE_RECORDS).ok();
            if number.and_then(|number| self.run.fence.get(number)) != Some(&row) {
                return Err(self.run.damaged(Fault::Fence));
            }
        }
        self.last = Some(row);
        self.at += RECORD_BYTES;
        self.next += 1;
        Ok(Some(row))
    }

    /// Bytes read since this was last asked.
    pub(super) fn take_bytes_read(&mut self) -> u64 {
        std::mem::take(&mut self.bytes_read)
    }

    fn fill(&mut self) -> Result<bool, RunsError> {
        let left = self.run.header.record_count - self.next;
        if left == 0 {
            return match self.digest.take().map(finish) {
                Some(digest) if digest != self.run.header.body => Err(self.run.damaged(Fault::Body)),
                _ => Ok(false),
            };
        }
        let record_count = usize::try_from(left).unwrap_or(usize::MAX).min(BUFFER_BYTES / RECORD_BYTES);
        self.buffer.resize(record_count * RECORD_BYTES, 0);
        self.run.read_records(self.next, &mut self.buffer)?;
        if let Some(digest) = &mut self.digest {
            digest.update(&self.buffer);
        }
        self.bytes_read += self.buffer.len() as u64;
        self.at = 0;
        Ok(true)
    }
}
