//! The command `bdcd`: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    bdcd::cli::run()
}
