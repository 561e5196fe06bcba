//! `bdcd ledger upgrade`: a ledger of an earlier format goes on under this version.

use super::{
    super::{ConfigArgument, Failure, say, snapshot},
    create, signer,
};
use crate::{
    keys::MasterKey,
    ledger::{Ledger, system_clock},
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = snapshot::read(&arguments.config.config)?;
    let master = MasterKey::read(&config.master_key).map_err(|err| Failure::failed(&err))?;
    let signer = signer(&config)?;
    let upgraded = Ledger::upgrade(&config.ledger.folder, &master, &signer, &create::user(), &system_clock());
    match upgraded.map_err(|err| super::failed(&err))? {
        Some(entry) => say(&format!("the ledger is of this version's format now; entry {entry} says so")),
        None => say("the ledger is of this version's format already"),
    }
    Ok(())
}
