//! `bdcd snapshot quarantine`: the rows that a load set aside, for whoever corrects them in the register.

use super::{
    act,
    failure::Failure,
    open::{self, ConfigArgument},
    output::{print, say},
};
use crate::{mirror::QuarantinedRow, service::record::OperatorAct};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The generation, as `bdcd snapshot list` names it
    generation: String,
    /// Show what the rows hold as well: personal data. The ledger records that it was shown
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = arguments.config.read()?;
    let generation = open::mirror(&config)?.open(&arguments.generation).map_err(|err| Failure::failed(&err))?;
    let rows = generation.quarantine().map_err(|err| Failure::failed(&err))?;
    if rows.is_empty() {
        return print("no rows in quarantine\n");
    }
    if arguments.reveal {
        let what = format!("{} rows in quarantine of generation {}", rows.len(), arguments.generation);
        let entry = act::record(&config, OperatorAct::Reveal, &what)?;
        say(&format!("ledger entry {entry} records that this was shown"));
    }
    print(&rows.iter().map(|row| told(row, arguments.reveal)).collect::<String>())
}

/// One row on a line of its own; what it holds, if revealed, on lines below.
fn told(row: &QuarantinedRow, is_revealed: bool) -> String {
    let QuarantinedRow { table, file, line, reason, values } = row;
    let mut lines = vec![format!("{table:<8} {file} line {line}: {reason}")];
    for (column, value) in values.iter().filter(|_| is_revealed) {
        // A value may hold line ends and what moves a terminal's cursor.
        let value = value.escape_debug();
        lines.push(if column.is_empty() { format!("    {value}") } else { format!("    {column} = {value}") });
    }
    lines.join("\n") + "\n"
}
