//! Rounds of faults under load: all that was acknowledged is there, once, in one order, everywhere.
//!
//! 60 rounds with `CHATROOM_SLOW=1`, else a few; the stalls of each kind are printed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::digests::Digests;
use crate::faults::{self, FAULTS, Fault, Way};
use crate::load::{self, Done, Load};
use crate::support::chat;
use crate::support::checker::{Seen, faults};
use crate::support::cluster::place::Place;
use crate::support::cluster::{Cluster, NODES, proxy};
use crate::support::process;
use crate::support::wire::Wire;

/// After a fault the load runs on its own for so long, so that each starts from a calm sea.
const CALM: Duration = Duration::from_secs(1);

/// Acknowledgements stand still for no longer than this.
const LONGEST: Duration = Duration::from_secs(30);

fn rounds() -> usize {
    if std::env::var("CHATROOM_SLOW").is_ok_and(|slow| slow == "1") { 60 } else { 3 }
}

/// The longest stalls that faults of one kind made.
#[derive(Default)]
struct Stalls {
    rounds: usize,
    sends: Vec<Duration>,
    polls: Vec<Duration>,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_doubled_or_out_of_order() {
    let (place, mut kinds) = (Place::namespaces(), FAULTS.to_vec());
    let place = place.unwrap_or_else(|why| {
        eprintln!("skipped: the cut between a node and NATS, since there is no namespace: {why}");
        kinds.retain(|(way, _)| *way != Way::Cut);
        Place::Loopback
    });
    let mut cluster = Cluster::start_in(&place, "", |_, _| ());
    let digests = Digests::overhear(&place, &cluster.nats);
    let load = Load::begin(cluster.proxy.port()).await;
    let mut stalls: BTreeMap<String, Stalls> = BTreeMap::new();
    for round in 0..rounds() {
        tokio::time::sleep(CALM).await;
        let (acked, fault) = (load.acks.count(), kinds[round % kinds.len()]);
        load.acks.stall();
        load.polls.stall();
        let began = Instant::now();
        tokio::task::block_in_place(|| faults::strike(&mut cluster, fault));
        let well = began.elapsed();
        let again = load.acks.count();
        process::until("something is acknowledged", 60, || load.acks.count() > again).await;
        let (sends, polls) = (load.acks.stall(), load.polls.stall());
        eprintln!(
            "round {round}: {fault:?}, all well after {well:.1?}; {} acknowledged; stalls: sends \
             {sends:.1?}, polls {polls:.1?}",
            load.acks.count() - acked,
        );
        assert!(sends < LONGEST, "{fault:?}: nothing was acknowledged for {sends:?}");
        let kind = stalls.entry(named(fault)).or_default();
        kind.rounds += 1;
        kind.sends.push(sends);
        kind.polls.push(polls);
    }
    let compared = digests.agree().await;
    let done = load.end().await;
    judge(cluster.proxy.port(), &done).await;
    report(&done, stalls, cluster.restarts);
    eprintln!("the states agree at each of {compared} places of the log");
}

/// Panics unless every reader saw exactly what was due, and every node has the same.
async fn judge(port: u16, done: &Done) {
    for (name, seen) in &done.seen {
        let faults = faults(&done.due(name), seen);
        assert!(faults.is_empty(), "{name}: {} faults, {:?}", faults.len(), faults[0]);
    }
    let mut all: BTreeMap<u64, String> = BTreeMap::new();
    for node in 0..NODES {
        for name in load::names() {
            let seen = history(port, node, &name).await;
            let faults = faults(&done.due(&name), &seen);
            let first = faults.first();
            assert!(faults.is_empty(), "node {node}, {name}: {} faults, {first:?}", faults.len());
            for Seen { id, what } in seen {
                let first = all.entry(id).or_insert_with(|| what.clone());
                assert_eq!(*first, what, "id {id} belongs to one message on every node");
            }
        }
    }
    let last = all.last_key_value().map_or(0, |(id, _)| *id);
    assert_eq!(all.len() as u64, last, "no id is left out");
}

/// All that `name` may see at a node.
async fn history(port: u16, node: usize, name: &str) -> Vec<Seen> {
    let mut wire = Wire::connect(port).await.unwrap();
    let mut seen: Vec<Seen> = Vec::new();
    loop {
        let cursor = seen.last().map_or(0, |seen| seen.id);
        let target = format!("/messages?username={name}&last_id={cursor}");
        wire.ask("GET", &target, &proxy::picks(node), b"").await.unwrap();
        let page: chat::Page = wire.reply().await.unwrap().success();
        if page.messages.is_empty() {
            return seen;
        }
        seen.extend(page.messages.into_iter().map(Seen::from));
    }
}

fn named((way, whom): Fault) -> String {
    format!("{way:?} {whom:?}")
}

fn report(done: &Done, stalls: BTreeMap<String, Stalls>, restarts: usize) {
    let seen: usize = done.seen.iter().map(|(_, seen)| seen.len()).sum();
    let rounds: usize = stalls.values().map(|kind| kind.rounds).sum();
    eprintln!(
        "cluster: {rounds} faults, {} messages acknowledged, {seen} read across reconnections, \
         none lost, none doubled, ids equal on all nodes; nodes ended by themselves {restarts} \
         times",
        done.acked.len(),
    );
    eprintln!("| fault | rounds | sends stood still: median, longest | polls: longest |");
    for (kind, Stalls { rounds, mut sends, mut polls }) in stalls {
        sends.sort();
        polls.sort();
        let (median, longest) = (sends[sends.len() / 2], sends[sends.len() - 1]);
        let polls = polls[polls.len() - 1];
        eprintln!("| {kind} | {rounds} | {median:.1?}, {longest:.1?} | {polls:.1?} |");
    }
}
