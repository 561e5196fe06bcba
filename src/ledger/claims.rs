//! What is being answered right now: two calls with one request number make one entry.
//!
//! Whoever comes first holds the [`Claim`] until its entry is on disk, or given up; whoever comes while it is held waits for
//! that, and then finds the entry. The claim goes with the entry to the writer, not with the call that waits for it: a
//! caller who hangs up gives nothing free.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::oneshot;

use super::runs::Tag;

#[derive(Default)]
struct Held {
    waiting: Mutex<HashMap<Tag, Vec<oneshot::Sender<()>>>>,
    epoch: AtomicU64,
}

/// The claims held now.
#[derive(Clone, Default)]
pub(super) struct Claims(Arc<Held>);

/// What came of asking for a claim.
pub enum Claimed {
    /// It is the caller's.
    Free(Claim),
    /// Another has it; ready when it is given up.
    Taken(oneshot::Receiver<()>),
}

/// The right to answer what is asked once; given up when dropped.
pub struct Claim {
    claims: Claims,
    tag: Tag,
    epoch: u64,
}

impl Claim {
    /// The tag of what is claimed.
    pub(super) fn tag(&self) -> &Tag {
        &self.tag
    }

    /// Whether what its holder found still holds: entries that were thought lost may have come to light since.
    pub(super) fn is_current(&self) -> bool {
        self.epoch == self.claims.0.epoch.load(Ordering::Acquire)
    }
}

impl Claims {
    /// Claims what has this tag.
    pub(super) fn claim(&self, tag: Tag) -> Claimed {
        let epoch = self.0.epoch.load(Ordering::Acquire);
        match self.held().entry(tag) {
            Entry::Vacant(free) => {
                free.insert(Vec::new());
                Claimed::Free(Claim { claims: self.clone(), tag, epoch })
            }
            Entry::Occupied(mut taken) => {
                let (given_up, ready) = oneshot::channel();
                taken.get_mut().push(given_up);
                Claimed::Taken(ready)
            }
        }
    }

    /// Says that entries came to light which no holder of a claim could find; their claims are worth nothing more.
    pub(super) fn renew(&self) {
        self.0.epoch.fetch_add(1, Ordering::AcqRel);
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Tag, Vec<oneshot::Sender<()>>>> {
        // Nothing that is done under the lock can leave the map half changed.
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        for waiting in self.claims.held().remove(&self.tag).unwrap_or_default() {
            // Whoever hung up meanwhile need not be told.
            waiting.send(()).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Claimed, Claims};

    #[test]
    fn a_second_waits_until_the_first_gives_up() {
        let claims = Claims::default();
        let Claimed::Free(first) = claims.claim([1; 16]) else { panic!("nobody has it") };
        assert!(matches!(claims.claim([2; 16]), Claimed::Free(_)), "another number is another claim");
        let Claimed::Taken(mut ready) = claims.claim([1; 16]) else { panic!("it is taken") };
        assert!(ready.try_recv().is_err());
        drop(first);
        assert!(ready.try_recv().is_ok());
        assert!(matches!(claims.claim([1; 16]), Claimed::Free(_)));
    }
}
