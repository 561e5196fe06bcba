//! `bdcd exchange`: a message of the specification through the running daemon.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use prost::Message as _;

use super::{ConfigArgument, Failure, client::Client, keep, print_bytes, say, serve, snapshot};
use crate::{rpc::wire, spec::MESSAGE_BYTES_MAX};

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
    print_bytes(&response.answer)?;
    print_bytes(b"\n")
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
