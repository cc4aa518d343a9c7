//! Taking another password.

use serde_json::{Value, json};

use crate::people::{PASSWORD, Person, refusal};
use crate::support::Server;

const NEW: &str = "battery staple";

fn change(old: &str, new: &str) -> Value {
    json!({ "old_password": old, "new_password": new })
}

#[tokio::test]
async fn a_new_password_counts_and_ends_all_other_sessions() {
    let server = Server::memory();
    let client = server.client();
    let ann = Person::new(&client, "ann").await;
    let other = Person::log_in(&client, "ann", PASSWORD).await;
    let bob = Person::new(&client, "bob").await;
    let wanted = (200, json!({ "message": "Password changed successfully" }));
    assert_eq!(ann.ask("POST", "/auth/password", change(PASSWORD, NEW)).await, wanted);
    assert!(ann.is_in().await && bob.is_in().await);
    assert!(!other.is_in().await);
    let old = json!({ "username": "ann", "password": PASSWORD });
    let wanted = refusal(401, "invalid_credentials", "Invalid credentials");
    assert_eq!(client.post("/auth/login", old).await, wanted);
    Person::log_in(&client, "ann", NEW).await;
}

#[tokio::test]
async fn it_takes_the_old_password_and_a_new_one_that_can_be_one() {
    let server = Server::memory();
    let client = server.client();
    let ann = Person::new(&client, "ann").await;
    let required = refusal(400, "field_required", "Old and new password are required");
    let wrong = refusal(401, "invalid_credentials", "Invalid credentials");
    for (body, wanted) in [
        (json!({}), required.clone()),
        (change("", NEW), required.clone()),
        (change(PASSWORD, ""), required),
        (change("wrong horse", NEW), wrong.clone()),
        (change("short", NEW), wrong),
    ] {
        assert_eq!(ann.ask("POST", "/auth/password", body.clone()).await, wanted, "{body}");
    }
    let (status, answer) = ann.ask("POST", "/auth/password", change(PASSWORD, "short")).await;
    assert_eq!((status, &answer["code"]), (400, &json!("password_too_short")));
    Person::log_in(&client, "ann", PASSWORD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_at_once_one_counts() {
    let server = Server::memory();
    let client = server.client();
    let ann = Person::new(&client, "ann").await;
    let mut changes = Vec::new();
    for number in 0..4 {
        let ann = ann.clone();
        let body = change(PASSWORD, &format!("new password {number}"));
        changes.push(tokio::spawn(async move { ann.ask("POST", "/auth/password", body).await.0 }));
    }
    let mut right = Vec::new();
    for (number, change) in changes.into_iter().enumerate() {
        match change.await.unwrap() {
            200 => right.push(number),
            401 => {}
            other => panic!("{other}"),
        }
    }
    let [number] = right[..] else { panic!("{right:?} all count") };
    Person::log_in(&client, "ann", &format!("new password {number}")).await;
}
