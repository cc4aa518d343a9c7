//! Many connections read by one thread: it must cost less than the server that it measures.

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::support::chat::Page;
use crate::support::wire::Wire;

/// Connections that an answer is awaited on, one on each.
pub(crate) struct Inbox {
    poll: Poll,
    events: Events,
    connections: Vec<(TcpStream, Vec<u8>)>,
}

impl Inbox {
    /// Panics when an answer is there already.
    pub(crate) fn new(wires: Vec<Wire>) -> Inbox {
        let mut poll = Poll::new().unwrap();
        let mut connections = Vec::with_capacity(wires.len());
        for (number, wire) in wires.into_iter().enumerate() {
            let mut stream = TcpStream::from_std(wire.into_std().unwrap());
            poll.registry().register(&mut stream, Token(number), Interest::READABLE).unwrap();
            connections.push((stream, Vec::new()));
        }
        let mut events = Events::with_capacity(1024);
        poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        assert!(events.is_empty(), "all of them wait");
        Inbox { poll, events, connections }
    }

    /// Reads until each connection has its whole answer: when that was, in the order of arrival.
    pub(crate) fn read(&mut self) -> Vec<Instant> {
        let mut arrived = Vec::with_capacity(self.connections.len());
        while arrived.len() < self.connections.len() {
            self.poll.poll(&mut self.events, None).unwrap();
            for event in &self.events {
                let (stream, answer) = &mut self.connections[event.token().0];
                read(stream, answer);
                if body(answer).is_some() {
                    arrived.push(Instant::now());
                }
            }
        }
        arrived
    }

    /// The number of messages in each answer.
    pub(crate) fn messages(&self) -> impl Iterator<Item = usize> {
        self.connections.iter().map(|(_, answer)| {
            let page: Page = serde_json::from_slice(body(answer).unwrap()).unwrap();
            page.messages.len()
        })
    }
}

/// All that is there.
fn read(stream: &mut TcpStream, answer: &mut Vec<u8>) {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => panic!("the connection was closed"),
            Ok(count) => answer.extend(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(error) => panic!("{error}"),
        }
    }
}

/// The body of an answer, if all of it is there.
fn body(answer: &[u8]) -> Option<&[u8]> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    answer[end + 4..].get(..length.unwrap().parse().unwrap())
}
