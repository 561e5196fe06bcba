//! The response as the server sends and the client keeps it: the answer's bytes, not its fields.
//!
//! A message field typed as a message and one typed `bytes` share one wire form, so ordinary clients read
//! `bdcd.query.v1.QueryResponse` with its `Answer`, and what is sent is still encoded once.

use bytes::Bytes;

/// `bdcd.query.v1.QueryResponse`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct QueryResponse {
    /// The bytes of `bdcd.query.v1.Answer`.
    #[prost(bytes = "bytes", tag = "1")]
    pub answer: Bytes,
}
