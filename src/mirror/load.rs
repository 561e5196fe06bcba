//! From a package to the generation that serves, in two steps: what is prepared is complete, synced and verified, and changes
//! nothing before it is made to serve.
//!
//! Between the two is the place for whatever else must hold (`service::load`). A load that is dropped there leaves no trace.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use tempfile::TempDir;

use super::{
    compile::{Target, compile},
    error::{DiskError, LoadError, LockError, OpenError, SwitchError, cannot},
    index::Index,
    meta::Counts,
    read::Generation,
    report::{LoadReport, Progress},
    seal::Keys,
    store::{BUILDING, DATABASE, GENERATIONS, MANIFEST, Mirror, REPORT},
    whole::Wholeness,
};
use crate::{
    disk,
    domain::{
        generation::{GenerationFacts, Signature, sequence},
        rows::{RowSource, SourceError},
        tables::Table,
    },
    keys::random,
};

/// No report is longer: it has counts of some hundred columns and reasons.
const REPORT_BYTES_MAX: u64 = 64 << 20;

/// Records that are opened to verify a file, spread evenly.
const SAMPLE_RECORDS: u64 = 64;

/// The right to change generations, which one process has at a time.
#[derive(Debug)]
pub struct Loading<'a> {
    mirror: &'a Mirror,
    /// Held until the load has ended.
    _lock: File,
}

/// A generation that could serve.
#[derive(Debug)]
pub struct Prepared<'a> {
    // Dropped in this order: what was built is removed before the lock is.
    place: Place,
    report: LoadReport,
    manifest: Vec<u8>,
    loading: Loading<'a>,
}

#[derive(Debug)]
enum Place {
    /// It was loaded before, and is whole.
    There,
    /// It stands in this folder, and has no name yet.
    Built(TempDir),
}

impl Mirror {
    /// Begins a load: nobody else loads, removes or switches generations until it has ended.
    ///
    /// # Errors
    ///
    /// [`LockError`] where somebody else does, or the directory cannot be written.
    pub fn begin(&self) -> Result<Loading<'_>, LockError> {
        let generations = self.directory().join(GENERATIONS);
        fs::create_dir_all(&generations).map_err(cannot("create the folder of generations"))?;
        let lock = self.lock()?;
        self.remove_remains(&generations).map_err(cannot("remove what an interrupted load left"))?;
        Ok(Loading { mirror: self, _lock: lock })
    }

    /// Compiles the rows of `source` into a generation and makes it the serving one: all steps of a load, and nothing between.
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
        Ok(self.begin()?.prepare(source, facts, manifest, progress)?.serve()?)
    }

    /// Makes a generation serve that is there already: the way back from one that should not have served.
    ///
    /// # Errors
    ///
    /// [`SwitchError`] where it is not there, does not open, or is not whole, every byte of it; nothing is changed then.
    pub fn switch_to(&self, name: &str) -> Result<(), SwitchError> {
        let _lock = self.lock()?;
        self.open(name)?;
        match self.check(name, &mut |_| std::ops::ControlFlow::Continue(()))? {
            Wholeness::Whole => {}
            Wholeness::Differs(_) | Wholeness::Unknown | Wholeness::Stopped => {
                return Err(SwitchError::NotWhole { name: name.to_owned() });
            }
        }
        self.unmark(name).map_err(cannot("remove the mark of a damaged generation"))?;
        Ok(self.point_to(name).map_err(cannot("move the pointer"))?)
    }

    /// Whether a generation is there that is older than the one that the pointer names.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where the folder of generations or the pointer cannot be read.
    pub fn is_kept_behind(&self, name: &str) -> Result<bool, OpenError> {
        let pointed = match self.current() {
            Err(OpenError::Pointer { .. }) => None,
            pointed => pointed?,
        };
        let is_older = pointed.is_some_and(|pointed| sequence(name) < sequence(&pointed));
        Ok(is_older && self.list()?.iter().any(|known| known == name))
    }

    /// The report of a generation's load; `None` where it cannot be read.
    #[must_use]
    pub fn report(&self, name: &str) -> Option<LoadReport> {
        let report = disk::read(&self.directory().join(GENERATIONS).join(name).join(REPORT), REPORT_BYTES_MAX).ok()?;
        serde_json::from_slice(&report).ok()
    }
}

impl<'a> Loading<'a> {
    /// Compiles the rows of `source` into a generation that does not serve yet.
    ///
    /// `manifest` is kept beside the generation as it is. The generation is built aside, synced and verified. Where it is there
    /// already and its files are whole, the package is only checked; where they are not, it is made again, also an older one than
    /// serves, which is kept to go back to.
    ///
    /// # Errors
    ///
    /// [`LoadError`]; nothing is changed.
    pub fn prepare<S: RowSource>(
        self,
        source: &mut S,
        facts: &GenerationFacts,
        manifest: &[u8],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Prepared<'a>, LoadError<S::Error>> {
        let mirror = self.mirror;
        let name = facts.name();
        let made_again = mirror.is_kept_behind(&name)?;
        let whole = report_of_whole(mirror, facts)?;
        if !made_again || whole.is_some() {
            check_sequence(mirror, facts)?;
        }
        if let Some(report) = whole {
            let rows: u64 = report.quarantined.iter().map(|entry| entry.count).sum();
            let limits = mirror.quarantine;
            if rows > limits.rows_max as u64 || limits.refuse(report.set_aside()).is_some() {
                return Err(LoadError::InQuarantine { name, rows });
            }
            // The manifest is the same; whether the files still are what it says is only known by reading them.
            for table in Table::ALL {
                source.visit(table, &mut |_| {}).map_err(LoadError::Source)?;
            }
            let report = LoadReport { already_loaded: true, ..report };
            return Ok(Prepared { place: Place::There, report, manifest: manifest.to_vec(), loading: self });
        }
        let folder = tempfile::Builder::new()
            .prefix(BUILDING)
            .tempdir_in(mirror.directory().join(GENERATIONS))
            .map_err(cannot("create a folder to build in"))?;
        let report = build(mirror, source, facts, folder.path(), progress)?;
        let report = LoadReport { made_again, ..report };
        Ok(Prepared { place: Place::Built(folder), report, manifest: manifest.to_vec(), loading: self })
    }
}

impl Prepared<'_> {
    /// What was found in it.
    #[must_use]
    pub fn report(&self) -> &LoadReport {
        &self.report
    }

    /// Makes it serve. Its folder is complete and synced before it gets a name; the pointer moves last. An older generation that
    /// was made again is only kept.
    ///
    /// # Errors
    ///
    /// [`DiskError`]; what served before serves on.
    pub fn serve(self) -> Result<LoadReport, DiskError> {
        let Self { place, report, manifest, loading: Loading { mirror, _lock } } = self;
        let name = &report.generation;
        if let Place::Built(folder) = place {
            seal_folder(folder.path(), &manifest, &report).map_err(cannot("write the generation's folder"))?;
            let digests = mirror.write_digests(name, folder.path());
            digests.map_err(cannot("write the digests of the generation's files"))?;
            let moved = move_in(&folder.keep(), &mirror.directory().join(GENERATIONS), name);
            moved.map_err(cannot("move the generation in"))?;
        }
        mirror.unmark(name).map_err(cannot("remove the mark of a damaged generation"))?;
        if !report.made_again {
            mirror.point_to(name).map_err(cannot("move the pointer"))?;
        }
        Ok(report)
    }
}

fn check_sequence<E: SourceError>(mirror: &Mirror, facts: &GenerationFacts) -> Result<(), LoadError<E>> {
    let offered = facts.name();
    let newest = || Ok::<_, OpenError>(mirror.list()?.pop());
    let serving = match mirror.current() {
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
/// `None` as well where it says that nobody has signed the package and somebody has now: it is made again, so that what it says
/// of the signature is true.
fn report_of_whole(mirror: &Mirror, facts: &GenerationFacts) -> Result<Option<LoadReport>, OpenError> {
    let name = facts.name();
    match mirror.open(&name) {
        Ok(_) if !mirror.is_whole(&name)? => Ok(None),
        Ok(found) if is_unsigned(found.facts()) && !is_unsigned(facts) => Ok(None),
        Ok(_) => Ok(mirror.report(&name)),
        // Perhaps it is whole under its own key, so it is not replaced.
        Err(error @ OpenError::WrongKey { .. }) => Err(error),
        Err(_) => Ok(None),
    }
}

fn is_unsigned(facts: &GenerationFacts) -> bool {
    matches!(facts.signature, Signature::Missing { .. })
}

fn build<S: RowSource>(
    mirror: &Mirror,
    source: &mut S,
    facts: &GenerationFacts,
    folder: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<LoadReport, LoadError<S::Error>> {
    let salt = random()?;
    let file = folder.join(DATABASE);
    let keys = Keys::derive(mirror.key(), &salt);
    let target =
        Target { file: &file, folder, keys, salt, facts, budget: mirror.budget, quarantine: mirror.quarantine };
    let (tally, counts) = compile(source, target, progress)?;
    progress(Progress::Verifying);
    disk::sync_file(&file).map_err(cannot("sync the generation's file"))?;
    let name = facts.name();
    if let Some(what) = fault(mirror, &name, &file, counts)? {
        return Err(LoadError::Verify { name, what });
    }
    let report = tally.report(name, counts.subject_entries, counts.locator_entries);
    Ok(LoadReport { signature: facts.signature.to_string(), ..report })
}

/// What does not agree in a file just built; `None` where all does.
fn fault(mirror: &Mirror, name: &str, file: &Path, counts: Counts) -> Result<Option<&'static str>, OpenError> {
    let generation = Generation::open(name, file.to_owned(), mirror.key())?;
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
