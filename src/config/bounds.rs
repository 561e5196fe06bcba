//! The bounds of the values that are numbers, sizes and times: what is outside serves nobody, or asks more of a machine than
//! there is.

use std::{ops::RangeInclusive, time::Duration};

use super::{unit::Bytes, written::Config};
use crate::domain::generation::QUARANTINE_MAX;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const GIB: usize = 1024 * MIB;

/// Every value that is out of its bounds, by its key.
pub(super) fn mistakes(config: &Config) -> Vec<String> {
    let (limits, ledger) = (&config.limits, &config.ledger);
    let second = Duration::from_secs(1);
    let (instant, hour, day) = (Duration::from_millis(1), Duration::from_hours(1), Duration::from_hours(24));
    // Below it no handshake is done over a network of some distance, and no call that waits for a disk.
    let tick = Duration::from_millis(100);
    let numbers = [
        ("limits.streams-max", limits.streams_max as usize, 1..=65_536),
        ("limits.connections-max", limits.connections_max, 1..=100_000),
        ("limits.strangers-max", limits.strangers_max, 1..=10_000),
        ("limits.handshakes-max", limits.handshakes_max, 1..=100_000),
        ("limits.reader-threads", limits.reader_threads, 1..=64),
        ("limits.queued-per-reader-max", limits.queued_per_reader_max, 1..=65_536),
        ("load.quarantine-rows-max", config.load.quarantine_rows_max, 1..=QUARANTINE_MAX),
        ("ledger.queue-entries-max", ledger.queue_entries_max, 1..=1_048_576),
        ("ledger.batch-entries-max", ledger.batch_entries_max, 1..=65_536),
    ];
    let rows = [("load.free-rows", config.load.free_rows, 0..=1_000_000)];
    let sizes = [
        // Below it no answer with its receipt would fit.
        ("limits.message-bytes-max", limits.message_bytes_max, 14 * KIB..=GIB),
        ("limits.check-bytes-per-second", limits.check_bytes_per_second, MIB..=64 * GIB),
        ("load.archive-bytes-max", config.load.archive_bytes_max, MIB..=16 * 1024 * GIB),
        ("ledger.batch-bytes-max", ledger.batch_bytes_max, 64 * KIB..=GIB),
    ];
    let times = [
        ("limits.stranger-time-max", limits.stranger_time_max, instant..=hour),
        ("limits.handshake-timeout", limits.handshake_timeout, tick..=hour),
        ("limits.call-timeout", limits.call_timeout, tick..=hour),
        ("limits.drain-timeout", limits.drain_timeout, instant..=hour),
        ("limits.pointer-interval", limits.pointer_interval, instant..=hour),
        ("limits.check-interval", limits.check_interval, 60 * second..=366 * day),
        ("ledger.removal-interval", ledger.removal_interval, second..=31 * day),
        // Below it, setting a clock right would stop recording.
        ("ledger.clock-bound", ledger.clock_bound, hour..=3660 * day),
    ];
    let numbers =
        numbers.into_iter().filter_map(|(key, value, bounds)| outside(key, value, bounds, |value| value.to_string()));
    let sizes = sizes.into_iter().filter_map(|(key, Bytes(value), bounds)| outside(key, value, bounds, size));
    let times = times.into_iter().filter_map(|(key, value, bounds)| outside(key, value.0, bounds, time));
    let rows =
        rows.into_iter().filter_map(|(key, value, bounds)| outside(key, value, bounds, |value| value.to_string()));
    numbers.chain(rows).chain(sizes).chain(times).collect()
}

fn outside<T: PartialOrd + Copy>(
    key: &str,
    value: T,
    bounds: RangeInclusive<T>,
    told: impl Fn(T) -> String,
) -> Option<String> {
    let (is_within, (low, high)) = (bounds.contains(&value), bounds.into_inner());
    (!is_within).then(|| format!("{key}: {} is not from {} to {}", told(value), told(low), told(high)))
}

/// A size in the largest unit that leaves no rest.
fn size(bytes: usize) -> String {
    let units = [(GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")];
    let unit = units.into_iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes}B"), |(unit, name)| format!("{}{name}", bytes / unit))
}

/// A time in the largest unit that leaves no rest.
fn time(time: Duration) -> String {
    let millis = time.as_millis();
    let units = [(24 * 60 * 60 * 1000, "d"), (60 * 60 * 1000, "h"), (60 * 1000, "min"), (1000, "s")];
    let unit = units.into_iter().find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{millis}ms"), |(unit, name)| format!("{}{name}", millis / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serves_nobody_or_asks_too_much_is_told_with_its_bounds() {
        for (text, told) in [
            ("[limits]\nstreams-max = 0", "limits.streams-max: 0 is not from 1 to 65536"),
            ("[limits]\nqueued-per-reader-max = 9223372036854775807", "is not from 1 to 65536"),
            ("[ledger]\nqueue-entries-max = 9223372036854775807", "is not from 1 to 1048576"),
            ("[limits]\nmessage-bytes-max = \"5B\"", "limits.message-bytes-max: 5B is not from 14KiB to 1GiB"),
            ("[limits]\ncall-timeout = \"0s\"", "limits.call-timeout: 0ms is not from 100ms to 1h"),
            ("[limits]\ncall-timeout = \"99ms\"", "limits.call-timeout: 99ms is not from 100ms to 1h"),
            ("[limits]\nhandshake-timeout = \"1ms\"", "limits.handshake-timeout: 1ms is not from 100ms to 1h"),
            ("[limits]\ndrain-timeout = \"300000000000min\"", "limits.drain-timeout"),
            ("[ledger]\nclock-bound = \"1min\"", "ledger.clock-bound: 1min is not from 1h to 3660d"),
        ] {
            let config: Config = toml::from_str(text).unwrap();
            let mistakes = mistakes(&config);
            assert!(mistakes.len() == 1 && mistakes[0].contains(told), "{text}: {mistakes:?}");
        }
        assert!(mistakes(&toml::from_str("").unwrap()).is_empty());
    }
}
