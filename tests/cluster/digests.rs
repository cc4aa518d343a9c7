//! What the nodes tell each other about their states, overheard.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;

use crate::support::cluster::nats::{Nats, SERVERS};
use crate::support::cluster::place::Place;
use crate::support::cluster::{NODES, STREAM};
use crate::support::process;

/// What was said, by the place in the log: which node came to what.
type Said = BTreeMap<u64, BTreeMap<String, String>>;

/// Listens from its making on.
pub(crate) struct Digests {
    said: Arc<Mutex<Said>>,
    listener: Child,
}

impl Digests {
    /// Listens, where they are, at whichever of the servers is there.
    pub(crate) fn overhear(place: &Place, nats: &Nats) -> Digests {
        let servers: Vec<String> = (0..SERVERS).map(|server| nats.address(server)).collect();
        let mut listen = place.command("python3");
        listen.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/nats_overhear.py"));
        listen.arg(servers.join(",")).arg(format!("chatroom.{STREAM}.bus"));
        let mut listener = listen.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(listener.stdout.take().unwrap()).lines();
        let digests = Digests { said: Arc::default(), listener };
        let said = digests.said.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let message: Value = serde_json::from_str(&line).unwrap();
                let digest = &message["says"]["digest"];
                if let (Some(position), Some(digest)) =
                    (digest["position"].as_u64(), digest["digest"].as_str())
                {
                    let node = message["node"].as_str().unwrap().to_owned();
                    said.lock().entry(position).or_default().insert(node, digest.to_owned());
                }
            }
        });
        digests
    }

    /// Waits, while something is said to them, until all nodes have said once more what they came
    /// to; how many places they have spoken of.
    ///
    /// # Panics
    /// Two have come to different things at one place.
    pub(crate) async fn agree(&self) -> usize {
        let last = self.said.lock().last_key_value().map_or(0, |(position, _)| *position);
        let all = |said: &Said| said.range(last + 1..).any(|(_, by)| by.len() == NODES);
        process::until("all say what they came to", 60, || all(&self.said.lock())).await;
        let said = self.said.lock();
        for (position, by) in said.iter() {
            let different: BTreeSet<_> = by.values().collect();
            assert_eq!(different.len(), 1, "the states differ at {position}: {by:?}");
        }
        said.len()
    }
}

impl Drop for Digests {
    fn drop(&mut self) {
        let _ = self.listener.kill();
        let _ = self.listener.wait();
    }
}
