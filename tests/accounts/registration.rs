//! Who may make an account.

use serde_json::json;

use crate::people::{PASSWORD, Person, refusal};
use crate::support::Server;

#[tokio::test]
async fn where_registration_is_closed_nobody_makes_an_account() {
    let server = Server::configured("registration = \"closed\"\n");
    let client = server.client();
    let body = json!({ "username": "ann", "password": PASSWORD, "invite": "x" });
    let says = "Accounts are made by whoever runs this server.";
    let wanted = refusal(403, "registration_closed", says);
    assert_eq!(client.post("/auth/register", body).await, wanted);
    client.register(&["ann"]).await;
}

#[tokio::test]
async fn where_one_has_to_be_invited_it_takes_an_invitation() {
    let server = Server::configured("registration = \"invite\"\n");
    let client = server.client();
    let mut body = json!({ "username": "ann", "password": PASSWORD });
    let says = "An invitation is needed to make an account here.";
    let wanted = refusal(403, "invite_required", says);
    assert_eq!(client.post("/auth/register", body.clone()).await, wanted);
    body["invite"] = json!("x");
    let wanted = refusal(403, "invite_invalid", "This invitation is not valid, or no longer.");
    assert_eq!(client.post("/auth/register", body).await, wanted);
}

#[tokio::test]
async fn a_setting_changed_between_two_starts_counts_from_the_second_on() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), &[]);
    Person::new(&server.client(), "ann").await;
    server.kill();
    std::fs::write(home.path().join("chatroom.toml"), "registration = \"closed\"\n").unwrap();
    let server = Server::start_in(home.path(), &[]);
    let client = server.client();
    Person::log_in(&client, "ann", PASSWORD).await;
    let body = json!({ "username": "bob", "password": PASSWORD });
    assert_eq!(client.post("/auth/register", body).await.0, 403);
}
