//! Events that many sockets get, encoded once as what goes over the wire.
//!
//! The engine encodes and copies every packet for every socket. So an event that is the same for
//! many goes through the engine as a placeholder, which keeps its place among everything else;
//! where the placeholder comes out, the event's own bytes take its place, shared by all sockets.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};

/// The placeholder's event, which nothing else here emits: its name, and `()` is its data.
pub(super) const NAME: &str = "";

/// The placeholder as a packet of the engine's.
const PACKET: &[u8] = br#"42["",null]"#;

/// That packet as a WebSocket frame.
const FRAME: &[u8] = b"\x81\x0b42[\"\",null]";

/// The most that a queue keeps allocated while it is empty: entries.
const KEPT: usize = 16;

/// Between the packets of a polling answer.
pub(super) const SEPARATOR: u8 = 0x1e;

/// An event as a WebSocket frame, whose payload is the packet of the engine's.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    bytes: Bytes,
    /// Where the payload begins.
    payload: usize,
}

impl Frame {
    /// The frame of an event of this name with this data, which is JSON.
    pub(super) fn event(name: &'static str, data: &str) -> Frame {
        let length = r#"42["",]"#.len() + name.len() + data.len();
        let mut bytes = BytesMut::with_capacity(length + 10);
        // RFC 6455, section 5.2: one unmasked frame of text.
        bytes.put_u8(0x81);
        match length {
            0..126 => bytes.put_u8(length as u8),
            126..65_536 => {
                bytes.put_u8(126);
                bytes.put_u16(length as u16);
            }
            _ => {
                bytes.put_u8(127);
                bytes.put_u64(length as u64);
            }
        }
        let payload = bytes.len();
        for part in ["42[\"", name, "\",", data, "]"] {
            bytes.put_slice(part.as_bytes());
        }
        Frame { bytes: bytes.freeze(), payload }
    }
}

/// The events whose placeholders are on their way to one socket.
#[derive(Debug, Default)]
pub(super) struct Underway(VecDeque<Frame>);

impl Underway {
    /// The engine gets a placeholder for this one now.
    pub(super) fn push(&mut self, frame: Frame) {
        self.0.push_back(frame);
    }

    /// The frames that the engine writes, as they are to be written.
    ///
    /// It writes whole frames, because all that it writes is taken.
    pub(super) fn frames(&mut self, mut written: &[u8], out: &mut VecDeque<Bytes>) {
        // What stands between two placeholders is passed on in one piece.
        let mut plain = written;
        while let Some(length) = frame_length(written) {
            let (frame, rest) = written.split_at(length.min(written.len()));
            if frame == FRAME
                && let Some(event) = self.pop()
            {
                let before = plain.len() - written.len();
                if before > 0 {
                    out.push_back(Bytes::copy_from_slice(&plain[..before]));
                }
                out.push_back(event.bytes);
                plain = rest;
            }
            written = rest;
        }
        if !plain.is_empty() {
            out.push_back(Bytes::copy_from_slice(plain));
        }
    }

    /// The body of a polling answer as it is to be sent.
    pub(super) fn body(&mut self, body: Bytes) -> Bytes {
        if self.0.is_empty() {
            return body;
        }
        let mut out = Vec::with_capacity(body.len());
        for (place, packet) in body.split(|byte| *byte == SEPARATOR).enumerate() {
            if place > 0 {
                out.push(SEPARATOR);
            }
            match Some(packet).filter(|packet| *packet == PACKET).and_then(|_| self.pop()) {
                Some(event) => out.extend_from_slice(&event.bytes[event.payload..]),
                None => out.extend_from_slice(packet),
            }
        }
        out.into()
    }

    fn pop(&mut self) -> Option<Frame> {
        let frame = self.0.pop_front();
        if self.0.is_empty() {
            self.0.shrink_to(KEPT);
        }
        frame
    }
}

/// The length of the frame that these bytes begin with, header included.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    let (header, length) = match (*bytes.get(1)?, bytes) {
        (126, [_, _, a, b, ..]) => (4, u64::from(u16::from_be_bytes([*a, *b]))),
        (127, [_, _, length @ ..]) => (10, u64::from_be_bytes(*length.first_chunk()?)),
        (short, _) => (2, u64::from(short)),
    };
    usize::try_from(length).ok()?.checked_add(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(underway: &mut Underway, written: &[u8]) -> Vec<u8> {
        let mut out = VecDeque::new();
        underway.frames(written, &mut out);
        out.into_iter().flatten().collect()
    }

    #[test]
    fn an_event_takes_the_place_of_its_placeholder() {
        let mut underway = Underway::default();
        underway.push(Frame::event("a", "1"));
        underway.push(Frame::event("b", "{}"));
        let written = [b"\x81\x012", FRAME, b"\x81\x06431[0]", FRAME, b"\x81\x0241"].concat();
        let sent = b"\x81\x012\x81\x0942[\"a\",1]\x81\x06431[0]\x81\x0a42[\"b\",{}]\x81\x0241";
        assert_eq!(through(&mut underway, &written), sent);
        assert_eq!(through(&mut underway, FRAME), FRAME, "nothing is underway any more");
    }

    #[test]
    fn what_looks_like_a_placeholder_inside_a_frame_is_left_alone() {
        let mut underway = Underway::default();
        underway.push(Frame::event("a", "1"));
        let inside = [b"\x81\x0ex".as_slice(), FRAME].concat();
        assert_eq!(through(&mut underway, &inside), inside);
        let long = [&[0x81, 126, 1, 0], [7; 243].as_slice(), FRAME].concat();
        assert_eq!(through(&mut underway, &long), long);
        assert_eq!(through(&mut underway, FRAME), b"\x81\x0942[\"a\",1]");
    }

    #[test]
    fn frames_of_every_length_are_framed_as_they_are_read() {
        for length in [0, 100, 118, 119, 1000, 65_528, 65_529, 100_000] {
            let event = Frame::event("a", &"x".repeat(length));
            assert_eq!(frame_length(&event.bytes), Some(event.bytes.len()), "{length}");
            assert_eq!(event.bytes.len() - event.payload, length + 8, "{length}");
        }
    }

    #[test]
    fn a_polling_answer_gets_the_packets_in_their_places() {
        let mut underway = Underway::default();
        underway.push(Frame::event("a", "1"));
        let body = Bytes::from_static(b"2\x1e42[\"\",null]\x1e6");
        assert_eq!(underway.body(body), b"2\x1e42[\"a\",1]\x1e6".as_slice());
    }
}
