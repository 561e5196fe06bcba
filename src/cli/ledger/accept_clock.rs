//! `bdcd ledger accept-clock`: an operator says that the clock of this machine is right.

use crate::cli::{act, failure::Failure, open::ConfigArgument, output::say};
use crate::service::record::OperatorAct;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = arguments.config.read()?;
    let entry = act::record(&config, OperatorAct::AcceptClock, "")?;
    say(&format!("ledger entry {entry} says that the clock of this machine, {}, is right", jiff::Timestamp::now()));
    Ok(())
}
