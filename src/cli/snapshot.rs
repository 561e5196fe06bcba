//! `bdcd snapshot`: packages in, generations out.

use std::{io, ops::ControlFlow};

use super::{
    failure::Failure,
    load,
    open::{self, ConfigArgument},
    output::{self, Format, print},
    process, prune, quarantine, rollback,
};
use crate::{
    domain::generation::Signature,
    mirror::{Choice, Generation, Mirror, OpenError, Wholeness},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check a package, compile it, and make it serve
    ///
    /// Nothing changes where anything is wrong: the last good generation goes on serving. A running daemon takes up the new
    /// generation by itself within `limits.pointer-interval`.
    Load(load::Arguments),
    /// Do all that a load does, and change nothing
    ///
    /// Prints what the package holds, and how far it is from what serves. Exits with 1 where a load would refuse it.
    Verify(load::VerifyArguments),
    /// Make a generation serve that is there already
    ///
    /// The way back from a package that should not have served. It must be whole, every byte of it; the ledger records who
    /// did it and why. A running daemon follows within `limits.pointer-interval`.
    Rollback(rollback::Arguments),
    /// List the rows that a load set aside
    ///
    /// Shows table, file, line and reason, and no value unless `--reveal` is given.
    Quarantine(quarantine::Arguments),
    /// Remove old generations
    ///
    /// Says which recorded answers can then no longer be composed again, and records the act. Rolling back to a generation
    /// that is removed takes its package.
    Prune(prune::Arguments),
    /// Remove one generation
    ///
    /// As `prune` does, with the same warning, and never the one that serves.
    Remove(prune::RemoveArguments),
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
    ///
    /// Exits with 1 where the pointer names none that can serve.
    List {
        /// How to print them
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
        #[command(flatten)]
        config: ConfigArgument,
    },
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Load(arguments) => load::run(arguments),
        Command::Verify(arguments) => load::verify(arguments),
        Command::Rollback(arguments) => rollback::run(arguments),
        Command::Quarantine(arguments) => quarantine::run(arguments),
        Command::Prune(arguments) => prune::run(arguments),
        Command::Remove(arguments) => prune::remove(arguments),
        Command::Check { generations, config } => {
            let config = config.read()?;
            process::check_owner(&config.directory)?;
            check(&open::mirror(&config)?, generations)
        }
        Command::List { format, config } => list(&open::mirror(&config.read()?)?, *format),
    }
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
            Wholeness::Unknown => "not known: its digests are not there, or not as the load wrote them".to_owned(),
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

fn list(mirror: &Mirror, format: Format) -> Result<(), Failure> {
    let failed = |err: OpenError| Failure::failed(&err);
    // Opened, for a folder may hold another generation's file.
    let serves = match mirror.choose(None) {
        Ok((Choice::Other(generation), _)) => Some(generation.name().to_owned()),
        Ok((Choice::Same, _)) | Err(_) => None,
    };
    let rows: Vec<Listed> =
        mirror.list().map_err(failed)?.into_iter().map(|name| Listed::of(mirror, name, serves.as_deref())).collect();
    match format {
        Format::Table => print(&rows.iter().map(Listed::line).collect::<String>())?,
        Format::Json => print(&(output::pretty(&rows)? + "\n"))?,
    }
    let pointed = mirror.current().map_err(|err| Failure::refused(&err))?;
    match pointed.filter(|name| mirror.open(name).is_err()) {
        None => Ok(()),
        Some(name) => Err(Failure::no(format!("the pointer names generation `{name}`, which does not open"))
            .hint("an older one serves in its place: load its package again, or roll back")),
    }
}

/// A generation as it is listed.
#[derive(serde::Serialize)]
struct Listed {
    generation: String,
    /// `serves` or `kept`.
    state: &'static str,
    is_damaged: bool,
    /// Who signed its package; absent where that is not known.
    signature: Option<String>,
    /// The rest is absent where it does not open.
    authority: Option<String>,
    as_of: Option<String>,
    expires: Option<String>,
    rows: Option<u64>,
    quarantined: Option<u64>,
}

impl Listed {
    fn of(mirror: &Mirror, generation: String, serves: Option<&str>) -> Self {
        let opened = mirror.open(&generation).ok();
        let facts = opened.as_ref().map(Generation::facts);
        Self {
            state: if serves == Some(&generation) { "serves" } else { "kept" },
            is_damaged: mirror.is_marked(&generation),
            signature: facts
                .map(|facts| &facts.signature)
                .filter(|one| **one != Signature::Unknown)
                .map(ToString::to_string),
            authority: facts.map(|facts| facts.authority_code.clone()),
            as_of: facts.map(|facts| facts.as_of.clone()),
            expires: facts.map(|facts| facts.expires.clone()).filter(|expires| !expires.is_empty()),
            rows: facts.map(|facts| facts.tables.iter().map(|(_, rows)| rows).sum()),
            quarantined: facts.map(crate::domain::generation::GenerationFacts::quarantined_rows),
            generation,
        }
    }

    fn line(&self) -> String {
        let Self { generation, state, is_damaged, signature, authority, as_of, expires, rows, quarantined } = self;
        let damage = if *is_damaged { ", damaged" } else { "" };
        let signature = signature.as_ref().map(|signature| format!(", {signature}")).unwrap_or_default();
        let mut line = format!("{generation:24} {state}{damage}{signature}");
        if let (Some(authority), Some(as_of), Some(rows)) = (authority, as_of, rows) {
            line = format!("{line:<48} {authority}  as of {as_of}  {rows} rows");
        } else {
            line.push_str(", does not open");
        }
        let expires = expires.as_ref().map(|expires| format!("  expires {expires}"));
        let quarantined = quarantined.filter(|rows| *rows > 0).map(|rows| format!("  {rows} in quarantine"));
        [line, expires.unwrap_or_default(), quarantined.unwrap_or_default()].concat() + "\n"
    }
}
