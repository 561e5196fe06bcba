//! Why a package could not be loaded, or a generation not be read.

use std::{io, path::PathBuf};

use rusqlite::ErrorCode;

use crate::{domain::rows::SourceError, keys::KeyError};

use super::gate::Findings;

/// Why a package was not loaded. Whatever it is, the generation that served before serves on.
#[derive(Debug, thiserror::Error)]
pub enum LoadError<E: SourceError> {
    /// The package could not be read.
    #[error("cannot read the package: see the cause, correct the export and load it again")]
    Source(#[source] E),
    /// Something was not understood, or rows cannot be placed (D29, D40, D44, D47).
    #[error("the package cannot be loaded:{0}\ncorrect it in the register, export and load again")]
    Findings(Findings),
    /// The package was loaded before, with rows in quarantine that this load does not allow.
    #[error(
        "generation `{name}` is there already, with {rows} rows in quarantine: allow them with `--quarantine`, or correct them in the register and load a newer package"
    )]
    InQuarantine {
        /// The generation.
        name: String,
        /// The rows.
        rows: u64,
    },
    /// The package is not newer than the one that serves.
    #[error("package `{offered}` is not newer than `{serving}`, which serves: sequences only grow; roll back by name")]
    Sequence {
        /// The generation that the package would become.
        offered: String,
        /// The generation that serves.
        serving: String,
    },
    /// Somebody else changes the generations, or the lock cannot be taken.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The generation as built does not hold what was written.
    #[error("generation `{name}` as built fails its check ({what}): the disk or the memory may be faulty; load again")]
    Verify {
        /// The generation.
        name: String,
        /// What did not agree.
        what: &'static str,
    },
    /// A file could not be written, synced or renamed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The generation's file could not be written.
    #[error("cannot write the generation's file: check the space on its disk")]
    Store {
        /// What `SQLite` said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No random bytes for the generation's salt.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// What serves now could not be found out.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// A file or folder of the mirror could not be made, written, synced or renamed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} in the mirror's directory: check the space on its disk and who may write there")]
pub struct DiskError {
    /// What was tried.
    pub doing: &'static str,
    /// What the system said.
    pub source: io::Error,
}

/// Gives what the system said to what was tried.
pub(super) fn cannot(doing: &'static str) -> impl Fn(io::Error) -> DiskError {
    move |source| DiskError { doing, source }
}

/// Why the generations cannot be changed now.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else changes them.
    #[error("another load, rollback or removal is under way ({holder} holds `{path}`): wait until it has ended")]
    Busy {
        /// The lock's file.
        path: PathBuf,
        /// Which process, since when.
        holder: String,
    },
    /// The lock's file cannot be opened or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why a generation that is there is not made to serve; what served serves on.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// Somebody else changes the generations, or the lock cannot be taken.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// There is none of that name, or it does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its files are not what they were, or nothing says what they were.
    #[error(
        "generation `{name}` is not known to be as it was loaded: see `bdcd snapshot check`, or load its package again"
    )]
    NotWhole {
        /// The generation.
        name: String,
    },
    /// The pointer cannot be moved.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why a generation cannot be removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// It is the one that serves.
    #[error("generation `{name}` serves: it is never removed")]
    Serves {
        /// The generation.
        name: String,
    },
    /// Somebody else changes the generations, or the lock cannot be taken.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// There is none of that name, or the pointer cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its folder cannot be removed.
    #[error("cannot remove the folder of generation `{name}`: check who may write there")]
    Disk {
        /// The generation.
        name: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Why a generation cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such generation, or the name is no generation's.
    #[error("there is no generation `{name}`: list the generations and name one of them")]
    Missing {
        /// The name.
        name: String,
    },
    /// The directory or the pointer cannot be read or written.
    #[error("cannot read `{path}`: check that it is there and who may read it")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The pointer holds something that is no generation's name.
    #[error("pointer `{path}` does not name a generation: `bdcd snapshot rollback` makes it name one")]
    Pointer {
        /// The pointer's file.
        path: PathBuf,
    },
    /// `SQLite` cannot open or read the file.
    #[error("cannot open generation `{name}`: its file is damaged or cannot be read; load its package again")]
    Store {
        /// The generation.
        name: String,
        /// What `SQLite` said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is of another format, or what it says of itself does not read.
    #[error("generation `{name}` is not of mirror format {format}: load its package again with this version")]
    Format {
        /// The generation.
        name: String,
        /// The format that this version reads.
        format: u32,
    },
    /// The file is another generation's.
    #[error("the folder of generation `{name}` holds the file of `{own}`: load the package of `{name}` again")]
    OtherName {
        /// The folder's name.
        name: String,
        /// The name that the file gives.
        own: String,
    },
    /// Another file has taken the place of the one that was opened.
    #[error("generation `{name}` was made again meanwhile: open it anew")]
    Replaced {
        /// The generation.
        name: String,
    },
    /// The file's records do not open under this master key.
    #[error("generation `{name}` does not open under this master key: give the key it was built with, or load again")]
    WrongKey {
        /// The generation.
        name: String,
    },
}

impl OpenError {
    /// Whether it says that the generation's file is damaged, and not that something else is in the way.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Store { source, .. } if is_damage(source.as_ref()))
    }
}

impl ReadError {
    /// Whether it says that the generation's file is damaged, and not that something else is in the way.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Store { source, .. } => is_damage(source.as_ref()),
            Self::Index { .. } | Self::Record { .. } => true,
        }
    }
}

/// Whether it is the file's fault: everything is that does not come from the machine's shortness or from who may read.
fn is_damage(source: &(dyn std::error::Error + 'static)) -> bool {
    let code = source.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    !matches!(
        code,
        Some(
            ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted
                | ErrorCode::PermissionDenied
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
        )
    )
}

/// Why a generation cannot be read. It has been opened before, so the file or the disk fails now.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// `SQLite` cannot read the file, or was interrupted.
    #[error("cannot read generation `{name}`: its file is damaged, or the read was interrupted")]
    Store {
        /// The generation.
        name: String,
        /// What `SQLite` said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A block of an index does not open, or is none, or is missing.
    #[error("index `{index}` of generation `{name}` is altered or damaged: load its package again")]
    Index {
        /// The generation.
        name: String,
        /// The index.
        index: &'static str,
    },
    /// A record does not open, or is none, or is missing.
    #[error("record {id} of generation `{name}` is altered or damaged: load its package again")]
    Record {
        /// The generation.
        name: String,
        /// The record's id.
        id: i64,
    },
}
