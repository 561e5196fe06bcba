//! `bdcd` answers courts' queries of real-estate registrations (不动产登记) from a local mirror of the register.
//!
//! # The way of one inquiry
//!
//! ```text
//! bytes ─ rpc ─ who calls? ─ is all stated? ─ may they ask this? ─ asked before? ─ mirror ─ compose ─ ledger ─ bytes + receipt
//!              service::calls  domain::inquiry  service::policy     ledger          reader   pure      one writer, group commit
//!                            └ or refused, with every bad field named at once
//! ```
//!
//! A refusal takes the same road to the ledger as an answer. And of the data: [`package`] reads what a bureau exports,
//! [`mirror`] compiles it into a *generation*, one sealed file that is never changed again; a pointer says which one serves.
//!
//! # Reading order
//!
//! [`domain`] holds the rules: start with `domain::kinds`, the field map, then `domain::matching` and `domain::answer`. Then
//! [`mirror`], whose page says how rows join; [`ledger`], whose page says how evidence comes about and lasts; [`spec`] for the
//! specification's messages; [`service`], [`rpc`] and [`server`] for the daemon; [`cli`] for what people type.
//!
//! # Layers
//!
//! `domain` and `keys` know nothing of ours; `spec`, `package`, `mirror` and `ledger` know `domain` and never each other
//! (`mirror` and `ledger` seal with `keys`); `service` joins them, and has one way in, [`service::calls`]; `rpc` brings calls to it;
//! `server`, `config` and `cli` stand on top. `tests/it/tidy.rs` holds this.
//!
//! # Invariants
//!
//! 1. **No answer without evidence.** Not one byte of an answer leaves before its ledger entry is on disk.
//! 2. **No silence.** What was found is reported or counted as withheld, with the rule; the counts reconcile or the answer is
//!    an error.
//! 3. **One answer, one generation.** An answer is wholly from one generation, named in it with its as-of time.
//! 4. **Same question, same bytes.** Inquiry, generation and rule version determine the answer to the byte.
//! 5. **Immutable once served.** A generation in use is never written; change is a new file and a pointer moved.
//! 6. **Personal data stays inside.** Not in logs, error texts or file names; on disk it is sealed.
//! 7. **The last good generation serves**, whatever is wrong with a newer one.

pub mod domain;

pub mod spec;

pub mod package;

pub mod keys;

pub mod mirror;

pub mod ledger;

pub mod service;

pub mod rpc;

pub mod server;

pub mod config;

pub mod telemetry;

pub mod cli;
