//! A reader of `/events` that stops reading: it costs little, loses nothing, is let go.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::json;
use support::events::{Event, Parser};
use support::{Client, Server, raw};
use tokio::net::TcpSocket;

/// Messages, and the length of each: far more than the system keeps for a reader.
const COUNT: u64 = 2000;
const LENGTH: usize = 16 * 1024;

/// Readers that stop, where their memory is measured.
const READERS: u64 = 40;

/// As long as the contract lets a reader block, with time to block first.
const BLOCKED: Duration = Duration::from_millis(7_500);

async fn fill(client: &Client) {
    let text = "x".repeat(LENGTH);
    client.register(&["ann"]).await;
    for _ in 0..COUNT {
        let body = json!({ "sender": "ann", "recipient": "ann", "message": text });
        assert_eq!(client.post("/send", body).await.0, 200);
    }
}

/// Opens the stream behind a position, and reads nothing of it.
async fn open(server: &Server, last: Option<&str>) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    // The system would keep megabytes for a reader otherwise.
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], server.port()));
    let mut stream = socket.connect(address).await.unwrap().into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(raw::PATIENCE)).unwrap();
    let last = last.map(|last| format!("Last-Event-ID: {last}\r\n")).unwrap_or_default();
    // HTTP/1.0, so that the body comes as it is, without chunks.
    let request = format!("GET /events?username=ann&last_id=0 HTTP/1.0\r\n{last}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Reads on until the stream ends or is ready.
fn read_on(stream: &mut TcpStream) -> Vec<Event> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let mut parser = Parser::default();
    let mut events = Vec::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        let count = stream.read(&mut chunk).expect("it goes on, or ends");
        parser.push(&chunk[..count]);
        events.extend(parser.events.drain(..));
        if count == 0 || events.iter().any(|event| event.name == "ready") {
            return events;
        }
    }
}

#[tokio::test]
async fn a_reader_that_stops_is_let_go_and_finds_everything_by_its_cursor() {
    let server = Server::memory();
    fill(&server.client()).await;
    let mut stream = open(&server, None).await;
    std::thread::sleep(BLOCKED);
    let events = read_on(&mut stream);
    let bye = events.last().unwrap();
    assert_eq!(bye.name, "bye", "{bye:?}");
    assert_eq!(bye.json(), json!({ "reason": "slow", "reconnect": true }));

    let mut seen: Vec<Event> = events.into_iter().filter(|event| event.name.is_empty()).collect();
    assert!((seen.len() as u64) < COUNT, "it was never blocked: this test tests nothing");
    let last = seen.last().and_then(|event| event.id.clone()).unwrap();
    let rest = read_on(&mut open(&server, Some(&last)).await);
    assert!(rest.iter().any(|event| event.name == "ready"), "whoever reads is not let go");
    seen.extend(rest.into_iter().filter(|event| event.name.is_empty()));
    let ids: Vec<u64> = seen.iter().map(|event| event.json()["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=COUNT).collect::<Vec<_>>());
}

#[tokio::test]
async fn readers_that_stop_cost_less_than_a_mebibyte_each() {
    let server = Server::memory();
    fill(&server.client()).await;
    // Readers that take everything settle what streaming costs at all.
    read_on(&mut open(&server, None).await);
    let before = server.resident();
    let mut streams = Vec::new();
    for _ in 0..READERS {
        streams.push(open(&server, None).await);
    }
    std::thread::sleep(BLOCKED);
    let grown = server.resident().saturating_sub(before);
    assert!(grown < READERS << 20, "{} KiB each", (grown / READERS) >> 10);
    // While they hang, others are served.
    let (status, body) = server.client().get("/messages?username=ann&last_id=1999").await;
    assert_eq!((status, body["messages"].as_array().unwrap().len()), (200, 1));
    for stream in &mut streams {
        assert!(read_on(stream).iter().any(|event| event.name == "bye"), "it was never blocked");
    }
}
