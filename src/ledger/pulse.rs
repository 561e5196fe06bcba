//! How the ledger is doing, for whoever watches the daemon: read without waiting for the writer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How the ledger is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Entries on disk.
    pub entries: u64,
    /// Entries that wait for the writer.
    pub waiting: u64,
    /// Whether the last that was written, or tried, could be written.
    pub is_writable: bool,
    /// How often writing failed since the ledger was opened.
    pub failures: u64,
}

/// What the writer and those who hand it work note.
pub(super) struct Pulse {
    entries: AtomicU64,
    waiting: AtomicU64,
    is_writable: AtomicBool,
    failures: AtomicU64,
}

impl Pulse {
    /// Of a ledger that was opened with so many entries.
    pub(super) fn new(entries: u64) -> Self {
        Self {
            entries: entries.into(),
            waiting: AtomicU64::default(),
            is_writable: true.into(),
            failures: AtomicU64::default(),
        }
    }

    pub(super) fn has_entries(&self, entries: u64) {
        self.entries.store(entries, Ordering::Relaxed);
    }

    pub(super) fn is_queued(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn is_taken(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn has_failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.is_writable(false);
    }

    pub(super) fn is_writable(&self, is_writable: bool) {
        self.is_writable.store(is_writable, Ordering::Relaxed);
    }

    pub(super) fn state(&self) -> State {
        State {
            entries: self.entries.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
            is_writable: self.is_writable.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }
}
