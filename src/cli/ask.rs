//! `bdcd exchange`: a message of the specification through the running daemon.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use prost::Message as _;

use super::{ConfigArgument, Failure, client::Client, keep, print_bytes, say, serve, snapshot};
use crate::{
    rpc::wire,
    spec::{Leaves, MESSAGE_BYTES_MAX, feedback},
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Keep the whole response in this file, which must not exist: the evidence that `bdcd verify` reads
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn exchange(arguments: &Arguments) -> Result<(), Failure> {
    let config = snapshot::read(&arguments.config.config)?;
    let message = standard_input()?;
    let response = serve::runtime()?.block_on(async { Client::connect(&config).await?.exchange(message).await })?;
    if let Some(file) = &arguments.save {
        save(file, &response)?;
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

/// Keeps a response as received.
pub(super) fn save(file: &Path, response: &wire::Response) -> Result<(), Failure> {
    keep(file, &response.encode_to_vec())?;
    say(&format!("kept the response in `{}`; check it with `bdcd verify`", file.display()));
    Ok(())
}

/// All of standard input, up to the largest message.
pub(super) fn standard_input() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(MESSAGE_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|err| Failure::environment("cannot read standard input", err))?;
    Ok(bytes)
}
