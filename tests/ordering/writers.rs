//! The writers: they open rooms, and send to readers and rooms at random.

use std::sync::Arc;

use rand::random_range;

use crate::support::chat;
use crate::support::checker::Sent;
use crate::support::wire::Wire;

/// What all writers know.
pub(crate) struct Plan {
    pub(crate) port: u16,
    /// The room that all writers are in.
    pub(crate) hall: String,
    pub(crate) readers: Vec<String>,
}

/// What a writer did: its messages, each with its recipient, and the room it opened.
type Done = (Vec<(String, Sent)>, String, Vec<String>);

/// Sends `count` messages, one after the other, and opens a room on the way.
pub(crate) async fn write(plan: Arc<Plan>, name: String, count: usize) -> Done {
    let mut wire = Wire::connect(plan.port).await.unwrap();
    let mut sent = Vec::with_capacity(count);
    let room_at = random_range(0..count / 2);
    let members: Vec<String> =
        plan.readers.iter().filter(|_| random_range(0..2) == 0).cloned().collect();
    let members = if members.is_empty() { plan.readers.clone() } else { members };
    let mut room = None;
    for number in 0..count {
        if number == room_at {
            room = Some(chat::create_room(&mut wire, &name, &members).await.unwrap());
        }
        let recipient = match (random_range(0..10), &room) {
            (0, _) => &plan.hall,
            (1, Some(room)) => room,
            _ => &plan.readers[random_range(0..plan.readers.len())],
        };
        let text = format!("number {number} 👋");
        let what = chat::what(&name, recipient, &text);
        // Half of them do not ask for an id, as the first clients do.
        let id = if number % 2 == 0 {
            chat::send(&mut wire, &name, recipient, &text).await.unwrap();
            None
        } else {
            Some(send_surely(&mut wire, &name, recipient, &text).await)
        };
        sent.push((recipient.clone(), Sent { id, what }));
    }
    (sent, room.expect("the room was opened"), members)
}

/// Sends a message with an id of its own; one in fifty is sent again, as if the answer was lost.
async fn send_surely(wire: &mut Wire, name: &str, recipient: &str, text: &str) -> u64 {
    let id = chat::send_once(wire, name, recipient, text, text).await.unwrap();
    if random_range(0..50) == 0 {
        let again = chat::send_once(wire, name, recipient, text, text).await.unwrap();
        assert_eq!(again, id, "the first answer again");
    }
    id
}
