//! A minimal HTTP/1.1 client: keep-alive connections that one thread drives through epoll.
//!
//! It shares two cores with the server it measures, so it does little: requests are bytes made
//! beforehand, and of a response it looks at the status and the length.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// Connections to one port. At most one request is under way on each.
pub(crate) struct Pool {
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    /// What every response has to begin with.
    begins: String,
    /// What one read takes from the system.
    chunk: Box<[u8]>,
}

struct Connection {
    stream: TcpStream,
    /// What has come of the response under way.
    received: Vec<u8>,
    /// Where its body begins and ends, once the head is complete.
    body: Option<(usize, usize)>,
}

/// How the bytes of a connection are cut into pieces.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    /// Whole responses.
    Response,
    /// Whatever has come.
    Bytes,
}

/// The request line and headers that curl would send, and the body.
pub(crate) fn request(method: &str, path: &str, body: Option<&str>) -> Vec<u8> {
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: load\r\nAccept: */*\r\n"
    );
    if let Some(body) = body {
        let length = body.len();
        text.push_str("Content-Type: application/json\r\n");
        text.push_str(&format!("Content-Length: {length}\r\n\r\n{body}"));
    } else {
        text.push_str("\r\n");
    }
    text.into_bytes()
}

impl Pool {
    /// Opens `count` connections to `port`.
    pub(crate) fn open(port: u16, count: usize) -> io::Result<Pool> {
        let poll = Poll::new()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut connections = Vec::with_capacity(count);
        for index in 0..count {
            // Connected before it is handed to epoll: the queue of a listener is short.
            let stream = std::net::TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
            connections.push(Connection { stream, received: Vec::new(), body: None });
        }
        let chunk = vec![0; 64 * 1024].into_boxed_slice();
        let mut pool = Pool {
            poll,
            events: Events::with_capacity(1024),
            connections,
            begins: String::new(),
            chunk,
        };
        pool.expect(200);
        Ok(pool)
    }

    /// From now on every response has to have this status; at first it is 200.
    pub(crate) fn expect(&mut self, status: u16) {
        self.begins = format!("HTTP/1.1 {status} ");
    }

    /// The number of connections.
    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// Begins a request, which forgets the response before it.
    pub(crate) fn send(&mut self, connection: usize, request: &[u8]) -> io::Result<()> {
        let connection = &mut self.connections[connection];
        connection.received.clear();
        connection.body = None;
        connection.stream.write_all(request)
    }

    /// Waits until something comes; adds the connections whose response is complete to `ready`.
    ///
    /// A response of another status than 200, or than that which is expected, is an error.
    pub(crate) fn receive(
        &mut self,
        timeout: Option<Duration>,
        ready: &mut Vec<usize>,
    ) -> io::Result<()> {
        self.wait(timeout, Cut::Response, ready)
    }

    /// As [`Pool::receive`] for a response without an end: any bytes make a connection ready.
    pub(crate) fn receive_bytes(
        &mut self,
        timeout: Option<Duration>,
        ready: &mut Vec<usize>,
    ) -> io::Result<()> {
        self.wait(timeout, Cut::Bytes, ready)
    }

    /// The body of a complete response.
    pub(crate) fn body(&self, connection: usize) -> &[u8] {
        let Connection { received, body, .. } = &self.connections[connection];
        body.map_or(&[], |(start, end)| &received[start..end])
    }

    /// What has come of a response without an end.
    pub(crate) fn bytes(&mut self, connection: usize) -> &mut Vec<u8> {
        &mut self.connections[connection].received
    }

    fn wait(
        &mut self,
        timeout: Option<Duration>,
        cut: Cut,
        ready: &mut Vec<usize>,
    ) -> io::Result<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in &self.events {
            let index = event.token().0;
            if self.connections[index].read(&mut self.chunk, cut, &self.begins)? {
                ready.push(index);
            }
        }
        Ok(())
    }
}

impl Connection {
    /// Reads what is there; whether there is something for the caller.
    fn read(&mut self, chunk: &mut [u8], cut: Cut, begins: &str) -> io::Result<bool> {
        loop {
            let read = match self.stream.read(chunk) {
                Ok(0) => return Err(io::Error::other("the server closed a connection")),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            };
            self.received.extend_from_slice(&chunk[..read]);
            // Nothing follows a complete response, so it needs no further read to be sure.
            let done = if cut == Cut::Response { self.is_complete(begins)? } else { true };
            // Less than was asked for: the socket is empty, and epoll will say when it is not.
            if done || read < chunk.len() {
                return Ok(done);
            }
        }
    }

    fn is_complete(&mut self, begins: &str) -> io::Result<bool> {
        if self.body.is_none() {
            self.body = head(&self.received, begins)?;
        }
        Ok(self.body.is_some_and(|(_, end)| self.received.len() >= end))
    }
}

/// Where the body begins and ends, when the head is complete.
fn head(bytes: &[u8], begins: &str) -> io::Result<Option<(usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let refused = || io::Error::other(format!("unexpected: {}", String::from_utf8_lossy(bytes)));
    if !bytes.starts_with(begins.as_bytes()) {
        return Err(refused());
    }
    let length = bytes[..end].split(|&byte| byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(15)?;
        let digits = name.eq_ignore_ascii_case(b"content-length:").then_some(value)?;
        std::str::from_utf8(digits).ok()?.trim().parse::<usize>().ok()
    });
    let start = end + 4;
    Ok(Some((start, start + length.ok_or_else(refused)?)))
}
