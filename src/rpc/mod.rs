//! The gRPC edge: what is asked, in the contract's words, and how an outcome is told.
//!
//! The only room that knows the contract's generated types; what passes its border are drafts, bytes and statuses.

pub mod admin;
pub mod gate;
pub mod query;
mod status;
pub mod wire;

/// The generated types and services of `proto/bdcd/query/v1`.
#[allow(
    missing_docs,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    clippy::clone_on_ref_ptr,
    reason = "generated; documented in the contract"
)]
pub mod contract {
    tonic::include_proto!("bdcd.query.v1");
}

/// The generated types and services of `proto/bdcd/admin/v1`.
#[allow(
    missing_docs,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    clippy::clone_on_ref_ptr,
    reason = "generated; documented in the contract"
)]
pub mod admin_contract {
    tonic::include_proto!("bdcd.admin.v1");
}
