//! Showing what the ledger keeps sealed is an event of its own: it is recorded first, by whom and of which entries.

use crate::cli::{act, failure::Failure, output::say};
use crate::{config::Config, service::record::OperatorAct};

/// Numbers and ranges of entries that an entry names; of more it gives the count and the last.
const RANGES_MAX: usize = 64;

/// Records that what is sealed is about to be shown; returns the number of the entry.
///
/// `what` says of which entries: their numbers, and what they were looked for by; never a value.
pub(super) fn record(config: &Config, what: &str) -> Result<u64, Failure> {
    let entry = act::record(config, OperatorAct::Reveal, what)?;
    say(&format!("that this is revealed is recorded as ledger entry {entry}"));
    Ok(entry)
}

/// Ascending numbers of entries in few words: `entries 3, 17-19`.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    ranges: Vec<(u64, u64)>,
    count: u64,
    last: u64,
}

impl Numbers {
    pub(super) fn add(&mut self, number: u64) {
        self.count += 1;
        self.last = number;
        let has_room = self.ranges.len() < RANGES_MAX;
        match self.ranges.last_mut() {
            Some((_, end)) if *end + 1 == number => *end = number,
            _ if has_room => self.ranges.push((number, number)),
            _ => {}
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn told(&self) -> String {
        let shown = self.ranges.iter().map(|(first, last)| match last - first {
            0 => first.to_string(),
            _ => format!("{first}-{last}"),
        });
        let shown = shown.collect::<Vec<_>>().join(", ");
        let named: u64 = self.ranges.iter().map(|(first, last)| last - first + 1).sum();
        let word = if self.count == 1 { "entry" } else { "entries" };
        match self.count - named {
            0 => format!("{word} {shown}"),
            more => format!("{word} {shown} and {more} more up to {}", self.last),
        }
    }
}

impl FromIterator<u64> for Numbers {
    fn from_iter<T: IntoIterator<Item = u64>>(numbers: T) -> Self {
        let mut all = Self::default();
        for number in numbers {
            all.add(number);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(numbers: impl IntoIterator<Item = u64>) -> String {
        numbers.into_iter().collect::<Numbers>().told()
    }

    #[test]
    fn entries_are_told_in_few_words_and_none_is_left_out() {
        assert_eq!(told([17]), "entry 17");
        assert_eq!(told([3, 17, 18, 19, 21]), "entries 3, 17-19, 21");
        assert_eq!(told(0..100_000), "entries 0-99999");
        let scattered = told((0..200).map(|number| number * 2));
        assert!(scattered.ends_with("124, 126 and 136 more up to 398"), "{scattered}");
    }
}
