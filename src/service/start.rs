//! How the engine runs, and why it does not start.

use std::{io, time::Duration};

use crate::{
    ledger::{self, AppendError},
    mirror::{ChoiceError, OpenError},
};

/// How the engine runs.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads that read the generation.
    pub reader_threads: usize,
    /// Inquiries that may wait for each of them.
    pub queued_per_reader_max: usize,
    /// How often the pointer is looked at.
    pub pointer_interval: Duration,
    /// How often the generations' files are compared with their digests.
    pub check_interval: Duration,
    /// How many bytes of them are read in a second at most.
    pub check_bytes_per_second: u64,
}

/// Why the engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nothing is loaded, or nothing of it can serve.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// The serving generation does not open.
    #[error("cannot open the serving generation")]
    Open(#[from] OpenError),
    /// The system gives no thread.
    #[error("cannot start a thread")]
    Thread(#[from] io::Error),
    /// That the generation serves could not be recorded.
    #[error("cannot record in the ledger which generation serves")]
    Record(#[from] AppendError),
    /// The ledger cannot be opened for reading.
    #[error("cannot open the ledger for reading")]
    Ledger(#[from] ledger::ReadError),
}
