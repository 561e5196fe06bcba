//! Build, run, drain: the listener, its TLS, and the life of the process.
//!
//! One current-thread runtime accepts, speaks HTTP/2 and waits; readers have threads of their own, and so have [`operations`]:
//! health, metrics and the socket for the commands of this machine. A stop signal closes the listener, lets what is under way end
//! within a bound, then leaves.

mod options;
pub mod tls;
mod slots;
mod gathered;
mod accept;
pub mod admin;
pub mod operations;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

pub use self::{options::Options, slots::Slots};

use self::accept::Doorkeeper;
use crate::rpc::{contract::query_service_server::QueryServiceServer, gate::Gate, query::QueryService};

/// Why a server ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The transport failed.
    #[error("the transport failed")]
    Transport(#[source] tonic::transport::Error),
    /// What takes connections ended.
    #[error("no connection is taken any more: this is a fault of the program, report it")]
    Unattended,
}

/// A listener bound to its address, not yet accepting.
pub struct Bound {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    judge: tls::Judge,
    options: Options,
    slots: Slots,
}

impl Bound {
    /// Binds `address`.
    ///
    /// # Errors
    ///
    /// Where the address cannot be bound.
    pub async fn bind(
        address: SocketAddr,
        (config, judge): (Arc<rustls::ServerConfig>, tls::Judge),
        options: Options,
    ) -> io::Result<Self> {
        let slots = Slots::new(&options);
        Ok(Self { listener: TcpListener::bind(address).await?, acceptor: config.into(), judge, options, slots })
    }

    /// The slots of its connections.
    #[must_use]
    pub fn slots(&self) -> &Slots {
        &self.slots
    }

    /// The address bound, with the port that the system chose where none was asked for.
    ///
    /// # Errors
    ///
    /// Where the system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is ready, then drains.
    ///
    /// # Errors
    ///
    /// [`ServeError`] where the transport fails as a whole, or no connection is taken any more; one that fails ends alone.
    pub async fn serve(self, service: QueryService, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let Self { listener, acceptor, judge, options, slots } = self;
        let (accepted, connections) = mpsc::channel(16);
        let (ending, ended) = watch::channel(false);
        let calls = service.calls().clone();
        let doorkeeper = Doorkeeper::new(acceptor, judge, calls.clone(), (&options, slots), ended);
        let accepting = tokio::spawn(doorkeeper.accept(listener, accepted));
        let accepts = accepting.abort_handle();
        let service = QueryServiceServer::new(service)
            .max_decoding_message_size(options.message_bytes_max)
            .max_encoding_message_size(options.message_bytes_max);
        let service = Gate::new(service, calls, options.call_timeout);
        let (stopping, stopped) = tokio::sync::oneshot::channel();
        let serving = Server::builder()
            .max_concurrent_streams(options.streams_max)
            .http2_keepalive_interval(Some(Duration::from_secs(30)))
            // Without a router: there is one service, which refuses what is no method of its own.
            .serve_with_incoming_shutdown(service, ReceiverStream::new(connections), async move {
                drop(stopped.await);
            });
        let drained = async {
            stop.await;
            accepts.abort();
            tracing::info!("draining");
            // Strangers have nothing under way that is worth waiting for.
            ending.send_replace(true);
            // The other side is gone only where serving ended by itself.
            stopping.send(()).unwrap_or_default();
            tokio::time::sleep(options.drain_timeout).await;
        };
        // Ended by whoever drains, it is as it should be; by itself, nobody could connect any more, and nobody would notice.
        let unattended = async {
            match accepting.await {
                Err(ended) if ended.is_cancelled() => std::future::pending().await,
                _ => ServeError::Unattended,
            }
        };
        // Cancel-safe: whichever ends first ends the process's service; the others hold nothing that must be kept.
        tokio::select! {
            biased;
            error = unattended => Err(error),
            result = serving => result.map_err(ServeError::Transport),
            () = drained => Ok(()),
        }
    }
}
