//! `bdcd key`: the master key, and keys that sign packages.

use std::path::{Path, PathBuf};

use super::{
    failure::Failure,
    output::{print, say},
};
use crate::keys::{
    self, MasterKey,
    note::{Ed25519Signer, VerifierKey},
};

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
    /// Make a key that signs packages, and print its public half
    ///
    /// The key stays where the packages are made, best on another machine than the daemon's. The public half goes into
    /// `package-keys` of the daemon's configuration: packages that the key signed are then loaded.
    New {
        /// The file to make; must not exist
        file: PathBuf,
        /// The key's name, in the form of an address without scheme: bdc.example.cn/990102/package
        #[arg(long)]
        name: String,
    },
    /// Print the public half of a key that signs packages
    Public {
        /// The file with the key
        file: PathBuf,
    },
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Create { file } => {
            MasterKey::create(file).map_err(|err| Failure::failed(&err))?;
            say(&format!("made master key `{}` (mode 0600); keep a copy in a safe place", file.display()));
            Ok(())
        }
        Command::New { file, name } => {
            let key = make(file, name)?;
            say(&format!(
                "made key `{}` (mode 0600), which signs packages by `bdcd package seal --key`",
                file.display()
            ));
            say("its public half goes into the daemon's configuration, as one of `package-keys`:");
            print(&format!("{key}\n"))
        }
        Command::Public { file } => print(&format!("{}\n", signer(file)?.verifier())),
    }
}

/// Makes a key that signs packages.
pub(super) fn make(file: &Path, name: &str) -> Result<VerifierKey, Failure> {
    let seed: [u8; 32] = keys::random().map_err(|err| Failure::failed(&err))?;
    let text = Ed25519Signer::encode(name, &seed).map_err(|err| Failure::usage(&err))?;
    keys::write_secret(file, &format!("{text}\n")).map_err(|err| Failure::failed(&err))?;
    Ok(signer(file)?.verifier())
}

/// The key in a file.
pub(super) fn signer(file: &Path) -> Result<Ed25519Signer, Failure> {
    let text = keys::read_secret(file).map_err(|err| Failure::failed(&err).hint("`bdcd key new` makes it"))?;
    Ed25519Signer::parse(text.trim_end()).map_err(|err| {
        Failure::failed(&err).hint("name the file that `bdcd key new` made; the public half of a key signs nothing")
    })
}
