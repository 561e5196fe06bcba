//! What the ledger's threads tell the log of something that they try again and again.

use std::time::{Duration, Instant};

/// How often the same is told again while it lasts.
const TOLD_AGAIN: Duration = Duration::from_mins(1);

/// What was told last of something that is tried again and again: a disk that is full for days fills no log.
#[derive(Default)]
pub(super) struct News(Option<(String, Instant)>);

impl News {
    /// Whether this was not told lately.
    pub(super) fn is_new(&mut self, text: &str) -> bool {
        let is_known = self.0.as_ref().is_some_and(|(told, at)| told == text && at.elapsed() < TOLD_AGAIN);
        if !is_known {
            self.0 = Some((text.to_owned(), Instant::now()));
        }
        !is_known
    }
}

/// An error with its causes, for the log.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause: &&dyn std::error::Error| (*cause).source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}
