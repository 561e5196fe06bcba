//! `bdcd` answers courts' queries of real-estate registrations (不动产登记) from a local mirror of the register.

pub mod cli;
pub mod config;
pub mod domain;
pub mod mirror;
pub mod package;
pub mod rpc;
pub mod server;
pub mod service;
pub mod spec;
pub mod telemetry;
