//! What healthy means: an inquiry that nobody asked went the whole way of a real one within the last seconds
//! (`service::probe`), the main runtime included.
//!
//! A probe that fails makes the daemon unhealthy at once, one that does not come back after [`PROVED_MAX`]. That so much is asked
//! that the probe finds no room is no failure; where it lasts as long, it is one. A daemon that stops is unhealthy. The status
//! is the same for the daemon as a whole (the empty name) and for each of its services.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, sleep},
};
use tonic::server::NamedService;
use tonic_health::{
    ServingStatus,
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};

use super::phase::Phase;
use crate::{
    ledger::chain,
    rpc::{contract::query_service_server::QueryServiceServer, query::QueryService},
    service::answer::Responder,
};

/// How long after a probe the next is sent. Each is one small sync of the ledger's disk.
const PROBE_INTERVAL: Duration = Duration::from_secs(2);

/// The same after one that failed or found no room.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// For how long a probe that came back proves the daemon healthy.
const PROVED_MAX: Duration = Duration::from_secs(6);

const _: () = assert!(PROVED_MAX.as_millis() >= 2 * PROBE_INTERVAL.as_millis());

/// How often a probe that is out is looked for.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// The services whose health is told: the daemon as a whole, and each by its name.
const SERVICES: [&str; 2] = ["", <QueryServiceServer<QueryService> as NamedService>::NAME];

/// What the probes found, for the page of metrics.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    is_healthy: AtomicBool,
    /// When one came back last, in seconds since 1970; 0 where none did.
    proved: AtomicI64,
    failures: AtomicU64,
}

impl Verdict {
    pub(super) fn is_healthy(&self) -> bool {
        self.is_healthy.load(Ordering::Relaxed)
    }

    /// When a probe came back last, in seconds since 1970; `None` where none did.
    pub(super) fn proved(&self) -> Option<i64> {
        Some(self.proved.load(Ordering::Relaxed)).filter(|proved| *proved > 0)
    }

    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

/// The service that shows health.
pub(super) type Health = HealthServer<HealthService>;

/// Tells everybody what the probes found.
pub(super) struct Report {
    reporter: HealthReporter,
    verdict: Arc<Verdict>,
    told: Option<bool>,
}

impl Report {
    /// A report and the service that shows it; nothing is healthy until it is proved.
    pub(super) async fn new(verdict: Arc<Verdict>) -> (Self, Health) {
        let reporter = HealthReporter::new();
        let service = HealthServer::new(HealthService::from_health_reporter(reporter.clone()));
        let report = Self { reporter, verdict, told: None };
        report.set(ServingStatus::NotServing).await;
        (report, service)
    }

    async fn set(&self, status: ServingStatus) {
        for name in SERVICES {
            self.reporter.set_service_status(name, status).await;
        }
    }

    async fn healthy(&mut self) {
        self.verdict.proved.store(jiff::Timestamp::now().as_second(), Ordering::Relaxed);
        if self.told.replace(true) != Some(true) {
            self.verdict.is_healthy.store(true, Ordering::Relaxed);
            self.set(ServingStatus::Serving).await;
            tracing::info!("healthy: an inquiry would be answered");
        }
    }

    async fn unhealthy(&mut self, why: &str) {
        if self.told.replace(false) != Some(false) {
            self.verdict.is_healthy.store(false, Ordering::Relaxed);
            self.set(ServingStatus::NotServing).await;
            tracing::error!(why, "not healthy: no inquiry would be answered");
        }
    }

    fn failed(&self) {
        self.verdict.failures.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends probe after probe, on the runtime that answers calls, and reports; never ends.
///
/// One alone is ever out: where the writer stands still, its queue is not filled with probes.
pub(super) async fn watch(
    mut report: Report,
    responder: Responder,
    main: Handle,
    mut phases: watch::Receiver<Phase>,
) -> std::convert::Infallible {
    let mut proved = Instant::now();
    loop {
        let asking = responder.clone();
        let mut probe = main.spawn(async move { asking.probe().await });
        let found = loop {
            // Cancel-safe: the probe goes on, and the others hold nothing.
            tokio::select! {
                found = &mut probe => break found,
                () = sleep(LOOK_INTERVAL) => {
                    if proved.elapsed() > PROVED_MAX {
                        report.unhealthy("a probe does not come back: a runtime, a reader or the ledger's writer stands still").await;
                    }
                }
                () = Phase::wait(&mut phases, |phase| phase != Phase::Serving) => {
                    report.unhealthy("the daemon stops").await;
                    return std::future::pending().await;
                }
            }
        };
        let pause = match found {
            Ok(Ok(())) => {
                proved = Instant::now();
                report.healthy().await;
                PROBE_INTERVAL
            }
            Ok(Err(error)) if error.is_overload() && proved.elapsed() <= PROVED_MAX => RETRY_INTERVAL,
            Ok(Err(error)) => {
                report.failed();
                report.unhealthy(&chain(&error)).await;
                RETRY_INTERVAL
            }
            Err(error) if error.is_cancelled() => return std::future::pending().await,
            // The panic is logged.
            Err(_) => {
                report.failed();
                report.unhealthy("the probe panicked").await;
                RETRY_INTERVAL
            }
        };
        // Cancel-safe, as above.
        tokio::select! {
            () = sleep(pause) => {}
            () = Phase::wait(&mut phases, |phase| phase != Phase::Serving) => {}
        }
    }
}
