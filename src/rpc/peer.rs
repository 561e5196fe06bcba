//! Who is at the other end of a connection.

/// What the handshake told of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// It showed a certificate of the client authority; its SHA-256.
    Verified([u8; 32]),
    /// It showed a certificate that does not verify: of another authority, or expired.
    Foreign,
    /// It showed none.
    Anonymous,
}
