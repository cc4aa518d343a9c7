//! The verdict: what readers see after a restart, beside what was acknowledged before.

use std::collections::BTreeMap;

use crate::load::Writer;
use crate::support::chat::{self, welcome, what};
use crate::support::checker::{Seen, Sent, faults};
use crate::support::wire::Wire;

const ROOM: &str = "room_1";

/// The newest id of the server, acknowledged or not.
pub(crate) async fn newest(wire: &mut Wire, writers: &[Writer]) -> u64 {
    let acked = writers.iter().filter_map(|writer| writer.acked.last()?.1.id);
    let cursor = acked.max().unwrap_or_default();
    let page = chat::poll(wire, &writers[0].name, cursor, "&limit=1000").await.unwrap();
    assert!(page.messages.len() < 1000, "few are unanswered");
    page.last_id.unwrap()
}

/// Panics unless everybody sees exactly what was acknowledged, each under its own id.
pub(crate) async fn judge(wire: &mut Wire, writers: &[Writer], glimpsed: &[Seen]) {
    let mut all = BTreeMap::new();
    for (number, reader) in writers.iter().enumerate() {
        let seen = chat::history(wire, &reader.name).await.unwrap();
        let in_room = number < 4;
        let faults = faults(&expected(writers, &reader.name, in_room), &seen);
        assert!(faults.is_empty(), "{}: {} faults, {:?}", reader.name, faults.len(), faults[0]);
        for Seen { id, what } in seen {
            let first = all.entry(id).or_insert_with(|| what.clone());
            assert_eq!(*first, what, "id {id} belongs to one message");
        }
    }
    for Seen { id, what } in glimpsed {
        assert_eq!(all.get(id), Some(what), "what was read before a kill is there after it");
    }
}

/// What `name` must see.
fn expected(writers: &[Writer], name: &str, in_room: bool) -> Vec<Sent> {
    let acked = writers.iter().flat_map(|writer| &writer.acked);
    let mine = acked.filter(|(to, _)| to == name || (in_room && to == ROOM));
    let notice = Sent { id: None, what: what("server", name, &welcome(ROOM)) };
    mine.map(|(_, sent)| sent.clone()).chain(in_room.then_some(notice)).collect()
}
