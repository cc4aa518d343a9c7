//! What `deploy/haproxy.cfg` lets clients do: wait for most of a minute, but not be slow.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::Server;
use crate::support::chat;
use crate::support::cluster::place::Place;
use crate::support::cluster::proxy::Proxy;
use crate::support::wire::Wire;

/// A server behind the proxy.
fn behind() -> (Server, Proxy) {
    let server = Server::memory();
    let node = ([127, 0, 0, 1], server.port()).into();
    let proxy = Proxy::start(&Place::Loopback, &[node]);
    (server, proxy)
}

/// Sends the beginning of a request; what comes back until the connection ends, and after how long.
fn stop_after(proxy: &Proxy, beginning: &str) -> (String, Duration) {
    let mut stream = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    stream.write_all(beginning.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let (began, mut answer) = (Instant::now(), String::new());
    stream.read_to_string(&mut answer).expect("it is ended");
    (answer, began.elapsed())
}

#[test]
fn who_does_not_finish_a_request_is_shut_out() {
    let (_server, proxy) = behind();
    let head = "POST /register HTTP/1.1\r\nHost: localhost\r\n";
    let body =
        format!("{head}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{\"user");
    std::thread::scope(|scope| {
        for beginning in ["POST /reg", head, &body] {
            let proxy = &proxy;
            scope.spawn(move || {
                let (answer, after) = stop_after(proxy, beginning);
                assert!(answer.starts_with("HTTP/1.1 408 "), "{beginning:?}: {answer}");
                assert!(after > Duration::from_secs(5), "{beginning:?}: {after:?}");
                assert!(after < Duration::from_secs(20), "{beginning:?}: {after:?}");
            });
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_is_answered_by_its_node() {
    if std::env::var("CHATROOM_SLOW").is_ok_and(|slow| slow == "1") {
        let (_server, proxy) = behind();
        let mut wire = Wire::connect(proxy.port()).await.unwrap();
        chat::register(&mut wire, "ann").await.unwrap();
        let began = Instant::now();
        let page = chat::poll(&mut wire, "ann", 0, "&wait=50").await.unwrap();
        assert!(page.messages.is_empty());
        assert!(began.elapsed() >= Duration::from_secs(50), "{:?}", began.elapsed());
    } else {
        eprintln!("skipped: a long poll, which CHATROOM_SLOW=1 waits for");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_no_node_is_left_the_answer_says_when_to_come_again() {
    let (mut server, proxy) = behind();
    server.kill();
    // In the moment in which a node is found to be dead, whoever waits at it is cut off, also who
    // waits to get there: that client comes again.
    let began = Instant::now();
    let reply = loop {
        let mut wire = Wire::connect(proxy.port()).await.unwrap();
        match wire.post("/register", &json!({ "username": "ann" })).await {
            Ok(reply) => break reply,
            Err(cut) => assert!(began.elapsed() < Duration::from_secs(10), "{cut}"),
        }
    };
    assert_eq!((reply.head.status, reply.head.field("retry-after")), (503, Some("1")));
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((&body["status"], &body["code"]), (&json!("fail"), &json!("store_unavailable")));
}
