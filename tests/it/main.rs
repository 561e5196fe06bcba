//! The stories: `bdcd` seen through the doors that users use, and the fixtures that they rest on.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_collect,
    reason = "a test says what is wrong by failing, and is not in a hurry"
)]

mod attacks;
mod audit;
mod backup;
mod clock;
mod commands;
mod compat;
mod contract;
mod county;
mod crash;
mod cuts;
mod dirt;
mod doors;
mod evidence;
mod field;
mod full_disk;
mod gate;
mod generations;
mod guard;
mod loading;
mod lost;
mod matching;
mod messages;
mod once;
mod operations;
mod oracle;
mod pack;
mod privacy;
mod quarantine;
mod receipts;
mod repeats;
mod same_bytes;
mod second_path;
mod support;
mod tamper;
mod tidy;
mod transport;
