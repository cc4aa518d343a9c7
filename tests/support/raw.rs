//! HTTP by hand over TCP, for requests that no client library would send.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take before it counts as a hang.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What came back.
#[derive(Debug)]
pub enum Reply {
    /// The server closed the connection and said nothing.
    Closed,
    /// Nothing came, or no end of it, for [`PATIENCE`].
    Hung,
    /// An answer.
    Answered(Answered),
}

/// An answer, its body without its transfer encoding.
#[derive(Debug)]
pub struct Answered {
    /// The status code.
    pub status: u16,
    /// The header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answered {
    /// The values of a header, by its name in lower case, joined as HTTP allows.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> =
            self.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// Sends `request` on a new connection and reads one answer. `head_only` for an answer to HEAD.
pub fn exchange(port: u16, request: &[u8], head_only: bool) -> Reply {
    let mut stream = connect(port);
    // The server may answer and close before it has read all; the answer is what counts.
    let _ = stream.write_all(request);
    read_reply(&mut stream, head_only)
}

/// A connection to the server whose reads give up after [`PATIENCE`].
pub fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Reads one answer; interim ones (100 Continue) are passed over.
pub fn read_reply(stream: &mut TcpStream, head_only: bool) -> Reply {
    let mut buffer = Vec::new();
    loop {
        if let Some(end) = find(&buffer, b"\r\n\r\n") {
            let (status, headers) = head(&buffer[..end]);
            buffer.drain(..end + 4);
            if status < 200 {
                continue;
            }
            let mut answered = Answered { status, headers, body: Vec::new() };
            if head_only || matches!(status, 204 | 304) {
                return Reply::Answered(answered);
            }
            return match read_body(stream, &answered, buffer) {
                Some(body) => {
                    answered.body = body;
                    Reply::Answered(answered)
                }
                None => Reply::Hung,
            };
        }
        match read_more(stream, &mut buffer) {
            More::Some => {}
            More::End if buffer.is_empty() => return Reply::Closed,
            More::End | More::Late => return Reply::Hung,
        }
    }
}

fn head(bytes: &[u8]) -> (u16, Vec<(String, String)>) {
    let text = String::from_utf8(bytes.to_vec()).expect("a head in UTF-8");
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':').expect("a header line");
        (name.to_ascii_lowercase(), value.trim().to_owned())
    });
    (status, headers.collect())
}

fn read_body(stream: &mut TcpStream, head: &Answered, mut buffer: Vec<u8>) -> Option<Vec<u8>> {
    if head.header("transfer-encoding").is_some_and(|value| value == "chunked") {
        loop {
            if let Some(body) = dechunk(&buffer) {
                return Some(body);
            }
            match read_more(stream, &mut buffer) {
                More::Some => {}
                More::End | More::Late => return None,
            }
        }
    }
    let length = head.header("content-length").map(|value| value.parse::<usize>().unwrap());
    loop {
        match length {
            Some(length) if buffer.len() >= length => {
                buffer.truncate(length);
                return Some(buffer);
            }
            _ => {}
        }
        match read_more(stream, &mut buffer) {
            More::Some => {}
            // Without a length the body ends with the connection.
            More::End if length.is_none() => return Some(buffer),
            More::End | More::Late => return None,
        }
    }
}

enum More {
    Some,
    End,
    Late,
}

fn read_more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> More {
    let mut chunk = [0; 64 * 1024];
    match stream.read(&mut chunk) {
        Ok(0) => More::End,
        Ok(count) => {
            buffer.extend_from_slice(&chunk[..count]);
            More::Some
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            More::Late
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => More::Some,
        // A reset is an end too: the server closed while we were still sending.
        Err(_) => More::End,
    }
}

/// The whole of a chunked body, once its last chunk is there.
fn dechunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = find(bytes, b"\r\n")?;
        let size = std::str::from_utf8(&bytes[..end]).unwrap();
        let size = usize::from_str_radix(size.split(';').next().unwrap().trim(), 16).unwrap();
        let start = end + 2;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(bytes.get(start..start + size)?);
        bytes = bytes.get(start + size + 2..)?;
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
