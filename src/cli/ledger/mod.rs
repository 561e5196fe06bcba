//! `bdcd ledger`: make the ledger, ask what it holds, check that it holds.

mod accept_clock;
mod backup;
mod create;
mod criteria;
mod export;
mod opened;
mod replay;
mod report;
mod reveal;
mod search;
mod show;
mod upgrade;
mod verify;

pub(super) use create::create;

use super::{
    failure::Failure,
    open::{self, ConfigArgument},
    output::print,
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make the ledger and the key that signs it, once
    ///
    /// The key's public half is printed, and kept beside it as `.pub`: give it to every court. Keep a copy of the key where the
    /// register's own secrets are kept; the ledger cannot go on under another.
    Create(create::Arguments),
    /// Find entries by request, court, case, gateway, time, outcome, or by whom they are about and who asked
    ///
    /// Every criterion given must hold. Shows number, time, kind, outcome, gateway, court, case, request number and generation
    /// of each entry, and nobody's name unless `--reveal` is given. Times are shown in UTC, as the entries state them. Exits
    /// with 1 where nothing is found.
    Search(search::Arguments),
    /// Show one entry: what it says in plain, what it commits to, what is kept of it
    ///
    /// With `--reveal`, what was asked and answered as well.
    Show(show::Arguments),
    /// Write entries for programs, a line an entry, to standard output
    ///
    /// Takes the criteria of `bdcd ledger search`. Values are written exactly as the entries state them, so that an export can
    /// be compared with receipts: in a spreadsheet, import the columns as text, because a value that a caller chose may begin
    /// like a formula. Exits with 1 where nothing is found.
    Export(export::Arguments),
    /// Add up queries by court, by handler and by outcome, for one month or several
    ///
    /// Days and months are those of this machine's time zone. An inquiry that was repeated is counted once. A handler is told by
    /// a pseudonym that stays the same, and by name with `--reveal` alone.
    Report(report::Arguments),
    /// Check that the whole ledger holds
    ///
    /// Hashes every entry again, compares every checkpoint with the tree at its size, verifies its signature, opens every
    /// sealed body, reads the search index through. Names the first entry that is wrong. A daemon may go on meanwhile.
    Verify(verify::Arguments),
    /// Compose an old answer again from its generation, and compare
    ///
    /// Works while the generation is kept; `bdcd snapshot prune` says what it would lose.
    Replay(replay::Arguments),
    /// Bring a ledger that an earlier version made to this version's format, once, with the daemon stopped
    ///
    /// Hashes every entry again and verifies every checkpoint on the way. Receipts given out stay what they are. Until it is done
    /// the ledger is what it was, whatever happens; it needs room on the disk for its entries once more. Keep a backup all the
    /// same. Does nothing where the ledger is of this version's format already.
    Upgrade(upgrade::Arguments),
    /// Copy the ledger into one file, while a daemon goes on, and check every entry of the copy
    ///
    /// The search index is not in it: it is made again from the entries. Keep copies apart from the master key.
    Backup(backup::BackupArguments),
    /// Put a copy in the ledger's place, with the daemon stopped, where the copy may go on
    ///
    /// It may where it has every entry that anybody was told of: those of the ledger in place, as far as that can be read, and
    /// those before the checkpoint given. Else numbers would be given twice; exits with 1 then, and changes nothing. What was in
    /// place is kept beside, and an entry says that a copy was put in place.
    Restore(backup::RestoreArguments),
    /// Say that the clock of this machine is right, where the ledger does not believe it
    ///
    /// Entries are dated for ever, so nothing is recorded, and nothing answered, while the clock is further than
    /// `ledger.clock-bound` from the last entry and what has passed since. Look at the clock first: where it is wrong, set it right,
    /// and recording goes on by itself. An entry says that this was said.
    AcceptClock(accept_clock::Arguments),
    /// Print the public key that receipts are verified with
    Key {
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// Print the newest signed checkpoint, for somebody outside to keep
    ///
    /// Whoever keeps it can later prove that nothing before it was changed: `bdcd ledger verify --since`.
    Checkpoint {
        #[command(flatten)]
        config: ConfigArgument,
    },
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Create(arguments) => create::run(arguments),
        Command::Search(arguments) => search::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Upgrade(arguments) => upgrade::run(arguments),
        Command::Backup(arguments) => backup::run_backup(arguments),
        Command::Restore(arguments) => backup::run_restore(arguments),
        Command::AcceptClock(arguments) => accept_clock::run(arguments),
        Command::Key { config } => print(&format!("{}\n", open::reader(&config.read()?)?.key())),
        Command::Checkpoint { config } => {
            let reader = open::reader(&config.read()?)?;
            print(&reader.newest_checkpoint().map_err(|err| Failure::failed(&err))?)
        }
    }
}
