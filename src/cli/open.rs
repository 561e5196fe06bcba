//! What commands open: the configuration, the keys, the mirror and the ledger that it names.

use std::path::{Path, PathBuf};

use super::{failure::Failure, process};
use crate::{
    config::Config,
    keys::MasterKey,
    ledger::{Ledger, OpenError, ReadError, Reader, note::Ed25519Signer, system_clock},
    mirror::Mirror,
    server::tls,
    service::policy::Policy,
};

/// Where the configuration is.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ConfigArgument {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "bdcd.toml")]
    config: PathBuf,
}

impl ConfigArgument {
    /// Reads it.
    pub(super) fn read(&self) -> Result<Config, Failure> {
        config(&self.config)
    }
}

/// The configuration in a file.
pub(super) fn config(file: &Path) -> Result<Config, Failure> {
    Config::read(file).map_err(|err| Failure::usage(&err))
}

/// The master key of a configuration.
pub(super) fn master_key(config: &Config) -> Result<MasterKey, Failure> {
    MasterKey::read(&config.master_key).map_err(|err| Failure::failed(&err))
}

/// The mirror of a configuration.
pub(super) fn mirror(config: &Config) -> Result<Mirror, Failure> {
    let key = master_key(config)?;
    Ok(Mirror::new(&config.directory, key))
}

/// The ledger of a configuration, for writing.
pub(super) fn ledger(config: &Config) -> Result<Ledger, Failure> {
    process::check_owner(&config.ledger.folder)?;
    let master = master_key(config)?;
    let signer = signer(config)?;
    Ledger::open(&config.ledger(), &master, signer, system_clock()).map_err(|err| ledger_failed(&err))
}

/// The ledger of a configuration, for reading, whether or not a daemon writes it.
pub(super) fn reader(config: &Config) -> Result<Reader, Failure> {
    let master = master_key(config)?;
    Reader::open(&config.ledger.folder, &master).map_err(|err| ledger_failed(&err))
}

/// Checks that a daemon could open the ledger of a configuration, whether or not one has; returns its origin and how many
/// entries it has.
pub(super) fn check_ledger(config: &Config) -> Result<(String, u64), Failure> {
    // In the order of `ledger`.
    let master = master_key(config)?;
    let signer = signer(config)?;
    let reader = Reader::open(&config.ledger.folder, &master).map_err(|err| ledger_failed(&err))?;
    let entries = reader.check_head(&signer).map_err(|err| ledger_failed(&err))?;
    Ok((reader.key().name().to_owned(), entries))
}

/// What of the ledger does not open.
pub(super) fn ledger_failed(error: &OpenError) -> Failure {
    match error {
        OpenError::Missing { .. }
        | OpenError::Exists { .. }
        | OpenError::OldFormat { .. }
        | OpenError::Damaged { .. }
        | OpenError::Shortened { .. }
        | OpenError::Forked { .. } => Failure::refused(error),
        OpenError::Busy { .. }
        | OpenError::Disk { .. }
        | OpenError::Store { .. }
        | OpenError::Format { .. }
        | OpenError::WrongMasterKey
        | OpenError::WrongSigner { .. }
        | OpenError::Index(_)
        | OpenError::Key(_)
        | OpenError::Thread { .. } => Failure::failed(error),
    }
}

/// What cannot be read of the ledger.
pub(super) fn unreadable(error: &ReadError) -> Failure {
    match error {
        ReadError::Missing { .. } | ReadError::Damaged { .. } => Failure::refused(error),
        ReadError::Store { .. } | ReadError::Index(_) | ReadError::Incomplete => Failure::failed(error),
    }
}

/// The key that signs the ledger.
pub(super) fn signer(config: &Config) -> Result<Ed25519Signer, Failure> {
    let path = &config.ledger.key;
    let text =
        crate::keys::read_secret(path).map_err(|err| Failure::failed(&err).hint("`bdcd ledger create` makes it"))?;
    Ed25519Signer::parse(text.trim_end_matches('\n')).map_err(|err| Failure::failed(&err))
}

/// Who may ask, and the door by which they come: what the configuration alone decides.
pub(super) fn entrance(config: &Config) -> Result<(Policy, tls::Door), Failure> {
    let policy = config.policy().map_err(|err| Failure::usage(&err))?;
    let tls = &config.tls;
    let door = tls::door(&tls.certificate, &tls.key, &tls.client_ca).map_err(|err| Failure::usage(&err))?;
    Ok((policy, door))
}

/// A runtime of one thread: on few cores it is the fastest, and what takes long has threads of its own.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|err| Failure::environment("cannot start the runtime", err))
}
