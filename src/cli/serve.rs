//! `bdcd serve`: the daemon.

use std::{net::TcpListener, sync::Arc};

use sd_notify::NotifyState;
use tokio::{
    runtime::Handle,
    signal::unix::{SignalKind, signal},
};

use super::{
    check,
    failure::Failure,
    open::{self, ConfigArgument},
    process,
};
use crate::{
    config::Config,
    ledger::Ledger,
    rpc::query::QueryService,
    server::{
        Bound,
        admin::Socket,
        operations::{Operations, Running, Watched},
    },
    service::{answer::Responder, calls::Calls, engine::Engine, exchange::Exchange},
    telemetry::{self, metrics::Metrics},
};

/// What a message has room for beside the answer: a leaf of the longest texts that an inquiry may have, in base64, the proof
/// in the largest tree, and a checkpoint.
pub(crate) const RECEIPT_ROOM_BYTES: usize = 12 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Check what serving needs, say what is there, and stop
    ///
    /// Reads the configuration, the keys, the certificates of server and gateways, the ledger's head and the generation that
    /// serves, as the user who runs it; the file of a gateway must hold the intermediate certificates that it sends. Changes
    /// nothing, and tries nothing that a daemon beside it holds (address, socket, the ledger's lock), nor the ledger's search
    /// index, nor whether its files can be written. Exits with 0 where nothing that it read stands in the way. Exits with 1 and
    /// says that *a daemon would start* where the server's certificate is not valid, a gateway would be kept out, none is
    /// listed, or another generation would serve than the one that should. Where it says anything else, it exits as `bdcd serve` would, which would not start.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = arguments.config.read()?;
    if arguments.check {
        return check::run(&config);
    }
    let logging = telemetry::start(&config.log);
    open::runtime()?.block_on(async {
        // First, so that a daemon that is told to stop as soon as it says that it serves ends in order.
        let signalled = stop_signal()?;
        let Prepared { bound, service, operations, .. } = prepare(&config, Metrics::of(&logging)).await?;
        let stop = async {
            signalled.await;
            operations.drain();
            tell_manager(NotifyState::Stopping);
        };
        tell_manager(NotifyState::Ready);
        let served = bound.serve(service, stop).await;
        served.map_err(|err| Failure::environment("the server failed", err))
    })
}

/// A daemon that is ready to serve; its operations are under way.
pub(super) struct Prepared {
    pub(super) bound: Bound,
    pub(super) service: QueryService,
    pub(super) operations: Running,
    pub(super) ledger: Arc<Ledger>,
}

/// Opens the ledger and the mirror, starts the engine, binds the addresses and the socket, and starts the operations.
pub(super) async fn prepare(config: &Config, metrics: Metrics) -> Result<Prepared, Failure> {
    // First, for the engine records that it serves.
    let (policy, door) = open::entrance(config)?;
    let certificates = config.certificates().map_err(|err| Failure::usage(&err))?;
    let mirror = open::mirror(config)?;
    let ledger = Arc::new(open::ledger(config)?);
    let engine = Engine::start(mirror, &ledger, config.engine()).map_err(|err| Failure::failed(&err))?;
    let options = config.server();
    let message_bytes_max = options.message_bytes_max;
    let cannot_bind = |address| move |err| Failure::environment(format!("cannot listen on {address}"), err);
    let bound = Bound::bind(config.listen, door, options).await.map_err(cannot_bind(config.listen))?;
    let socket = Socket::bind(&config.socket)
        .map_err(|err| Failure::environment(format!("cannot make the socket `{}`", config.socket.display()), err))?;
    let listen = config.operations.as_ref().map(|operations| operations.listen);
    let listener = listen.map(|address| TcpListener::bind(address).map_err(cannot_bind(address))).transpose()?;
    let operations = Operations::new(socket, listener);
    if let Some(address) = operations.address() {
        tracing::info!(%address, "health and metrics are there");
    }
    let facts = engine.facts();
    let address = bound.address().map_err(cannot_bind(config.listen))?;
    let exchange = Exchange::new(config.exchange.clone());
    let answer_bytes_max = message_bytes_max.saturating_sub(RECEIPT_ROOM_BYTES);
    let responder = Responder::new(Arc::new(engine), Arc::clone(&ledger), metrics, answer_bytes_max);
    let calls = Calls::new(responder, policy, exchange);
    let watched =
        Watched { ledger: Arc::clone(&ledger), calls: calls.clone(), slots: bound.slots().clone(), certificates };
    let operations = operations
        .start(watched, Handle::current())
        .map_err(|err| Failure::environment("cannot start the thread of health and metrics", err))?;
    process::check_descriptors()?;
    tracing::info!(%address, generation = facts.name(), as_of = facts.as_of, "serving");
    Ok(Prepared { bound, service: QueryService::new(calls), operations, ledger })
}

/// Tells the service manager that started the daemon, if one did: `systemctl start` returns when the daemon serves, not before,
/// and fails where it does not.
fn tell_manager(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "cannot tell the service manager whether the daemon serves: it may take it for one that hangs");
    }
}

/// Ready when the process is told to stop (SIGTERM, SIGINT).
fn stop_signal() -> Result<impl Future<Output = ()> + Send, Failure> {
    let listen = |kind| signal(kind).map_err(|err| Failure::environment("cannot wait for signals", err));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        // Cancel-safe: a signal not yet received is lost with the process only.
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
