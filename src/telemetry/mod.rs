//! Logging: what goes where, and what never does.
//!
//! Our own events carry no personal data (invariant 6). Libraries know nothing of that rule: at their finest levels they
//! print what passes through them, so they are held at `warn` whatever the operator asks for.

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging to standard error at `level`: `error`, `warn`, `info`, `debug` or `trace`. A second start is without effect.
pub fn start(level: &str) {
    let filter = EnvFilter::new(format!("warn,bdcd={level}"));
    // A process that embeds the library may have a subscriber of its own; it keeps it.
    fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init()
        .unwrap_or_default();
}
