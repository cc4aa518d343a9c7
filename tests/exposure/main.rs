//! Who may reach the real server, under which name, from whose pages, how often.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../support/mod.rs"]
mod support;

mod cross_site;
mod figures;
mod headers;
mod hosts;
mod internet;
mod often;
mod peers;
mod proxies;
mod sockets;
mod tls;

use serde_json::Value;
use support::Server;
use support::answers::Answer;
use support::raw::{Answered, Reply, exchange};

/// One request by hand: what no browser or library could be made to send.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: &'a str,
}

impl<'a> Ask<'a> {
    pub(crate) fn get(path: &'a str, headers: &[(&'a str, &'a str)]) -> Ask<'a> {
        Ask { method: "GET", path, headers: headers.to_vec(), body: "" }
    }

    pub(crate) fn post(path: &'a str, headers: &[(&'a str, &'a str)], body: &'a str) -> Ask<'a> {
        Ask { method: "POST", path, headers: headers.to_vec(), body }
    }

    /// The answer. A `Host` is added unless there is one.
    pub(crate) fn of(&self, server: &Server) -> Answered {
        let Ask { method, path, headers, body } = self;
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            request += &format!("Host: 127.0.0.1:{}\r\n", server.port());
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        match exchange(server.port(), request.as_bytes(), *method == "HEAD") {
            Reply::Answered(answered) => answered,
            reply => panic!("{method} {path} {headers:?}: {reply:?}"),
        }
    }

    /// The answer's status and JSON.
    pub(crate) fn json(&self, server: &Server) -> Answer {
        json(&self.of(server))
    }
}

pub(crate) fn json(answered: &Answered) -> Answer {
    let text = String::from_utf8_lossy(&answered.body);
    let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text:?}"));
    (answered.status, body)
}
