//! `bdcd snapshot prune`: generations that no longer serve make room, and what is lost with them is told.

use super::{ConfigArgument, Failure, ledger, print, say, snapshot};
use crate::{
    config::Config,
    ledger::leaf::{Fact, Kind},
    service::record::OperatorAct,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Keep the N newest generations, and always the one that serves
    #[arg(long, value_name = "N")]
    keep: usize,
    /// Say what would be removed and what would be lost, and stop
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = snapshot::read(&arguments.config.config)?;
    let mirror = snapshot::open(&config)?;
    let failed = |err: crate::mirror::OpenError| Failure::failed(&err);
    let (current, names) = (mirror.current().map_err(failed)?, mirror.list().map_err(failed)?);
    let older = names.len().saturating_sub(arguments.keep);
    let going: Vec<_> = names.into_iter().take(older).filter(|name| current.as_ref() != Some(name)).collect();
    if going.is_empty() {
        return print("nothing to remove\n");
    }
    for name in &going {
        for (first, end) in served(&config, name)? {
            say(&format!(
                "warning: answers in ledger entries {first} to {} came from generation `{name}`: without it `bdcd ledger replay` \
                 cannot compose them again (their receipts go on proving them)",
                end - 1
            ));
        }
    }
    if arguments.dry_run {
        return print(&format!("would remove {}\n", going.join(", ")));
    }
    for name in going {
        let entry = ledger::record(&config, OperatorAct::Prune, &format!("generation {name}"))?;
        mirror.remove(&name).map_err(|err| Failure::failed(&err))?;
        print(&format!(
            "removed {name} (ledger entry {entry}); `bdcd snapshot load` of its package is the only way back\n"
        ))?;
    }
    Ok(())
}

/// The stretches of the ledger in which a generation served: first entry, and the entry after the last.
fn served(config: &Config, name: &str) -> Result<Vec<(u64, u64)>, Failure> {
    let failed = |err: crate::ledger::ReadError| Failure::failed(&err);
    let reader = ledger::reader(config)?;
    let changes = reader.of_kind(Kind::Generation).map_err(failed)?;
    let size = reader.size().map_err(failed)?;
    let ends = changes.iter().skip(1).map(|(number, _)| *number).chain([size]);
    let stretches = changes.iter().zip(ends).filter(|((number, leaf), end)| {
        // A stretch of its own change alone has no answer in it.
        leaf.facts.get(Fact::Generation) == name && *end > number + 1
    });
    Ok(stretches.map(|((number, _), end)| (number + 1, end)).collect())
}
