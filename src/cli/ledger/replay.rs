//! `bdcd ledger replay`: an old answer composed again and compared.

use crate::cli::{
    failure::Failure,
    open::{self, ConfigArgument},
    output::print,
};
use crate::{
    ledger::leaf::{Fact, rfc3339},
    service::replay::{ReplayError, Replayed, replay},
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The number of the answer's entry
    #[arg(value_name = "ENTRY")]
    entry: u64,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = arguments.config.read()?;
    let (reader, mirror, entry) = (open::reader(&config)?, open::mirror(&config)?, arguments.entry);
    let Replayed { leaf, recorded_bytes, is_same } = replay(&reader, &mirror, entry).map_err(|err| match err {
        ReplayError::Read(crate::ledger::ReadError::Missing { .. })
        | ReplayError::NoAnswer { .. }
        | ReplayError::Removed { .. }
        | ReplayError::Rules { .. }
        | ReplayError::Pruned { .. }
        | ReplayError::OtherPackage { .. }
        | ReplayError::Inquiry { .. } => Failure::refused(&err),
        ReplayError::Read(_) | ReplayError::Open(_) | ReplayError::Draft(_) => Failure::failed(&err),
    })?;
    let generation = leaf.facts.get(Fact::Generation);
    if !is_same {
        let told =
            format!("the answer of ledger entry {entry}, composed again from generation `{generation}`, is another");
        return Err(Failure::no(told)
            .hint("the generation or the program was altered: run `bdcd ledger verify`, compare versions"));
    }
    print(&format!(
        "The answer of ledger entry {entry} ({}), composed again from generation `{generation}` by rules version {}, is the one \
         recorded: the same {recorded_bytes} bytes.\n",
        rfc3339(leaf.time),
        leaf.facts.get(Fact::Rules),
    ))
}
