//! The directory of generations and the pointer to the one that serves.
//!
//! `generations/<name>/{mirror.db,manifest.json,report.json}` and `CURRENT`, a file that holds one name. How they change,
//! and what a crash leaves, stands on the module's page.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    compile::Budget,
    error::{LockError, OpenError, RemoveError, cannot},
    quarantine::Limits,
    read::{FileNumber, Generation},
};
use crate::{
    disk,
    domain::generation::{QUARANTINE_MAX, Share, sequence},
    keys::MasterKey,
};

pub(super) const DATABASE: &str = "mirror.db";
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const REPORT: &str = "report.json";
pub(super) const POINTER: &str = "CURRENT";
/// No pointer is longer.
const POINTER_BYTES_MAX: u64 = 4096;
/// The pointer until it is synced.
const NEW_POINTER: &str = "CURRENT.new";
pub(super) const GENERATIONS: &str = "generations";
const LOCK: &str = "load.lock";
const LOCK_BYTES_MAX: u64 = 4096;
/// Folders under way begin with a dot, as no generation's name does.
pub(super) const BUILDING: &str = ".building-";

/// The directory of generations.
#[derive(Debug)]
pub struct Mirror {
    directory: PathBuf,
    key: MasterKey,
    pub(super) budget: Budget,
    pub(super) quarantine: Limits,
    /// Damaged generations that could not be marked on disk, each with the number of its file: a file made anew is another.
    unmarkable: Mutex<HashMap<String, FileNumber>>,
}

impl Mirror {
    /// The mirror in `directory`, which the first load creates, sealed under `key`.
    pub fn new(directory: impl Into<PathBuf>, key: MasterKey) -> Self {
        Self {
            directory: directory.into(),
            key,
            budget: Budget::default(),
            quarantine: Limits { rows_max: 0, share_max: Share::ALL },
            unmarkable: Mutex::default(),
        }
    }

    /// The same mirror, which sets up to so many rows aside where they cannot be placed or read; [`QUARANTINE_MAX`] at most.
    #[must_use]
    pub fn with_quarantine(self, rows_max: usize) -> Self {
        Self { quarantine: Limits { rows_max: rows_max.min(QUARANTINE_MAX), ..self.quarantine }, ..self }
    }

    /// The same mirror, which sets aside at most this share of a table's rows; all of them where nothing is said.
    #[must_use]
    pub fn with_quarantine_share(self, share_max: Share) -> Self {
        Self { quarantine: Limits { share_max, ..self.quarantine }, ..self }
    }

    /// The same mirror with other buffers, to try how little will do.
    #[cfg(test)]
    pub(super) fn with_budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Damaged generations that could not be marked on disk.
    pub(super) fn unmarkable(&self) -> MutexGuard<'_, HashMap<String, FileNumber>> {
        self.unmarkable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn key(&self) -> &MasterKey {
        &self.key
    }

    /// The name of the generation that serves; `None` before the first load.
    ///
    /// # Errors
    ///
    /// [`OpenError::Read`] where the pointer cannot be read, [`OpenError::Pointer`] where it holds no name.
    pub fn current(&self) -> Result<Option<String>, OpenError> {
        let path = self.directory.join(POINTER);
        match disk::read(&path, POINTER_BYTES_MAX) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let name = text.trim_end_matches('\n');
                if sequence(name).is_none() {
                    return Err(OpenError::Pointer { path });
                }
                Ok(Some(name.to_owned()))
            }
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) if source.kind() == io::ErrorKind::InvalidData => Err(OpenError::Pointer { path }),
            Err(source) => Err(OpenError::Read { path, source }),
        }
    }

    /// Opens a generation by its name.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where there is none of that name, or its file does not open under the master key.
    pub fn open(&self, name: &str) -> Result<Generation, OpenError> {
        let file = self.database(name);
        if sequence(name).is_none() || !file.is_file() {
            return Err(OpenError::Missing { name: name.to_owned() });
        }
        Generation::open(name, file, &self.key)
    }

    /// The names of all generations, by ascending sequence.
    ///
    /// # Errors
    ///
    /// [`OpenError::Read`] where the folder cannot be read.
    pub fn list(&self) -> Result<Vec<String>, OpenError> {
        let path = self.directory.join(GENERATIONS);
        let failed = |source| OpenError::Read { path: path.clone(), source };
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(failed(source)),
        };
        let mut names: Vec<String> = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            names.extend(name.to_str().filter(|name| sequence(name).is_some()).map(str::to_owned));
        }
        names.sort_by_cached_key(|name| (sequence(name), name.clone()));
        Ok(names)
    }

    /// Removes a generation that does not serve; readers that have it open read on.
    ///
    /// Its folder loses its name first, so that a removal that is cut short leaves what the next load clears away.
    ///
    /// # Errors
    ///
    /// [`RemoveError`] where it serves, is not there, a load is under way, or it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), RemoveError> {
        let generations = self.directory.join(GENERATIONS);
        let _lock = self.lock()?;
        let pointed = self.current().ok().flatten();
        if pointed.as_deref() == Some(name) || self.serves()?.as_deref() == Some(name) {
            return Err(RemoveError::Serves { name: name.to_owned() });
        }
        if sequence(name).is_none() || !generations.join(name).is_dir() {
            return Err(OpenError::Missing { name: name.to_owned() }.into());
        }
        let failed = |source| RemoveError::Disk { name: name.to_owned(), source };
        let removing = generations.join(format!("{BUILDING}removing-{name}"));
        fs::rename(generations.join(name), &removing).map_err(failed)?;
        disk::sync_folder(&generations).map_err(failed)?;
        fs::remove_dir_all(removing).map_err(failed)?;
        self.remove_strays().map_err(failed)
    }

    pub(super) fn database(&self, name: &str) -> PathBuf {
        self.directory.join(GENERATIONS).join(name).join(DATABASE)
    }

    /// Takes the lock under which alone generations come, go and change places. It says who holds it.
    pub(super) fn lock(&self) -> Result<File, LockError> {
        let path = self.directory.join(LOCK);
        if let Some(mut file) = disk::lock(&path).map_err(cannot("take the lock"))? {
            let since = jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default();
            let said = format!("process {}, since {since}\n", std::process::id());
            // A courtesy to the next one; a lock that may only be read is a lock all the same.
            file.set_len(0).and_then(|()| file.write_all(said.as_bytes())).unwrap_or_default();
            return Ok(file);
        }
        // Who holds it may be writing just now, or be of an earlier version, which says nothing.
        let said = disk::read(&path, LOCK_BYTES_MAX).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let holder = said.lines().next().filter(|line| line.starts_with("process "));
        Err(LockError::Busy { path, holder: holder.unwrap_or("another process").to_owned() })
    }

    /// Removes the folders of loads that were killed; the lock says that none is under way.
    pub(super) fn remove_remains(&self, generations: &Path) -> io::Result<()> {
        for entry in fs::read_dir(generations)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(BUILDING.as_bytes()) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        self.remove_strays()?;
        disk::remove_if_there(&self.directory.join(NEW_POINTER))
    }

    /// Makes the pointer name a generation, all or nothing.
    pub(super) fn point_to(&self, name: &str) -> io::Result<()> {
        disk::replace(&self.directory, POINTER, NEW_POINTER, format!("{name}\n").as_bytes())
    }
}
