//! A range of entries, and the name of the file that covers it.

use std::fmt;

/// Entry numbers are below this: a record has six bytes for one. At ten thousand entries a second, nine centuries.
pub const ENTRIES_MAX: u64 = 1 << 48;

const EXTENSION: &str = ".run";

/// A range of entries that is not empty: from `first` to before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entries {
    first: u64,
    end: u64,
}

impl Entries {
    /// The entries from `first` to before `end`; `None` where there are none, or where they reach past [`ENTRIES_MAX`].
    #[must_use]
    pub fn new(first: u64, end: u64) -> Option<Self> {
        (first < end && end <= ENTRIES_MAX).then_some(Self { first, end })
    }

    /// The first entry.
    #[must_use]
    pub fn first(self) -> u64 {
        self.first
    }

    /// The entry after the last one.
    #[must_use]
    pub fn end(self) -> u64 {
        self.end
    }

    /// How many entries these are, at least one.
    #[must_use]
    pub fn count(self) -> u64 {
        self.end - self.first
    }

    /// Whether `entry` is one of these.
    #[must_use]
    pub fn contains(self, entry: u64) -> bool {
        (self.first..self.end).contains(&entry)
    }

    /// These entries and those of `next`, which begins where these end.
    pub(super) fn joined(self, next: Self) -> Option<Self> {
        (self.end == next.first).then_some(Self { first: self.first, end: next.end })
    }

    /// The tier of a run of so many entries. Each tier is four times the one below.
    ///
    /// Two would make twice the files and rewrite a record about as often; eight, fewer files and more rewriting.
    pub(super) fn tier(self) -> u32 {
        self.count().ilog2() / 2
    }

    pub(super) fn file_name(self) -> String {
        format!("{self}{EXTENSION}")
    }

    /// The range that a file's name tells; `None` where we give no such name.
    pub(super) fn of_file_name(name: &str) -> Option<Self> {
        let (first, end) = name.strip_suffix(EXTENSION)?.split_once('-')?;
        let entries = Self::new(first.parse().ok()?, end.parse().ok()?)?;
        // One range has one name: no leading zeros, no signs.
        (entries.file_name() == name).then_some(entries)
    }
}

impl fmt::Display for Entries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.first, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_one_name() {
        let entries = Entries::new(4, 12).unwrap();
        assert_eq!(entries.file_name(), "4-12.run");
        assert_eq!(Entries::of_file_name("4-12.run"), Some(entries));
        for name in ["4-12", "04-12.run", "+4-12.run", "12-4.run", "4-4.run", "-4-12.run", "4-281474976710657.run"] {
            assert_eq!(Entries::of_file_name(name), None, "{name}");
        }
    }

    #[test]
    fn tiers_grow_fourfold() {
        let tier = |count| Entries::new(0, count).unwrap().tier();
        assert_eq!([1, 3, 4, 15, 16, ENTRIES_MAX].map(tier), [0, 0, 1, 1, 2, 24]);
    }
}
