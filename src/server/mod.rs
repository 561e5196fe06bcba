//! Build, run, drain: the listener, its TLS, and the life of the process.
//!
//! One current-thread runtime accepts, speaks HTTP/2 and waits; readers have threads of their own. A stop signal closes the
//! listener, lets what is under way end within a bound, then leaves.

pub mod admin;

pub mod tls;

mod gathered;

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Server, server::Connected};

use self::gathered::Gathered;
use crate::{
    rpc::{contract::query_service_server::QueryServiceServer, query::QueryService},
    service::calls::Caller,
};

/// How the server listens.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes of the largest message taken or sent.
    pub message_bytes_max: usize,
    /// Calls at a time on one connection.
    pub streams_max: u32,
    /// Connections at a time.
    pub connections_max: usize,
    /// How long a handshake may take.
    pub handshake_timeout: Duration,
    /// How long a call may take.
    pub call_timeout: Duration,
    /// How long calls under way may take to end after a stop signal.
    pub drain_timeout: Duration,
}

/// A listener bound to its address, not yet accepting.
pub struct Bound {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    judge: tls::Judge,
    options: Options,
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
        Ok(Self { listener: TcpListener::bind(address).await?, acceptor: config.into(), judge, options })
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
    /// Where the transport fails as a whole; a connection that fails ends alone.
    pub async fn serve(
        self,
        service: QueryService,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), tonic::transport::Error> {
        let Self { listener, acceptor, judge, options } = self;
        let (accepted, connections) = mpsc::channel(16);
        let accepting = tokio::spawn(accept(listener, acceptor, judge, options.clone(), accepted));
        let service = QueryServiceServer::new(service)
            .max_decoding_message_size(options.message_bytes_max)
            .max_encoding_message_size(options.message_bytes_max);
        let (stopping, stopped) = tokio::sync::oneshot::channel();
        let serving = Server::builder()
            .max_concurrent_streams(options.streams_max)
            .timeout(options.call_timeout)
            .http2_keepalive_interval(Some(Duration::from_secs(30)))
            // Without a router: there is one service, which refuses what is no method of its own.
            .serve_with_incoming_shutdown(service, ReceiverStream::new(connections), async move {
                drop(stopped.await);
            });
        let drained = async {
            stop.await;
            accepting.abort();
            tracing::info!("draining");
            // The other side is gone only where serving ended by itself.
            stopping.send(()).unwrap_or_default();
            tokio::time::sleep(options.drain_timeout).await;
        };
        // Cancel-safe: whichever ends first ends the process's service; the other holds nothing that must be kept.
        tokio::select! {
            result = serving => result,
            () = drained => Ok(()),
        }
    }
}

type Accepted = io::Result<Connection>;

/// Accepts connections for ever; each shakes hands on a task of its own.
async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    judge: tls::Judge,
    options: Options,
    accepted: mpsc::Sender<Accepted>,
) {
    let room = Arc::new(Semaphore::new(options.connections_max));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, as a rule: the listener itself is well, so wait for some to be freed.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (acceptor, judge, accepted) = (acceptor.clone(), judge.clone(), accepted.clone());
        let timeout = options.handshake_timeout;
        tokio::spawn(async move {
            let nodelay = stream.set_nodelay(true);
            match tokio::time::timeout(timeout, acceptor.accept(stream)).await {
                Ok(Ok(stream)) if nodelay.is_ok() => {
                    let caller = judge.caller(stream.get_ref().1.peer_certificates());
                    let stream = Gathered::new(stream);
                    drop(accepted.send(Ok(Connection { stream, caller, _permit: permit })).await);
                }
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::debug!(%error, "handshake failed"),
                Err(_) => tracing::debug!("handshake took too long"),
            }
        });
    }
}

/// A connection that shook hands, and who is at its other end.
struct Connection {
    stream: Gathered<TlsStream<TcpStream>>,
    caller: Caller,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

impl Connected for Connection {
    type ConnectInfo = Caller;

    fn connect_info(&self) -> Caller {
        self.caller.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
