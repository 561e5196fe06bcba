//! What is read whenever the page of metrics is asked for. Nothing here waits for a disk, a lock that a disk holds up, or a thread.

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;

use super::{super::slots::Slots, health::Verdict};
use crate::{
    ledger::{Ledger, State},
    service::{answer::Responder, calls::Calls, engine},
    telemetry::metrics::{Description, Kind, Page, Sample, lossy},
};

/// A certificate that expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is: `server`, `client-ca` or `gateway`.
    pub role: &'static str,
    /// The operator's name for the gateway; empty for the others.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// The last second, counted from 1970, in which it is valid.
    pub valid_until: i64,
}

/// What operations look at.
pub struct Watched {
    /// The ledger, also for what operators do.
    pub ledger: Arc<Ledger>,
    /// The calls.
    pub calls: Calls,
    /// The connections of gateways and of others.
    pub slots: Slots,
    /// The certificates that expire.
    pub certificates: Vec<Certificate>,
}

/// The page of everything that `watched` counts and shows.
pub(super) fn page(watched: Watched, verdict: Arc<Verdict>) -> Page {
    let Watched { ledger, calls, slots, certificates } = watched;
    let mut page = Page::new(calls.metrics());
    of_process(&mut page);
    of_probes(&mut page, verdict);
    of_ledger(&mut page, &ledger);
    of_generations(&mut page, calls.responder());
    gauge(&mut page, "bdcd_connections", "Open connections, by who is at the other end", move || {
        let (listed, strangers) = slots.taken();
        let of = |peer: &str, taken| Sample { labels: vec![("peer", peer.to_owned())], value: lossy(taken) };
        vec![of("gateway", listed), of("stranger", strangers)]
    });
    let help = "Days until a certificate expires, less than 0 once it has";
    gauge(&mut page, "bdcd_certificate_remaining_days", help, move || certificates.iter().map(remaining).collect());
    page
}

fn of_process(page: &mut Page) {
    let started = now();
    gauge(page, "process_start_time_seconds", "When the daemon started, in seconds since 1970", move || one(started));
    gauge(page, "bdcd_build_info", "The version of the daemon, the value is always 1", || {
        vec![Sample { labels: vec![("version", env!("CARGO_PKG_VERSION").to_owned())], value: 1.0 }]
    });
}

fn of_probes(page: &mut Page, verdict: Arc<Verdict>) {
    let (healthy, proved) = (Arc::clone(&verdict), Arc::clone(&verdict));
    gauge(page, "bdcd_healthy", "Whether an inquiry would be answered, 1 or 0", move || {
        one(claim(healthy.is_healthy()))
    });
    gauge(page, "bdcd_probe_success_timestamp_seconds", "When a probe came back last", move || {
        some(proved.proved().map(whole))
    });
    counter(page, "bdcd_probe_failures", "Probes that failed", move || one(lossy(verdict.failures())));
}

fn of_ledger(page: &mut Page, ledger: &Arc<Ledger>) {
    let state = |read: fn(State) -> f64| {
        let ledger = Arc::clone(ledger);
        move || one(read(ledger.state()))
    };
    gauge(page, "bdcd_ledger_entries", "Entries of the ledger on disk", state(|state| lossy(state.entries)));
    let waiting = state(|state| lossy(state.waiting));
    gauge(page, "bdcd_ledger_waiting_entries", "Entries that wait to be written", waiting);
    let writable = state(|state| claim(state.is_writable));
    gauge(page, "bdcd_ledger_writable", "Whether the ledger could be written when it was last tried, 1 or 0", writable);
    let failures = state(|state| lossy(state.failures));
    counter(page, "bdcd_ledger_write_failures", "How often the ledger could not be written", failures);
}

fn of_generations(page: &mut Page, responder: &Responder) {
    let state = |read: fn(engine::State) -> Option<f64>| {
        let responder = responder.clone();
        move || some(read(responder.state()))
    };
    let sequence = state(|state| Some(lossy(state.facts.sequence)));
    gauge(page, "bdcd_generation_sequence", "Sequence number of the serving generation", sequence);
    let as_of = state(|state| seconds(&state.facts.as_of));
    gauge(page, "bdcd_generation_as_of_timestamp_seconds", "As of when the serving generation's data stand", as_of);
    let expires = state(|state| seconds(&state.facts.expires));
    let help = "When the serving generation should be superseded";
    gauge(page, "bdcd_generation_expires_timestamp_seconds", help, expires);
    let age = state(|state| seconds(&state.facts.as_of).map(|as_of| now() - as_of));
    gauge(page, "bdcd_generation_age_seconds", "How old the serving generation's data are", age);
    let damaged = state(|state| Some(lossy(state.damaged)));
    gauge(page, "bdcd_generations_damaged", "Generations that are marked as damaged", damaged);
    let checked = state(|state| state.checked.map(whole));
    let help = "When all generations were last compared with their digests";
    gauge(page, "bdcd_generations_checked_timestamp_seconds", help, checked);
}

type Samples = Vec<Sample>;

fn gauge(page: &mut Page, name: &'static str, help: &'static str, read: impl Fn() -> Samples + Send + Sync + 'static) {
    page.observe(Description { name, help, kind: Kind::Gauge }, read);
}

fn counter(
    page: &mut Page,
    name: &'static str,
    help: &'static str,
    read: impl Fn() -> Samples + Send + Sync + 'static,
) {
    page.observe(Description { name, help, kind: Kind::Counter }, read);
}

fn one(value: f64) -> Samples {
    some(Some(value))
}

fn some(value: Option<f64>) -> Samples {
    value.map(Sample::from).into_iter().collect()
}

fn claim(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

fn remaining(certificate: &Certificate) -> Sample {
    const DAY_SECONDS: f64 = 24.0 * 60.0 * 60.0;

    let Certificate { role, name, file, valid_until } = certificate;
    let labels = [("role", (*role).to_owned()), ("name", name.clone()), ("file", file.display().to_string())];
    Sample { labels: labels.into(), value: (whole(*valid_until) - now()) / DAY_SECONDS }
}

/// A time of a package in seconds since 1970; `None` where it states none.
fn seconds(time: &str) -> Option<f64> {
    time.parse::<Timestamp>().ok().map(|time| whole(time.as_second()))
}

fn now() -> f64 {
    Timestamp::now().as_duration().as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "no time that anybody lives to see has so many seconds")]
fn whole(seconds: i64) -> f64 {
    seconds as f64
}
