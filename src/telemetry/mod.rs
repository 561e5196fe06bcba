//! Logging and metrics: what goes where, and what never does.
//!
//! Our own events carry no personal data (invariant 6). Libraries know nothing of that rule: at their finest levels they
//! print what passes through them, so they are held at `warn` whatever the operator asks for.
//!
//! No thread that answers writes to standard error: lines pass through a bounded queue (`lines`) to a thread that does. A
//! reader that stops reading costs log lines, which are counted, and nothing else.
//!
//! What is counted is [`metrics`]'s; the page of it is served by `server`.

pub mod metrics;

mod lines;

use std::{io::IsTerminal as _, panic};

use tracing_subscriber::{EnvFilter, fmt};

pub use lines::Logging;

/// Starts logging to standard error at `level`: `error`, `warn`, `info`, `debug` or `trace`. A second start is without effect.
///
/// The lines that wait are written when what it returns is dropped, unless nobody reads them.
#[must_use]
pub fn start(level: &str) -> Logging {
    let filter = EnvFilter::new(format!("warn,bdcd={level}"));
    let logging = Logging::start();
    let queue = logging.queue();
    // A process that embeds the library may have a subscriber of its own; it keeps it.
    let started = fmt()
        .with_env_filter(filter)
        .with_writer(move || queue.clone())
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
    if started.is_ok() {
        log_panics(&logging);
    }
    logging
}

/// Logs panics through the queue: the standard hook writes to standard error itself, and would wait there for ever where nobody
/// reads it. Only texts that stand in the program are logged, since a formatted one may hold what passed through it.
fn log_panics(logging: &Logging) {
    let queue = logging.queue();
    panic::set_hook(Box::new(move |panicked| {
        let text = panicked.payload().downcast_ref::<&'static str>().copied().unwrap_or("not logged");
        let place = panicked.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        tracing::error!(thread = thread.name().unwrap_or("unnamed"), place, text, "panicked");
        // The process may end with it.
        queue.flush();
    }));
}
