//! `bdcd snapshot prune`: generations that no longer serve make room, and what is lost with them is told.

use super::{
    act,
    failure::Failure,
    open::{self, ConfigArgument},
    output::{print, say},
    process,
};
use crate::{
    config::Config,
    ledger::{
        leaf::{Fact, Kind},
        search::{Criteria, Search},
    },
    service::record::OperatorAct,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Keep the N newest generations that are not damaged, and always the one that serves
    #[arg(long, value_name = "N")]
    keep: usize,
    /// Say what would be removed and what would be lost, and stop
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = arguments.config.read()?;
    process::check_owner(&config.directory)?;
    let mirror = open::mirror(&config)?;
    let failed = |err: crate::mirror::OpenError| Failure::failed(&err);
    let names = mirror.list().map_err(failed)?;
    let kept = [mirror.current().ok().flatten(), mirror.serves().map_err(failed)?];
    let whole = names.iter().rev().filter(|name| !mirror.is_marked(name));
    // A damaged one is no generation to go back to, so it is not counted.
    let newest: Vec<_> = whole.take(arguments.keep).chain(kept.iter().flatten()).cloned().collect();
    let going: Vec<_> = names.into_iter().filter(|name| !newest.contains(name)).collect();
    if going.is_empty() {
        return print("nothing to remove\n");
    }
    let stretches = served(&config)?;
    for name in &going {
        for Stretch { first, end, .. } in stretches.iter().filter(|stretch| stretch.generation == *name) {
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
        let entry = act::record(&config, OperatorAct::Prune, &format!("generation {name}"))?;
        mirror.remove(&name).map_err(|err| Failure::failed(&err))?;
        print(&format!(
            "removed {name} (ledger entry {entry}); `bdcd snapshot load` of its package is the only way back\n"
        ))?;
    }
    Ok(())
}

/// Entries that were written while one generation served.
struct Stretch {
    generation: String,
    first: u64,
    /// The entry after the last.
    end: u64,
}

/// Which generation served while which entries were written; stretches without entries are left out.
fn served(config: &Config) -> Result<Vec<Stretch>, Failure> {
    let reader = open::reader(config)?;
    let criteria = Criteria { kind: Some(Kind::Generation), ..Criteria::default() };
    let search = Search::new(&reader, &criteria, 0).map_err(|err| Failure::failed(&err))?;
    let size = search.end();
    let changes = search.collect::<Result<Vec<_>, _>>().map_err(|err| Failure::failed(&err))?;
    let ends = changes.iter().skip(1).map(|change| change.entry.number).chain([size]);
    let stretches = changes.iter().zip(ends).map(|(change, end)| Stretch {
        generation: change.leaf.facts.get(Fact::Generation).to_owned(),
        first: change.entry.number + 1,
        end,
    });
    Ok(stretches.filter(|stretch| stretch.first < stretch.end).collect())
}
