//! How many connections there may be: listed gateways and callers who are not have slots of their own.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::options::Options;

/// The slots of connections; clones are of the same slots.
#[derive(Clone, Debug)]
pub struct Slots {
    listed: Kind,
    strangers: Kind,
}

#[derive(Clone, Debug)]
struct Kind {
    free: Arc<Semaphore>,
    max: usize,
}

impl Kind {
    fn new(max: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(max)), max }
    }

    fn taken(&self) -> u64 {
        (self.max - self.free.available_permits()) as u64
    }
}

impl Slots {
    /// As many as the options allow, all free.
    pub(super) fn new(options: &Options) -> Self {
        Self { listed: Kind::new(options.connections_max), strangers: Kind::new(options.strangers_max) }
    }

    /// Takes a slot, where one is free.
    pub(super) fn take(&self, is_listed: bool) -> Option<OwnedSemaphorePermit> {
        let kind = if is_listed { &self.listed } else { &self.strangers };
        Arc::clone(&kind.free).try_acquire_owned().ok()
    }

    /// How many are taken by listed gateways, and by callers who are not.
    #[must_use]
    pub fn taken(&self) -> (u64, u64) {
        (self.listed.taken(), self.strangers.taken())
    }
}
