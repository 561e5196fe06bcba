//! The command line: one file a command.
//!
//! Data goes to standard output, talk to standard error. Exit statuses: 0 done, 1 the check says no, 2 command line or
//! configuration, 3 the environment failed us, 70 our fault.

mod ask;
mod check;
mod client;
mod demo;
mod failure;
mod json;
mod key;
mod ledger;
mod prune;
mod quarantine;
mod query;
mod serve;
mod snapshot;
mod table;
mod verify;

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use failure::Failure;

/// Answer courts' queries of real-estate registrations from a local mirror of the register
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try everything at once: load the fixture county, serve it, ask three questions
    ///
    /// Needs nothing prepared. Makes throw-away keys and certificates, loads a small invented county, serves it on a free
    /// loopback port, asks over mutual TLS, and prints the answers. With `--units`, writes a synthetic county instead.
    Demo(demo::Arguments),
    /// Answer gateways until stopped
    Serve(serve::Arguments),
    /// Load packages into the mirror, and list what is there
    #[command(subcommand)]
    Snapshot(snapshot::Command),
    /// Ask a running daemon about one subject
    ///
    /// The inquiry is a JSON document, from a file or standard input: command-line arguments show in process lists and shell
    /// histories, and a subject's name and number must not.
    Query(query::Arguments),
    /// Send a request message of the specification through a running daemon
    ///
    /// Reads the XML message from standard input and prints the feedback message.
    Exchange(ask::Arguments),
    /// Prove offline what a kept response says
    ///
    /// Needs the response as `--save` kept it and the registry's public key: no daemon, no ledger, no network.
    Verify(verify::Arguments),
    /// Make, audit and check the ledger
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Make the master key
    #[command(subcommand)]
    Key(key::Command),
}

/// Where the configuration is.
#[derive(Clone, Debug, clap::Args)]
struct ConfigArgument {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "bdcd.toml")]
    config: PathBuf,
}

/// Parses the command line and runs it.
#[must_use]
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Snapshot(command) => snapshot::run(&command),
        Command::Query(arguments) => query::run(&arguments),
        Command::Exchange(arguments) => ask::exchange(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Ledger(command) => ledger::run(&command),
        Command::Key(command) => key::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Writes data to standard output; a reader that went away is no failure.
fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(err) if err.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::environment("cannot write to standard output", err))
        }
        _ => Ok(()),
    }
}

/// Writes a file that only its owner reads; an existing one may be evidence of something else, and is not written over.
fn keep(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let kept = opened.and_then(|mut opened| {
        opened.write_all(bytes)?;
        opened.sync_all()
    });
    kept.map_err(|err| {
        let exists = err.kind() == io::ErrorKind::AlreadyExists;
        let failure = Failure::environment(format!("cannot write `{}`", file.display()), err);
        if exists { failure.hint("give another name: what was kept before is not written over") } else { failure }
    })
}

/// Says something to the person at the terminal.
fn say(text: &str) {
    // Nobody to say it to is no reason to stop.
    writeln!(io::stderr().lock(), "{text}").unwrap_or_default();
}
