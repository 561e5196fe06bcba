//! `bdcd ledger verify`: whether the whole ledger holds, and since when.

use std::{fs, path::PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::{
    failure::Failure,
    open::{self, ConfigArgument},
    output::print,
};
use crate::ledger::{
    Witnessed,
    audit::{AuditError, audit},
    note::Checkpoint,
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// A checkpoint that somebody kept, as `bdcd ledger checkpoint` printed it: proves that nothing before it was changed
    #[arg(long, value_name = "CHECKPOINT")]
    since: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let reader = open::reader(&arguments.config.read()?)?;
    let since = arguments.since.as_ref().map(|path| {
        let text = fs::read_to_string(path)
            .map_err(|err| Failure::environment(format!("cannot read `{}`", path.display()), err))?;
        Checkpoint::verify(&text, reader.key())
            .map_err(|err| Failure::refused(&err).hint("give a checkpoint of this ledger, all of it"))
    });
    let since = since.transpose()?;
    // First: what is read until the end of the audit may be written meanwhile.
    let witnessed = reader.check_witness().map_err(|err| open::ledger_failed(&err))?;
    let bar = bar(reader.size().map_err(|err| Failure::failed(&err))?);
    let audited = audit(&reader, since.as_ref(), &mut |entry| bar.set_position(entry));
    bar.finish_and_clear();
    let found = audited.map_err(|err| match err {
        AuditError::Read(_) => Failure::failed(&err),
        AuditError::Fault { .. } | AuditError::Since { .. } | AuditError::Shortened { .. } | AuditError::Index(_) => {
            Failure::refused(&err)
        }
    })?;
    let mut lines = vec![
        format!("The ledger `{}` holds.", reader.key().name()),
        format!("  {} entries, each hashed again and found in the tree", found.entry_count),
        format!("  {} checkpoints, each signed and of the tree at its size", found.checkpoint_count),
        format!("  {} sealed bodies, each opened and found to be what its entry commits to", found.body_count),
    ];
    if found.removed_body_count > 0 {
        lines.push(format!("  {} bodies removed after their retention, as entries say", found.removed_body_count));
    }
    lines.push(format!("  {} records of the search index, authentic", found.record_count));
    lines.push(match witnessed {
        Witnessed::Agrees(entries) => {
            format!("  the witness of the head knows of {entries} entries, and all are there")
        }
        Witnessed::Nothing => "  no witness of the head yet: the daemon begins one when it starts".to_owned(),
        Witnessed::Unreadable => {
            "  the witness of the head is damaged: the daemon writes it anew when it starts".to_owned()
        }
    });
    if let Some(since) = since {
        let since = since.size;
        lines.push(format!("  nothing of the first {since} entries was changed since the checkpoint given was signed"));
    }
    print(&(lines.join("\n") + "\n"))
}

/// A bar at the terminal, and nowhere else.
pub(super) fn bar(entries: u64) -> ProgressBar {
    let bar = ProgressBar::new(entries);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} entries, {eta} left") {
        bar.set_style(style);
    }
    bar
}
