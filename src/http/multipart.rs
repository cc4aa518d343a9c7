//! A multipart body, read as it comes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use multer::{Field, Multipart};
use rocket::http::RawStr;
use rocket::tokio::io::{AsyncRead, ReadBuf};
use rocket::tokio::time::timeout;

/// What is read at once.
const PIECE: usize = 16 << 10;

/// What may stand between one part and the next: the headers of a part are in memory as a whole.
const BETWEEN: u64 = 64 << 10;

/// How long a sender may send nothing.
pub(super) const STALLED: Duration = Duration::from_secs(30);

/// The parts of a body.
pub(super) struct Parts<'r> {
    parts: Multipart<'r>,
    allowance: Arc<Allowance>,
}

/// How far a body may be read.
#[derive(Default)]
struct Allowance {
    given: AtomicU64,
    until: AtomicU64,
}

/// The body was cut off, or is not what it says it is.
#[derive(Debug)]
pub(super) struct Broken;

impl<'r> Parts<'r> {
    pub(super) fn of(body: impl AsyncRead + Unpin + Send + 'r, boundary: &str) -> Parts<'r> {
        let allowance = Arc::<Allowance>::default();
        let buffer = vec![0; PIECE].into();
        let pieces = Pieces { body, buffer, rests: false, allowance: allowance.clone() };
        Parts { parts: Multipart::new(pieces, boundary), allowance }
    }

    /// The next part; `None` behind the last.
    pub(super) async fn next(&mut self) -> Result<Option<Field<'r>>, Broken> {
        let given = self.allowance.given.load(Ordering::Relaxed);
        self.allowance.until.store(given + BETWEEN, Ordering::Relaxed);
        let next = timeout(STALLED, self.parts.next_field()).await;
        self.allowance.until.store(u64::MAX, Ordering::Relaxed);
        next.map_err(|_| Broken)?.map_err(|_| Broken)
    }
}

/// The next bytes of a part; `None` behind the last.
pub(super) async fn chunk(part: &mut Field<'_>) -> Result<Option<Bytes>, Broken> {
    timeout(STALLED, part.chunk()).await.map_err(|_| Broken)?.map_err(|_| Broken)
}

/// What the sender calls the file in a part: `None` when it is no file.
pub(super) fn file_name(part: &Field<'_>) -> Option<String> {
    match part.file_name() {
        // Browsers escape quotes so, and nothing else that a name keeps.
        Some(name) => Some(name.replace("%22", "\"")),
        None => extended_name(part.headers().get("Content-Disposition")?.to_str().ok()?),
    }
}

/// `filename*=UTF-8''…`, which RFC 7578 forbids, and clients in use send none the less.
fn extended_name(disposition: &str) -> Option<String> {
    let value = disposition.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("filename*").then_some(value.trim())
    })?;
    let (charset, rest) = value.split_once('\'')?;
    let (_, name) = rest.split_once('\'')?;
    let known = charset.eq_ignore_ascii_case("utf-8");
    known.then(|| RawStr::new(name).percent_decode_lossy().into_owned())
}

/// The body in pieces. After each it rests once: the parser takes whatever it can get before it
/// looks at it, which would be all of a body that came faster than it is written.
struct Pieces<R> {
    body: R,
    buffer: Box<[u8]>,
    rests: bool,
    allowance: Arc<Allowance>,
}

impl<R: AsyncRead + Unpin> Stream for Pieces<R> {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if std::mem::take(&mut this.rests) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let given = this.allowance.given.load(Ordering::Relaxed);
        if given >= this.allowance.until.load(Ordering::Relaxed) {
            return Poll::Ready(Some(Err(io::ErrorKind::FileTooLarge.into())));
        }
        let mut buffer = ReadBuf::new(&mut this.buffer);
        match Pin::new(&mut this.body).poll_read(context, &mut buffer) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => Poll::Ready(None),
            Poll::Ready(Ok(())) => {
                let piece = Bytes::copy_from_slice(buffer.filled());
                this.allowance.given.fetch_add(piece.len() as u64, Ordering::Relaxed);
                this.rests = true;
                Poll::Ready(Some(Ok(piece)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_extended_form_is_read() {
        for (disposition, name) in [
            ("form-data; name=\"file\"; filename*=UTF-8''na%C3%AFve%20a.txt", Some("naïve a.txt")),
            ("form-data; name=\"file\"; FileName*=utf-8'en'a%2Fb", Some("a/b")),
            ("form-data; name=\"file\"; filename*=latin1''a", None),
            ("form-data; name=\"file\"", None),
        ] {
            assert_eq!(extended_name(disposition).as_deref(), name, "{disposition}");
        }
    }
}
