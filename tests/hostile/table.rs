//! The format of the tables of hostile requests.
//!
//! A case is a block of lines; blocks are separated by empty lines:
//!
//! ```text
//! # what it is
//! POST /register          the request line; HTTP/1.1 is added when it names no version
//! : X-Header: value       a header, as it stands
//! | {"username": 5}       a line of the body
//! ~ half-close            the client sends no more after this
//! => 400 invalid_type     a JSON error with this status and code
//! ```
//!
//! Other expectations: `=> success` (200, JSON), `=> 400 bare` (this status, any body: the HTTP
//! library answers before a route sees it), `=> closed` (no answer). `Host` and, with a body,
//! `Content-Length` are added unless the case has its own. A first line `raw` stands for no head at
//! all: the body lines are everything that is sent.
//!
//! «0D 0A» anywhere is bytes in hexadecimal, «abc*1000» a text so many times
//! (with `\r\n` as the end of a line).

/// One request, and what must come of it.
pub(crate) struct Case {
    /// What is hostile about it.
    pub(crate) title: String,
    /// The bytes to send.
    pub(crate) request: Vec<u8>,
    /// Whether the sending side is closed then.
    pub(crate) half_close: bool,
    /// What must come back.
    pub(crate) expected: Expected,
}

impl Case {
    /// Whether the answer has no body, whatever its headers say.
    pub(crate) fn is_head(&self) -> bool {
        self.request.starts_with(b"HEAD ")
    }
}

/// What must come back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// 200, and JSON that says success.
    Success,
    /// A JSON error with this status and code.
    Error(u16, String),
    /// This status, from the HTTP library itself.
    Bare(u16),
    /// The end of the connection.
    Closed,
}

/// Reads a table.
pub(crate) fn parse(text: &str) -> Vec<Case> {
    let blocks = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
    blocks.filter(|block| block.lines().any(|line| !line.starts_with("//"))).map(case).collect()
}

fn case(block: &str) -> Case {
    let mut title = String::new();
    let mut line = "";
    let mut headers: Vec<Vec<u8>> = Vec::new();
    let mut body: Vec<Vec<u8>> = Vec::new();
    let mut half_close = false;
    let mut expected = None;
    for text in block.lines() {
        match text.split_once(' ').unwrap_or((text, "")) {
            ("//", _) => {}
            ("#", rest) => rest.clone_into(&mut title),
            (":", rest) => headers.push(bytes(rest)),
            ("|", rest) => body.push(bytes(rest)),
            ("~", "half-close") => half_close = true,
            ("=>", rest) => expected = Some(expectation(rest)),
            _ => line = text,
        }
    }
    assert!(!title.is_empty() && !line.is_empty(), "an incomplete case:\n{block}");
    let expected = expected.unwrap_or_else(|| panic!("no expectation: {title}"));
    let body = body.join(&b'\n');
    let request = if line == "raw" { body } else { request(line, headers, &body) };
    Case { title, request, half_close, expected }
}

fn request(line: &str, mut headers: Vec<Vec<u8>>, body: &[u8]) -> Vec<u8> {
    let has = |headers: &[Vec<u8>], name: &str| {
        headers.iter().any(|header| header.to_ascii_lowercase().starts_with(name.as_bytes()))
    };
    if !has(&headers, "host") {
        headers.insert(0, b"Host: localhost".to_vec());
    }
    let own_length = has(&headers, "content-length") || has(&headers, "transfer-encoding");
    if !own_length && (!body.is_empty() || line.starts_with("POST")) {
        headers.push(format!("Content-Length: {}", body.len()).into_bytes());
    }
    let mut request = bytes(line);
    if !line.contains(" HTTP/") {
        request.extend_from_slice(b" HTTP/1.1");
    }
    for header in headers {
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(&header);
    }
    request.extend_from_slice(b"\r\n\r\n");
    request.extend_from_slice(body);
    request
}

fn expectation(text: &str) -> Expected {
    match text.split_once(' ') {
        None if text == "success" => Expected::Success,
        None if text == "closed" => Expected::Closed,
        Some((status, "bare")) => Expected::Bare(status.parse().unwrap()),
        Some((status, code)) => Expected::Error(status.parse().unwrap(), code.to_owned()),
        None => panic!("not an expectation: {text}"),
    }
}

/// The text with its «…» replaced.
fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('«') {
        let (inside, after) = after.split_once('»').expect("» closes «");
        out.extend_from_slice(before.as_bytes());
        match inside.rsplit_once('*') {
            Some((text, count)) => {
                let text = text.replace("\\r\\n", "\r\n");
                out.extend(text.repeat(count.parse().unwrap()).bytes());
            }
            None => {
                let hex = inside.split_whitespace();
                out.extend(hex.map(|byte| u8::from_str_radix(byte, 16).unwrap()));
            }
        }
        rest = after;
    }
    out.extend_from_slice(rest.as_bytes());
    out
}
