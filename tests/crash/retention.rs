//! A server that deletes what was kept long enough, ended at each place where it does.

use std::collections::BTreeMap;

use crate::faults::{check, doomed, ended, healthy, rounds};
use crate::load::{self, Writer};
use crate::support::chat;
use crate::support::wire::Wire;

/// Where messages are deleted, in `src/fault.rs`'s terms.
const PLACES: &[&str] = &["retention.before_commit", "retention.committed"];

const WRITERS: usize = 4;

/// Messages that each round adds, at least: many more than stay.
const SAID: usize = 300;

/// What stays.
const KEEP: [(&str, &str); 1] = [("CHATROOM_HISTORY_KEEP", "120 messages")];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_whole_wherever_deleting_the_rest_ends() {
    let home = tempfile::tempdir().unwrap();
    let mut writers: Vec<Writer> = Vec::new();
    let rounds = rounds(2 * PLACES.len());
    let (mut reached, mut oldest) = (0, 1);
    for round in 0..=rounds {
        let mut server = healthy(home.path());
        let mut wire = Wire::connect(server.port()).await.unwrap();
        if round == 0 {
            writers = load::enrol(&mut wire, WRITERS).await;
        }
        for writer in &mut writers {
            writer.settle(&mut wire).await;
        }
        let deleted = judge(&mut wire, &writers).await;
        assert!(deleted >= oldest, "what was deleted does not come back");
        oldest = deleted;
        if round == rounds {
            drop(wire);
            server.terminate();
            break;
        }
        // Without a bound until enough is said, so that there is something to delete.
        let target = newest(&writers) + SAID as u64;
        let working: Vec<_> =
            writers.drain(..).map(|writer| tokio::spawn(writer.work(server.port()))).collect();
        let newest = "&before_id=1000000000&limit=1";
        while chat::poll(&mut wire, "writer0", 0, newest).await.unwrap().messages[0].id < target {}
        drop(wire);
        server.kill();
        for writer in working {
            writers.push(writer.await.unwrap());
        }
        let place = PLACES[round % PLACES.len()];
        let (child, _) = doomed(home.path(), place, 1, &KEEP);
        let ended = tokio::task::spawn_blocking(move || ended(child)).await.unwrap();
        reached += usize::from(ended);
        check(home.path());
    }
    eprintln!("retention: {reached} of {rounds} places reached, the oldest is {oldest}");
    assert_eq!(reached, rounds, "every place is passed");
    assert!(oldest > 1, "something was deleted");
}

fn newest(writers: &[Writer]) -> u64 {
    let ids = writers.iter().flat_map(|writer| &writer.acked).filter_map(|(_, sent)| sent.id);
    ids.max().unwrap_or_default()
}

/// Panics unless everybody sees what was acknowledged from the oldest message on, and nothing
/// below it. The oldest.
async fn judge(wire: &mut Wire, writers: &[Writer]) -> u64 {
    let page = chat::poll(wire, &writers[0].name, 0, "&limit=1").await.unwrap();
    let oldest = page.oldest_id.unwrap();
    for reader in writers {
        let seen = chat::history(wire, &reader.name).await.unwrap();
        let seen: BTreeMap<_, _> = seen.into_iter().map(|seen| (seen.id, seen.what)).collect();
        let below = seen.keys().find(|id| **id < oldest);
        assert_eq!(below, None, "{} sees what is deleted; {oldest} is the oldest", reader.name);
        for (to, sent) in writers.iter().flat_map(|writer| &writer.acked) {
            let id = sent.id.unwrap();
            // All four are in the room.
            if id >= oldest && (*to == reader.name || to.starts_with("room_")) {
                assert_eq!(seen.get(&id), Some(&sent.what), "{} misses {id}", reader.name);
            }
        }
    }
    oldest
}
