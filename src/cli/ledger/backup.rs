//! `bdcd ledger backup` and `bdcd ledger restore`: one consistent copy, and what may become of it.

use std::{fs, path::PathBuf};

use super::verify::bar;
use crate::cli::{
    act,
    failure::Failure,
    open::{self, ConfigArgument},
    output::{print, say},
    process,
};
use crate::ledger::{
    Evidence,
    audit::{Audit, AuditError},
    backup::{BackupError, Copy, Verdict, backup, judge, newest, put_in_place},
    leaf::Kind,
    note::Checkpoint,
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct BackupArguments {
    /// The file to make; it must not be there yet
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RestoreArguments {
    /// The copy, as `bdcd ledger backup` made it
    file: PathBuf,
    /// Say whether the copy may go on, and change nothing
    #[arg(long)]
    check: bool,
    /// The newest checkpoint that anybody kept, as `bdcd ledger checkpoint` printed it: the copy must not be older
    #[arg(long, value_name = "CHECKPOINT")]
    since: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run_backup(arguments: &BackupArguments) -> Result<(), Failure> {
    let config = arguments.config.read()?;
    let (master, reader) = (open::master_key(&config)?, open::reader(&config)?);
    let bar = bar(reader.size().map_err(|err| open::unreadable(&err))?);
    let copied = backup(&reader, &arguments.file, &master, &mut |entry| bar.set_position(entry));
    bar.finish_and_clear();
    let found = copied.map_err(failure)?;
    let told = told(&found);
    print(&format!("`{}` holds {told}; keep it apart from the master key\n", arguments.file.display()))
}

pub(super) fn run_restore(arguments: &RestoreArguments) -> Result<(), Failure> {
    let config = arguments.config.read()?;
    let (master, folder) = (open::master_key(&config)?, &config.ledger.folder);
    let copy = Copy::open(&arguments.file, &master).map_err(failure)?;
    let mut known: Vec<_> = newest(folder, &master).into_iter().collect();
    // What the ledger in place has lost, its witness may still know of.
    known.extend(copy.reader.witnessed_in(folder).map_err(|err| open::ledger_failed(&err))?);
    if let Some(path) = &arguments.since {
        let text = fs::read_to_string(path)
            .map_err(|err| Failure::environment(format!("cannot read `{}`", path.display()), err))?;
        let kept = Checkpoint::verify(&text, copy.reader.key());
        known.push(kept.map_err(|err| Failure::refused(&err).hint("give a checkpoint of this ledger, all of it"))?);
    }
    let bar = bar(copy.reader.size().map_err(|err| open::unreadable(&err))?);
    let judged = judge(&copy.reader, &known, &mut |entry| bar.set_position(entry));
    bar.finish_and_clear();
    let (found, verdict) = judged.map_err(|err| failure(err.into()))?;
    let told = told(&found);
    if verdict == Verdict::Unknown {
        return Err(Failure::no(format!("nobody can tell whether the copy may go on: it holds {told}")).hint(
            "there is no ledger in place that can be read: give the newest checkpoint that anybody kept with `--since`; where there \
             is none, make a new ledger under a new origin",
        ));
    }
    if arguments.check {
        return print(&format!("the copy may go on: it holds {told}, and nothing newer is known\n"));
    }
    process::check_owner(folder)?;
    let signer = open::signer(&config)?;
    let now = jiff::Timestamp::now().as_millisecond();
    let kept = put_in_place(folder, &arguments.file, &copy.reader, &signer, now).map_err(failure)?;
    if let Some(kept) = kept {
        say(&format!("what was in place is kept in `{}`", kept.display()));
    }
    let evidence = Evidence::act("restore", &format!("a copy of {} entries", found.entry_count), &act::user());
    let recorded = open::ledger(&config)?.record_blocking(Kind::Administration, evidence);
    let entry = recorded.map_err(|err| Failure::failed(&err))?.entry;
    print(&format!("the copy is in place; ledger entry {entry} says so\n"))
}

fn told(found: &Audit) -> String {
    format!("{} entries and {} sealed bodies, every one of them checked", found.entry_count, found.body_count)
}

fn failure(error: BackupError) -> Failure {
    match error {
        BackupError::Exists { .. } | BackupError::Inside { .. } => Failure::misused(error.to_string()),
        BackupError::Disk { .. } | BackupError::Copy(_) => Failure::failed(&error),
        BackupError::NoFile { .. } | BackupError::NoLedger { .. } => Failure::refused(&error),
        BackupError::Open(error) => open::ledger_failed(&error),
        BackupError::Audit(error @ AuditError::Shortened { .. }) => Failure::refused(&error).hint(
            "entries that the copy lacks were told of: it must not go on; make a new ledger under a new origin, and keep the copy as \
             evidence",
        ),
        BackupError::Audit(error @ AuditError::Read(_)) => Failure::failed(&error),
        BackupError::Audit(error) => Failure::refused(&error),
    }
}
