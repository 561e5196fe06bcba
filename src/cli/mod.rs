//! The command line: one file a command.
//!
//! Beside them stand what several commands need: `open` (configuration, keys, mirror, ledger), `output`, `document` (an inquiry as
//! JSON), `client` (the gateway's side of the line), `act` (an operator's act goes on record), `failure`, `table` and `json`.
//!
//! Data goes to standard output, talk to standard error. Exit statuses: 0 done, 1 the check says no, 2 command line or
//! configuration, 3 the environment failed us, 70 our fault.

mod act;
mod check;
mod client;
mod demo;
mod document;
mod exchange;
mod failure;
mod json;
mod key;
mod ledger;
mod load;
mod open;
mod output;
mod package;
mod process;
mod prune;
mod quarantine;
mod query;
mod rollback;
mod serve;
mod snapshot;
mod table;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;
use output::say_and_leave;

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
    Exchange(exchange::Arguments),
    /// Prove offline what a kept response says
    ///
    /// Needs the response as `--save` kept it and the registry's public key: no daemon, no ledger, no network.
    Verify(verify::Arguments),
    /// Make, audit and check the ledger
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Make the master key, and keys that sign packages
    #[command(subcommand)]
    Key(key::Command),
    /// Make packages of a bureau's exports
    #[command(subcommand)]
    Package(package::Command),
}

/// Parses the command line and runs it.
#[must_use]
pub fn run() -> ExitCode {
    let command = Cli::parse().command;
    match process::guard().and_then(|()| dispatch(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say_and_leave(failure.lines());
            failure.status()
        }
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Snapshot(command) => snapshot::run(&command),
        Command::Query(arguments) => query::run(&arguments),
        Command::Exchange(arguments) => exchange::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Ledger(command) => ledger::run(&command),
        Command::Key(command) => key::run(&command),
        Command::Package(command) => package::run(&command),
    }
}
