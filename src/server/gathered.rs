//! A stream that gathers what is written until everything that is ready has been.
//!
//! HTTP/2 flushes after every message of more than a kilobyte. Behind TLS each flush is a record, a system call and a packet,
//! which together cost more than all else that an answer takes. Answers of one batch become ready together, so the flush is put
//! off until every other task that can run has run; then all of them leave at once. Nothing waits for time to pass.
//!
//! A flush that is put off reports that it is done, and wakes its task, which then begins by reading, as HTTP/2 does whenever it is
//! polled: reading comes after the flush, here. So does a second flush with nothing written between, and closing.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are gathered before they are written without a flush: what `rustls` takes at once, four records.
const GATHERED_BYTES_MAX: usize = 64 * 1024;

/// A stream whose flushes are put off.
pub(super) struct Gathered<S> {
    stream: S,
    waiting: Vec<u8>,
    /// Bytes of `waiting` that the stream has taken.
    taken: usize,
    is_put_off: bool,
}

impl<S: AsyncWrite + Unpin> Gathered<S> {
    /// Gathers what is written to `stream`.
    pub(super) fn new(stream: S) -> Self {
        Self { stream, waiting: Vec::with_capacity(GATHERED_BYTES_MAX), taken: 0, is_put_off: false }
    }

    /// Writes and flushes what waits.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.taken < self.waiting.len() {
            let taken = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.waiting[self.taken..]))?;
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.taken += taken;
        }
        self.waiting.clear();
        (self.taken, self.is_put_off) = (0, false);
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Makes room for more, where there is none.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.waiting.len() >= GATHERED_BYTES_MAX {
            ready!(self.poll_drain(cx))?;
        }
        self.is_put_off = false;
        Poll::Ready(Ok(GATHERED_BYTES_MAX - self.waiting.len()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // Where the stream takes no more now, it wakes the task once it does; reading goes on meanwhile.
        if let Poll::Ready(Err(error)) = self.poll_drain(cx) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let room = ready!(self.poll_room(cx))?;
        let length = buf.len().min(room);
        self.waiting.extend_from_slice(&buf[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut room = ready!(self.poll_room(cx))?;
        let before = self.waiting.len();
        for buf in bufs {
            let length = buf.len().min(room);
            self.waiting.extend_from_slice(&buf[..length]);
            room -= length;
        }
        Poll::Ready(Ok(self.waiting.len() - before))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_put_off || self.waiting.is_empty() {
            return self.poll_drain(cx);
        }
        self.is_put_off = true;
        cx.waker().wake_by_ref();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
