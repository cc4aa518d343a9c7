//! Who is here: `POST /register`, `GET /online`.

use serde_json::{Value, json};

use crate::support::Server;
use crate::support::answers::{assert_fault, done, refused, success};

#[tokio::test]
async fn a_registration_is_confirmed_with_the_name_and_a_token() {
    let server = Server::memory();
    let (status, mut body) = server.client().post("/register", json!({ "username": "ann" })).await;
    let token = body.as_object_mut().unwrap().remove("token");
    assert_eq!((status, body), done("User ann registered successfully."));
    let token = token.as_ref().and_then(Value::as_str).expect("a token beside the sentence");
    assert!(token.len() >= 32, "a secret that can be guessed: {token:?}");
}

#[tokio::test]
async fn every_registration_has_its_own_token() {
    let server = Server::memory();
    let client = server.client();
    let (_, ann) = client.post("/register", json!({ "username": "ann" })).await;
    let (_, bob) = client.post("/register", json!({ "username": "bob" })).await;
    assert_ne!(ann["token"], bob["token"]);
}

#[tokio::test]
async fn a_registration_without_a_name_is_refused() {
    let server = Server::memory();
    let client = server.client();
    for body in [json!({}), json!({ "username": "" }), json!({ "username": null })] {
        let wanted = refused("field_required", "Username is required.");
        assert_eq!(client.post("/register", body.clone()).await, wanted, "{body}");
    }
}

#[tokio::test]
async fn a_held_name_is_taken() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    let wanted = refused("username_taken", "Username already taken.");
    assert_eq!(client.post("/register", json!({ "username": "ann" })).await, wanted);
}

#[tokio::test]
async fn unknown_keys_are_ignored() {
    let server = Server::memory();
    let body = json!({ "username": "ann", "password": [1, { "a": null }], "": 0 });
    let (status, body) = server.client().post("/register", body).await;
    assert_eq!((status, &body["message"]), (200, &json!("User ann registered successfully.")));
}

#[tokio::test]
async fn online_is_empty_before_the_first_registration() {
    let server = Server::memory();
    assert_eq!(server.client().get("/online").await, success(json!({ "online_users": [] })));
}

#[tokio::test]
async fn online_lists_everybody_with_the_name_as_given() {
    let server = Server::memory();
    let client = server.client();
    // A letter with its accent beside it stays so: it is not composed.
    let names = ["Zoë", "e\u{301}mile", "🚀 pilot", "Ann Lee", "李", "نور", "o_o"];
    client.register(&names).await;
    let (status, body) = client.get("/online").await;
    assert_eq!((status, body), success(json!({ "online_users": names })));
}

#[tokio::test]
async fn the_sentence_has_the_name_as_given() {
    let server = Server::memory();
    for name in ["Zoë 🚀", "e\u{301}", "{username}", "%s"] {
        let (_, body) = server.client().post("/register", json!({ "username": name })).await;
        assert_eq!(body["message"], format!("User {name} registered successfully."));
    }
}

#[tokio::test]
async fn names_that_cannot_be_are_refused_with_a_sentence_and_a_code() {
    let server = Server::memory();
    let client = server.client();
    let long = "x".repeat(65);
    for (name, code) in [
        (" ", "name_space"),
        (" ann", "name_space"),
        ("ann\u{a0}", "name_space"),
        ("an\tn", "name_control"),
        ("an\nn", "name_control"),
        ("a\u{200b}nn", "name_control"),
        ("\u{202e}nna", "name_control"),
        ("ann\u{2066}", "name_control"),
        ("ann\u{0}", "name_control"),
        ("an\u{fffd}", "name_replacement"),
        ("<b>ann</b>", "name_markup"),
        ("a&b", "name_markup"),
        ("a\"b", "name_markup"),
        ("a'b", "name_markup"),
        ("a\\b", "name_markup"),
        ("a`b", "name_markup"),
        ("a>b", "name_markup"),
        ("server", "name_reserved"),
        ("Server", "name_reserved"),
        ("ѕerver", "name_reserved"),
        ("room_7", "name_room_prefix"),
        ("room_", "name_room_prefix"),
        ("Room 7", "name_room_prefix"),
        (&long, "name_too_long"),
        (&"😀".repeat(65), "name_too_long"),
        (&"x".repeat(100_000), "name_too_long"),
    ] {
        let answer = client.post("/register", json!({ "username": name })).await;
        assert_fault(&answer, 400, code);
    }
    assert_eq!(client.get("/online").await, success(json!({ "online_users": [] })));
}

#[tokio::test]
async fn a_name_of_sixty_four_characters_is_taken_whatever_their_bytes() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["x".repeat(64).as_str(), "😀".repeat(64).as_str()]).await;
}
