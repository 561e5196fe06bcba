//! The gRPC edge: who calls, may they ask this, what do they ask, and how a refusal is told.
//!
//! The only room that knows the contract's generated types; what passes its border are drafts, bytes and statuses.

pub mod peer;
pub mod query;
mod status;
pub mod wire;

/// The generated types and services of `proto/bdcd/query/v1`.
#[expect(missing_docs, reason = "documented in the contract")]
#[expect(clippy::pedantic, reason = "generated")]
pub mod contract {
    tonic::include_proto!("bdcd.query.v1");
}
