//! What time the ledger believes.
//!
//! Its entries are dated for ever, and what is kept for a time goes by their dates, so a clock that is wrong by a year does harm
//! that nothing mends. The clock is therefore held against witnesses. When the ledger is opened these are the last entry and the
//! time at which the program was built. The first clock that is believed is the *anchor*: from then on the witness is the anchor
//! and what has passed since by the monotonic clock, which nobody can set. A clock that is further from its witnesses than a bound
//! is not believed: nothing is recorded until it is right, or an operator says that it is.
//!
//! A clock that is believed does not move the anchor, so jumps add up: however many there are, and however small, all of them
//! together stay within the bound for as long as the ledger is open. Only an operator moves the anchor. A machine that sleeps
//! counts as a clock that jumped.
//!
//! The time as of which the register's data stand is no witness. A bureau writes it into its package, and a mistyped year there
//! would excuse any clock that is ahead by as much.
//!
//! # What is kept for a time
//!
//! A body goes by the ledger's age of its entry, and that age leaves out what nobody saw pass:
//!
//! 1. *While the ledger is open*, time passes no faster than the monotonic clock: by how much the clock has jumped ahead since
//!    the anchor does not count (`Watch::seen`).
//! 2. *While it was closed*, nobody saw time pass but by the entries' dates. Of the last days, as many as the bound has, those
//!    without an entry count one by one, a day for each `removal_interval` that the ledger has been open (`unseen_days`).
//!
//! So a start under a clock that is ahead by what the bound lets through makes nothing old at once, nor does another start after
//! it, which finds entries of the wrong date. Days before those count as they are dated: a quiet week makes no body stay.
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

pub(super) const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

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
    /// or later than this one. Once anchored, the two are one.
    high: UtcMillis,
    /// Since when the two have stood.
    since: Instant,
    is_anchored: bool,
    /// The latest time that an entry may have.
    latest: UtcMillis,
    news: News,
}

impl Watch {
    /// A watch that starts from witnesses.
    fn new(bound: Option<Duration>, low: UtcMillis, high: UtcMillis) -> Self {
        let bound = bound.map(|bound| i64::try_from(bound.as_millis()).unwrap_or(i64::MAX));
        Self { bound, low, high, since: Instant::now(), is_anchored: false, latest: high, news: News::default() }
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

    /// Says whether the clock is believed; the first that is becomes the anchor.
    pub(super) fn judge(&mut self, clock: UtcMillis) -> Result<(), Implausible> {
        if self.bound.is_none() {
            return Ok(());
        }
        if let Some(doubt) = self.doubt(clock) {
            return Err(doubt);
        }
        self.latest = self.latest.max(clock);
        if !self.is_anchored {
            // A clock that is behind the last entry is no anchor: the entry says that its time has come.
            self.anchor(clock.max(self.now().0));
        }
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

    fn anchor(&mut self, clock: UtcMillis) {
        (self.low, self.high, self.since, self.is_anchored) = (clock, clock, Instant::now(), true);
        self.latest = self.latest.max(clock);
    }

    /// Believes the clock because an operator says so.
    pub(super) fn accept(&mut self, clock: UtcMillis) {
        self.anchor(clock);
        self.news = News::default();
    }

    /// The latest witness: no entry is later.
    pub(super) fn latest(&self) -> UtcMillis {
        self.latest
    }

    /// The time until which somebody saw time pass: this clock, without what it has jumped ahead since the anchor.
    pub(super) fn seen(&self, clock: UtcMillis) -> UtcMillis {
        if self.is_anchored { clock.min(self.now().1) } else { clock }
    }

    /// How many of the last days are held against the entries: what a clock may be ahead by.
    pub(super) fn doubted_days(&self) -> i64 {
        self.bound.map_or(0, |bound| bound.saturating_add(DAY_MILLIS - 1) / DAY_MILLIS)
    }
}

impl Reader {
    /// Why a daemon would not believe this clock; `None` where it would.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where the last entry, or what operators said of the clock, cannot be read.
    pub fn judge_clock(&self, bound: Option<Duration>, clock: UtcMillis) -> Result<Option<Implausible>, ReadError> {
        let last = self.entry(self.size()?.saturating_sub(1))?.leaf()?.time;
        let mut watch = Watch::of(bound, self, last, clock)?;
        Ok(watch.judge(clock).err())
    }
}

/// How many of the `days` before the day of `time`, since the ledger was made, have no entry.
pub(super) fn unseen_days(reader: &Reader, time: UtcMillis, days: i64) -> Result<i64, ReadError> {
    let day_of = |entry| Ok::<_, ReadError>(reader.entry(entry)?.leaf()?.time.div_euclid(DAY_MILLIS));
    let (today, size) = (time.div_euclid(DAY_MILLIS), reader.size()?);
    let mut day = today.saturating_sub(days).max(day_of(0)?);
    let mut unseen = (today - day).max(0);
    while day < today {
        let next = reader.first_at(day.saturating_mul(DAY_MILLIS))?;
        if next == size {
            break;
        }
        let found = day_of(next)?;
        unseen -= i64::from(found < today);
        day = found.max(day) + 1;
    }
    Ok(unseen)
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
    fn jumps_that_are_believed_one_by_one_add_up() {
        for sign in [1, -1] {
            let mut watch = watch(10);
            assert!(watch.judge(NOW).is_ok());
            assert!(watch.judge(NOW + sign * 9 * DAY).is_ok());
            for days in [18, 11] {
                assert!(watch.judge(NOW + sign * days * DAY).is_err(), "{days}");
            }
            assert!(watch.judge(NOW + sign * 9 * DAY).is_ok());
            assert!(watch.judge(NOW).is_ok());
            // What passes by the other clock is no jump.
            watch.since -= Duration::from_hours(24 * 9);
            assert!(watch.judge(NOW + sign * 9 * DAY + 9 * DAY).is_ok());
            assert!(watch.judge(NOW + sign * 18 * DAY + 9 * DAY).is_err());
        }
    }

    #[test]
    fn the_first_clock_that_is_believed_is_the_anchor() {
        // A week after the last entry; and the ledger was open for it.
        let mut watch = watch(10);
        assert!(watch.judge(NOW + 7 * DAY).is_ok());
        assert!(watch.judge(NOW + 16 * DAY).is_ok() && watch.judge(NOW + 18 * DAY).is_err());
        // A clock that is behind is none: the last entry has been.
        let mut watch = self::watch(10);
        assert!(watch.judge(NOW - 9 * DAY).is_ok());
        assert!(watch.judge(NOW + 9 * DAY).is_ok() && watch.judge(NOW - 11 * DAY).is_err());
    }

    #[test]
    fn a_jump_makes_nothing_old() {
        let mut watch = watch(10);
        assert!(watch.judge(NOW).is_ok() && watch.judge(NOW + 9 * DAY).is_ok());
        let hour = Duration::from_hours(1);
        watch.since -= hour;
        let seen = watch.seen(NOW + 9 * DAY) - NOW;
        assert!((3_600_000..3_700_000).contains(&seen), "{seen}");
        assert_eq!(watch.seen(NOW - DAY), NOW - DAY, "nor does a clock that is behind");
    }

    #[test]
    fn what_an_operator_says_is_of_the_latest_witness() {
        let mut watch = watch(10);
        assert!(watch.judge(NOW + 9 * DAY).is_ok());
        watch.accept(NOW - 400 * DAY);
        assert_eq!(watch.latest(), NOW + 9 * DAY, "entries may have this time still");
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
