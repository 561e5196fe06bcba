//! `bdcd ledger`: make the ledger, ask what it holds, check that it holds.

mod act;
mod create;
mod replay;
mod verify;

pub(super) use act::record;
pub(super) use create::create;

use super::{ConfigArgument, Failure, print, snapshot};
use crate::{
    config::Config,
    keys::MasterKey,
    ledger::{Ledger, OpenError, Reader, note::Ed25519Signer, system_clock},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make the ledger and the key that signs it, once
    ///
    /// The key's public half is printed, and kept beside it as `.pub`: give it to every court. Keep a copy of the key where the
    /// register's own secrets are kept; the ledger cannot go on under another.
    Create(create::Arguments),
    /// Check that the whole ledger holds
    ///
    /// Hashes every entry again, compares every checkpoint with the tree at its size, verifies its signature, opens every
    /// sealed body, reads the search index through. Names the first entry that is wrong. A daemon may go on meanwhile.
    Verify(verify::Arguments),
    /// Compose an old answer again from its generation, and compare
    ///
    /// Works while the generation is kept; `bdcd snapshot prune` says what it would lose.
    Replay(replay::Arguments),
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
        Command::Verify(arguments) => verify::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Checkpoint { config } => {
            let reader = reader(&snapshot::read(&config.config)?)?;
            print(&reader.newest_checkpoint().map_err(|err| Failure::failed(&err))?)
        }
    }
}

/// The ledger of a configuration, for writing.
pub(super) fn open(config: &Config) -> Result<Ledger, Failure> {
    let master = MasterKey::read(&config.master_key).map_err(|err| Failure::failed(&err))?;
    let signer = signer(config)?;
    Ledger::open(&config.ledger(), &master, signer, system_clock()).map_err(|err| failed(&err))
}

/// The ledger of a configuration, for reading, whether or not a daemon writes it.
pub(super) fn reader(config: &Config) -> Result<Reader, Failure> {
    let master = MasterKey::read(&config.master_key).map_err(|err| Failure::failed(&err))?;
    Reader::open(&config.ledger.folder, &master).map_err(|err| failed(&err))
}

fn failed(error: &OpenError) -> Failure {
    match error {
        OpenError::Missing { .. } | OpenError::Exists { .. } | OpenError::Damaged { .. } => Failure::refused(error),
        _ => Failure::failed(error),
    }
}

/// The key that signs the ledger.
fn signer(config: &Config) -> Result<Ed25519Signer, Failure> {
    let path = &config.ledger.key;
    let text =
        crate::keys::read_secret(path).map_err(|err| Failure::failed(&err).hint("`bdcd ledger create` makes it"))?;
    Ed25519Signer::parse(text.trim_end_matches('\n')).map_err(|err| Failure::failed(&err))
}
