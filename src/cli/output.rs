//! What commands say: data to standard output, talk to standard error, evidence to files of their own.

use std::{
    io::{self, Write as _},
    path::Path,
    sync::mpsc,
    thread,
    time::Duration,
};

use serde::Serialize;

use super::failure::Failure;
use crate::disk::create_private;

/// How long the end of a command waits for a reader of standard error.
const SAY_TIMEOUT: Duration = Duration::from_secs(2);

/// How data is printed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// Writes data to standard output; a reader that went away is no failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

pub(super) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(err) if err.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::environment("cannot write to standard output", err))
        }
        _ => Ok(()),
    }
}

/// Writes a file that only its owner reads; an existing one may be evidence of something else, and is not written over.
pub(super) fn keep(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    create_private(file, bytes).map_err(|err| {
        let exists = err.kind() == io::ErrorKind::AlreadyExists;
        let failure = Failure::environment(format!("cannot write `{}`", file.display()), err);
        if exists { failure.hint("give another name: what was kept before is not written over") } else { failure }
    })
}

/// Says something to the person at the terminal.
pub(super) fn say(text: &str) {
    // Nobody to say it to is no reason to stop.
    writeln!(io::stderr().lock(), "{text}").unwrap_or_default();
}

/// Says why the command ends. A standard error that nobody reads must not keep it from ending.
pub(super) fn say_and_leave(lines: Vec<String>) {
    let (done, said) = mpsc::channel();
    let spoken = thread::Builder::new().name("farewell".to_owned()).spawn(move || {
        for line in &lines {
            say(line);
        }
        done.send(()).unwrap_or_default();
    });
    if spoken.is_ok() {
        said.recv_timeout(SAY_TIMEOUT).unwrap_or_default();
    }
}

/// A value as JSON for people.
pub(super) fn pretty(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|_| Failure::fault("a value has no JSON form"))
}
