//! What counts as a body: JSON whatever its type says, forms.

use serde_json::json;

use crate::support::answers::{Answer, assert_fault, done, message, refused, success};
use crate::support::{Client, Server};

/// `POST path` with these bytes, and a `Content-Type` if there is one.
async fn post(client: &Client, path: &str, kind: Option<&str>, body: &[u8]) -> Answer {
    let mut request = client.http().post(client.url(path)).body(body.to_vec());
    if let Some(kind) = kind {
        request = request.header("Content-Type", kind);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

#[tokio::test]
async fn a_json_object_is_taken_whatever_its_content_type_says() {
    let server = Server::memory();
    let client = server.client();
    for (number, kind) in [
        None,
        Some("application/json"),
        Some("application/json; charset=utf-8"),
        Some("APPLICATION/JSON;charset=latin1"),
        Some("text/plain;charset=UTF-8"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/octet-stream"),
        Some("nonsense"),
        Some(""),
    ]
    .into_iter()
    .enumerate()
    {
        let body = format!(" \r\n{{\"username\": \"user {number}\"}}\n");
        let (status, body) = post(&client, "/register", kind, body.as_bytes()).await;
        assert_eq!(status, 200, "{kind:?}: {body}");
    }
}

#[tokio::test]
async fn a_form_is_taken_as_curl_sends_it() {
    let server = Server::memory();
    let client = server.client();
    let (status, _) = post(&client, "/register", FORM, b"username=ann").await;
    assert_eq!(status, 200);
    let kind = Some("application/x-www-form-urlencoded; charset=UTF-8");
    let (status, _) = post(&client, "/register", kind, b"username=Zo%C3%AB+%F0%9F%9A%80").await;
    assert_eq!(status, 200);
    assert_eq!(client.get("/online").await, success(json!({ "online_users": ["ann", "Zoë 🚀"] })));
    let body = b"sender=ann&recipient=Zo%c3%ab+%F0%9F%9A%80&message=1+%2B+1+%3D+2%26%0D%0A&x=y";
    assert_eq!(post(&client, "/send", FORM, body).await, done("Message sent successfully."));
    let (_, body) = client.query("/messages", &[("username", "Zoë 🚀")]).await;
    assert_eq!(body["messages"], json!([message(1, "ann", "Zoë 🚀", "1 + 1 = 2&\r\n")]));
}

#[tokio::test]
async fn a_form_names_participants_once_or_several_times() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob", "cid"]).await;
    for (number, body) in
        ["admin=ann&participants=bob", "participants=bob&admin=ann&participants=cid"]
            .into_iter()
            .enumerate()
    {
        let (status, answer) = post(&client, "/create_room", FORM, body.as_bytes()).await;
        assert_eq!((status, &answer["room_id"]), (200, &json!(format!("room_{}", number + 1))));
    }
    let (_, body) = client.get("/rooms?username=cid").await;
    assert_eq!(body["rooms"][0]["participants"], json!(["ann", "bob", "cid"]));
    let wanted = refused("field_required", "Admin and participants are required.");
    for body in ["admin=ann", "admin=ann&participants="] {
        assert_eq!(post(&client, "/create_room", FORM, body.as_bytes()).await, wanted);
    }
}

#[tokio::test]
async fn curl_itself_registers_and_sends() {
    let server = Server::memory();
    let curl = |args: &[&str]| {
        let output = std::process::Command::new("curl").arg("-s").args(args).output().unwrap();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let answer = curl(&["-d", "username=ann", &server.url("/register")]);
    assert_eq!(answer["message"], "User ann registered successfully.");
    let body = r#"{"sender": "ann", "recipient": "ann", "message": "hi"}"#;
    let answer = curl(&["-d", body, &server.url("/send")]);
    assert_eq!(answer, done("Message sent successfully.").1);
    let answer = curl(&[&server.url("/messages?username=ann&last_id=0")]);
    assert_eq!(answer, success(json!({ "messages": [message(1, "ann", "ann", "hi")] })).1);
}

#[tokio::test]
async fn a_form_without_the_field_is_refused_like_json_without_it() {
    let server = Server::memory();
    let client = server.client();
    let wanted = refused("field_required", "Username is required.");
    for body in ["name=ann", "username=", "username", "&&&", "=ann"] {
        assert_eq!(post(&client, "/register", FORM, body.as_bytes()).await, wanted, "{body}");
    }
}

#[tokio::test]
async fn what_is_no_object_is_refused_with_a_code() {
    let server = Server::memory();
    let client = server.client();
    for body in ["[]", "null", "5", "\"ann\"", "true", "[{\"username\": \"ann\"}]"] {
        let (status, answer) = post(&client, "/register", None, body.as_bytes()).await;
        assert_eq!((status, &answer["status"]), (400, &json!("fail")), "{body}: {answer}");
        assert!(answer["code"].is_string(), "{body}: {answer}");
    }
    for body in ["{", "{\"username\"}", "{\"username\": \"ann\",}", "{'username': 'ann'}"] {
        let kind = Some("application/json");
        assert_fault(&post(&client, "/register", kind, body.as_bytes()).await, 400, "invalid_json");
    }
    let bytes = b"{\"username\": \"\xff\"}";
    let answer = post(&client, "/register", Some("application/json"), bytes).await;
    assert_fault(&answer, 400, "invalid_utf8");
}

#[tokio::test]
async fn a_field_of_a_wrong_type_is_refused() {
    let server = Server::memory();
    let client = server.client();
    for value in [json!(5), json!(true), json!(["ann"]), json!({ "a": 1 }), json!(0), json!(false)]
    {
        let body = json!({ "username": value });
        assert_fault(&client.post("/register", body.clone()).await, 400, "invalid_type");
        assert_fault(&client.post("/logout", body).await, 400, "invalid_type");
        let body = json!({ "sender": value, "recipient": "b", "message": "c" });
        assert_fault(&client.post("/send", body).await, 400, "invalid_type");
        let body = json!({ "username": "a", "room_id": value });
        assert_fault(&client.post("/leave_room", body).await, 400, "invalid_type");
    }
}

#[tokio::test]
async fn escapes_in_json_are_characters() {
    let server = Server::memory();
    let client = server.client();
    let body = br#"{"username": "Zo\u00eb \ud83d\ude80", "\u0074oken": null}"#;
    assert_eq!(post(&client, "/register", None, body).await.0, 200);
    assert_eq!(client.get("/online").await, success(json!({ "online_users": ["Zoë 🚀"] })));
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_413() {
    let server = Server::configured("[limits]\nbody_bytes = 1000\nmessage_bytes = 500\n");
    let client = server.client();
    client.register(&["ann"]).await;
    let body = |pad: usize| {
        let body = json!({ "username": "bob", "pad": "x".repeat(pad) }).to_string();
        let pad = 1000 - (body.len() - pad);
        (body, pad)
    };
    let (_, fits) = body(0);
    let (exactly, _) = body(fits);
    assert_eq!(exactly.len(), 1000);
    assert_eq!(post(&client, "/register", None, exactly.as_bytes()).await.0, 200);
    let (over, _) = body(fits + 1);
    assert_fault(&post(&client, "/register", None, over.as_bytes()).await, 413, "body_too_large");
}
