//! Files that last, and locks between processes.
//!
//! What a function here wrote is on disk when it returns without an error, and so is the file's name where it says so. A file
//! that another one replaces is written beside, synced and renamed, and the folder is synced: whatever interrupts that, the
//! name has the old bytes or the new ones, whole.
//!
//! Assumed of the file system: a rename is all or nothing, and what was synced stays.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// Opens a file that is to be there and to end: a pipe, a device or a folder in its place is an error, and keeps nobody waiting.
///
/// # Errors
///
/// [`io::ErrorKind::InvalidData`] where it is no regular file; else what the system says.
pub fn open(path: &Path) -> io::Result<File> {
    // Without it, opening a pipe waits for somebody who writes; of a file it changes nothing.
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::new(io::ErrorKind::InvalidData, "it is no file")) }
}

/// Reads a file of at most so many bytes.
///
/// # Errors
///
/// As [`open`]; [`io::ErrorKind::InvalidData`] where it is longer.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it has more than {bytes_max} bytes")));
    }
    Ok(bytes)
}

/// Syncs a file that somebody else wrote.
///
/// # Errors
///
/// What the system says.
pub fn sync_file(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Syncs the names in a folder.
///
/// # Errors
///
/// What the system says.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Writes a file and syncs its bytes; its name lasts once its folder is synced.
///
/// # Errors
///
/// What the system says.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    finish(File::create(path)?, bytes)
}

/// Writes a new file that nobody but its owner may read, nor the owner where the umask says so, and syncs its bytes.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] where there is a file of that name, which stays as it is; else what the system says.
pub fn create_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    finish(file, bytes)
}

fn finish(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes `name` in `folder` hold these bytes, all or nothing; `beside` is the name that they have until they are synced.
///
/// # Errors
///
/// What the system says; `name` then holds what it held, and a file `beside` may be left.
pub fn replace(folder: &Path, name: &str, beside: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = folder.join(beside);
    write(&beside, bytes)?;
    fs::rename(&beside, folder.join(name))?;
    sync_folder(folder)
}

/// Removes a file; that there is none is no error.
///
/// # Errors
///
/// What the system says.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Takes the lock that a file stands for, which is made where it is absent; `None` where another process holds it.
///
/// It is held until the file is dropped; the system frees it even where the process is killed.
///
/// # Errors
///
/// What the system says.
pub fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = match fs::symlink_metadata(path) {
        // A pipe would be waited for.
        Ok(found) if !found.is_file() => return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no file")),
        _ => match OpenOptions::new().create(true).truncate(false).write(true).open(path) {
            // Made by root's command, perhaps; to lock it, it need not be written.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(path),
            opened => opened,
        },
    }?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_stays_beside() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["first", "2"] {
            replace(folder.path(), "NAME", "NAME.new", text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(folder.path().join("NAME")).unwrap(), text);
            assert!(!folder.path().join("NAME.new").exists());
        }
    }

    #[test]
    fn what_cannot_be_written_beside_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        replace(folder.path(), "NAME", "NAME.new", b"first").unwrap();
        fs::create_dir(folder.path().join("NAME.new")).unwrap();
        assert!(replace(folder.path(), "NAME", "NAME.new", b"second").is_err());
        assert_eq!(fs::read(folder.path().join("NAME")).unwrap(), b"first");
    }

    #[test]
    fn a_private_file_is_its_owners_alone_and_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create_private(&path, b"first").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(create_private(&path, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn a_lock_is_one_holders_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = lock(&path).unwrap();
        assert!(held.is_some() && lock(&path).unwrap().is_none());
        drop(held);
        assert!(lock(&path).unwrap().is_some());
    }

    #[test]
    fn a_lock_that_may_only_be_read_is_taken_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(lock(&path).unwrap().is_some());
    }

    #[test]
    fn what_never_ends_in_the_place_of_a_file_keeps_nobody_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [&pipe, Path::new("/dev/zero"), folder.path()] {
            assert_eq!(read(path, 10).unwrap_err().kind(), io::ErrorKind::InvalidData, "{}", path.display());
            assert!(lock(path).is_err());
        }
        let file = folder.path().join("file");
        write(&file, b"0123456789").unwrap();
        assert_eq!(read(&file, 10).unwrap(), b"0123456789");
        assert_eq!(read(&file, 9).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(read(&folder.path().join("none"), 9).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn what_is_not_there_is_removed_without_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"").unwrap();
        for _ in 0..2 {
            remove_if_there(&path).unwrap();
            assert!(!path.exists());
        }
    }
}
