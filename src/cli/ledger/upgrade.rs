//! `bdcd ledger upgrade`: a ledger of an earlier format goes on under this version.

use crate::cli::{
    act,
    failure::Failure,
    open::{self, ConfigArgument},
    output::say,
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
    let config = arguments.config.read()?;
    let master = MasterKey::read(&config.master_key).map_err(|err| Failure::failed(&err))?;
    let signer = open::signer(&config)?;
    let upgraded = Ledger::upgrade(&config.ledger.folder, &master, &signer, &act::user(), &system_clock());
    match upgraded.map_err(|err| open::ledger_failed(&err))? {
        Some(entry) => say(&format!("the ledger is of this version's format now; entry {entry} says so")),
        None => say("the ledger is of this version's format already"),
    }
    Ok(())
}
