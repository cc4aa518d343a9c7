//! A reader of Server-Sent Events that tells a clean end from a cut one.

use std::collections::VecDeque;
use std::io::Result;

use super::wire::Wire;

/// An open stream of events.
pub struct Events {
    wire: Wire,
    text: Vec<u8>,
    ready: VecDeque<Event>,
}

/// One event, as a browser would dispatch it.
#[derive(Debug, Default, PartialEq)]
pub struct Event {
    /// The `id:` field, if the event has one.
    pub id: Option<String>,
    /// The `event:` field; empty for a message.
    pub name: String,
    /// The `data:` lines.
    pub data: String,
}

impl Events {
    /// Opens the stream at `target`, going on after `last` if there is one.
    pub async fn open(port: u16, target: &str, last: Option<&str>) -> Result<Events> {
        let opened = Events::try_open(port, target, last).await?;
        Ok(opened.unwrap_or_else(|status| panic!("GET {target}: {status}")))
    }

    /// The same; with the status of an answer that is no stream.
    pub async fn try_open(
        port: u16,
        target: &str,
        last: Option<&str>,
    ) -> Result<std::result::Result<Events, u16>> {
        let mut wire = Wire::connect(port).await?;
        let mut fields = String::from("Accept: text/event-stream\r\n");
        if let Some(last) = last {
            fields.push_str(&format!("Last-Event-ID: {last}\r\n"));
        }
        wire.ask("GET", target, &fields, b"").await?;
        let head = wire.head().await?;
        if head.status != 200 {
            return Ok(Err(head.status));
        }
        assert_eq!(head.field("transfer-encoding"), Some("chunked"));
        Ok(Ok(Events { wire, text: Vec::new(), ready: VecDeque::new() }))
    }

    /// The next event; `None` when the server ended the body as HTTP asks for.
    ///
    /// A connection that is cut before that is an error.
    pub async fn next(&mut self) -> Result<Option<Event>> {
        while self.ready.is_empty() {
            if !self.wire.chunk(&mut self.text).await? {
                return Ok(None);
            }
            self.split();
        }
        Ok(self.ready.pop_front())
    }

    /// Turns every whole block of `text` into an event. Blocks without data are comments.
    fn split(&mut self) {
        let mut start = 0;
        while let Some(length) = self.text[start..].windows(2).position(|pair| pair == b"\n\n") {
            let block = String::from_utf8_lossy(&self.text[start..start + length]);
            self.ready.extend(parse(&block));
            start += length + 2;
        }
        self.text.drain(..start);
    }
}

fn parse(block: &str) -> Option<Event> {
    let mut event = Event::default();
    let mut data = Vec::new();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => event.id = Some(value.to_owned()),
            "event" => event.name = value.to_owned(),
            "data" => data.push(value),
            _ => {}
        }
    }
    event.data = data.join("\n");
    (!data.is_empty()).then_some(event)
}
