//! `bdcd snapshot rollback`: back to a generation that is there already.

use super::{
    act,
    failure::Failure,
    open::{self, ConfigArgument},
    output::print,
    process,
};
use crate::{
    mirror::{Mirror, SwitchError},
    service::record::OperatorAct,
};

/// The longest reason, in characters.
const REASON_CHARACTERS_MAX: usize = 200;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The generation, as `bdcd snapshot list` names it; the newest older one where none is given
    generation: Option<String>,
    /// Why; the ledger records it. Say nothing of a person
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let reason = arguments.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARACTERS_MAX || reason.chars().any(char::is_control) {
        return Err(Failure::misused(format!("give a reason of 1 to {REASON_CHARACTERS_MAX} characters in one line")));
    }
    let config = arguments.config.read()?;
    process::check_owner(&config.directory)?;
    let mirror = open::mirror(&config)?;
    let serves = mirror.serves().map_err(|err| Failure::failed(&err))?;
    let name = match &arguments.generation {
        Some(name) => name.clone(),
        None => older(&mirror, serves.as_deref())?,
    };
    if serves.as_deref() == Some(&name) && mirror.current().ok().flatten().as_deref() == Some(&name) {
        return print(&format!("{name} serves already; nothing was changed\n"));
    }
    // Looked at before it is recorded: what cannot be done leaves no entry.
    mirror.open(&name).map_err(|err| Failure::refused(&err))?;
    let from = serves.as_deref().unwrap_or("none");
    let entry = act::record(&config, OperatorAct::Rollback, &format!("from generation {from} to {name}: {reason}"))?;
    mirror.switch_to(&name).map_err(|err| match &err {
        SwitchError::Disk(_) => Failure::failed(&err),
        SwitchError::Lock(_) | SwitchError::Open(_) | SwitchError::NotWhole { .. } => {
            Failure::refused(&err).hint("nothing was changed: the generation that served still serves")
        }
    })?;
    print(&format!("{name} serves now, in place of {from} (ledger entry {entry})\n"))
}

/// The newest generation before the one that serves that is not damaged.
fn older(mirror: &Mirror, serves: Option<&str>) -> Result<String, Failure> {
    let names = mirror.list().map_err(|err| Failure::failed(&err))?;
    let older =
        names.iter().take_while(|name| Some(name.as_str()) != serves).filter(|name| !mirror.is_marked(name)).last();
    older.cloned().ok_or_else(|| {
        Failure::no("there is no generation before the one that serves")
            .hint("load a package of it again: `bdcd snapshot load`")
    })
}
