//! What clients of three nodes are told could have happened one after the other.
//!
//! 50 histories of 2,000 operations with `CHATROOM_SLOW=1`, else two; every other one with a fault.

use std::path::Path;
use std::time::Duration;

use porcupine_rs::CheckResult;
use rand::random_range;

use crate::faults::{self, FAULTS, Way};
use crate::history;
use crate::support::cluster::Cluster;

const OPERATIONS: usize = 2000;

fn histories() -> usize {
    if std::env::var("CHATROOM_SLOW").is_ok_and(|slow| slow == "1") { 50 } else { 2 }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_answer_as_one_would() {
    // Cuts are for the rounds, where the nodes are in namespaces.
    let faults: Vec<_> = FAULTS.into_iter().filter(|(way, _)| *way != Way::Cut).collect();
    let (mut operations, mut unanswered) = (0, 0);
    for number in 0..histories() {
        // A name keeps its holder, so that what was sent under it can be asked for later.
        let mut cluster = Cluster::start("[compat]\nshared_names = true\n");
        let recording = tokio::spawn(history::record(cluster.proxy.port(), OPERATIONS));
        if number % 2 == 1 {
            // The random moment.
            tokio::time::sleep(Duration::from_millis(random_range(0..1000))).await;
            let fault = faults[number / 2 % faults.len()];
            tokio::task::block_in_place(|| faults::strike(&mut cluster, fault));
        }
        let recorded = recording.await.unwrap();
        operations += recorded.len();
        unanswered += history::unanswered(&recorded);
        let verdict = tokio::task::block_in_place(|| history::verdict(&recorded));
        if verdict != CheckResult::Ok {
            let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("history.txt");
            history::keep(&recorded, &file);
            panic!("history {number} is {verdict:?}; it is in {}", file.display());
        }
    }
    eprintln!(
        "cluster: {} histories, {operations} operations, {unanswered} of them without an answer, \
         all in an order that explains them",
        histories(),
    );
}
