//! `bdcd exchange`: a message of the specification through the running daemon.

use std::path::PathBuf;

use super::{
    client::{self, Client},
    document,
    failure::Failure,
    open::{self, ConfigArgument},
    output::{print_bytes, say},
};
use crate::spec::{Leaves, feedback};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Keep the whole response in this file, which must not exist: the evidence that `bdcd verify` reads
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = arguments.config.read()?;
    let message = document::standard_input()?;
    let response = open::runtime()?.block_on(async { Client::connect(&config).await?.exchange(message).await })?;
    if let Some(file) = &arguments.save {
        client::save(file, &response)?;
    }
    if is_empty(&response.answer)? {
        say("the message asks nothing: there is nothing to answer, and nothing to send back");
        return Ok(());
    }
    print_bytes(&response.answer)?;
    print_bytes(b"\n")
}

/// Whether a feedback message answers nothing: the message it answers was an empty list (D53).
fn is_empty(message: &[u8]) -> Result<bool, Failure> {
    // The form of the leaves does not matter where only the results are counted.
    let read = feedback::read(message, Leaves::Plain);
    Ok(read.map_err(|err| Failure::refused(&err))?.results.is_empty())
}
