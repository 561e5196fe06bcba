//! The newest entries, which no run covers yet: what they are found by, in memory.
//!
//! The writer adds, readers ask, the keeper takes what has gathered and makes a run of it. What is taken stays findable until
//! the run is there, so that nothing is ever in neither place. A restart reads it again from the entries.

use std::{
    collections::HashMap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    evidence::decode_terms,
    runs::{Record, Tag},
    secret::Term,
};

/// Entries that should gather at most, some 70 MB; past them the writer waits a moment for the keeper.
const ENTRIES_MAX: u64 = 1 << 18;

/// How long the writer waits for room at a time.
const ROOM_WAIT: Duration = Duration::from_millis(200);

/// What the entries of a stretch are searched by, to make a run of.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) first: u64,
    pub(super) end: u64,
    pub(super) records: Vec<Record>,
}

/// Entries of a stretch by what is asked once.
type Once = HashMap<Tag, u64>;

#[derive(Default)]
struct State {
    gathered: Gathered,
    once: Once,
    /// The first entry of what was taken and is not forgotten, and its entries.
    taken: Option<u64>,
    taken_once: Once,
}

/// The newest entries.
#[derive(Default)]
pub(super) struct Recent {
    state: Mutex<State>,
    changed: Condvar,
}

impl Recent {
    /// Starts with the entry after those that runs cover.
    pub(super) fn starting_at(first: u64) -> Self {
        let recent = Self::default();
        recent.locked().gathered = Gathered { first, end: first, ..Gathered::default() };
        recent
    }

    /// Adds the next entry with its terms.
    pub(super) fn add(&self, entry: u64, terms: &[u8]) {
        let state = &mut *self.locked();
        state.gathered.end = entry + 1;
        for (kind, tag) in decode_terms(terms) {
            state.gathered.records.push(Record { tag, entry });
            if kind == Term::Once as u8 {
                state.once.insert(tag, entry);
            }
        }
    }

    /// The entry that answered what is asked once.
    pub(super) fn once(&self, tag: &Tag) -> Option<u64> {
        let state = self.locked();
        state.once.get(tag).or_else(|| state.taken_once.get(tag)).copied()
    }

    /// The first entry that is not here yet.
    pub(super) fn end(&self) -> u64 {
        self.locked().gathered.end
    }

    /// The first entry that is here; runs must cover all before it.
    pub(super) fn first(&self) -> u64 {
        let state = self.locked();
        state.taken.unwrap_or(state.gathered.first)
    }

    /// How many entries gather.
    pub(super) fn gathering(&self) -> u64 {
        let state = self.locked();
        state.gathered.end - state.gathered.first
    }

    /// Gives the keeper time to make room, where more has gathered than should. Evidence never waits longer for its index.
    pub(super) fn wait_for_room(&self) {
        let state = self.locked();
        if state.gathered.end - state.gathered.first >= ENTRIES_MAX && state.taken.is_some() {
            drop(self.changed.wait_timeout(state, ROOM_WAIT));
        }
    }

    /// Takes what has gathered, to make a run of it; it stays findable until [`Recent::forget`], which comes before the next.
    ///
    /// `room` is for what gathers from now on, so that the writer seldom has to make any: for that it copies all that is there.
    pub(super) fn take(&self, mut room: Vec<Record>) -> Gathered {
        let state = &mut *self.locked();
        let end = state.gathered.end;
        room.clear();
        state.taken = Some(state.gathered.first);
        // Empty since it was forgotten, but for its room.
        std::mem::swap(&mut state.once, &mut state.taken_once);
        std::mem::replace(&mut state.gathered, Gathered { first: end, end, records: room })
    }

    /// Forgets what was taken: a run covers it.
    pub(super) fn forget(&self) {
        let mut state = self.locked();
        state.taken = None;
        state.taken_once.clear();
        drop(state);
        self.changed.notify_all();
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under the lock can leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
