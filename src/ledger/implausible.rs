//! A clock that is not believed.

use super::leaf::UtcMillis;

/// A clock that is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it says {}, and the ledger goes by {}", rfc3339(*.clock), rfc3339(*.witness))]
pub struct Implausible {
    /// What it says.
    pub clock: UtcMillis,
    /// The witness against it.
    pub witness: UtcMillis,
}

/// A time as people read it.
pub(super) fn rfc3339(time: UtcMillis) -> String {
    jiff::Timestamp::from_millisecond(time).map_or_else(|_| "no time".to_owned(), |time| time.to_string())
}
