//! A copy of the ledger, and whether a copy may go on in its place.
//!
//! A copy is one file, of one moment: `SQLite` makes it by its backup interface while a daemon writes on. It holds everything but
//! the search index, which is derived.
//!
//! A ledger that is put back may go on only where it has every entry that anybody was told of: else their numbers would be given
//! a second time, and two answers would stand under one. What was told is known from checkpoints: that of the ledger in place,
//! where it can still be read, and those that somebody kept.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, backup::Backup};
use tempfile::TempDir;

use super::{
    audit::{Audit, AuditError, audit},
    error::{OpenError, ReadError},
    lock,
    note::{Checkpoint, Ed25519Signer},
    read::Reader,
    store::{self, DATABASE},
    witness::WITNESS,
};
use crate::{
    disk::{sync_file, sync_folder},
    keys::MasterKey,
};

/// Why no copy was made, or none put in place.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is such a file already.
    #[error("`{path}` is there already: it is not written over; name another file")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It would lie among the ledger's own files.
    #[error(
        "`{path}` is in the ledger's own folder, where it could be taken for a file of the ledger: name one elsewhere"
    )]
    Inside {
        /// The file.
        path: PathBuf,
    },
    /// The disk does not take it.
    #[error("cannot {doing} `{path}`: check the folder and the space on its disk")]
    Disk {
        /// What was being done.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `SQLite` cannot copy it.
    #[error("cannot copy the ledger")]
    Copy(#[from] rusqlite::Error),
    /// The ledger, or the copy, cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It is no file.
    #[error("`{path}` is a {kind}, and no copy of a ledger: name a file that `bdcd ledger backup` made")]
    NoFile {
        /// Where it is.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The file is no copy of a ledger.
    #[error("`{path}` is no ledger: name a file that `bdcd ledger backup` made, whole")]
    NoLedger {
        /// The file.
        path: PathBuf,
        /// What `SQLite` said.
        source: OpenError,
    },
    /// The copy does not hold.
    #[error("the copy does not hold")]
    Audit(#[from] AuditError),
}

/// A folder for a while, which is its owner's alone from the first moment, whatever the umask: what is in it must not be exchanged
/// while it is checked.
fn private_folder() -> tempfile::Builder<'static, 'static> {
    let mut folder = tempfile::Builder::new();
    folder.permissions(Permissions::from_mode(0o700));
    folder
}

/// A copy in a file of any name, open for reading.
pub struct Copy {
    /// Where it stands under the name that a ledger has.
    _folder: TempDir,
    /// What reads it.
    pub reader: Reader,
}

impl Copy {
    /// Opens the copy in `file`.
    ///
    /// # Errors
    ///
    /// [`BackupError::Disk`] where there is none; [`BackupError::Open`] where it is no ledger of this master key.
    pub fn open(file: &Path, master: &MasterKey) -> Result<Self, BackupError> {
        let disk = |doing| move |source| BackupError::Disk { doing, path: file.to_owned(), source };
        let real = fs::canonicalize(file).map_err(disk("read"))?;
        let kind = fs::metadata(&real).map_err(disk("read"))?.file_type();
        if !kind.is_file() {
            let kind = match kind {
                _ if kind.is_dir() => "folder",
                _ if kind.is_fifo() => "pipe",
                _ if kind.is_socket() => "socket",
                _ => "device",
            };
            return Err(BackupError::NoFile { path: file.to_owned(), kind });
        }
        let folder = private_folder().tempdir().map_err(disk("make a folder to read"))?;
        std::os::unix::fs::symlink(real, folder.path().join(DATABASE)).map_err(disk("make a link to"))?;
        let reader = Reader::open(folder.path(), master).map_err(|error| match error {
            source @ OpenError::Store { .. } => BackupError::NoLedger { path: file.to_owned(), source },
            other => other.into(),
        })?;
        Ok(Self { _folder: folder, reader })
    }
}

/// Makes a copy of the ledger behind `reader` in a new file, and checks every entry of it; `progress` is told up to which.
///
/// The file has its name only once it is whole, synced and checked.
///
/// # Errors
///
/// [`BackupError`]; no file of that name is left then.
pub fn backup(
    reader: &Reader,
    file: &Path,
    master: &MasterKey,
    progress: &mut dyn FnMut(u64),
) -> Result<Audit, BackupError> {
    let disk = |doing| move |source| BackupError::Disk { doing, path: file.to_owned(), source };
    if fs::symlink_metadata(file).is_ok() {
        return Err(BackupError::Exists { path: file.to_owned() });
    }
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let real = |folder| fs::canonicalize(folder).map_err(disk("find the folder of"));
    if real(parent)?.starts_with(real(reader.folder())?) {
        return Err(BackupError::Inside { path: file.to_owned() });
    }
    clear_away(parent).map_err(disk("remove what a backup that was cut short left beside"))?;
    let (making, _held) = make(parent).map_err(disk("write"))?;
    let made = making.path().join(DATABASE);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&made).map_err(disk("write"))?;
    let mut copy = Connection::open(&made)?;
    // All at once: what is written meanwhile would have a copy in parts begin again.
    Backup::new(reader.connection()?, &mut copy)?.step(-1)?;
    // One file, with no log beside it.
    copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    copy.close().map_err(|(_, error)| error)?;
    sync_file(&made).map_err(disk("sync"))?;
    let found = audit(&Reader::open(making.path(), master)?, None, progress)?;
    match rustix::fs::renameat_with(rustix::fs::CWD, &made, rustix::fs::CWD, file, rustix::fs::RenameFlags::NOREPLACE) {
        Err(rustix::io::Errno::EXIST) => Err(BackupError::Exists { path: file.to_owned() }),
        renamed => {
            renamed.map_err(|error| disk("write")(error.into()))?;
            sync_folder(parent).map_err(disk("sync the folder of"))?;
            Ok(found)
        }
    }
}

/// How the folders begin in which copies are made.
const MAKING: &str = ".bdcd-backup-";

/// A new folder to make a copy in, and what holds it for this process.
fn make(parent: &Path) -> io::Result<(TempDir, File)> {
    loop {
        let making = private_folder().prefix(MAKING).tempdir_in(parent)?;
        // Between the two another backup may have taken it for one that was left.
        let held = match File::open(making.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            opened => Some(opened?),
        };
        if let Some(held) = held
            && held.try_lock().is_ok()
            && held.metadata()?.nlink() > 0
        {
            return Ok((making, held));
        }
    }
}

/// Removes what backups of this user left that were killed: folders that no process holds.
fn clear_away(parent: &Path) -> io::Result<()> {
    let user = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(MAKING.as_bytes()) {
            continue;
        }
        match remove_if_left(&entry, user) {
            // Its own backup was done with it just now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
    }
    Ok(())
}

fn remove_if_left(entry: &fs::DirEntry, user: u32) -> io::Result<()> {
    let (path, metadata) = (entry.path(), entry.metadata()?);
    if !metadata.is_dir() || metadata.uid() != user {
        return Ok(());
    }
    let held = File::open(&path)?;
    if held.try_lock().is_ok() { fs::remove_dir_all(&path) } else { Ok(()) }
}

/// Whether a copy may go on as the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has every entry that is known to have been told of.
    MayGoOn,
    /// Nobody knows what was told: there is no ledger in place that can be read, and no checkpoint was given.
    Unknown,
}

/// Judges a copy by the checkpoints that are known, and checks all of it.
///
/// # Errors
///
/// [`AuditError`] where the copy does not hold, is of another history than a checkpoint, or lacks entries that one is of.
pub fn judge(
    copy: &Reader,
    known: &[Checkpoint],
    progress: &mut dyn FnMut(u64),
) -> Result<(Audit, Verdict), AuditError> {
    let mut found = None;
    for checkpoint in known {
        found = Some(audit(copy, Some(checkpoint), progress)?);
    }
    Ok(match found {
        Some(found) => (found, Verdict::MayGoOn),
        None => (audit(copy, None, progress)?, Verdict::Unknown),
    })
}

/// The newest checkpoint of the ledger in place; `None` where there is none that can be read.
#[must_use]
pub fn newest(folder: &Path, master: &MasterKey) -> Option<Checkpoint> {
    let reader = Reader::open(folder, master).ok()?;
    Checkpoint::verify(&reader.newest_checkpoint().ok()?, reader.key()).ok()
}

/// Puts the copy in `file` in the place of the ledger in `folder`; what was there is kept in a folder beside, whose name is
/// returned, where anything was.
///
/// Cut short, it leaves no ledger in place and what was there beside, and is done again.
///
/// # Errors
///
/// [`BackupError`]: another process writes the ledger, the signer is another's, or the disk does not take it.
pub fn put_in_place(
    folder: &Path,
    file: &Path,
    copy: &Reader,
    signer: &Ed25519Signer,
    now: i64,
) -> Result<Option<PathBuf>, BackupError> {
    let disk = |doing| move |source| BackupError::Disk { doing, path: folder.to_owned(), source };
    store::check_signer(copy.key(), signer)?;
    fs::create_dir_all(folder).map_err(disk("make"))?;
    let _lock = lock(folder)?;
    let coming = folder.join(".restoring");
    let mut from = File::open(file).map_err(disk("read the copy for"))?;
    let mut into = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&coming)
        .map_err(disk("write the copy into"))?;
    io::copy(&mut from, &mut into).and_then(|_| into.sync_all()).map_err(disk("write the copy into"))?;
    let kept = folder.join(format!("replaced-{now}"));
    // With it goes what was known of its head: a copy that may go on begins anew.
    let old = [
        DATABASE.to_owned(),
        format!("{DATABASE}-wal"),
        format!("{DATABASE}-shm"),
        store::INDEX.to_owned(),
        WITNESS.to_owned(),
    ];
    let old: Vec<_> = old.into_iter().filter(|name| folder.join(name).exists()).collect();
    if !old.is_empty() {
        fs::create_dir(&kept).map_err(disk("make a folder for what was in"))?;
    }
    for name in &old {
        fs::rename(folder.join(name), kept.join(name)).map_err(disk("move what was in"))?;
    }
    fs::rename(&coming, folder.join(DATABASE)).map_err(disk("move the copy into"))?;
    sync_folder(folder).map_err(disk("sync"))?;
    Ok((!old.is_empty()).then_some(kept))
}

/// Why a copy could not be judged, in the words of whoever reads it.
impl From<ReadError> for BackupError {
    fn from(error: ReadError) -> Self {
        Self::Audit(AuditError::Read(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_for_a_while_is_its_owners_alone() {
        let folder = private_folder().tempdir().unwrap();
        assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o7777, 0o700);
    }
}
