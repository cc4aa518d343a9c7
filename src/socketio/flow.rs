//! How much a socket can take at the moment.
//!
//! What is new is read for a socket only as fast as it takes it, so a slow one costs no memory.
//! A WebSocket has taken everything when its stream is flushed: the engine's writer empties its
//! queue, then flushes. A polling request has taken what is in its answer.
//!
//! What it is sent passes here, so here the shared events take the places of their placeholders.

use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use parking_lot::Mutex;
use socketioxide::socket::Sid;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Sleep, sleep};

use super::dispatcher::Signal;
use super::shared::{Frame, SEPARATOR, Underway};

/// Bytes that may be on their way to a socket before it is left alone for a while.
const WINDOW: usize = 64 << 10;

/// Packets for one polling request. Python clients refuse an answer with more than 16, and the
/// engine adds some of its own.
const PACKETS: usize = 12;

/// How long a WebSocket may take nothing of what is being written to it.
const BLOCKED: Duration = Duration::from_secs(30);

/// Pieces that are written with one call.
const PIECES: usize = 64;

/// The count for one socket.
#[derive(Debug)]
pub(super) struct Flow {
    count: Mutex<Count>,
    wake: OnceLock<(Sid, UnboundedSender<Signal>)>,
}

#[derive(Debug, Default)]
struct Count {
    polling: bool,
    bytes: usize,
    packets: usize,
    /// There is more for this socket when it has taken this.
    waiting: bool,
    /// The connection is to end.
    cut: bool,
    underway: Underway,
    /// Those who wait for the stream.
    wakers: [Option<Waker>; 2],
}

impl Flow {
    pub(super) fn new(polling: bool) -> Flow {
        Flow { count: Mutex::new(Count { polling, ..Count::default() }), wake: OnceLock::new() }
    }

    /// From now on this socket's dispatcher is woken when there is room again.
    pub(super) fn belongs_to(&self, sid: Sid, signals: UnboundedSender<Signal>) {
        let _ = self.wake.set((sid, signals));
    }

    /// Whether so much may be sent now; then it counts as sent. If not, the dispatcher will be
    /// woken when it may.
    pub(super) fn admits(&self, bytes: usize, packets: usize) -> bool {
        let mut count = self.count.lock();
        let crowded =
            count.polling && count.packets > 0 && count.packets.saturating_add(packets) > PACKETS;
        if crowded || count.bytes >= WINDOW {
            count.waiting = true;
            return false;
        }
        count.bytes += bytes;
        count.packets += packets;
        true
    }

    /// Whether a placeholder may go for an event; then it is kept for it.
    pub(super) fn shares(&self, frame: impl FnOnce() -> Frame) -> bool {
        let mut count = self.count.lock();
        if !count.polling {
            count.underway.push(frame());
        }
        !count.polling
    }

    /// A polling request takes what is in its answer, which it gets in this form.
    pub(super) fn polled(&self, answer: Bytes) -> Bytes {
        let mut count = self.count.lock();
        // What was emitted while the upgrade was under way may still come out here.
        let answer = count.underway.body(answer);
        // What the engine sends by itself was not counted.
        let ours =
            |packet: &&[u8]| matches!(packet, [b'b', ..] | [b'4', b'2' | b'3' | b'5' | b'6', ..]);
        let packets = answer.split(|byte| *byte == SEPARATOR).filter(ours).count();
        count.packets = count.packets.saturating_sub(packets);
        count.bytes = if count.packets == 0 { 0 } else { count.bytes.saturating_sub(answer.len()) };
        self.wake(count);
        answer
    }

    /// The socket is on a WebSocket now.
    pub(super) fn upgraded(&self) {
        let mut count = self.count.lock();
        count.polling = false;
        self.wake(count);
    }

    /// Everything that was written has gone out.
    fn flushed(&self) {
        let mut count = self.count.lock();
        (count.bytes, count.packets) = (0, 0);
        self.wake(count);
    }

    /// Ends the connection, however stuck it is; its client comes back by itself.
    pub(super) fn cut(&self) {
        let mut count = self.count.lock();
        count.cut = true;
        let wakers = std::mem::take(&mut count.wakers);
        drop(count);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Whether the connection is to end.
    pub(super) fn is_cut(&self) -> bool {
        self.count.lock().cut
    }

    fn wake(&self, mut count: parking_lot::MutexGuard<'_, Count>) {
        let waiting = std::mem::take(&mut count.waiting);
        drop(count);
        if let (true, Some((sid, signals))) = (waiting, self.wake.get()) {
            let _ = signals.send(Signal::Ready(*sid));
        }
    }

    /// Gives what the stream answered, unless the connection is to end.
    fn unless_cut<T>(
        &self,
        answer: Poll<io::Result<T>>,
        place: usize,
        context: &Context<'_>,
    ) -> Poll<io::Result<T>> {
        if answer.is_ready() {
            return answer;
        }
        let mut count = self.count.lock();
        if count.cut {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        match &mut count.wakers[place] {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        answer
    }
}

/// A WebSocket's stream that says when everything went out, and ends when nothing does.
pub(super) struct Counted<S> {
    stream: S,
    flow: Arc<Flow>,
    /// What was taken and not written yet.
    pieces: VecDeque<Bytes>,
    /// Runs out while nothing can be written.
    blocked: Option<Pin<Box<Sleep>>>,
    /// Runs when the stream is dropped.
    _end: Box<dyn Send>,
}

impl<S> Counted<S> {
    pub(super) fn new(stream: S, flow: Arc<Flow>, end: impl Send + 'static) -> Counted<S> {
        Counted { stream, flow, pieces: VecDeque::new(), blocked: None, _end: Box::new(end) }
    }

    fn written<T>(
        &mut self,
        answer: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if answer.is_ready() {
            self.blocked = None;
            return answer;
        }
        let blocked = self.blocked.get_or_insert_with(|| Box::pin(sleep(BLOCKED)));
        if blocked.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        self.flow.unless_cut(answer, 1, context)
    }
}

impl<S: AsyncWrite + Unpin> Counted<S> {
    /// Writes what was taken.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pieces.is_empty() {
            let mut slices = [IoSlice::new(&[]); PIECES];
            for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
                *slice = IoSlice::new(piece);
            }
            let count = self.pieces.len().min(PIECES);
            let answer = Pin::new(&mut self.stream).poll_write_vectored(context, &slices[..count]);
            let mut written = match self.written(answer, context) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => written,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            };
            while let Some(piece) = self.pieces.front_mut().filter(|_| written > 0) {
                let part = written.min(piece.len());
                written -= part;
                piece.advance(part);
                if piece.is_empty() {
                    self.pieces.pop_front();
                }
            }
        }
        self.pieces.shrink_to(PIECES);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let answer = Pin::new(&mut self.stream).poll_read(context, into);
        self.flow.unless_cut(answer, 0, context)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    /// Takes all or nothing, so that what comes begins with a frame each time.
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_drain(context))?;
        let Counted { flow, pieces, .. } = &mut *self;
        flow.count.lock().underway.frames(bytes, pieces);
        match self.poll_drain(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        let answer = Pin::new(&mut self.stream).poll_flush(context);
        if let Poll::Ready(Ok(())) = answer {
            self.flow.flushed();
        }
        self.written(answer, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        let answer = Pin::new(&mut self.stream).poll_shutdown(context);
        self.written(answer, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polling_socket_gets_no_more_packets_than_a_python_client_takes() {
        let flow = Flow::new(true);
        assert_eq!((0..50).filter(|_| flow.admits(100, 1)).count(), PACKETS);
        // What came after the answer was made still counts.
        flow.polled(Bytes::from_static(b"42[\"a\"]\x1e2\x1e42[\"b\"]\x1e40{}"));
        assert_eq!((0..50).filter(|_| flow.admits(100, 1)).count(), 2);
        flow.polled(Bytes::from_static(b"42[]\x1e430[]\x1e451-[]\x1ebAAAA\x1e6"));
        assert_eq!((0..50).filter(|_| flow.admits(100, 1)).count(), 4);
    }

    #[test]
    fn a_packet_with_many_parts_goes_alone() {
        let flow = Flow::new(true);
        assert!(flow.admits(1, 1));
        assert!(!flow.admits(1, PACKETS));
        flow.polled(Bytes::from_static(b"42[]"));
        assert!(flow.admits(1, PACKETS + 1));
        assert!(!flow.admits(1, 1));
    }

    #[test]
    fn a_websocket_that_takes_everything_never_stalls() {
        let flow = Flow::new(false);
        for _ in 0..10_000 {
            assert!(flow.admits(60, 1));
            flow.flushed();
        }
        while flow.admits(1000, 1) {}
        assert!(!flow.admits(1, 1));
        flow.flushed();
        assert!(flow.admits(1, 1));
    }
}
