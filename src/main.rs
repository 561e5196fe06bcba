//! The command `bdcd`: parse, run, exit code.

use std::process::ExitCode;

/// Records are put together on one thread and freed on another, which this allocator is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    bdcd::cli::run()
}
