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
//! # Rooms, in reading order
//!
//! Start with `domain::kinds`, the field map, then `domain::matching` and `domain::answer`. The page of [`mirror`] says how rows
//! join, that of [`ledger`] how evidence comes about and lasts. The one way into [`service`] is [`service::calls`].
//!
//! | room | what it has | rooms that it uses |
//! |---|---|---|
//! | [`domain`] | the rules: what a column means, who is who, what is answered | none |
//! | [`disk`] | files that last, and locks | none |
//! | [`keys`] | the master key, the keys derived from it, and keys that sign | `disk` |
//! | [`package`] | what a bureau exports, and who vouches for it | `domain`, `disk`, `keys` |
//! | [`mirror`] | the register's rows as one sealed file that answers | `domain`, `disk`, `keys` |
//! | [`ledger`] | the evidence, and the proofs of it | `domain`, `disk`, `keys` |
//! | [`spec`] | the specification's messages | `domain` |
//! | [`telemetry`] | the log, and what is counted | none |
//! | [`service`] | the use cases | `domain`, `keys`, `package`, `mirror`, `ledger`, `spec`, `telemetry` |
//! | [`rpc`] | the gRPC edge | `domain`, `ledger`, `service` |
//! | [`server`] | listener, TLS, health, metrics, life of the process | `keys`, `ledger`, `telemetry`, `service`, `rpc` |
//! | [`config`] | the configuration file, and the file that a bureau keeps | `domain`, `keys`, `package`, `ledger`, `spec`, `service`, `server` |
//! | [`cli`] | what people type | `domain`, `disk`, `keys`, `package`, `mirror`, `ledger`, `spec`, `telemetry`, `service`, `rpc`, `server`, `config` |
//!
//! A room uses the rooms named in its row, all of them above it, and no other; no two files of a room import each other in a
//! circle. `tests/it/tidy` reads this table and checks both.
//!
//! # Invariants
//!
//! 1. **No answer without evidence.** Not one byte of an answer leaves before its ledger entry is on disk.
//! 2. **No silence.** What was found is reported or counted as withheld, with the rule; the counts reconcile or the answer is
//!    an error.
//! 3. **One answer, one generation.** An answer is wholly from one generation, named in it with its as-of time.
//! 4. **Same question, same bytes.** Inquiry, generation and rule version determine the answer to the byte.
//! 5. **Immutable once served.** A generation in use is never written; change is a new file and a pointer moved.
//! 6. **Personal data stays inside.** Not in logs, metrics, error texts or file names; on disk it is sealed.
//! 7. **The last good generation serves**, whatever is wrong with a newer one.

pub mod domain;
pub mod disk;
pub mod keys;
pub mod package;
pub mod mirror;
pub mod ledger;
pub mod spec;
pub mod telemetry;
pub mod service;
pub mod rpc;
pub mod server;
pub mod config;
pub mod cli;
