//! `bdcd snapshot prune` and `remove`: generations that no longer serve make room, and what is lost with them is told.

use super::{
    act,
    failure::Failure,
    open::{self, ConfigArgument},
    output::{print, say},
    process,
};
use crate::{
    config::Config,
    domain::generation::sequence,
    ledger::{
        leaf::{Fact, Kind},
        search::{Criteria, Search},
    },
    mirror::{Mirror, OpenError},
    service::record::OperatorAct,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Keep N generations: the one that serves, and of the older ones those that served last
    ///
    /// Damaged ones, and newer ones that were rolled back from, are no generations to go back to: they are not counted, and go.
    /// The last good one before the one that serves always stays.
    #[arg(long, value_name = "N")]
    keep: usize,
    #[command(flatten)]
    removal: Removal,
}

#[derive(Debug, clap::Args)]
pub(super) struct RemoveArguments {
    /// The generation, as `bdcd snapshot list` names it; never the one that serves
    generation: String,
    #[command(flatten)]
    removal: Removal,
}

#[derive(Debug, clap::Args)]
struct Removal {
    /// Say what would be removed and what would be lost, and stop
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (config, mirror) = arguments.removal.open()?;
    let stretches = served(&config)?;
    let kept = kept(&mirror, &stretches, arguments.keep)?;
    let names = mirror.list().map_err(|err| Failure::failed(&err))?;
    arguments.removal.remove(
        &config,
        &mirror,
        &stretches,
        names.into_iter().filter(|name| !kept.contains(name)).collect(),
    )
}

pub(super) fn remove(arguments: &RemoveArguments) -> Result<(), Failure> {
    let (config, mirror) = arguments.removal.open()?;
    let name = &arguments.generation;
    let failed = |err: OpenError| Failure::failed(&err);
    if !mirror.list().map_err(failed)?.contains(name) {
        return Err(Failure::no(format!("there is no generation `{name}`"))
            .hint("`bdcd snapshot list` names those that are there"));
    }
    if serving(&mirror)?.contains(name) {
        return Err(Failure::no(format!("generation `{name}` serves: it is never removed")));
    }
    arguments.removal.remove(&config, &mirror, &served(&config)?, vec![name.clone()])
}

impl Removal {
    fn open(&self) -> Result<(Config, Mirror), Failure> {
        let config = self.config.read()?;
        process::check_owner(&config.directory)?;
        let mirror = open::mirror(&config)?;
        Ok((config, mirror))
    }

    /// Says what is lost with these generations, and removes them, each on record before.
    fn remove(
        &self,
        config: &Config,
        mirror: &Mirror,
        stretches: &[Stretch],
        going: Vec<String>,
    ) -> Result<(), Failure> {
        if going.is_empty() {
            return print("nothing to remove\n");
        }
        for name in &going {
            for Stretch { first, end, .. } in stretches.iter().filter(|stretch| stretch.generation == *name) {
                if first < end {
                    say(&format!(
                        "warning: answers in ledger entries {first} to {} came from generation `{name}`: without it `bdcd ledger \
                         replay` cannot compose them again (their receipts go on proving them)",
                        end - 1
                    ));
                }
            }
        }
        if self.dry_run {
            return print(&format!("would remove {}\n", going.join(", ")));
        }
        for name in going {
            let entry = act::record(config, OperatorAct::Prune, &format!("generation {name}"))?;
            mirror.remove(&name).map_err(|err| Failure::failed(&err))?;
            print(&format!(
                "removed {name} (ledger entry {entry}); `bdcd snapshot load` of its package is the only way back\n"
            ))?;
        }
        Ok(())
    }
}

/// What the pointer names, and what serves.
fn serving(mirror: &Mirror) -> Result<Vec<String>, Failure> {
    let serves = mirror.serves().map_err(|err| Failure::failed(&err))?;
    Ok(mirror.current().ok().flatten().into_iter().chain(serves).collect())
}

/// The generations that stay: what serves, and of the older whole ones those that served last.
///
/// A newer one was rolled back from, or is damaged; by the sequence alone it would stay, and a good one would go for it.
fn kept(mirror: &Mirror, stretches: &[Stretch], keep: usize) -> Result<Vec<String>, Failure> {
    let mut kept = serving(mirror)?;
    let newest = kept.iter().filter_map(|name| sequence(name)).min();
    let names = mirror.list().map_err(|err| Failure::failed(&err))?;
    let mut older: Vec<_> =
        names.into_iter().filter(|name| sequence(name) < newest && !mirror.is_marked(name)).collect();
    let served_last = |name: &String| stretches.iter().rposition(|stretch| stretch.generation == *name);
    older.sort_by_cached_key(|name| std::cmp::Reverse((served_last(name), sequence(name))));
    older.truncate(keep.saturating_sub(1).max(1));
    kept.extend(older);
    Ok(kept)
}

/// Entries that were written while one generation served.
struct Stretch {
    generation: String,
    first: u64,
    /// The entry after the last.
    end: u64,
}

/// Which generation served while which entries were written, in the order of time.
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
    Ok(stretches.collect())
}
