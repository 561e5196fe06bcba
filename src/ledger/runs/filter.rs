//! Which tags a run surely does not have, so that its file need not be read for them: nearly every request number is new.
//!
//! A blocked Bloom filter: a tag sets five bits of one line of 64 bytes. Tags are uniform, so their own bits say which. With
//! twelve bits a record or more, about one tag in a hundred that is not there seems to be.
//!
//! It is made while a run is written, and kept in memory alone: a run that was there when the folder was opened has none, and
//! is read instead.

use super::format::Row;

const LINE_WORDS: usize = 8;
const LINE_BITS: u32 = 512;
const BITS_PER_RECORD: u64 = 12;
const PROBES: u32 = 5;

/// Records of the largest run that has one; its filter has 8 MiB. Runs that are larger are few.
const RECORDS_MAX: u64 = 4 << 20;

/// The tags that a run may have.
pub(super) struct Filter {
    lines: Vec<[u64; LINE_WORDS]>,
}

impl Filter {
    /// For a run of so many records at most; `None` where that is too many.
    pub(super) fn with_room_for(record_count: u64) -> Option<Self> {
        let line_count = (record_count * BITS_PER_RECORD).div_ceil(u64::from(LINE_BITS)).next_power_of_two();
        let line_count = usize::try_from(line_count).ok().filter(|_| record_count <= RECORDS_MAX)?;
        Some(Self { lines: vec![[0; LINE_WORDS]; line_count] })
    }

    pub(super) fn add(&mut self, row: Row) {
        let (line, probes) = self.place(row);
        for (word, bit) in probes {
            self.lines[line][word] |= bit;
        }
    }

    /// Whether a record may have the tag of `row`; if not, none has.
    pub(super) fn may_have(&self, row: Row) -> bool {
        let (line, mut probes) = self.place(row);
        probes.all(|(word, bit)| self.lines[line][word] & bit != 0)
    }

    /// The line of a tag, and its bits there, each by its word.
    fn place(&self, row: Row) -> (usize, impl Iterator<Item = (usize, u64)> + use<>) {
        // Eighty bits: nine for each probe, the rest for the line.
        let tag = row.tag_bits();
        let line = usize::try_from(tag >> (9 * PROBES)).unwrap_or_default() & (self.lines.len() - 1);
        let probes = (0..PROBES).map(move |probe| {
            let at = (tag >> (9 * probe)) as usize % LINE_BITS as usize;
            (at / 64, 1 << (at % 64))
        });
        (line, probes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u64) -> Row {
        let digest = ring::digest::digest(&ring::digest::SHA256, &number.to_be_bytes());
        Row::new(&digest.as_ref()[..16].try_into().unwrap(), 7)
    }

    #[test]
    fn what_was_added_may_be_there_and_little_else() {
        let mut filter = Filter::with_room_for(10_000).unwrap();
        (0..10_000).for_each(|number| filter.add(row(number)));
        assert!((0..10_000).all(|number| filter.may_have(row(number))));
        let mistaken = (10_000..110_000).filter(|number| filter.may_have(row(*number))).count();
        assert!(mistaken < 2_000, "{mistaken} of 100,000");
    }

    #[test]
    fn the_smallest_works_and_the_largest_is_none() {
        let mut filter = Filter::with_room_for(0).unwrap();
        assert!(!filter.may_have(row(1)));
        filter.add(row(1));
        assert!(filter.may_have(row(1)));
        assert!(Filter::with_room_for(RECORDS_MAX).is_some());
        assert!(Filter::with_room_for(RECORDS_MAX + 1).is_none());
    }
}
