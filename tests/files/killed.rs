//! A server that is killed while files come and go.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;

use crate::form::{bytes, one_file, stored};
use crate::support::account::Account;
use crate::support::process::until;
use crate::support::{Server, command};

/// How often it is killed.
const ROUNDS: u64 = 8;

/// The file with this number: what it holds can be told from its name.
fn content(number: u64) -> Vec<u8> {
    bytes(number, 30_000 + (number as usize * 7919) % 400_000)
}

#[tokio::test]
async fn after_a_kill_every_listed_file_can_be_read_and_nothing_else_is_stored() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), &["--durability", "fast"]);
    let port = server.port().to_string();
    let ann = Account::register(&server, "ann").await;
    let (project, _) = ann.project("P").await;
    let numbers = Arc::new(AtomicU64::new(0));
    let mut acknowledged = Vec::new();
    for round in 1..=ROUNDS {
        let done = Arc::new(AtomicU64::new(0));
        let workers = (0..4).map(|_| {
            let (ann, numbers, done) = (ann.clone(), numbers.clone(), done.clone());
            tokio::spawn(work(ann, project, numbers, done))
        });
        let workers: Vec<_> = workers.collect();
        let enough = 3 + round % 4;
        until("some files are stored", 30, || done.load(Ordering::Relaxed) >= enough).await;
        server.kill();
        for worker in workers {
            acknowledged.extend(worker.await.unwrap());
        }
        let mut again = command(home.path());
        let arguments = ["serve", "--port", &port, "--durability", "fast"];
        server = Server::launch(home.path(), again.args(arguments));
        let (status, listed) = ann.get(&format!("/projects/{project}/files")).await;
        assert_eq!(status, 200);
        let listed = listed.as_array().unwrap();
        for file in listed {
            let path = format!("/projects/{project}/files/{}", file["id"]);
            let answer = ann.request(Method::GET, &path).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{file}");
            let number = file["filename"].as_str().unwrap().parse().unwrap();
            assert_eq!(answer.bytes().await.unwrap(), content(number), "{file}");
        }
        for number in &acknowledged {
            let name = number.to_string();
            assert!(listed.iter().any(|file| file["filename"] == name), "{name} is gone");
        }
        assert_eq!(stored(home.path()).len(), listed.len(), "round {round}");
    }
    assert!(acknowledged.len() as u64 > 2 * ROUNDS, "{}", acknowledged.len());
}

/// Uploads until the server is gone, and deletes each third file again; gives what is there for
/// sure.
async fn work(
    ann: Account,
    project: u64,
    numbers: Arc<AtomicU64>,
    done: Arc<AtomicU64>,
) -> Vec<u64> {
    let mut acknowledged = Vec::new();
    loop {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let body = one_file(&number.to_string(), "text/plain", &content(number));
        let path = format!("/projects/{project}/files");
        let kind = format!("multipart/form-data; boundary={}", crate::form::BOUNDARY);
        let request = ann.request(Method::POST, &path).header("Content-Type", kind).body(body);
        let Ok(answer) = request.send().await else { return acknowledged };
        let Ok(answer) = answer.json::<serde_json::Value>().await else { return acknowledged };
        let file = answer["file"]["id"].as_u64().unwrap_or_else(|| panic!("{answer}"));
        done.fetch_add(1, Ordering::Relaxed);
        if !number.is_multiple_of(3) {
            acknowledged.push(number);
            continue;
        }
        let path = format!("{path}/{file}");
        if ann.request(Method::DELETE, &path).send().await.is_err() {
            return acknowledged;
        }
    }
}
