//! `bdcd snapshot load` and `bdcd snapshot verify`: a package through all its gates, and what it has beside what serves.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{
    act,
    failure::Failure,
    open::{self, ConfigArgument},
    output::{self, Format, print, say},
    process,
};
use crate::{
    config::Config,
    domain::{
        generation::QUARANTINE_MAX,
        rows::{RowSource as _, SourceError as _},
        tables::Table,
    },
    mirror::{LoadError, Mirror, Progress},
    package::{self, Package},
    service::{
        gates::Acceptance,
        load::{Load, LoadFailure, Ready},
        record::OperatorAct,
    },
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    what: What,
}

#[derive(Debug, clap::Args)]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    what: What,
    /// How to print what was found
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Debug, clap::Args)]
#[expect(clippy::option_option, reason = "an option that is absent, given without a value, or with one")]
struct What {
    /// The package: its folder, or its `.tar.zst`, which is read as a stream
    package: PathBuf,
    /// Set rows aside that cannot be placed or read, up to MAX of them (`load.quarantine-rows-max` where MAX is not given)
    ///
    /// Of each table at most the share that `load.quarantine-share-max` allows.
    /// They are searched for nobody, and every answer says how many there are. `bdcd snapshot quarantine` lists them.
    #[arg(long, value_name = "MAX", num_args = 0..=1, require_equals = true)]
    quarantine: Option<Option<usize>>,
    /// Load the package although no key of `package-keys` has signed it
    ///
    /// The report, the ledger's entry of the generation and `bdcd snapshot list` repeat the reason. A package with a wrong
    /// signature is refused all the same.
    #[arg(long, value_name = "REASON")]
    unsigned: Option<String>,
    /// Let the package pass a gate that would stop it, for a reason that goes on record
    ///
    /// The gates are `authority`, `as-of`, `future`, `expired`, `table`, `column`, `fall` and `rise`; what stops a package names
    /// its gate. May be given several times.
    #[arg(long, value_name = "GATE:REASON")]
    accept: Vec<Acceptance>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// What a package may lack by the operator's word.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    /// Why no listed key need have signed it.
    pub(super) unsigned: Option<&'a str>,
    /// The gates that it may pass.
    pub(super) accepted: &'a [Acceptance],
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let what = &arguments.what;
    let (config, mirror) = what.open()?;
    print(&load(&mirror, &what.package, &config, what.terms())?)
}

pub(super) fn verify(arguments: &VerifyArguments) -> Result<(), Failure> {
    let what = &arguments.what;
    let (config, mirror) = what.open()?;
    let mut package = open_package(&what.package, &config, what.terms())?;
    tell(&mut package)?;
    let ready = prepare(&mirror, &mut package, &config, &what.accept)?;
    let passed: Vec<_> = ready.passed().iter().map(|(trip, word)| (trip.to_string(), &word.reason)).collect();
    match arguments.format {
        Format::Table => {
            print(&format!("{}{}", ready.report(), ready.comparison()))?;
            passed
                .iter()
                .try_for_each(|(trip, reason)| print(&format!("would pass by your word ({reason}): {trip}\n")))?;
            print("a load would be accepted; nothing was changed\n")
        }
        Format::Json => {
            let passed: Vec<_> =
                passed.iter().map(|(trip, reason)| json!({ "gate": trip, "reason": reason })).collect();
            let found = json!({ "report": ready.report(), "comparison": ready.comparison(), "accepted": passed });
            print(&(output::pretty(&found)? + "\n"))
        }
    }
}

impl What {
    fn terms(&self) -> Terms<'_> {
        Terms { unsigned: self.unsigned.as_deref(), accepted: &self.accept }
    }

    /// The configuration, and its mirror with what may be set aside.
    fn open(&self) -> Result<(Config, Mirror), Failure> {
        let config = self.config.read()?;
        let rows_max = self.quarantine.map_or(0, |rows_max| rows_max.unwrap_or(config.load.quarantine_rows_max));
        if rows_max > QUARANTINE_MAX {
            return Err(Failure::misused(format!("`--quarantine={rows_max}` is more than {QUARANTINE_MAX} rows")));
        }
        process::check_owner(&config.directory)?;
        let mirror = open::mirror(&config)?.with_quarantine(rows_max);
        let mirror = mirror.with_quarantine_share(config.load.quarantine_share_max);
        Ok((config, mirror))
    }
}

/// Tells the columns that are absent and those that are not read, and what the operator accepted or explained.
fn tell(package: &mut Package) -> Result<(), Failure> {
    for table in Table::ALL {
        let columns = match package.columns(table) {
            Ok(Some(columns)) => columns,
            Ok(None) => continue,
            // The load tells of all such files together.
            Err(err) if err.is_of_one_file() => continue,
            Err(err) => return Err(Failure::refused(&err)),
        };
        if !columns.unread.is_empty() {
            say(&format!("table {}: columns not read: {}", table.name(), columns.unread.join(", ")));
        }
        if !columns.absent.is_empty() {
            say(&format!("table {}: columns absent: {}", table.name(), columns.absent.join(", ")));
        }
    }
    for mapped in &package.declared().mapped {
        say(&format!("the package says: {mapped}"));
    }
    for accepted in &package.declared().accepted {
        say(&format!("accepted, and told in every answer: {} ({})", accepted.what, accepted.reason));
    }
    Ok(())
}

/// Loads a package and returns what there is to say of it.
pub(super) fn load(mirror: &Mirror, package: &Path, config: &Config, terms: Terms<'_>) -> Result<String, Failure> {
    let mut package = open_package(package, config, terms)?;
    let served = mirror.serves().ok().flatten();
    for table in package.tables_ignored() {
        say(&format!("table {table} is not read: it feeds no answer"));
    }
    tell(&mut package)?;
    let ready = prepare(mirror, &mut package, config, terms.accepted)?;
    let comparison = ready.comparison().to_string();
    for (trip, word) in ready.passed() {
        let detail = format!("generation {}, {trip}; accepted: {}", ready.report().generation, word.reason);
        let entry = act::record(config, OperatorAct::Load, &detail)?;
        say(&format!("ledger entry {entry} records that the package passes {trip}"));
    }
    let report = ready.serve().map_err(|err| Failure::failed(&err).hint(UNCHANGED))?;
    if report.made_again {
        return Ok(format!("{report}{} serves on\n", served.unwrap_or_default()));
    }
    let undo = served
        .filter(|served| *served != report.generation)
        .map(|served| format!("{served} served before; back to it: bdcd snapshot rollback {served} --reason <why>\n"));
    Ok(format!("{report}{comparison}{} serves now\n{}", report.generation, undo.unwrap_or_default()))
}

/// What is said where a load did not come to its end.
const UNCHANGED: &str = "nothing was changed: the generation that served still serves";

fn prepare<'a>(
    mirror: &'a Mirror,
    package: &mut Package,
    config: &Config,
    accepted: &[Acceptance],
) -> Result<Ready<'a>, Failure> {
    let limits = config.gates();
    let load = Load { mirror, limits: &limits, accepted, now: jiff::Timestamp::now() };
    let shown = Shown::new(package);
    let prepared = load.prepare(package, &mut |progress| shown.show(progress));
    shown.clear();
    prepared.map_err(|err| {
        let failure = match &err {
            LoadFailure::Stopped(_) => Failure::refused(&err),
            LoadFailure::Choice(_) => Failure::failed(&err),
            LoadFailure::Load(err) => match err {
                LoadError::Disk { .. } | LoadError::Store { .. } | LoadError::Key(_) | LoadError::Open(_) => {
                    Failure::failed(err)
                }
                LoadError::Source(_)
                | LoadError::Findings(_)
                | LoadError::InQuarantine { .. }
                | LoadError::Sequence { .. }
                | LoadError::Lock(_)
                | LoadError::Verify { .. } => Failure::refused(err),
            },
        };
        let findings = match &err {
            LoadFailure::Stopped(stopped) => stopped.findings.as_ref(),
            LoadFailure::Load(LoadError::Findings(findings)) => Some(findings),
            LoadFailure::Load(_) | LoadFailure::Choice(_) => None,
        };
        failure.hint(if findings.is_some_and(|findings| !findings.rows.is_empty()) {
            "nothing was changed: the generation that served still serves; rows that cannot be placed or read may be set aside by \
             `--quarantine`, and every answer then says so"
        } else {
            UNCHANGED
        })
    })
}

/// How far a load has come: a bar for each phase at a terminal, and nothing elsewhere.
struct Shown {
    bar: ProgressBar,
    /// Rows of the package, and of the tables in the order in which they are read.
    rows: u64,
    read: std::cell::Cell<(Option<Table>, u64, u64)>,
}

impl Shown {
    fn new(package: &Package) -> Self {
        let rows = Table::ALL.into_iter().filter_map(|table| package.row_count(table)).sum();
        let bar = ProgressBar::new(rows);
        if let Ok(style) =
            ProgressStyle::with_template("{msg:28} {bar:30} {human_pos} of {human_len}, {per_sec}, {eta} left")
        {
            bar.set_style(style);
        }
        Self { bar, rows, read: std::cell::Cell::default() }
    }

    fn show(&self, progress: Progress) {
        match progress {
            Progress::Reading { table, rows } => {
                let (last, before, within) = self.read.get();
                let before = if last == Some(table) { before } else { before + within };
                self.read.set((Some(table), before, rows));
                self.bar.set_message(format!("reading {}", table.name()));
                self.bar.set_position((before + rows).min(self.rows));
            }
            Progress::Assembling { units } => self.phase(format!("putting together unit {units}")),
            Progress::Indexing => self.phase("writing the index".to_owned()),
            Progress::Verifying => self.phase("checking the file".to_owned()),
        }
    }

    /// A phase of which nobody knows how long it is.
    fn phase(&self, what: String) {
        if let Ok(style) = ProgressStyle::with_template("{msg} {elapsed}") {
            self.bar.set_style(style);
        }
        self.bar.set_message(what);
        self.bar.tick();
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Opens a package, and checks who signed it.
fn open_package(package: &Path, config: &Config, terms: Terms<'_>) -> Result<Package, Failure> {
    let keys = config.package_keys();
    let archive_bytes_max = config.load.archive_bytes_max.0 as u64;
    let terms = package::Terms { keys: &keys, unsigned: terms.unsigned, archive_bytes_max };
    Package::open_verified(package, terms).map_err(|err| Failure::refused(&err))
}
