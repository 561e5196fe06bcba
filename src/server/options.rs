//! How the server listens.

use std::time::Duration;

/// How the server listens.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes of the largest message taken or sent.
    pub message_bytes_max: usize,
    /// Calls at a time on one connection.
    pub streams_max: u32,
    /// Connections of listed gateways at a time.
    pub connections_max: usize,
    /// Connections of all others at a time.
    pub strangers_max: usize,
    /// How long the connection of one that is not listed may last.
    pub stranger_time_max: Duration,
    /// Handshakes under way at a time; one more ends the oldest.
    pub handshakes_max: usize,
    /// How long a handshake may take.
    pub handshake_timeout: Duration,
    /// How long a call may take.
    pub call_timeout: Duration,
    /// How long calls under way may take to end after a stop signal.
    pub drain_timeout: Duration,
}
