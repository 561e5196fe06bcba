//! `bdcd exchange`: a message of the specification through the running daemon.

use std::{
    io::{self, Read as _},
    path::Path,
};

use super::{Failure, client::Client, print_bytes, serve, snapshot};
use crate::spec::MESSAGE_BYTES_MAX;

pub(super) fn exchange(config: &Path) -> Result<(), Failure> {
    let config = snapshot::read(config)?;
    let message = standard_input()?;
    let feedback = serve::runtime()?.block_on(async { Client::connect(&config).await?.exchange(message).await })?;
    print_bytes(&feedback)?;
    print_bytes(b"\n")
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
