//! The response as the server sends and the client keeps it: the answer's bytes, not its fields.
//!
//! A message field typed as a message and one typed `bytes` share one wire form, so ordinary clients read
//! `bdcd.query.v1.QueryResponse` with its `Answer`, and what is sent is still encoded once. `ExchangeResponse` is the same
//! with a message of the specification in the place of the answer.

use bytes::Bytes;

/// `bdcd.query.v1.QueryResponse`, and `ExchangeResponse`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Response {
    /// The bytes of `bdcd.query.v1.Answer`, or of the feedback message.
    #[prost(bytes = "bytes", tag = "1")]
    pub answer: Bytes,
    /// A `c2sp.org/tlog-proof@v1`.
    #[prost(string, tag = "2")]
    pub receipt: String,
    /// What opens the leaf's commitments, 32 bytes.
    #[prost(bytes = "bytes", tag = "3")]
    pub opening: Bytes,
}
