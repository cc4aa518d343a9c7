//! The load: writers that remember what was acknowledged, and readers that look over their backs.

use crate::support::chat;
use crate::support::checker::{Seen, Sent};
use crate::support::wire::Wire;

/// Sends one message after the other, and remembers each acknowledgement.
pub(crate) struct Writer {
    pub(crate) name: String,
    /// The messages that were acknowledged, each with its recipient.
    pub(crate) acked: Vec<(String, Sent)>,
    recipients: Vec<String>,
    /// The number of the next message; its `client_msg_id` too.
    next: usize,
    /// Whether message `next` was sent before, without an answer.
    unanswered: bool,
}

/// Registers the writers. Four share a room; each also sends to its neighbour.
pub(crate) async fn enrol(wire: &mut Wire, count: usize) -> Vec<Writer> {
    let names: Vec<String> = (0..count).map(|number| format!("writer{number}")).collect();
    for name in &names {
        chat::register(wire, name).await.unwrap();
    }
    let room = chat::create_room(wire, &names[0], &names[1..4]).await.unwrap();
    let writer = |number: usize| {
        let neighbour = names[(number + 1) % count].clone();
        let recipients = if number < 4 { vec![neighbour, room.clone()] } else { vec![neighbour] };
        let name = names[number].clone();
        Writer { name, acked: Vec::new(), recipients, next: 0, unanswered: false }
    };
    (0..count).map(writer).collect()
}

impl Writer {
    /// Sends until the connection breaks.
    pub(crate) async fn work(mut self, port: u16) -> Writer {
        // A kill may come before the connection does.
        let Ok(mut wire) = Wire::connect(port).await else { return self };
        loop {
            self.unanswered = true;
            match self.send(&mut wire, self.next).await {
                Ok(id) => self.acknowledge(id),
                Err(_) => return self,
            }
        }
    }

    /// After a restart: repeats the last message that was acknowledged, which must get the first
    /// answer again, and then the one that was not, whose id it gives.
    pub(crate) async fn settle(&mut self, wire: &mut Wire) -> Option<u64> {
        if let Some((_, last)) = self.acked.last() {
            let id = self.send(wire, self.next - 1).await.unwrap();
            assert_eq!(Some(id), last.id, "{} gets the first answer again", last.what);
        }
        if !self.unanswered {
            return None;
        }
        let id = self.send(wire, self.next).await.unwrap();
        self.acknowledge(id);
        Some(id)
    }

    async fn send(&self, wire: &mut Wire, number: usize) -> std::io::Result<u64> {
        let text = format!("number {number}");
        chat::send_once(wire, &self.name, self.recipient(number), &text, &text).await
    }

    fn acknowledge(&mut self, id: u64) {
        let recipient = self.recipient(self.next).to_owned();
        let what = chat::what(&self.name, &recipient, &format!("number {}", self.next));
        self.acked.push((recipient, Sent { id: Some(id), what }));
        self.next += 1;
        self.unanswered = false;
    }

    fn recipient(&self, number: usize) -> &str {
        &self.recipients[number % self.recipients.len()]
    }
}

/// All that `name` gets by long polls until the connection breaks.
pub(crate) async fn glimpse(port: u16, name: String, mut cursor: u64) -> Vec<Seen> {
    let mut seen = Vec::new();
    let Ok(mut wire) = Wire::connect(port).await else { return seen };
    while let Ok(page) = chat::poll(&mut wire, &name, cursor, "&wait=5").await {
        cursor = page.last_id.unwrap();
        seen.extend(page.messages.into_iter().map(Seen::from));
    }
    seen
}
