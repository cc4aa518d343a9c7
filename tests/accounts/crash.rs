//! A server that is killed in the middle of it leaves no account half made, changed or removed.

use std::time::Duration;

use rand::random_range;
use serde_json::{Value, json};

use crate::people::{Person, refusal};
use crate::support::{Client, Server};

const ROUNDS: usize = 8;
const WORKERS: usize = 4;

/// An account as its owner knows it, and what was asked last without an answer.
struct Known {
    name: String,
    password: String,
    sessions: Vec<Person>,
    made: bool,
    pending: Option<Pending>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Pending {
    Make,
    Change,
    Remove,
}

impl Known {
    fn new(name: String) -> Known {
        let password = format!("{name} first");
        Known { name, password, sessions: Vec::new(), made: false, pending: None }
    }

    fn next_password(&self) -> String {
        format!("{} second", self.name)
    }

    /// Makes the account, logs in twice, changes the password, removes it; as far as it gets.
    async fn live(&mut self, client: &Client) -> Option<()> {
        self.pending = Some(Pending::Make);
        let body = json!({ "username": self.name, "password": self.password });
        let first = person(client, try_post(client, "/auth/register", body.clone()).await?);
        (self.made, self.pending) = (true, None);
        let second = person(client, try_post(client, "/auth/login", body).await?);
        self.sessions = vec![first.clone(), second];
        self.pending = Some(Pending::Change);
        let change = json!({ "old_password": self.password, "new_password": self.next_password() });
        try_ask(&first, "POST", "/auth/password", change).await?;
        self.password = self.next_password();
        self.sessions.truncate(1);
        self.pending = Some(Pending::Remove);
        let remove = json!({ "password": self.password, "messages": "remove" });
        try_ask(&first, "DELETE", "/auth/account", remove).await?;
        (self.made, self.pending) = (false, None);
        self.sessions.clear();
        Some(())
    }

    /// Finds everything as it was answered; what was not, either done or not begun.
    async fn judge(&self, client: &Client) -> &'static str {
        let lets_in = |password: String| async move {
            let body = json!({ "username": self.name, "password": password });
            let answer = client.post("/auth/login", body).await;
            assert!(matches!(answer.0, 200 | 401), "{answer:?}");
            answer.0 == 200
        };
        let is_in = |person: &Person| {
            let person = Person { client: client.clone(), ..person.clone() };
            async move { person.is_in().await }
        };
        let now = lets_in(self.password.clone()).await;
        let body = json!({ "username": self.name, "password": "another password" });
        let again = client.post("/auth/register", body).await;
        let taken = refusal(400, "username_taken", "User already exists");
        let what = format!("{}, {:?}", self.name, self.pending);
        match self.pending {
            Some(Pending::Make) if now => {
                assert_eq!(again, taken, "{what}");
                "made"
            }
            Some(Pending::Make) => {
                assert_eq!(again.0, 201, "{what}: nothing of it is there: {again:?}");
                "not made"
            }
            Some(Pending::Change) => {
                assert_eq!(again, taken, "{what}");
                let next = lets_in(self.next_password()).await;
                assert_ne!(now, next, "{what}: one password counts");
                assert!(is_in(&self.sessions[0]).await, "{what}");
                assert_eq!(is_in(&self.sessions[1]).await, now, "{what}: the session with it");
                if next { "changed" } else { "not changed" }
            }
            Some(Pending::Remove) => {
                assert_eq!(again, taken, "{what}: also a removed one keeps its name for a while");
                assert_eq!(is_in(&self.sessions[0]).await, now, "{what}");
                if now { "not removed" } else { "removed" }
            }
            None => {
                assert_eq!(again, taken, "{what}");
                assert_eq!(now, self.made, "{what}");
                for session in &self.sessions {
                    assert!(is_in(session).await, "{what}");
                }
                "as answered"
            }
        }
    }
}

fn person(client: &Client, answer: Value) -> Person {
    let token = answer["token"].as_str().unwrap().to_owned();
    Person { client: client.clone(), id: answer["user_id"].as_u64().unwrap(), token }
}

/// The body of a success; `None` when the server did not answer any more.
async fn answered(request: reqwest::RequestBuilder) -> Option<Value> {
    let response = request.send().await.ok()?;
    let status = response.status();
    let body: Value = response.json().await.ok()?;
    assert!(status.is_success(), "{status} {body}");
    Some(body)
}

async fn try_post(client: &Client, path: &str, body: Value) -> Option<Value> {
    answered(client.http().post(client.url(path)).json(&body)).await
}

async fn try_ask(person: &Person, method: &str, path: &str, body: Value) -> Option<Value> {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let request = person.client.http().request(method, person.client.url(path));
    answered(request.bearer_auth(&person.token).json(&body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_account_is_half_made_half_changed_or_half_removed_by_kill_9() {
    let home = tempfile::tempdir().unwrap();
    let mut verdicts = std::collections::BTreeMap::<&str, usize>::new();
    for round in 0..ROUNDS {
        let mut server = Server::start_in(home.path(), &["--durability", "full"]);
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let client = server.client();
                tokio::spawn(async move {
                    let mut all = Vec::new();
                    for number in 0.. {
                        let mut known = Known::new(format!("r{round} w{worker} n{number}"));
                        let lived = known.live(&client).await;
                        all.push(known);
                        if lived.is_none() {
                            break;
                        }
                    }
                    all
                })
            })
            .collect();
        // The random moment.
        tokio::time::sleep(Duration::from_millis(random_range(50..1500))).await;
        server.kill();
        let server = Server::start_in(home.path(), &[]);
        for worker in workers {
            for known in worker.await.unwrap() {
                *verdicts.entry(known.judge(&server.client()).await).or_default() += 1;
            }
        }
    }
    eprintln!("accounts: {verdicts:?}");
    let cut: usize =
        verdicts.iter().filter(|(what, _)| **what != "as answered").map(|(_, n)| n).sum();
    assert!(cut >= ROUNDS, "hardly anything was cut off: {verdicts:?}");
}
