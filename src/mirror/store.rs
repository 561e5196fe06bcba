//! The directory of generations and the pointer to the one that serves.
//!
//! `generations/<name>/{mirror.db,manifest.json,report.json}` and `CURRENT`, a file that holds one name. How they change,
//! and what a crash leaves, stands on the module's page.

use std::{
    collections::HashMap,
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    disk,
    domain::{
        generation::{GenerationFacts, QUARANTINE_MAX, Share, Signature, sequence},
        rows::RowSource,
        tables::Table,
    },
    keys::{MasterKey, random},
};

use super::{
    compile::{Budget, Target, compile},
    error::{LoadError, OpenError, RemoveError},
    index::Index,
    meta::Counts,
    quarantine::Limits,
    read::{FileNumber, Generation},
    report::{LoadReport, Progress},
    seal::Keys,
};

pub(super) const DATABASE: &str = "mirror.db";
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const REPORT: &str = "report.json";
pub(super) const POINTER: &str = "CURRENT";
/// The pointer until it is synced.
const NEW_POINTER: &str = "CURRENT.new";
pub(super) const GENERATIONS: &str = "generations";
const LOCK: &str = "load.lock";
/// Folders under way begin with a dot, as no generation's name does.
const BUILDING: &str = ".building-";

/// Records that are opened to verify a file, spread evenly.
const SAMPLE_RECORDS: u64 = 64;

/// The directory of generations.
#[derive(Debug)]
pub struct Mirror {
    directory: PathBuf,
    key: MasterKey,
    budget: Budget,
    quarantine: Limits,
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

    /// Compiles the rows of `source` into a generation and makes it the serving one.
    ///
    /// `manifest` is kept beside the generation as it is. The generation is built aside, synced, verified, and only then
    /// moved in; the pointer moves last. Where the generation is there already and its files are whole, the package is
    /// checked, and only the pointer moves; where they are not, it is made again.
    ///
    /// # Errors
    ///
    /// [`LoadError`]; whatever it is, what served before serves on.
    pub fn load<S: RowSource>(
        &self,
        source: &mut S,
        facts: &GenerationFacts,
        manifest: &[u8],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<LoadReport, LoadError<S::Error>> {
        let generations = self.directory.join(GENERATIONS);
        fs::create_dir_all(&generations).map_err(disk("create the folder of generations"))?;
        // Held until the load has ended; the system frees it even where the process is killed.
        let _lock = self.lock()?;
        self.remove_remains(&generations).map_err(disk("remove what an interrupted load left"))?;
        self.check_sequence(facts)?;
        let name = facts.name();
        if let Some(report) = self.report_of(facts)? {
            self.unmark(&name).map_err(disk("remove the mark of a damaged generation"))?;
            let rows: u64 = report.quarantined.iter().map(|entry| entry.count).sum();
            let is_too_much =
                rows > self.quarantine.rows_max as u64 || self.quarantine.refuse(report.set_aside()).is_some();
            if is_too_much {
                return Err(LoadError::InQuarantine { name, rows });
            }
            // The manifest is the same; whether the files still are what it says is only known by reading them.
            for table in Table::ALL {
                source.visit(table, &mut |_| {}).map_err(LoadError::Source)?;
            }
            self.point_to(&name).map_err(disk("move the pointer"))?;
            return Ok(LoadReport { already_loaded: true, ..report });
        }
        let folder = tempfile::Builder::new()
            .prefix(BUILDING)
            .tempdir_in(&generations)
            .map_err(disk("create a folder to build in"))?;
        let report = self.build(source, facts, folder.path(), progress)?;
        seal_folder(folder.path(), manifest, &report).map_err(disk("write the generation's folder"))?;
        self.write_digests(&name, folder.path()).map_err(disk("write the digests of the generation's files"))?;
        move_in(&folder.keep(), &generations, &name).map_err(disk("move the generation in"))?;
        self.unmark(&name).map_err(disk("remove the mark of a damaged generation"))?;
        self.point_to(&name).map_err(disk("move the pointer"))?;
        Ok(report)
    }

    /// The name of the generation that serves; `None` before the first load.
    ///
    /// # Errors
    ///
    /// [`OpenError::Read`] where the pointer cannot be read, [`OpenError::Pointer`] where it holds no name.
    pub fn current(&self) -> Result<Option<String>, OpenError> {
        let path = self.directory.join(POINTER);
        match fs::read(&path) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let name = text.trim_end_matches('\n');
                if sequence(name).is_none() {
                    return Err(OpenError::Pointer { path });
                }
                Ok(Some(name.to_owned()))
            }
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
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
        let _lock = self.lock::<std::convert::Infallible>().map_err(|error| RemoveError::Lock(Box::new(error)))?;
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

    fn lock<E: std::error::Error + Send + Sync + 'static>(&self) -> Result<File, LoadError<E>> {
        let path = self.directory.join(LOCK);
        disk::lock(&path).map_err(disk("take the lock"))?.ok_or(LoadError::Busy { path })
    }

    /// Removes the folders of loads that were killed; the lock says that none is under way.
    fn remove_remains(&self, generations: &Path) -> io::Result<()> {
        for entry in fs::read_dir(generations)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(BUILDING.as_bytes()) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        self.remove_strays()?;
        disk::remove_if_there(&self.directory.join(NEW_POINTER))
    }

    fn check_sequence<E: std::error::Error + Send + Sync + 'static>(
        &self,
        facts: &GenerationFacts,
    ) -> Result<(), LoadError<E>> {
        let offered = facts.name();
        let newest = || Ok::<_, OpenError>(self.list()?.pop());
        let serving = match self.current() {
            Ok(None) | Err(OpenError::Pointer { .. }) => newest()?,
            pointed => pointed?,
        };
        match serving {
            Some(serving) if serving != offered && sequence(&serving) >= Some(facts.sequence) => {
                Err(LoadError::Sequence { offered, serving })
            }
            _ => Ok(()),
        }
    }

    /// The report of a generation that is there and whole, every byte of it; `None` where it is absent or damaged.
    ///
    /// `None` as well where it says that nobody has signed the package and somebody has now: it is made again, so that what
    /// it says of the signature is true.
    fn report_of(&self, facts: &GenerationFacts) -> Result<Option<LoadReport>, OpenError> {
        let name = facts.name();
        match self.open(&name) {
            Ok(_) if !self.is_whole(&name)? => Ok(None),
            Ok(found) if is_unsigned(found.facts()) && !is_unsigned(facts) => Ok(None),
            Ok(_) => {
                let report = fs::read(self.directory.join(GENERATIONS).join(&name).join(REPORT)).ok();
                Ok(report.and_then(|report| serde_json::from_slice(&report).ok()))
            }
            // Perhaps it is whole under its own key, so it is not replaced.
            Err(error @ OpenError::WrongKey { .. }) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn build<S: RowSource>(
        &self,
        source: &mut S,
        facts: &GenerationFacts,
        folder: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<LoadReport, LoadError<S::Error>> {
        let salt = random()?;
        let file = folder.join(DATABASE);
        let keys = Keys::derive(&self.key, &salt);
        let target =
            Target { file: &file, folder, keys, salt, facts, budget: self.budget, quarantine: self.quarantine };
        let (tally, counts) = compile(source, target, progress)?;
        progress(Progress::Verifying);
        disk::sync_file(&file).map_err(disk("sync the generation's file"))?;
        let name = facts.name();
        if let Some(what) = self.fault(&name, &file, counts)? {
            return Err(LoadError::Verify { name, what });
        }
        let report = tally.report(name, counts.subject_entries, counts.locator_entries);
        Ok(LoadReport { signature: facts.signature.to_string(), ..report })
    }

    /// What does not agree in a file just built; `None` where all does.
    fn fault(&self, name: &str, file: &Path, counts: Counts) -> Result<Option<&'static str>, OpenError> {
        let generation = Generation::open(name, file.to_owned(), &self.key)?;
        if generation.counts() != counts {
            return Ok(Some("its own counts"));
        }
        let mut reader = generation.reader()?;
        if reader.count("unit").ok() != Some(counts.units) {
            return Ok(Some("the rows of a table"));
        }
        // Every entry is looked at: one that the shortcuts passed over would be a unit that nobody finds.
        for (index, expected) in [(Index::Subject, counts.subject_entries), (Index::Locator, counts.locator_entries)] {
            if reader.led_entries(index).ok() != Some(expected) {
                return Ok(Some("an index, or the shortcuts to it"));
            }
        }
        if generation.quarantine().is_err() {
            return Ok(Some("the rows in quarantine"));
        }
        let step = usize::try_from(counts.units / SAMPLE_RECORDS).unwrap_or(usize::MAX).max(1);
        let last = i64::try_from(counts.units).unwrap_or(i64::MAX);
        let does_open = (1..=last)
            .step_by(step)
            .chain((last > 0).then_some(last))
            .all(|id| reader.open_record(id).is_ok_and(|record| crate::domain::codec::read_unit(&record).is_ok()));
        Ok(if does_open { None } else { Some("a record") })
    }

    /// Makes the pointer name a generation, all or nothing.
    fn point_to(&self, name: &str) -> io::Result<()> {
        disk::replace(&self.directory, POINTER, NEW_POINTER, format!("{name}\n").as_bytes())
    }
}

/// Writes manifest and report, takes the right to write away, and syncs everything.
fn seal_folder(folder: &Path, manifest: &[u8], report: &LoadReport) -> io::Result<()> {
    let report = serde_json::to_vec_pretty(report).map_err(io::Error::other)?;
    for (name, bytes) in [(MANIFEST, manifest), (REPORT, &report)] {
        disk::write(&folder.join(name), bytes)?;
    }
    for name in [DATABASE, MANIFEST, REPORT] {
        fs::set_permissions(folder.join(name), Permissions::from_mode(0o400))?;
    }
    disk::sync_folder(folder)
}

/// Gives a complete folder its name; a damaged one of that name makes way, and who has it open reads on in it.
fn move_in(building: &Path, generations: &Path, name: &str) -> io::Result<()> {
    let place = generations.join(name);
    if place.exists() {
        let damaged = generations.join(format!("{BUILDING}damaged-{name}"));
        fs::rename(&place, &damaged)?;
        fs::rename(building, &place)?;
        fs::remove_dir_all(damaged)?;
    } else {
        fs::rename(building, &place)?;
    }
    disk::sync_folder(generations)
}

fn is_unsigned(facts: &GenerationFacts) -> bool {
    matches!(facts.signature, Signature::Missing { .. })
}

fn disk<E: std::error::Error + Send + Sync + 'static>(doing: &'static str) -> impl Fn(io::Error) -> LoadError<E> {
    move |source| LoadError::Disk { doing, source }
}
