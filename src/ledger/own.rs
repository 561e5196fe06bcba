//! Whether the files that are open are still the ledger's: at their paths, and no shorter than they were.
//!
//! A file that was removed or replaced goes on taking what is written, and nobody finds it again. `SQLite` maps `ledger.db-shm`
//! into memory: where it is cut short, whoever touches what is gone ends the process. So the paths are looked at before the
//! files are used, by the writer before each commit and after, by readers before each statement.
//!
//! What was found wrong once stays wrong: nothing is written, moved or read until the ledger is opened anew, and the
//! connections are not closed, for closing would touch the files. Then a start finds the log as it was left.
//!
//! What is cut short in the moment between the look and the use is not seen. That moment is some microseconds long, and who cuts a
//! file of a running daemon may end it by other means as well; nothing is told of that is not on disk.

use std::{
    fs::{self, File, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

/// The files are no longer the ledger's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger's files were changed under the daemon: nothing is recorded until it is started again")]
pub(super) struct Lost;

/// A file that is open.
struct OwnFile {
    path: PathBuf,
    /// Device and number.
    identity: (u64, u64),
    length: AtomicU64,
}

/// The files of a ledger that is open.
pub(super) struct Own {
    database: OwnFile,
    log: OwnFile,
    log_index: OwnFile,
    is_lost: AtomicBool,
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

impl OwnFile {
    fn of(path: PathBuf, metadata: &Metadata) -> Self {
        Self { path, identity: identity(metadata), length: metadata.len().into() }
    }

    /// Its length now; what is wrong where it is not there.
    fn length(&self) -> Result<u64, &'static str> {
        match fs::metadata(&self.path) {
            Ok(metadata) if identity(&metadata) == self.identity => Ok(metadata.len()),
            Ok(_) => Err("another file stands in its place"),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Err("it was moved away or removed")
            }
            // That it cannot be looked at does not say that it is gone: what is done next tells.
            Err(_) => Ok(self.length.load(Ordering::Relaxed)),
        }
    }

    /// Checks that it has not become shorter.
    fn check(&self) -> Result<(), &'static str> {
        let length = self.length()?;
        if length < self.length.load(Ordering::Relaxed) { Err("it was cut short") } else { Ok(()) }
    }
}

impl Own {
    /// The files of the ledger whose database is at `path`, and whose log is open; `database` is open too.
    pub(super) fn of(path: &Path, database: &File) -> io::Result<Self> {
        let path = |end: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        let file = |path: PathBuf| fs::metadata(&path).map(|metadata| OwnFile::of(path, &metadata));
        Ok(Self {
            database: OwnFile::of(path(""), &database.metadata()?),
            log: file(path("-wal"))?,
            log_index: file(path("-shm"))?,
            is_lost: AtomicBool::new(false),
        })
    }

    /// Checks that the files are the ledger's, and that what is mapped into memory is there.
    pub(super) fn check(&self) -> Result<(), Lost> {
        if self.is_lost() {
            return Err(Lost);
        }
        // The log may become shorter in its writer's hands, who looks at it himself.
        let files = [("the database", self.database.check()), ("its log", self.log.length().map(|_| ()))];
        for (file, checked) in files.into_iter().chain([("its log's index", self.log_index.check())]) {
            checked.map_err(|what| self.lose(file, what))?;
        }
        Ok(())
    }

    /// The same, and that the log is not shorter than it was noted: for the one who writes it.
    pub(super) fn check_log(&self) -> Result<(), Lost> {
        self.check()?;
        self.log.check().map_err(|what| self.lose("its log", what))
    }

    /// Notes how long the files are: for the one who writes them.
    pub(super) fn note(&self) {
        for file in [&self.database, &self.log, &self.log_index] {
            if let Ok(length) = file.length() {
                file.length.store(length, Ordering::Relaxed);
            }
        }
    }

    /// Whether they were found not to be the ledger's.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    /// Says that they are not the ledger's; told once.
    pub(super) fn lose(&self, file: &str, what: &str) -> Lost {
        if !self.is_lost.swap(true, Ordering::AcqRel) {
            tracing::error!(
                file,
                what,
                "the ledger's files were changed under the daemon: nothing is recorded or answered any more; stop it, put the ledger's folder back as it was and see to the disk, then `bdcd ledger verify` before the next start"
            );
        }
        Lost
    }
}
