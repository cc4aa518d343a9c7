//! As whom the server takes a socket, by hand: Engine.IO 4 over polling or WebSocket.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::Ask;
use crate::support::Server;
use crate::support::raw::connect;

/// The name that a polling client with these headers gets.
pub(crate) fn polled(server: &Server, headers: &[(&str, &str)]) -> String {
    let path = "/socket.io/?EIO=4&transport=polling";
    let opened = Ask::get(path, headers).of(server);
    let opened = String::from_utf8(opened.body).unwrap();
    let sid = opened.split(r#""sid":""#).nth(1).unwrap_or_else(|| panic!("no session: {opened}"));
    let path = format!("{path}&sid={}", sid.split('"').next().unwrap());
    assert_eq!(Ask::post(&path, headers, "40").of(server).status, 200);
    for _ in 0..10 {
        let packets = String::from_utf8(Ask::get(&path, headers).of(server).body).unwrap();
        if let Some(name) = packets.split('\u{1e}').find_map(username) {
            return name;
        }
    }
    panic!("never greeted");
}

/// The name that a WebSocket with these headers gets.
pub(crate) fn streamed(server: &Server, headers: &[(&str, &str)]) -> String {
    let mut stream = connect(server.port());
    let mut request = format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        server.port()
    );
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    stream.write_all((request + "\r\n").as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    // "40" in a masked frame whose mask is nothing.
    stream.write_all(&[0x81, 0x82, 0, 0, 0, 0, b'4', b'0']).unwrap();
    loop {
        if let Some(name) = username(&frame(&mut stream)) {
            return name;
        }
    }
}

/// The next frame's text.
fn frame(stream: &mut TcpStream) -> String {
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    let length = match head[1] & 0x7f {
        126 => {
            let mut long = [0; 2];
            stream.read_exact(&mut long).unwrap();
            usize::from(u16::from_be_bytes(long))
        }
        127 => panic!("a greeting is not that long"),
        short => usize::from(short),
    };
    let mut text = vec![0; length];
    stream.read_exact(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// The name in a packet that is the greeting.
fn username(packet: &str) -> Option<String> {
    let body = packet.strip_prefix(r#"42["connection_response","#)?.strip_suffix(']')?;
    let body: Value = serde_json::from_str(body).unwrap();
    Some(body["username"].as_str().unwrap().to_owned())
}
