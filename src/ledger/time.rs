//! What time the ledger believes.
//!
//! Its entries are dated for ever, and what is kept for a time goes by their dates, so a clock that is wrong by a year does harm
//! that nothing mends. The clock is therefore held against witnesses: the last entry, the time at which the program was built,
//! the time as of which the register's data stand, and, while the ledger is open, the time that has passed since the clock was
//! last believed. One that is further from them than a bound is not believed: nothing is recorded until it is right, or an
//! operator says that it is.
//!
//! What the operator said is an entry, which names the clock and the latest witness then. Witnesses that are not later than that
//! one no longer count against the clock.

use std::time::{Duration, Instant};

use super::{
    error::ReadError,
    implausible::{Implausible, rfc3339},
    leaf::{Fact, Kind, UtcMillis},
    news::News,
    read::Reader,
    search::{Criteria, Search},
};

/// The act of an entry that says that the clock is right.
pub(super) const ACCEPT_CLOCK: &str = "accept-clock";

/// When the program was built: no clock that is right says a time before.
#[must_use]
pub fn built() -> UtcMillis {
    // The build script writes a number.
    env!("BDCD_BUILT").parse::<i64>().map_or(UtcMillis::MIN, |seconds| seconds.saturating_mul(1000))
}

/// Holds the clock against its witnesses.
pub(super) struct Watch {
    bound: Option<i64>,
    /// The clock is not believed where it is earlier than this one by more than the bound,
    low: UtcMillis,
    /// or later than this one.
    high: UtcMillis,
    /// Since when the two have stood.
    since: Instant,
    news: News,
}

impl Watch {
    /// A watch that starts from witnesses.
    fn new(bound: Option<Duration>, low: UtcMillis, high: UtcMillis) -> Self {
        let bound = bound.map(|bound| i64::try_from(bound.as_millis()).unwrap_or(i64::MAX));
        Self { bound, low, high, since: Instant::now(), news: News::default() }
    }

    /// The watch of a ledger whose last entry is of `last`; what operators said of the clock is looked up where it matters.
    pub(super) fn of(
        bound: Option<Duration>,
        reader: &Reader,
        last: UtcMillis,
        clock: UtcMillis,
    ) -> Result<Self, ReadError> {
        let witness = last.max(built());
        let mut watch = Self::new(bound, witness, witness);
        if watch.judge(clock).is_err()
            && let Some(said) = accepted(reader)?
        {
            let counts = [last, built()].into_iter().filter(|witness| *witness > said.witness);
            let low = counts.fold(said.clock, UtcMillis::max);
            watch = Self::new(bound, low, witness.max(low));
        }
        Ok(watch)
    }

    /// Says whether the clock is believed; one that is becomes the witness of the next.
    pub(super) fn judge(&mut self, clock: UtcMillis) -> Result<(), Implausible> {
        if self.bound.is_none() {
            return Ok(());
        }
        if let Some(doubt) = self.doubt(clock) {
            return Err(doubt);
        }
        // A clock that is behind is no new witness: else one that is set back again and again would never be too far.
        let believed = clock.max(self.now().0);
        (self.low, self.high, self.since) = (believed, believed, Instant::now());
        Ok(())
    }

    /// Why the clock is not believed; `None` where it is. It becomes no witness by that.
    pub(super) fn doubt(&self, clock: UtcMillis) -> Option<Implausible> {
        let bound = self.bound?;
        let (low, high) = self.now();
        let witness = if clock < low.saturating_sub(bound) { low } else { high };
        let is_within = (low.saturating_sub(bound)..=high.saturating_add(bound)).contains(&clock);
        (!is_within).then_some(Implausible { clock, witness })
    }

    /// The two witnesses, as far as they have come by now.
    fn now(&self) -> (UtcMillis, UtcMillis) {
        let passed = i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX);
        (self.low.saturating_add(passed), self.high.saturating_add(passed))
    }

    /// The same, told to the log where it is not believed, once a minute at most.
    pub(super) fn judge_aloud(&mut self, clock: UtcMillis) -> Result<(), Implausible> {
        self.judge(clock).inspect_err(|implausible| {
            if self.news.is_new("the clock") {
                tracing::error!(
                    "nothing is recorded, for the clock of this machine is not believed: {implausible}. Set it right, or, where it \
                     is right, say so with `bdcd ledger accept-clock`"
                );
            }
        })
    }

    /// Believes the clock because an operator says so; the latest witness until then.
    pub(super) fn accept(&mut self, clock: UtcMillis) {
        (self.low, self.high, self.since) = (clock, clock, Instant::now());
        self.news = News::default();
    }

    /// Takes a time into account that is no later than now, so that a clock which has gone on to it is believed.
    pub(super) fn testify(&mut self, time: UtcMillis) {
        self.high = self.high.max(time);
    }

    /// The latest witness.
    pub(super) fn latest(&self) -> UtcMillis {
        self.high
    }
}

impl Reader {
    /// Why a daemon would not believe this clock, with register data as of `time`; `None` where it would.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where the last entry, or what operators said of the clock, cannot be read.
    pub fn judge_clock(
        &self,
        bound: Option<Duration>,
        as_of: UtcMillis,
        clock: UtcMillis,
    ) -> Result<Option<Implausible>, ReadError> {
        let last = self.entry(self.size()?.saturating_sub(1))?.leaf()?.time;
        let mut watch = Watch::of(bound, self, last, clock)?;
        watch.testify(as_of);
        Ok(watch.judge(clock).err())
    }
}

/// What an operator said of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Accepted {
    clock: UtcMillis,
    witness: UtcMillis,
}

/// How an entry tells it.
pub(super) fn accepted_detail(clock: UtcMillis, witness: UtcMillis) -> String {
    format!("clock {}, witness {}", rfc3339(clock), rfc3339(witness))
}

fn read_detail(detail: &str) -> Option<Accepted> {
    let (clock, witness) = detail.strip_prefix("clock ")?.split_once(", witness ")?;
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
    Some(Accepted { clock: time(clock)?, witness: time(witness)? })
}

/// What an operator said last.
fn accepted(reader: &Reader) -> Result<Option<Accepted>, ReadError> {
    let criteria = Criteria { kind: Some(Kind::Administration), ..Criteria::default() };
    // It has one criterion, which is not blank.
    let Ok(search) = Search::new(reader, &criteria, 0) else { return Ok(None) };
    let mut last = None;
    for found in search {
        let facts = &found?.leaf.facts;
        if facts.get(Fact::Act) == ACCEPT_CLOCK {
            last = read_detail(facts.get(Fact::Detail)).or(last);
        }
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1000;
    const NOW: i64 = 1_800_000_000_000;

    fn watch(bound_days: u64) -> Watch {
        Watch::new(Some(Duration::from_hours(24 * bound_days)), NOW, NOW)
    }

    #[test]
    fn a_clock_is_believed_within_the_bound_on_both_sides() {
        for (days, is_believed) in [(-11, false), (-9, true), (0, true), (9, true), (11, false)] {
            assert_eq!(watch(10).judge(NOW + days * DAY).is_ok(), is_believed, "{days}");
        }
        assert!(Watch::new(None, NOW, NOW).judge(NOW + 10_000 * DAY).is_ok());
    }

    #[test]
    fn a_clock_that_is_set_back_again_and_again_is_found() {
        let mut watch = watch(10);
        assert!(watch.judge(NOW - 6 * DAY).is_ok());
        assert!(watch.judge(NOW - 12 * DAY).is_err());
        assert!(watch.judge(NOW - 6 * DAY).is_ok());
    }

    #[test]
    fn what_an_operator_says_holds_until_it_jumps_again() {
        let mut watch = watch(10);
        watch.accept(NOW - 400 * DAY);
        assert!(watch.judge(NOW - 400 * DAY).is_ok());
        assert!(watch.judge(NOW).is_err());
    }

    #[test]
    fn an_entry_tells_what_was_said() {
        let said = Accepted { clock: NOW, witness: NOW + DAY };
        assert_eq!(read_detail(&accepted_detail(said.clock, said.witness)), Some(said));
        assert_eq!(read_detail("entry 7"), None);
    }
}
