//! How often the refused calls of strangers are recorded: who has no listed certificate shall not fill the disk with entries.
//!
//! Past that a call is not refused but turned away: nothing was decided about it, and it has no entry. The next that has one
//! tells how many before it have none.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::refusal::Refusal;

/// Entries at once, where none came for a while: whoever looks into a gateway's expired certificate finds all of its calls.
const ENTRIES_AT_ONCE: u64 = 60;

/// Entries a second after these: some 90 MB a day for each reason, for as long as strangers keep calling.
const ENTRIES_PER_SECOND: u64 = 1;

/// How often it is told while it lasts.
const NEWS_INTERVAL: Duration = Duration::from_mins(1);

/// What becomes of a stranger's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is refused, and has an entry.
    Refused {
        /// Calls with the same fault that have no entry since the last that has one.
        unrecorded: u64,
    },
    /// It is turned away.
    TurnedAway {
        /// Whether the operator was not told lately.
        is_news: bool,
    },
}

/// Counts the calls of strangers, by the reason for which they are refused: those without any certificate shall not hide one
/// that this authority issued and nobody listed.
#[derive(Debug, Default)]
pub struct Strangers(Mutex<HashMap<&'static str, Count>>);

#[derive(Debug)]
struct Count {
    entries_left: u64,
    /// From when the time counts in which more come.
    since: Instant,
    /// Calls since the last entry that have none.
    unrecorded: u64,
    told: Option<Instant>,
}

impl Strangers {
    /// Admits a call at `now`, or turns it away.
    pub fn admit(&self, refusal: &Refusal, now: Instant) -> Admission {
        let mut counts = self.counts();
        let count = counts.entry(refusal.reason()).or_insert(Count {
            entries_left: ENTRIES_AT_ONCE,
            since: now,
            unrecorded: 0,
            told: None,
        });
        let seconds = now.saturating_duration_since(count.since).as_secs();
        count.since += Duration::from_secs(seconds);
        count.entries_left = ENTRIES_AT_ONCE.min(count.entries_left + seconds * ENTRIES_PER_SECOND);
        if let Some(left) = count.entries_left.checked_sub(1) {
            count.entries_left = left;
            return Admission::Refused { unrecorded: mem::take(&mut count.unrecorded) };
        }
        count.unrecorded += 1;
        let is_news = count.told.is_none_or(|told| now.saturating_duration_since(told) >= NEWS_INTERVAL);
        if is_news {
            count.told = Some(now);
        }
        Admission::TurnedAway { is_news }
    }

    /// Counts calls that could not be recorded with those that were turned away: the next entry tells of them. One whose commit
    /// came to light after it was reported as failed is counted though it has an entry.
    pub fn count_unrecorded(&self, refusal: &Refusal, calls: u64) {
        if let Some(count) = self.counts().get_mut(refusal.reason()) {
            count.unrecorded += calls;
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<&'static str, Count>> {
        // Nothing that is done under the lock can leave a count half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Admission, ENTRIES_AT_ONCE, Strangers};
    use crate::service::refusal::Refusal;

    const REFUSAL: Refusal = Refusal::ForeignCertificate;

    #[test]
    fn some_at_once_and_one_a_second_have_entries_which_tell_of_the_rest() {
        let (strangers, start) = (Strangers::default(), Instant::now());
        let at = |milliseconds| strangers.admit(&REFUSAL, start + Duration::from_millis(milliseconds));
        let refused = |unrecorded| Admission::Refused { unrecorded };
        let turned_away = |is_news| Admission::TurnedAway { is_news };
        for _ in 0..ENTRIES_AT_ONCE {
            assert_eq!(at(0), refused(0));
        }
        assert_eq!((at(0), at(999)), (turned_away(true), turned_away(false)));
        assert_eq!((at(1000), at(1001)), (refused(2), turned_away(false)));
        assert_eq!(at(2500), refused(1));
        // The half of a second counts on.
        assert_eq!((at(3000), at(3001)), (refused(0), turned_away(false)));
        strangers.count_unrecorded(&REFUSAL, 2);
        assert_eq!((at(62_000), at(62_000)), (refused(3), refused(0)));
        for _ in 2..59 {
            assert_eq!(at(62_000), refused(0));
        }
        assert_eq!(at(62_000), turned_away(true), "it is told again after a minute");
        // However long nobody came, no more than at first.
        assert_eq!(at(10_000_000), refused(1));
        for _ in 1..ENTRIES_AT_ONCE {
            assert_eq!(at(10_000_000), refused(0));
        }
        assert_eq!(at(10_000_000), turned_away(true));
    }

    #[test]
    fn one_reason_does_not_hide_another() {
        let (strangers, now) = (Strangers::default(), Instant::now());
        while strangers.admit(&Refusal::NoCertificate, now) == (Admission::Refused { unrecorded: 0 }) {}
        let unlisted = Refusal::UnknownGateway { certificate: String::new() };
        assert_eq!(strangers.admit(&unlisted, now), Admission::Refused { unrecorded: 0 });
    }
}
