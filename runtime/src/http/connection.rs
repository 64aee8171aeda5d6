//! One connection: what goes on on it, and how it ends.
//!
//! A connection is quiet while the seller owes it nothing and nothing is sent: no call is being
//! answered, no answer waits for the seller to go on with it, and the client takes nothing of what
//! is ready for it. A quiet connection is told that it ends, and then is ended, whether its client
//! is idle, does not read, or gives an HTTP/2 stream no room. Asking and answering pings changes
//! nothing about that.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// What is written at once and counts as something that the client took, in bytes. What only keeps
/// a connection open is smaller: a ping of HTTP/2 has 17.
const SOMETHING: usize = 64;

/// How long a connection may do what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How long it may be quiet.
    pub(super) quiet: Duration,
    /// How old it may become before it is told to end.
    pub(super) age: Duration,
    /// How long what has begun on it by then may still take.
    pub(super) ending: Duration,
    /// How long a client may take to see that a quiet connection ends.
    pub(super) farewell: Duration,
}

/// What goes on on a connection.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    /// How much the seller is busy with for it.
    ours: AtomicUsize,
    /// When something last went on, in milliseconds after it was opened.
    last: AtomicU64,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Activity {
            opened: Instant::now(),
            ours: AtomicUsize::new(0),
            last: AtomicU64::new(0),
        })
    }

    /// It is the seller's turn, until the value is dropped.
    pub(super) fn turn(self: &Arc<Self>) -> Turn {
        self.ours.fetch_add(1, Ordering::Relaxed);
        Turn(Arc::clone(self))
    }

    /// Since when it has been quiet; `None` while it is not.
    pub(super) fn quiet_since(&self) -> Option<Instant> {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        (self.ours.load(Ordering::Relaxed) == 0).then(|| self.opened + last)
    }

    fn note(&self) {
        let millis = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.fetch_max(millis, Ordering::Relaxed);
    }
}

/// The seller's turn to do something.
#[derive(Debug)]
pub(super) struct Turn(Arc<Activity>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.note();
        self.0.ours.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer, noting whose turn it is.
pub(super) struct Answer {
    body: Body,
    activity: Arc<Activity>,
    /// Held while the seller has to go on with it.
    turn: Option<Turn>,
}

impl Answer {
    pub(super) fn new(body: Body, activity: Arc<Activity>) -> Self {
        Answer {
            body,
            activity,
            turn: None,
        }
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Pending => {
                if this.turn.is_none() {
                    this.turn = Some(this.activity.turn());
                }
                Poll::Pending
            }
            Poll::Ready(frame) => {
                this.turn = None;
                this.activity.note();
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The bytes of a connection, noting what the client takes.
pub(super) struct Wire {
    stream: TcpStream,
    activity: Arc<Activity>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, activity: Arc<Activity>) -> Self {
        Wire { stream, activity }
    }

    fn took(&self, written: usize) {
        if written >= SOMETHING {
            self.activity.note();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.took(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, parts))?;
        self.took(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
