//! Where a key leads, told from memory: nowhere, to one unit, or where the index says.
//!
//! Most keys of an inquiry lead nowhere: the name of a person with a number is registered under no key of its own. Most
//! others lead to one unit. A seek in the index costs more than reading the record, nearly all of it waiting for memory; a
//! [`Shortcuts`] tells the same from one line of memory.
//!
//! It is an array of lines of 64 bytes, eight slots each. The first eight bytes of a tag choose its line, 31 bits of its
//! last four mark its slot, beside the unit's id. Two entries of one mark make the slot say that the index knows; a line
//! with more marks than slots says so of all that it does not hold. So it never hides a unit, which a load checks entry
//! by entry before the file may serve. It may, once in hundreds of millions of absent keys, lead to a unit that has none of
//! them; that is a candidate like any other, and comparing decides.
//!
//! It is kept sealed, chunk by chunk: one that does not read back as it was built would hide units, so it does not open.

use super::index::Tag;

/// Slots of a line, which is a line of memory.
const SLOTS: usize = 8;
const LINE_BYTES: usize = SLOTS * 8;

/// Entries of the index for each line, at most eight of which have room.
const LINE_ENTRIES: u64 = 6;

/// Lines at most, 256 MiB: of a larger register more keys are left to the index.
const LINES_MAX: u64 = 1 << 22;

/// Lines of a chunk that is sealed as one, 1 MiB.
const CHUNK_LINES: usize = 1 << 14;

/// The last slot of a line that had no room for all.
const FULL: u64 = u64::MAX;

type Line = [u64; SLOTS];

/// Where a key leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// To no unit.
    Nowhere,
    /// To this unit alone, if to any.
    Unit(i64),
    /// The index knows.
    Index,
}

/// What memory tells of where the tags of an index lead.
pub(super) struct Shortcuts {
    lines: Vec<Line>,
}

impl Shortcuts {
    /// Shortcuts for an index of this many entries, none of which is added yet.
    pub(super) fn for_entries(entries: u64) -> Self {
        let lines = entries.div_ceil(LINE_ENTRIES).clamp(1, LINES_MAX);
        let lines = usize::try_from(lines).expect("lines are bounded far below any address space");
        Self { lines: vec![Line::default(); lines] }
    }

    /// Adds an entry of the index.
    pub(super) fn add(&mut self, tag: &Tag, unit: i64) {
        let (at, mark) = self.place(tag);
        let line = &mut self.lines[at];
        // Ids count from 1, so 0 is free to say that the index knows.
        let unit = u32::try_from(unit).ok().filter(|unit| *unit < u32::MAX).unwrap_or(0);
        if let Some(slot) = line.iter_mut().find(|slot| **slot != FULL && **slot >> u32::BITS == mark) {
            *slot = mark << u32::BITS;
        } else if let Some(slot) = line.iter_mut().find(|slot| **slot == 0) {
            *slot = mark << u32::BITS | u64::from(unit);
        } else {
            line[SLOTS - 1] = FULL;
        }
    }

    /// Where this tag leads.
    pub(super) fn lead(&self, tag: &Tag) -> Lead {
        let (at, mark) = self.place(tag);
        let line = &self.lines[at];
        match line.iter().find(|slot| **slot >> u32::BITS == mark) {
            Some(&FULL) => Lead::Index,
            Some(slot) => match slot & u64::from(u32::MAX) {
                0 => Lead::Index,
                unit => Lead::Unit(unit.cast_signed()),
            },
            None if line[SLOTS - 1] == FULL => Lead::Index,
            None => Lead::Nowhere,
        }
    }

    /// The line of a tag, and its mark there, which is never 0.
    fn place(&self, tag: &Tag) -> (usize, u64) {
        let tag = u128::from_be_bytes(*tag);
        // The high half of the product spreads the first eight bytes evenly over any number of lines.
        let at = ((tag >> u64::BITS) * self.lines.len() as u128) >> u64::BITS;
        let mark = (tag & u128::from(u32::MAX)) | 1;
        let fits = "a line's number is below their count, a mark has 32 bits";
        (usize::try_from(at).expect(fits), u64::try_from(mark).expect(fits))
    }

    /// The chunks as they are kept: their words, little-endian.
    pub(super) fn chunks(&self) -> impl Iterator<Item = Vec<u8>> {
        let bytes = |lines: &[Line]| lines.iter().flatten().flat_map(|slot| slot.to_le_bytes()).collect();
        self.lines.chunks(CHUNK_LINES).map(bytes)
    }

    /// The shortcuts for an index of this many entries, of these chunks; `None` where they are not all of them.
    pub(super) fn from_chunks<E>(
        entries: u64,
        chunks: impl Iterator<Item = Result<Vec<u8>, E>>,
    ) -> Result<Option<Self>, E> {
        let mut shortcuts = Self::for_entries(entries);
        let mut expected = shortcuts.lines.chunks_mut(CHUNK_LINES);
        for chunk in chunks {
            let chunk = chunk?;
            let (lines, rest) = chunk.as_chunks::<LINE_BYTES>();
            let Some(place) = expected.next().filter(|place| place.len() == lines.len() && rest.is_empty()) else {
                return Ok(None);
            };
            for (line, bytes) in place.iter_mut().zip(lines) {
                let (slots, _) = bytes.as_chunks();
                *line = std::array::from_fn(|at| u64::from_le_bytes(slots[at]));
            }
        }
        let is_whole = expected.next().is_none();
        Ok(is_whole.then_some(shortcuts))
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, convert::Infallible};

    use ring::digest::{SHA256, digest};

    use super::*;

    fn tag(number: u32) -> Tag {
        digest(&SHA256, &number.to_le_bytes()).as_ref()[..16].try_into().unwrap()
    }

    fn read(entries: u64, chunks: Vec<Vec<u8>>) -> Option<Shortcuts> {
        let Ok(read) = Shortcuts::from_chunks(entries, chunks.into_iter().map(Ok::<_, Infallible>));
        read
    }

    #[test]
    fn every_entry_is_led_to_and_absent_keys_mostly_lead_nowhere() {
        let entries: Vec<_> = (0..200_000_u32).map(|one| (tag(one % 150_000), i64::from(one) + 1)).collect();
        let mut built = Shortcuts::for_entries(entries.len() as u64);
        for (tag, unit) in &entries {
            built.add(tag, *unit);
        }
        let kept = read(entries.len() as u64, built.chunks().collect()).unwrap();
        let mut units = HashMap::<_, Vec<i64>>::new();
        for (tag, unit) in &entries {
            units.entry(*tag).or_default().push(*unit);
        }
        let mut direct = 0;
        for (tag, units) in &units {
            match kept.lead(tag) {
                Lead::Unit(unit) => {
                    assert_eq!(units, &[unit]);
                    direct += 1;
                }
                lead => assert_eq!(lead, Lead::Index),
            }
        }
        assert!(direct > 90_000, "of 100,000 keys with one unit {direct} need no index");
        let nowhere = (150_000..250_000).filter(|one| kept.lead(&tag(*one)) == Lead::Nowhere).count();
        assert!(nowhere > 90_000, "of 100,000 absent keys {nowhere} need no index");
    }

    #[test]
    fn a_crowded_line_leaves_to_the_index_what_it_has_no_room_for() {
        let mut built = Shortcuts::for_entries(0);
        (0..20).for_each(|one| built.add(&tag(one), i64::from(one) + 1));
        let leads: Vec<_> = (0..20).map(|one| built.lead(&tag(one))).collect();
        assert_eq!(leads[..7], (1..8).map(Lead::Unit).collect::<Vec<_>>());
        assert!(leads[7..].iter().all(|lead| *lead == Lead::Index));
        assert_eq!(built.lead(&tag(99)), Lead::Index);
    }

    #[test]
    fn the_highest_marks_and_ids_are_left_to_the_index() {
        let mut built = Shortcuts::for_entries(0);
        built.add(&[0xFF; 16], i64::from(u32::MAX));
        assert_eq!(built.lead(&[0xFF; 16]), Lead::Index);
        (0..20).for_each(|one| built.add(&tag(one), 1));
        assert_eq!(built.lead(&[0xFF; 16]), Lead::Index, "also where the line is full");
    }

    #[test]
    fn without_entries_every_key_leads_nowhere() {
        let kept = read(0, Shortcuts::for_entries(0).chunks().collect()).unwrap();
        assert!((0..1_000).all(|one| kept.lead(&tag(one)) == Lead::Nowhere));
    }

    #[test]
    fn chunks_that_are_not_all_of_them_are_refused() {
        let whole: Vec<_> = Shortcuts::for_entries(200_000).chunks().collect();
        assert_eq!(whole.len(), 3);
        assert!(read(200_000, whole[..2].to_vec()).is_none());
        assert!(read(200_000, [&whole[..], &whole[..1]].concat()).is_none());
        assert!(read(200_000, vec![vec![0; 65]]).is_none());
    }
}
