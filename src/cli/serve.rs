//! `bdcd serve`: the daemon.

use std::sync::Arc;

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

use super::{
    check,
    failure::Failure,
    open::{self, ConfigArgument},
};
use crate::{
    config::Config,
    ledger::Ledger,
    rpc::query::QueryService,
    server::{Bound, admin::Socket},
    service::{answer::Responder, calls::Calls, engine::Engine, exchange::Exchange},
    telemetry,
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
    let _logging = telemetry::start(&config.log);
    open::runtime()?.block_on(async {
        let Prepared { bound, service, ledger, socket } = prepare(&config).await?;
        let signalled = stop_signal()?;
        let stop = async {
            signalled.await;
            tell_manager(NotifyState::Stopping);
        };
        tell_manager(NotifyState::Ready);
        // It ends with the runtime, at the latest; nothing that it records is half done then.
        let admin = tokio::spawn(socket.serve(ledger));
        let served = bound.serve(service, stop).await;
        admin.abort();
        served.map_err(|err| Failure::environment("the server failed", err))
    })
}

/// A daemon that is ready to serve.
pub(super) struct Prepared {
    pub(super) bound: Bound,
    pub(super) service: QueryService,
    pub(super) ledger: Arc<Ledger>,
    pub(super) socket: Socket,
}

/// Opens the ledger and the mirror, starts the engine, and binds the address and the socket.
pub(super) async fn prepare(config: &Config) -> Result<Prepared, Failure> {
    // First, for the engine records that it serves.
    let (policy, door) = open::entrance(config)?;
    let mirror = open::mirror(config)?;
    let ledger = Arc::new(open::ledger(config)?);
    let engine = Engine::start(mirror, &ledger, config.engine()).map_err(|err| Failure::failed(&err))?;
    let options = config.server();
    let message_bytes_max = options.message_bytes_max;
    let cannot_bind = |err| Failure::environment(format!("cannot listen on {}", config.listen), err);
    let bound = Bound::bind(config.listen, door, options).await.map_err(cannot_bind)?;
    let facts = engine.facts();
    tracing::info!(address = %bound.address().map_err(cannot_bind)?, generation = facts.name(), as_of = facts.as_of, "serving");
    let socket = Socket::bind(&config.socket)
        .map_err(|err| Failure::environment(format!("cannot make the socket `{}`", config.socket.display()), err))?;
    let exchange = Exchange::new(config.exchange.clone());
    let answer_bytes_max = message_bytes_max.saturating_sub(RECEIPT_ROOM_BYTES);
    let responder = Responder::new(Arc::new(engine), Arc::clone(&ledger), answer_bytes_max);
    let service = QueryService::new(Calls::new(responder, policy, exchange));
    Ok(Prepared { bound, service, ledger, socket })
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
