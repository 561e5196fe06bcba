//! Operations: health, metrics and the daemon's own socket, on a thread and a runtime of their own, so that whatever load is on
//! the other one hides none of them.
//!
//! One address has both: `grpc.health.v1` (`health` says what healthy means) and `GET /metrics`. It has no TLS and asks
//! nobody who they are: what it tells are counts, ages and names of the configuration, nothing of a person. There is none
//! where the configuration names none; the socket is always there.

mod phase;
mod health;
mod observed;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    thread,
    time::Duration,
};

use axum::{
    Router,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    runtime::{Builder, Handle},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    service::Routes,
    transport::{Server, server::Connected},
};

use self::{
    health::{Health, Report, Verdict},
    phase::Phase,
};
use super::admin::Socket;
use crate::telemetry::metrics::{self, Page};

pub use observed::{Certificate, Watched};

/// Connections at a time: a scraper, a balancer and an operator have a few each.
const CONNECTIONS_MAX: usize = 64;

/// Streams of a connection at a time: `Watch` of a few services.
const STREAMS_MAX: u32 = 16;

/// How often a connection is asked whether somebody is still there.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);

/// Bound to socket and address, not yet served.
pub struct Operations {
    socket: Socket,
    listener: Option<TcpListener>,
}

impl Operations {
    /// By `socket`, and by `listener` where there is one.
    #[must_use]
    pub fn new(socket: Socket, listener: Option<TcpListener>) -> Self {
        Self { socket, listener }
    }

    /// The address bound, with the port that the system chose where none was asked for.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Starts the thread. What answers calls runs on `main`, and so do the probes.
    ///
    /// # Errors
    ///
    /// Where the system gives no thread or no runtime.
    pub fn start(self, watched: Watched, main: Handle) -> io::Result<Running> {
        let (phase, phases) = watch::channel(Phase::Serving);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let thread = thread::Builder::new().name("operations".to_owned()).spawn(move || {
            runtime.block_on(self.serve(watched, main, phases));
        })?;
        Ok(Running { phase, thread: Some(thread) })
    }

    async fn serve(self, watched: Watched, main: Handle, mut phases: watch::Receiver<Phase>) {
        let verdict = Arc::new(Verdict::default());
        let (report, health) = Report::new(Arc::clone(&verdict)).await;
        let probing = health::watch(report, watched.calls.responder().clone(), main, phases.clone());
        let socket = self.socket.serve(Arc::clone(&watched.ledger));
        let web = async {
            let Some(listener) = self.listener else { return std::future::pending().await };
            // Without a listener nobody asks how the daemon is, and the disk is left alone.
            let page = Arc::new(observed::page(watched, verdict));
            tokio::select! {
                never = probing => match never {},
                ended = serve_web(listener, health, page) => ended,
            }
        };
        // Cancel-safe: what operators do is recorded by the ledger's own thread, and everything else is asked again.
        tokio::select! {
            () = Phase::wait(&mut phases, |phase| phase == Phase::Ended) => {}
            ended = socket => tell("the daemon's own socket", ended),
            ended = web => tell("the listener of health and metrics", ended),
        }
    }
}

/// Tells that something ended by itself; courts are answered without it.
fn tell(what: &str, ended: io::Result<()>) {
    let error = ended.err().map_or_else(|| "no reason".to_owned(), |error| error.to_string());
    tracing::error!(
        what,
        error,
        "operations ended: health, metrics and the commands of this machine are not served any more"
    );
}

/// Serves health and the page of metrics, by HTTP/2 and HTTP/1.
async fn serve_web(listener: TcpListener, health: Health, page: Arc<Page>) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let (accepted, incoming) = mpsc::channel(1);
    let accepting = accept(tokio::net::TcpListener::from_std(listener)?, accepted);
    let show = move || {
        let page = Arc::clone(&page);
        async move { show(&page) }
    };
    let routes = Routes::from(Router::new().route("/metrics", get(show))).add_service(health);
    let serving = Server::builder()
        .accept_http1(true)
        .max_concurrent_streams(STREAMS_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .add_routes(routes)
        .serve_with_incoming(ReceiverStream::new(incoming));
    // Cancel-safe: where one ends, so does the other.
    tokio::select! {
        () = accepting => Err(io::Error::other("no connection is taken any more")),
        ended = serving => ended.map_err(io::Error::other),
    }
}

/// Accepts connections until nobody takes them; one too many is closed at once.
async fn accept(listener: tokio::net::TcpListener, accepted: mpsc::Sender<io::Result<Connection>>) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let Ok(permit) = Arc::clone(&slots).try_acquire_owned() else { continue };
                if accepted.send(Ok(Connection { stream, _permit: permit })).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                // Out of file descriptors, as a rule: wait for some to be freed.
                tracing::warn!(%error, "cannot accept a connection to health and metrics");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn show(page: &Page) -> impl IntoResponse + use<> {
    match page.text() {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Operations under way; they end when this is dropped.
pub struct Running {
    phase: watch::Sender<Phase>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    /// Says that the daemon takes no new calls: it is healthy no longer.
    pub fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::Ended);
        if let Some(thread) = self.thread.take() {
            // It has logged its panic.
            drop(thread.join());
        }
    }
}

/// A connection and its slot.
struct Connection {
    stream: TcpStream,
    _permit: OwnedSemaphorePermit,
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
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
}
