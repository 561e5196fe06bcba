//! How far the daemon is, as operations are told.

use tokio::sync::watch;

/// How far the daemon is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    Draining,
    Ended,
}

impl Phase {
    /// Waits until it is so, or nobody could tell any more. What `wait_for` returns locks the phase, and is let go at once.
    pub(super) async fn wait(phases: &mut watch::Receiver<Self>, is_so: fn(Self) -> bool) {
        drop(phases.wait_for(|phase| is_so(*phase)).await);
    }
}
