//! The bytes of a run.
//!
//! | bytes | content |
//! |---|---|
//! | 0-16 | `bdcd ledger run` and the format's version, 2 |
//! | 16-40 | first entry, entry after the last, count of records; eight bytes each |
//! | 40-72 | HMAC-SHA-256 of the records |
//! | 72-104 | HMAC-SHA-256 of the fence |
//! | 104-136 | HMAC-SHA-256 of the seals |
//! | 136-4064 | zeros |
//! | 4064-4096 | HMAC-SHA-256 of all before |
//! | then | the records, ascending, none twice: ten bytes of tag, six of entry |
//! | then | the fence: every 1024th record once more, beginning with the first |
//! | then | the seals: of each block of 256 records the first eight bytes of an HMAC-SHA-256 of run, block number and bytes |
//!
//! Numbers are big-endian, so that the order of the bytes is the order of the numbers. The header is as long as a block, so that
//! blocks of records lie on the pages of the system's cache. The digests are of texts that begin with different words, so none
//! stands for another. Fence and seals are in memory while the run is open: a search trusts no block that it reads.

use ring::hmac;

use super::{entries::Entries, error::Fault};

/// Length of the header, and of the blocks that are read at a time, in bytes: a page.
pub(super) const BLOCK_BYTES: usize = 4096;

/// Length of a record, in bytes.
pub(super) const RECORD_BYTES: usize = 16;

/// Records in a block.
pub(super) const BLOCK_RECORDS: u64 = (BLOCK_BYTES / RECORD_BYTES) as u64;

/// Records from one of the fence to the next: four blocks, so the fence, which is in memory, is 1/1024 of the records.
///
/// In a run of 70 million records, of which three in seven have tags that many entries have, a search for a tag that is not
/// there reads 8.2 blocks without a fence, 1.7 with one record in sixteen blocks, 1.1 with one in four, and 1 with one in each.
pub(super) const FENCE_RECORDS: u64 = 4 * BLOCK_RECORDS;

const MAGIC: &[u8; 16] = b"bdcd ledger run\x02";
const SEAL_AT: usize = BLOCK_BYTES - DIGEST_BYTES;
const DIGEST_BYTES: usize = 32;
const ENTRY_BITS: u32 = 48;

const _: () = assert!(BLOCK_BYTES.is_multiple_of(RECORD_BYTES));
const _: () = assert!(super::entries::ENTRIES_MAX == 1 << ENTRY_BITS);

/// A keyed digest of something that entries are searched by.
pub type Tag = [u8; 16];

/// HMAC-SHA-256 of a part of a file.
pub(super) type Digest = [u8; DIGEST_BYTES];

/// Length of a block's seal, in bytes: what guards against a disk, and leaves a forger two to the 63 tries at the daemon.
pub(super) const SEAL_BYTES: usize = 8;

/// The seal of a block.
pub(super) type Seal = [u8; SEAL_BYTES];

/// A record as one number: eighty bits of tag, then 48 of entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row(pub(super) u128);

impl Row {
    pub(super) fn new(tag: &Tag, entry: u64) -> Self {
        Self(u128::from_be_bytes(*tag) >> ENTRY_BITS << ENTRY_BITS | u128::from(entry))
    }

    pub(super) fn entry(self) -> u64 {
        u64::try_from(self.0 & ((1 << ENTRY_BITS) - 1)).expect("48 bits")
    }

    pub(super) fn has_tag_of(self, other: Self) -> bool {
        self.tag_bits() == other.tag_bits()
    }

    /// The eighty bits of the tag.
    pub(super) fn tag_bits(self) -> u128 {
        self.0 >> ENTRY_BITS
    }

    pub(super) fn to_bytes(self) -> [u8; RECORD_BYTES] {
        self.0.to_be_bytes()
    }

    /// The row of these bytes, which are as many as a record has.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(u128::from_be_bytes(bytes.try_into().expect("the caller cuts records")))
    }
}

/// A part of a file that has a digest of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Header,
    Body,
    Fence,
    Seals,
    Block,
}

/// Begins the digest of a part.
pub(super) fn digest_of(part: Part, key: &hmac::Key) -> hmac::Context {
    let mut context = hmac::Context::with_key(key);
    context.update(match part {
        Part::Header => b"header",
        Part::Body => b"records",
        Part::Fence => b"fence",
        Part::Seals => b"seals",
        Part::Block => b"block",
    });
    context
}

/// Ends the digest of a part.
pub(super) fn finish(context: hmac::Context) -> Digest {
    let mut digest = [0; DIGEST_BYTES];
    digest.copy_from_slice(context.sign().as_ref());
    digest
}

/// The digest of a part that is at hand as a whole.
pub(super) fn digest_of_bytes(part: Part, bytes: &[u8], key: &hmac::Key) -> Digest {
    let mut context = digest_of(part, key);
    context.update(bytes);
    finish(context)
}

/// The seal of a block of a run: of its bytes, and of where they stand.
pub(super) fn seal_of_block(entries: Entries, number: u64, bytes: &[u8], key: &hmac::Key) -> Seal {
    let mut context = digest_of(Part::Block, key);
    for place in [entries.first(), entries.end(), number] {
        context.update(&place.to_be_bytes());
    }
    context.update(bytes);
    let mut seal = [0; SEAL_BYTES];
    seal.copy_from_slice(&finish(context)[..SEAL_BYTES]);
    seal
}

/// What stands at the beginning of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) entries: Entries,
    pub(super) record_count: u64,
    pub(super) body: Digest,
    pub(super) fence: Digest,
    pub(super) seals: Digest,
}

impl Header {
    pub(super) fn to_bytes(self, key: &hmac::Key) -> [u8; BLOCK_BYTES] {
        let mut bytes = [0; BLOCK_BYTES];
        bytes[..16].copy_from_slice(MAGIC);
        bytes[16..24].copy_from_slice(&self.entries.first().to_be_bytes());
        bytes[24..32].copy_from_slice(&self.entries.end().to_be_bytes());
        bytes[32..40].copy_from_slice(&self.record_count.to_be_bytes());
        bytes[40..72].copy_from_slice(&self.body);
        bytes[72..104].copy_from_slice(&self.fence);
        bytes[104..136].copy_from_slice(&self.seals);
        let seal = seal(&bytes, key);
        bytes[SEAL_AT..].copy_from_slice(&seal);
        bytes
    }

    /// The header of these bytes, if it is authentic and its numbers make sense.
    pub(super) fn of(bytes: &[u8; BLOCK_BYTES], key: &hmac::Key) -> Result<Self, Fault> {
        // Who could time this comparison can write to the folder of the ledger.
        if bytes[..16] != *MAGIC || bytes[SEAL_AT..] != seal(bytes, key) {
            return Err(Fault::Header);
        }
        let number = |at: usize| {
            let bytes = bytes[at..at + 8].try_into().expect("eight bytes");
            u64::from_be_bytes(bytes)
        };
        let digest = |at: usize| {
            let mut digest = [0; DIGEST_BYTES];
            digest.copy_from_slice(&bytes[at..at + DIGEST_BYTES]);
            digest
        };
        let entries = Entries::new(number(16), number(24)).ok_or(Fault::Header)?;
        let header =
            Self { entries, record_count: number(32), body: digest(40), fence: digest(72), seals: digest(104) };
        header.file_bytes().map(|_| header).ok_or(Fault::Header)
    }

    pub(super) fn fence_count(self) -> u64 {
        self.record_count.div_ceil(FENCE_RECORDS)
    }

    /// Bytes of the fence; `None` past what a number holds.
    pub(super) fn fence_bytes(self) -> Option<u64> {
        self.fence_count().checked_mul(RECORD_BYTES as u64)
    }

    /// Bytes of the seals; `None` past what a number holds.
    fn seal_bytes(self) -> Option<u64> {
        self.record_count.div_ceil(BLOCK_RECORDS).checked_mul(SEAL_BYTES as u64)
    }

    /// Where the fence begins; `None` past what a number holds.
    pub(super) fn fence_at(self) -> Option<u64> {
        self.record_count.checked_mul(RECORD_BYTES as u64)?.checked_add(BLOCK_BYTES as u64)
    }

    /// The length of the file; `None` past what a number holds.
    pub(super) fn file_bytes(self) -> Option<u64> {
        self.fence_at()?.checked_add(self.fence_bytes()?)?.checked_add(self.seal_bytes()?)
    }
}

fn seal(bytes: &[u8; BLOCK_BYTES], key: &hmac::Key) -> Digest {
    let mut context = digest_of(Part::Header, key);
    context.update(&bytes[..SEAL_AT]);
    finish(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_under_its_key_only() {
        let key = |byte: u8| hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]);
        let entries = Entries::new(3, 9).unwrap();
        let header = Header { entries, record_count: 70_000_000, body: [1; 32], fence: [2; 32], seals: [3; 32] };
        let mut bytes = header.to_bytes(&key(1));
        assert_eq!(Header::of(&bytes, &key(1)), Ok(header));
        assert_eq!(Header::of(&bytes, &key(2)), Err(Fault::Header));
        for at in [0, 15, 16, 39, 40, 103, 104, 135, 136, 4063, 4064, 4095] {
            bytes[at] ^= 1;
            assert_eq!(Header::of(&bytes, &key(1)), Err(Fault::Header), "{at}");
            bytes[at] ^= 1;
        }
        let absurd = Header { record_count: u64::MAX, ..header };
        assert_eq!(Header::of(&absurd.to_bytes(&key(1)), &key(1)), Err(Fault::Header));
    }

    #[test]
    fn rows_sort_by_tag_and_then_by_entry() {
        let row = |tag, entry| Row::new(&[tag; 16], entry);
        assert!(row(1, 9) < row(1, 10) && row(1, 1 << 47) < row(2, 0));
        assert!(row(1, 9).to_bytes() < row(1, 256).to_bytes());
        assert_eq!(Row::of(&row(7, 42).to_bytes()).entry(), 42);
        assert!(row(7, 42).has_tag_of(row(7, 0)) && !row(7, 42).has_tag_of(row(8, 42)));
    }
}
