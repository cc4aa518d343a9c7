//! How much a socket can take at the moment.
//!
//! What is new is read for a socket only as fast as it takes it, so a slow one costs no memory.
//! Over WebSocket its stream counts the bytes that went out; over polling, a request takes
//! everything.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use socketioxide::socket::Sid;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc::UnboundedSender;

use super::dispatcher::Signal;

/// Bytes that may be on their way to a socket before it is left alone for a while.
const WINDOW: i64 = 64 << 10;

/// Packets for one polling request. Python clients refuse an answer with more than 16, and the
/// engine adds some of its own.
const PACKETS: u32 = 12;

/// The count for one socket.
#[derive(Debug)]
pub(super) struct Flow {
    polling: AtomicBool,
    bytes: AtomicI64,
    packets: AtomicU32,
    /// There is more for this socket when it has taken this.
    waiting: AtomicBool,
    wake: OnceLock<(Sid, UnboundedSender<Signal>)>,
}

impl Flow {
    pub(super) fn new(polling: bool) -> Flow {
        Flow {
            polling: AtomicBool::new(polling),
            bytes: AtomicI64::new(0),
            packets: AtomicU32::new(0),
            waiting: AtomicBool::new(false),
            wake: OnceLock::new(),
        }
    }

    /// From now on this socket's dispatcher is woken when there is room again.
    pub(super) fn belongs_to(&self, sid: Sid, signals: UnboundedSender<Signal>) {
        let _ = self.wake.set((sid, signals));
    }

    /// Whether more may be sent. If not, the dispatcher will be woken.
    pub(super) fn has_room(&self) -> bool {
        if self.has_room_now() {
            return true;
        }
        self.waiting.store(true, Ordering::SeqCst);
        // It may have been taken between the two lines above.
        self.has_room_now()
    }

    fn has_room_now(&self) -> bool {
        let packets = self.packets.load(Ordering::SeqCst);
        let full = self.polling.load(Ordering::SeqCst) && packets >= PACKETS;
        !full && self.bytes.load(Ordering::SeqCst) < WINDOW
    }

    /// A packet of about this many bytes is on its way.
    pub(super) fn sent(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as i64, Ordering::SeqCst);
        self.packets.fetch_add(1, Ordering::SeqCst);
    }

    /// A polling request took what there was.
    pub(super) fn polled(&self) {
        self.bytes.store(0, Ordering::SeqCst);
        self.packets.store(0, Ordering::SeqCst);
        self.wake();
    }

    /// The socket is on a WebSocket now.
    pub(super) fn upgraded(&self) {
        self.polling.store(false, Ordering::SeqCst);
        self.wake();
    }

    /// So many bytes went out. Frames are a little longer than what was counted for them, so the
    /// count stays at zero at least.
    fn written(&self, bytes: usize) {
        let less = |count: i64| Some((count - bytes as i64).max(0));
        let _ = self.bytes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        self.wake();
    }

    fn wake(&self) {
        if self.waiting.swap(false, Ordering::SeqCst)
            && let Some((sid, signals)) = self.wake.get()
        {
            let _ = signals.send(Signal::Ready(*sid));
        }
    }
}

/// A WebSocket's stream that counts what goes out.
pub(super) struct Counted<S> {
    stream: S,
    flow: Arc<Flow>,
    /// Runs when the stream is dropped.
    _end: Box<dyn Send>,
}

impl<S> Counted<S> {
    pub(super) fn new(stream: S, flow: Arc<Flow>, end: impl Send + 'static) -> Counted<S> {
        Counted { stream, flow, _end: Box::new(end) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = written {
            self.flow.written(count);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
