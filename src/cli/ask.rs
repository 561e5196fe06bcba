//! `bdcd exchange`: a message of the specification through the running daemon.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use prost::Message as _;

use super::{ConfigArgument, Failure, client::Client, print_bytes, say, serve, snapshot};
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

/// Keeps a response as received; an existing file is evidence of something else, and is not written over.
pub(super) fn save(file: &Path, response: &wire::Response) -> Result<(), Failure> {
    let opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    opened
        .and_then(|mut opened| {
            opened.write_all(&response.encode_to_vec())?;
            opened.sync_all()
        })
        .map_err(|err| Failure::environment(format!("cannot keep the response in `{}`", file.display()), err))?;
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
