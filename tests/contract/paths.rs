//! Paths, methods: trailing slashes, what is not there, what is not allowed.

use serde_json::json;

use crate::support::Server;
use crate::support::answers::{assert_fault, done, success};

#[tokio::test]
async fn a_trailing_slash_changes_nothing() {
    let server = Server::memory();
    let client = server.client();
    let (status, body) = client.post("/register/", json!({ "username": "ann" })).await;
    assert_eq!((status, &body["message"]), (200, &json!("User ann registered successfully.")));
    assert_eq!(client.get("/online/").await, success(json!({ "online_users": ["ann"] })));
    let body = json!({ "sender": "ann", "recipient": "ann", "message": "hi" });
    assert_eq!(client.post("/send/", body).await, done("Message sent successfully."));
    let (_, plain) = client.get("/messages?username=ann").await;
    assert_eq!(client.get("/messages/?username=ann").await, (200, plain));
    let body = json!({ "admin": "ann", "participants": ["ann"] });
    assert_eq!(client.post("/create_room/", body).await.0, 200);
    let body = json!({ "username": "ann", "room_id": "room_1" });
    let left = done("You have left room room_1.");
    assert_eq!(client.post("/leave_room/", body).await, left);
    let welcome = success(json!({ "announcement": "Welcome!" }));
    assert_eq!(client.get("/announcement/").await, welcome);
    let body = json!({ "username": "ann", "room_id": "room_General" });
    let joined = done("You have joined room room_General.");
    assert_eq!(client.post("/join_room/", body).await, joined);
    assert_eq!(client.get("/rooms/?username=ann").await.0, 200);
    for path in ["/api/", "/api/health/", "/api/status/", "/api/clients/"] {
        assert_eq!(client.get(path).await.0, 200, "{path}");
    }
    let (status, _) = client.post("/logout/", json!({ "username": "ann" })).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn an_unknown_path_is_a_404_in_json() {
    let server = Server::memory();
    let client = server.client();
    for path in ["/nothing", "/Online", "/online/x", "/register.php", "/%00", "/%ff", "/.env"] {
        assert_fault(&client.get(path).await, 404, "not_found");
        assert_fault(&client.post(path, json!({})).await, 404, "not_found");
    }
}

#[tokio::test]
async fn a_wrong_method_is_a_405_in_json_that_says_which_are_right() {
    let server = Server::memory();
    let client = server.client();
    for (path, right) in [
        ("/register", "POST"),
        ("/logout", "POST"),
        ("/online", "GET"),
        ("/send", "POST"),
        ("/messages", "GET"),
        ("/create_room", "POST"),
        ("/leave_room", "POST"),
        ("/join_room", "POST"),
        ("/announcement", "GET"),
        ("/rooms", "GET"),
        ("/events", "GET"),
        ("/online/", "GET"),
        ("/api", "GET"),
        ("/api/health", "GET"),
        ("/api/status", "GET"),
        ("/api/clients", "GET"),
    ] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            if method == right {
                continue;
            }
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let request = client.http().request(method.clone(), client.url(path));
            let response = request.send().await.unwrap();
            let allow = response.headers().get("allow").cloned();
            let allow = allow.unwrap_or_else(|| panic!("{method} {path}: no Allow"));
            let allowed: Vec<_> = allow.to_str().unwrap().split(", ").collect();
            assert!(allowed.contains(&right), "{method} {path}: {allowed:?}");
            assert!(!allowed.contains(&method.as_str()), "{method} {path}: {allowed:?}");
            let status = response.status().as_u16();
            let body = response.json().await.unwrap();
            assert_fault(&(status, body), 405, "method_not_allowed");
        }
    }
}

#[tokio::test]
async fn every_answer_says_that_it_is_json() {
    let server = Server::memory();
    let client = server.client();
    for path in ["/online", "/announcement", "/messages", "/nothing", "/register"] {
        let response = client.http().get(client.url(path)).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/json", "{path}");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = Server::memory();
    let client = server.client();
    let get = client.http().get(client.url("/online")).send().await.unwrap();
    let head = client.http().head(client.url("/online")).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["content-length"], get.headers()["content-length"]);
    assert_eq!(head.text().await.unwrap(), "");
}
