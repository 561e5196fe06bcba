//! `bdcd snapshot`: packages in, generations out.

use std::{
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use super::{
    failure::Failure,
    open::{self, ConfigArgument},
    output::{print, say},
    process, prune, quarantine,
};
use crate::{
    domain::{
        generation::{QUARANTINE_MAX, Signature},
        rows::RowSource as _,
        tables::Table,
    },
    mirror::{LoadError, Mirror, OpenError, Wholeness},
    package::{Package, Terms},
};

#[derive(Debug, clap::Subcommand)]
#[expect(clippy::option_option, reason = "an option that is absent, given without a value, or with one")]
pub(super) enum Command {
    /// Check a package, compile it, and make it serve
    ///
    /// Nothing changes where anything is wrong: the last good generation goes on serving. A running daemon takes up the new
    /// generation by itself within `limits.pointer-interval`.
    Load {
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
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// List the rows that a load set aside
    ///
    /// Shows table, file, line and reason, and no value unless `--reveal` is given.
    Quarantine(quarantine::Arguments),
    /// Remove old generations
    ///
    /// Says which recorded answers can then no longer be composed again, and records the act. Rolling back to a generation
    /// that is removed takes its package.
    Prune(prune::Arguments),
    /// Check that generations are as they were loaded, byte for byte
    ///
    /// Reads every file and compares it with the digest that the load made. One that differs is marked as damaged: a daemon
    /// passes it over where another one can serve, until its package is loaded again. One that was marked and is found whole
    /// serves again. Exits with 1 where one is not whole.
    Check {
        /// The generations, as `bdcd snapshot list` names them; all where none is given
        generations: Vec<String>,
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// List the generations: the one that serves is marked, those that were found damaged, and who signed each one's package
    List {
        #[command(flatten)]
        config: ConfigArgument,
    },
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Load { package, quarantine, unsigned, config } => {
            let config = config.read()?;
            let rows_max = quarantine.map_or(0, |rows_max| rows_max.unwrap_or(config.load.quarantine_rows_max));
            if rows_max > QUARANTINE_MAX {
                return Err(Failure::misused(format!("`--quarantine={rows_max}` is more than {QUARANTINE_MAX} rows")));
            }
            process::check_owner(&config.directory)?;
            let mirror = open::mirror(&config)?.with_quarantine(rows_max);
            let mirror = mirror.with_quarantine_share(config.load.quarantine_share_max);
            let keys = config.package_keys();
            let archive_bytes_max = config.load.archive_bytes_max.0 as u64;
            let terms = Terms { keys: &keys, unsigned: unsigned.as_deref(), archive_bytes_max };
            print(&load(&mirror, package, terms)?)
        }
        Command::Quarantine(arguments) => quarantine::run(arguments),
        Command::Prune(arguments) => prune::run(arguments),
        Command::Check { generations, config } => {
            let config = config.read()?;
            process::check_owner(&config.directory)?;
            check(&open::mirror(&config)?, generations)
        }
        Command::List { config } => list(&open::mirror(&config.read()?)?),
    }
}

/// Tells the columns that are absent and those that are not read, and what the operator accepted or explained.
fn tell(package: &mut Package) -> Result<(), Failure> {
    for table in Table::ALL {
        let Some(columns) = package.columns(table).map_err(|err| Failure::refused(&err))? else { continue };
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

/// Loads a package and returns the report as text.
pub(super) fn load(mirror: &Mirror, package: &Path, terms: Terms<'_>) -> Result<String, Failure> {
    let mut package = Package::open_verified(package, terms).map_err(|err| Failure::refused(&err))?;
    let (facts, manifest) = (package.facts(), package.manifest_bytes().to_vec());
    for table in package.tables_ignored() {
        say(&format!("table {table} is not read: it feeds no answer"));
    }
    tell(&mut package)?;
    let report = mirror.load(&mut package, &facts, &manifest, &mut |_| {}).map_err(|err| {
        let failure = match &err {
            LoadError::Disk { .. } | LoadError::Store { .. } | LoadError::Key(_) | LoadError::Open(_) => {
                Failure::failed(&err)
            }
            LoadError::Source(_)
            | LoadError::Findings(_)
            | LoadError::InQuarantine { .. }
            | LoadError::Sequence { .. }
            | LoadError::Busy { .. }
            | LoadError::Verify { .. } => Failure::refused(&err),
        };
        let has_rows = matches!(&err, LoadError::Findings(findings) if !findings.rows.is_empty());
        failure.hint(if has_rows {
            "nothing was changed: the generation that served still serves; rows that cannot be placed or read may be set aside by \
             `--quarantine`, and every answer then says so"
        } else {
            "nothing was changed: the generation that served still serves"
        })
    })?;
    Ok(report.to_string())
}

fn check(mirror: &Mirror, wanted: &[String]) -> Result<(), Failure> {
    let failed = |err: OpenError| Failure::failed(&err);
    let names = if wanted.is_empty() { mirror.list().map_err(failed)? } else { wanted.to_vec() };
    let mut not_whole = Vec::new();
    for name in names {
        let found = mirror.check(&name, &mut |_| ControlFlow::Continue(())).map_err(failed)?;
        let marked = |result: io::Result<()>| {
            result.map_err(|err| Failure::environment(format!("cannot change the mark of generation `{name}`"), err))
        };
        let told = match found {
            // Whole and of no use: of another version, or under another key.
            Wholeness::Whole if let Err(error) = mirror.open(&name) => error.to_string(),
            Wholeness::Whole => {
                let was_marked = mirror.is_marked(&name);
                marked(mirror.unmark(&name))?;
                let serves_again = if was_marked { ", and no longer marked as damaged" } else { "" };
                print(&format!("{name:24} whole{serves_again}\n"))?;
                continue;
            }
            Wholeness::Differs(file) => {
                marked(mirror.mark_damaged(&name))?;
                format!("damaged: {file} is not what it was when it was loaded")
            }
            Wholeness::Unknown => "not known: its digests are not there".to_owned(),
            Wholeness::Stopped => return Err(Failure::fault("a check ended that nobody stopped")),
        };
        print(&format!("{name:24} {told}\n"))?;
        not_whole.push(name);
    }
    if not_whole.is_empty() {
        return Ok(());
    }
    Err(Failure::no(format!("not whole: {}", not_whole.join(", ")))
        .hint("load their packages again; where the disk is at fault, see to it first"))
}

fn list(mirror: &Mirror) -> Result<(), Failure> {
    let failed = |err: OpenError| Failure::failed(&err);
    let serves = mirror.serves().map_err(failed)?;
    for name in mirror.list().map_err(failed)? {
        let state = if serves.as_ref() == Some(&name) { "serves" } else { "kept" };
        let damage = if mirror.is_marked(&name) { ", damaged" } else { "" };
        // One that does not open is listed all the same; why it does not, `check` tells.
        let signature = mirror.open(&name).map_or(Signature::Unknown, |found| found.facts().signature.clone());
        let signature = if signature == Signature::Unknown { String::new() } else { format!(", {signature}") };
        print(&format!("{name:24} {state}{damage}{signature}\n"))?;
    }
    Ok(())
}
