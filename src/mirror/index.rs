//! The two indexes: which units a tag leads to, in sealed blocks, so that an answer cannot be cut short.
//!
//! The entries of an index (a tag and a unit that has it) are sorted and cut into blocks. Each block is sealed under the key of
//! its index, with its number as nonce; the first tags of all blocks, the [`Fences`], are sealed as one and held in memory
//! while the generation is open. Fences say which blocks can hold a tag. Each of those must be there and open under its own
//! number, so what they hold of the tag is all that was written, and a tag that they do not hold was never written: absence is
//! shown by the block that covers the gap. A block that is zeroed, misplaced, cut or of another file does not open.

use std::ops::Range;

/// Length of a tag, in bytes.
pub(super) const TAG_BYTES: usize = 16;

/// A keyed digest of a text, by which it is looked up.
pub(super) type Tag = [u8; TAG_BYTES];

/// Bytes of an entry: its tag, and its unit's id, big-endian.
pub(super) const ENTRY_BYTES: usize = TAG_BYTES + 8;

/// Entries of a block: 2 KiB, of which a page of the file holds several, and which opens in about a microsecond.
pub(super) const BLOCK_ENTRIES: usize = 84;

/// Which index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Index {
    /// By the keys of parties.
    Subject,
    /// By unit and certificate numbers.
    Locator,
}

impl Index {
    /// Its table.
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Locator => "locator",
        }
    }

    /// The statement that reads one of its blocks.
    pub(super) fn select(self) -> &'static str {
        match self {
            Self::Subject => "SELECT sealed FROM subject WHERE block = ?1",
            Self::Locator => "SELECT sealed FROM locator WHERE block = ?1",
        }
    }

    /// Under which number its fences are sealed.
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Subject => 1,
            Self::Locator => 2,
        }
    }
}

/// The first tag of every block of an index, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fences {
    firsts: Vec<Tag>,
}

impl Fences {
    /// Adds the next block.
    pub(super) fn add(&mut self, first: Tag) {
        self.firsts.push(first);
    }

    /// How many blocks there are.
    pub(super) fn blocks(&self) -> usize {
        self.firsts.len()
    }

    /// The blocks that hold the entries of a tag, if there are any.
    pub(super) fn covering(&self, tag: &Tag) -> Range<usize> {
        let end = self.firsts.partition_point(|first| first <= tag);
        // The block before the first that begins with the tag may end with it.
        let start = self.firsts.partition_point(|first| first < tag).saturating_sub(1);
        start..end
    }

    /// Their bytes, to be sealed.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.firsts.concat()
    }

    /// The fences of these bytes for an index of this many entries; `None` where they are not all of them.
    pub(super) fn from_bytes(bytes: &[u8], entries: u64) -> Option<Self> {
        let (firsts, rest) = bytes.as_chunks::<TAG_BYTES>();
        let is_whole = rest.is_empty() && firsts.len() as u64 == entries.div_ceil(BLOCK_ENTRIES as u64);
        (is_whole && firsts.is_sorted()).then(|| Self { firsts: firsts.to_vec() })
    }
}

/// The entries of an opened block; `None` where its length is none of a block.
pub(super) fn entries(block: &[u8]) -> Option<&[[u8; ENTRY_BYTES]]> {
    let (entries, rest) = block.as_chunks::<ENTRY_BYTES>();
    (rest.is_empty() && !entries.is_empty() && entries.len() <= BLOCK_ENTRIES).then_some(entries)
}

/// An entry's tag and unit.
pub(super) fn split(entry: &[u8; ENTRY_BYTES]) -> (Tag, i64) {
    let (mut tag, mut unit) = ([0; TAG_BYTES], [0; 8]);
    tag.copy_from_slice(&entry[..TAG_BYTES]);
    unit.copy_from_slice(&entry[TAG_BYTES..]);
    (tag, i64::from_be_bytes(unit))
}

/// The units of a tag in a block's entries.
pub(super) fn units_of<'a>(entries: &'a [[u8; ENTRY_BYTES]], tag: &'a Tag) -> impl Iterator<Item = i64> + 'a {
    let start = entries.partition_point(|entry| entry[..TAG_BYTES] < tag[..]);
    entries[start..].iter().map(split).take_while(move |(held, _)| held == tag).map(|(_, unit)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_name_every_block_that_can_hold_a_tag_and_no_other() {
        let mut fences = Fences::default();
        for first in [2, 5, 5, 9] {
            fences.add([first; TAG_BYTES]);
        }
        let covering = [1, 2, 3, 5, 6, 9, 10].map(|tag| fences.covering(&[tag; TAG_BYTES]));
        assert_eq!(covering, [0..0, 0..1, 0..1, 0..3, 2..3, 2..4, 3..4]);
        assert_eq!(Fences::from_bytes(&fences.bytes(), 3 * BLOCK_ENTRIES as u64 + 1), Some(fences));
    }

    #[test]
    fn fences_of_another_number_of_entries_are_refused() {
        assert!(Fences::from_bytes(&[0; TAG_BYTES], 0).is_none());
        assert!(Fences::from_bytes(&[0; TAG_BYTES], BLOCK_ENTRIES as u64 + 1).is_none());
        assert!(Fences::from_bytes(&[0; TAG_BYTES + 1], 1).is_none());
        assert!(Fences::from_bytes(&[], 0).is_some());
    }
}
