//! A minimal Socket.IO client over WebSocket: connections that one thread drives through epoll.
//!
//! As `http.rs` it does little: of a frame it looks at the length, of a packet at its first bytes.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// The key is the example of RFC 6455: nobody looks at what becomes of it.
const UPGRADE: &[u8] = b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n\
    Host: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Connections to one port.
pub(crate) struct Sockets {
    poll: Poll,
    events: Events,
    sockets: Vec<Socket>,
    /// What one read takes from the system.
    chunk: Box<[u8]>,
}

struct Socket {
    stream: TcpStream,
    /// What has come and is not a whole frame yet.
    received: Vec<u8>,
    upgraded: bool,
}

impl Sockets {
    /// No connection yet.
    pub(crate) fn new() -> io::Result<Sockets> {
        let (poll, events) = (Poll::new()?, Events::with_capacity(1024));
        Ok(Sockets {
            poll,
            events,
            sockets: Vec::new(),
            chunk: vec![0; 64 * 1024].into_boxed_slice(),
        })
    }

    /// Begins one more connection to `port`; the packet `40{…}` says that it is there.
    pub(crate) fn connect(&mut self, port: u16) -> io::Result<()> {
        let mut stream =
            std::net::TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        stream.set_nodelay(true)?;
        stream.write_all(UPGRADE)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        let token = Token(self.sockets.len());
        self.poll.registry().register(&mut stream, token, Interest::READABLE)?;
        self.sockets.push(Socket { stream, received: Vec::new(), upgraded: false });
        Ok(())
    }

    /// Sends a packet.
    pub(crate) fn send(&mut self, socket: usize, packet: &str) -> io::Result<()> {
        self.sockets[socket].send(packet.as_bytes())
    }

    /// Waits until something comes, and gives each packet to `each` with the number of its
    /// connection; those that only keep a connection going are answered here.
    pub(crate) fn receive(
        &mut self,
        timeout: Option<Duration>,
        mut each: impl FnMut(usize, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in &self.events {
            let Token(index) = event.token();
            self.sockets[index].read(&mut self.chunk, |packet| each(index, packet))?;
        }
        Ok(())
    }
}

impl Socket {
    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        let mut frame = vec![0x81];
        match u8::try_from(packet.len()) {
            Ok(length @ 0..=125) => frame.push(0x80 | length),
            _ => {
                let length = u16::try_from(packet.len()).map_err(io::Error::other)?;
                frame.push(0x80 | 126);
                frame.extend_from_slice(&length.to_be_bytes());
            }
        }
        // A mask of zeros is a mask.
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(packet);
        self.stream.write_all(&frame)
    }

    fn read(
        &mut self,
        chunk: &mut [u8],
        mut each: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        loop {
            let read = match self.stream.read(chunk) {
                Ok(0) => return Err(io::Error::other("the server closed a connection")),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let mut received = std::mem::take(&mut self.received);
            received.extend_from_slice(&chunk[..read]);
            let taken = self.take(&received, &mut each)?;
            received.drain(..taken);
            self.received = received;
            // Less than was asked for: the socket is empty, and epoll will say when it is not.
            if read < chunk.len() {
                return Ok(());
            }
        }
    }

    /// Gives the whole packets in `bytes` to `each`; how many bytes they were.
    fn take(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<usize> {
        let mut taken = 0;
        if !self.upgraded {
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
                return Ok(0);
            };
            if !bytes.starts_with(b"HTTP/1.1 101 ") {
                return Err(io::Error::other(String::from_utf8_lossy(bytes).into_owned()));
            }
            self.upgraded = true;
            taken = end + 4;
        }
        while let Some((start, end)) = frame(&bytes[taken..]) {
            let packet = &bytes[taken + start..taken + end];
            taken += end;
            match packet {
                [b'0', ..] => self.send(b"40")?,
                b"2" => self.send(b"3")?,
                _ => each(packet)?,
            }
        }
        Ok(taken)
    }
}

/// Where the payload of the first frame begins and ends, once it is whole.
fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    let (start, length) = match *bytes {
        [_, 126, a, b, ..] => (4, usize::from(u16::from_be_bytes([a, b]))),
        [_, 127, a, b, c, d, e, f, g, h, ..] => {
            (10, usize::try_from(u64::from_be_bytes([a, b, c, d, e, f, g, h])).ok()?)
        }
        [_, length @ 0..=125, ..] => (2, usize::from(length)),
        _ => return None,
    };
    Some((start, start + length)).filter(|(_, end)| *end <= bytes.len())
}
