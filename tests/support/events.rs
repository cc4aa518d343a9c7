//! A reader of Server-Sent Events, by the letter of the HTML standard.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::Value;

use super::Client;

/// How long the next event may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// One event, as an `EventSource` would hand it over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// The `event:` field; empty for messages.
    pub name: String,
    /// The `id:` field of this event, if it had one.
    pub id: Option<String>,
    /// The `data:` lines.
    pub data: String,
}

impl Event {
    /// The data as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

/// An open stream.
pub struct Events {
    /// The status of the answer.
    pub status: u16,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
    bytes: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    parser: Parser,
}

impl Events {
    /// Opens `/events` with this query.
    pub async fn open(client: &Client, query: &[(&str, &str)]) -> Events {
        Events::resume(client, query, None).await
    }

    /// Opens `/events` with this query and `Last-Event-ID`.
    pub async fn resume(client: &Client, query: &[(&str, &str)], last: Option<&str>) -> Events {
        let mut request = client.http().get(client.url("/events")).query(query);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = tokio::time::timeout(PATIENCE, request.send()).await;
        let response = response.expect("the head of the stream comes at once").unwrap();
        Events {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.bytes_stream().map(|chunk| chunk.map(|c| c.to_vec())).boxed(),
            parser: Parser::default(),
        }
    }

    /// The next event; `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        let next = async {
            loop {
                if let Some(event) = self.parser.events.pop_front() {
                    return Some(event);
                }
                self.parser.push(&self.bytes.next().await?.ok()?);
            }
        };
        tokio::time::timeout(PATIENCE, next).await.expect("an event comes in time")
    }

    /// The next event of this name; others are passed over.
    pub async fn named(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("ended without {name:?}"));
            if event.name == name {
                return event;
            }
        }
    }

    /// The next message; `presence` is passed over, anything else is a surprise.
    pub async fn message(&mut self) -> Event {
        loop {
            let event = self.next().await.expect("ended without a message");
            if event.name != "presence" {
                assert_eq!(event.name, "", "a message was due: {event:?}");
                return event;
            }
        }
    }

    /// Everything before `ready`, and `ready` itself.
    pub async fn until_ready(&mut self) -> (Vec<Event>, Event) {
        let mut before = Vec::new();
        loop {
            let event = self.next().await.expect("ended before it was ready");
            match event.name.as_str() {
                "ready" => return (before, event),
                "presence" => {}
                _ => before.push(event),
            }
        }
    }

    /// The newest `retry:`, in milliseconds.
    pub fn retry(&self) -> Option<u64> {
        self.parser.retry
    }

    /// How many comments came.
    pub fn comments(&self) -> usize {
        self.parser.comments
    }
}

/// Bytes to events. A line ends with LF, CR or CRLF; an event with an empty line.
#[derive(Default)]
pub struct Parser {
    line: Vec<u8>,
    after_cr: bool,
    event: Event,
    has_data: bool,
    retry: Option<u64>,
    comments: usize,
    /// Complete events not yet taken.
    pub events: VecDeque<Event>,
}

impl Parser {
    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\n' if self.after_cr => self.after_cr = false,
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    let line = std::mem::take(&mut self.line);
                    self.end_line(std::str::from_utf8(&line).expect("a stream in UTF-8"));
                }
                _ => {
                    self.after_cr = false;
                    self.line.push(byte);
                }
            }
        }
    }

    fn end_line(&mut self, line: &str) {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            if std::mem::take(&mut self.has_data) {
                self.events.push_back(event);
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => self.comments += 1,
            "event" => value.clone_into(&mut self.event.name),
            "id" => self.event.id = Some(value.to_owned()),
            "retry" => self.retry = Some(value.parse().expect("retry is a number")),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            other => panic!("not a field of an event stream: {other:?}"),
        }
    }
}
