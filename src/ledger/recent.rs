//! The newest entries, which no run covers yet: what they are found by, in memory.
//!
//! The writer adds, readers ask, the keeper takes what has gathered and makes a run of it. What is taken stays findable until
//! the run is there, so that nothing is ever in neither place. A restart reads it again from the entries.

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
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

/// Entries of a stretch, by what they are found by.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) first: u64,
    pub(super) end: u64,
    once: HashMap<Tag, u64>,
    pub(super) records: Vec<Record>,
}

#[derive(Default)]
struct State {
    gathering: Gathered,
    taken: Option<Arc<Gathered>>,
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
        recent.locked().gathering = Gathered { first, end: first, ..Gathered::default() };
        recent
    }

    /// Adds the next entry with its terms.
    pub(super) fn add(&self, entry: u64, terms: &[u8]) {
        let gathering = &mut self.locked().gathering;
        gathering.end = entry + 1;
        for (kind, tag) in decode_terms(terms) {
            gathering.records.push(Record { tag, entry });
            if kind == Term::Once as u8 {
                gathering.once.insert(tag, entry);
            }
        }
    }

    /// The entry that answered what is asked once.
    pub(super) fn once(&self, tag: &Tag) -> Option<u64> {
        let state = self.locked();
        let taken = || state.taken.as_ref().and_then(|taken| taken.once.get(tag));
        state.gathering.once.get(tag).or_else(taken).copied()
    }

    /// The first entry that is not here yet.
    pub(super) fn end(&self) -> u64 {
        self.locked().gathering.end
    }

    /// The first entry that is here; runs must cover all before it.
    pub(super) fn first(&self) -> u64 {
        let state = self.locked();
        state.taken.as_ref().map_or(state.gathering.first, |taken| taken.first)
    }

    /// How many entries gather.
    pub(super) fn gathering(&self) -> u64 {
        let state = self.locked();
        state.gathering.end - state.gathering.first
    }

    /// Gives the keeper time to make room, where more has gathered than should. Evidence never waits longer for its index.
    pub(super) fn wait_for_room(&self) {
        let state = self.locked();
        if state.gathering.end - state.gathering.first >= ENTRIES_MAX && state.taken.is_some() {
            drop(self.changed.wait_timeout(state, ROOM_WAIT));
        }
    }

    /// Takes what has gathered, to make a run of it; it stays findable until [`Recent::forget`].
    pub(super) fn take(&self) -> Arc<Gathered> {
        let mut state = self.locked();
        if let Some(taken) = &state.taken {
            return Arc::clone(taken);
        }
        let end = state.gathering.end;
        let fresh = Gathered { first: end, end, ..Gathered::default() };
        let taken = Arc::new(std::mem::replace(&mut state.gathering, fresh));
        state.taken = Some(Arc::clone(&taken));
        taken
    }

    /// Forgets what was taken: a run covers it.
    pub(super) fn forget(&self) {
        self.locked().taken = None;
        self.changed.notify_all();
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under the lock can leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
