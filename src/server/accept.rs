//! Accepting: handshakes within bounds of their own, and slots that strangers cannot take from listed gateways.
//!
//! A handshake under way holds no slot of a connection. Where as many are under way as may be, a new one ends the oldest: an
//! honest one takes milliseconds, so those that stand still are the ones to go. Who is listed is known once the handshake is
//! done; whoever is not gets one of few slots, and for a short time, in which the refusal is told.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, mpsc, watch},
    task::AbortHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tonic::transport::server::Connected;

use super::{gathered::Gathered, options::Options, slots::Slots, tls};
use crate::service::calls::{Calls, Peer};

type Accepted = io::Result<Connection>;

/// Lets connections in.
#[derive(Clone)]
pub(super) struct Doorkeeper {
    acceptor: TlsAcceptor,
    judge: tls::Judge,
    calls: Calls,
    slots: Slots,
    stranger_time_max: Duration,
    handshakes_max: usize,
    handshake_timeout: Duration,
    /// True once the daemon stops.
    ended: watch::Receiver<bool>,
}

impl Doorkeeper {
    /// A doorkeeper who knows the gateways of `calls`.
    pub(super) fn new(
        acceptor: TlsAcceptor,
        judge: tls::Judge,
        calls: Calls,
        (options, slots): (&Options, Slots),
        ended: watch::Receiver<bool>,
    ) -> Self {
        Self {
            acceptor,
            judge,
            calls,
            slots,
            stranger_time_max: options.stranger_time_max,
            handshakes_max: options.handshakes_max,
            handshake_timeout: options.handshake_timeout,
            ended,
        }
    }

    /// Accepts connections for ever; each shakes hands on a task of its own.
    pub(super) async fn accept(self, listener: TcpListener, accepted: mpsc::Sender<Accepted>) {
        let mut under_way: VecDeque<AbortHandle> = VecDeque::new();
        let mut failures = Failures::default();
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, as a rule: the listener itself is well, so wait for some to be freed.
                    if let Some(count) = failures.add(Instant::now()) {
                        tracing::warn!(%error, count, "cannot accept connections");
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            under_way.retain(|handshake| !handshake.is_finished());
            if under_way.len() >= self.handshakes_max
                && let Some(oldest) = under_way.pop_front()
            {
                oldest.abort();
            }
            let (doorkeeper, accepted) = (self.clone(), accepted.clone());
            let handshake = tokio::spawn(async move {
                if let Some(connection) = doorkeeper.shake_hands(stream).await {
                    // A server that takes no more has stopped.
                    drop(accepted.send(Ok(connection)).await);
                }
            });
            under_way.push_back(handshake.abort_handle());
        }
    }

    async fn shake_hands(mut self, stream: TcpStream) -> Option<Connection> {
        stream.set_nodelay(true).ok()?;
        let stream = match tokio::time::timeout(self.handshake_timeout, self.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(%error, "handshake failed");
                return None;
            }
            Err(_) => {
                tracing::debug!("handshake took too long");
                return None;
            }
        };
        let peer = self.judge.peer(stream.get_ref().1.peer_certificates());
        let is_listed = self.calls.is_listed(&peer.caller);
        let Some(permit) = self.slots.take(is_listed) else {
            tracing::debug!(is_listed, "no slot is left for a connection");
            return None;
        };
        let end: Option<End> = (!is_listed).then(|| {
            let end: End = Box::pin(async move {
                // Cancel-safe: neither holds anything.
                tokio::select! {
                    () = tokio::time::sleep(self.stranger_time_max) => {}
                    _ = self.ended.wait_for(|ended| *ended) => {}
                }
            });
            end
        });
        Some(Connection { stream: Gathered::new(stream), peer, end, _permit: permit })
    }
}

/// How often failures to accept are told: they may come ten times a second for as long as descriptors are out.
const FAILURES_TOLD_INTERVAL: Duration = Duration::from_mins(1);

/// What failed since that was told last.
#[derive(Default)]
struct Failures {
    count: u64,
    told: Option<Instant>,
}

impl Failures {
    /// Counts one more; how many there were since they were told last, where it is time to tell.
    fn add(&mut self, now: Instant) -> Option<u64> {
        self.count += 1;
        if self.told.is_some_and(|told| now.duration_since(told) < FAILURES_TOLD_INTERVAL) {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

/// When a connection ends, whatever is under way.
type End = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection that shook hands, and who is at its other end.
pub(super) struct Connection {
    stream: Gathered<TlsStream<TcpStream>>,
    peer: Peer,
    end: Option<End>,
    _permit: OwnedSemaphorePermit,
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // HTTP/2 always waits for what comes next, so the end wakes it.
        if let Some(end) = &mut self.end
            && end.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_to_accept_are_told_once_a_minute_with_their_count() {
        let (mut failures, start) = (Failures::default(), Instant::now());
        let told: Vec<_> = (0..1300).filter_map(|at| failures.add(start + Duration::from_millis(100 * at))).collect();
        assert_eq!(told, [1, 600, 600]);
    }
}
