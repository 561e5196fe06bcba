//! `bdcd key`: the master key.

use std::path::PathBuf;

use super::{failure::Failure, output::say};
use crate::keys::MasterKey;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a fresh master key
    ///
    /// The key seals every generation. Keep a copy where the register's own secrets are kept: without it nothing that was
    /// loaded can be read again.
    Create {
        /// The file to make; must not exist
        file: PathBuf,
    },
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    let Command::Create { file } = command;
    MasterKey::create(file).map_err(|err| Failure::failed(&err))?;
    say(&format!("made master key `{}` (mode 0600); keep a copy in a safe place", file.display()));
    Ok(())
}
