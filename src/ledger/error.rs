//! Why the ledger cannot be made, opened, written or read.

use std::{error::Error, io, path::PathBuf};

use super::{implausible::Implausible, own::Lost, runs::RunsError};
use crate::keys::KeyError;

/// What `SQLite` or the disk said.
pub type Source = Box<dyn Error + Send + Sync>;

/// Why the ledger cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none.
    #[error("there is no ledger in `{folder}`: make one once with `bdcd ledger create`, or restore it from its backup")]
    Missing {
        /// Where it should be.
        folder: PathBuf,
    },
    /// There is one already.
    #[error("there is a ledger in `{folder}` already: it is never written over")]
    Exists {
        /// Where it is.
        folder: PathBuf,
    },
    /// Another process writes it.
    #[error("the ledger in `{folder}` is in use by another process: one alone may write it")]
    Busy {
        /// Where it is.
        folder: PathBuf,
    },
    /// A file or folder cannot be made or opened.
    #[error("cannot {doing} in the ledger's folder: check the space on its disk and who may write there")]
    Disk {
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The database cannot be opened, or not be written.
    #[error("cannot open the ledger's database: check its disk, and who may write there")]
    Store {
        /// What `SQLite` said.
        source: Source,
    },
    /// It is of another format.
    #[error("the ledger is of format {found}, this version writes format {known}: run the version that it belongs to")]
    Format {
        /// Of the ledger.
        found: i64,
        /// Of this version.
        known: i64,
    },
    /// It is of an earlier format.
    #[error("the ledger is of format {found}, from before: bring it to this version's with `bdcd ledger upgrade`")]
    OldFormat {
        /// Of the ledger.
        found: i64,
    },
    /// What it says of itself does not fit the master key.
    #[error(
        "the ledger was made under another master key, or what it says of itself was altered: give the key it was made with"
    )]
    WrongMasterKey,
    /// It is signed by another key.
    #[error("the ledger is signed by key `{expected}`, not by `{given}`: give the key it was made with")]
    WrongSigner {
        /// The key it was made with.
        expected: String,
        /// The key given.
        given: String,
    },
    /// Its head does not hold together.
    #[error(
        "ledger entry {entry} {what}: the ledger was altered or damaged; find out how far with `bdcd ledger verify`, then restore it"
    )]
    Damaged {
        /// The entry found wrong.
        entry: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// It lacks entries that were written.
    #[error(
        "entries {found} to {} are missing: the ledger's {by} knows of {known} entries, and the ledger has {found}. It was altered or damaged, or an older copy stands in its place: it is not opened, and nothing was removed. Put back what was changed, or give a copy that has them all to `bdcd ledger restore`; where none has, make a new ledger under a new origin", .known - 1
    )]
    Shortened {
        /// How many entries are known of.
        known: u64,
        /// How many there are.
        found: u64,
        /// What knows of them.
        by: &'static str,
    },
    /// It is of another history.
    #[error(
        "the tree of the first {size} entries is not the one that the witness of the ledger's head knows: the ledger was altered or damaged, or another copy stands in its place. It is not opened, and nothing was removed; put back what was changed, or give a copy to `bdcd ledger restore`"
    )]
    Forked {
        /// The size of the tree that is known.
        size: u64,
    },
    /// The search index cannot be opened.
    #[error("cannot open the ledger's search index")]
    Index(#[from] RunsError),
    /// No random bytes.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No thread.
    #[error("cannot start a thread for the ledger")]
    Thread {
        /// What the system said.
        source: io::Error,
    },
}

impl From<rusqlite::Error> for OpenError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Store { source: source.into() }
    }
}

/// Why an event was not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// As many wait as may.
    #[error("too many entries wait for the ledger: ask again in a moment")]
    Overloaded,
    /// The clock of this machine is not believed.
    #[error(
        "the clock of this machine is not believed: {0}. Set it right, or, where it is right, say so with `bdcd ledger accept-clock`"
    )]
    Clock(Implausible),
    /// It could not be made durable, or the ledger is closed.
    #[error("the ledger cannot be written: nothing is answered until it can")]
    Unavailable,
}

/// Why an entry cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such entry.
    #[error("there is no ledger entry {entry}: the last is {last}")]
    Missing {
        /// The entry asked for.
        entry: u64,
        /// The newest.
        last: u64,
    },
    /// The database cannot be read.
    #[error("cannot read the ledger's database")]
    Store {
        /// What `SQLite` said.
        source: Source,
    },
    /// What is read does not fit together.
    #[error("ledger entry {entry} {what}: the ledger was altered or damaged; run `bdcd ledger verify`")]
    Damaged {
        /// The entry.
        entry: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The search index cannot be read.
    #[error("cannot read the ledger's search index")]
    Index(#[from] RunsError),
    /// The search index is being made again.
    #[error("the ledger's search index is being made again: ask again in a moment")]
    Incomplete,
}

impl From<rusqlite::Error> for ReadError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Store { source: source.into() }
    }
}

impl From<Lost> for ReadError {
    fn from(lost: Lost) -> Self {
        Self::Store { source: lost.into() }
    }
}

/// An entry that cannot be read while the ledger is opened or put in order.
pub(super) fn unreadable(error: ReadError) -> OpenError {
    match error {
        ReadError::Damaged { entry, what } => OpenError::Damaged { entry, what },
        other => OpenError::Store { source: other.into() },
    }
}
