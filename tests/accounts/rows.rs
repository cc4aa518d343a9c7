//! The contract's table: the rows under `/auth`.

use serde_json::{Value, json};

use crate::people::{PASSWORD, Person, cookies, refusal};
use crate::support::Server;

fn credentials(name: &str) -> Value {
    json!({ "username": name, "password": PASSWORD })
}

/// An answer without the token that it has to have.
fn without_token((status, mut body): (u16, Value)) -> (u16, Value) {
    let token = body.as_object_mut().unwrap().remove("token");
    assert_eq!(token.unwrap().as_str().unwrap().len(), 43);
    (status, body)
}

#[tokio::test]
async fn an_account_is_made_and_says_who_it_is() {
    let server = Server::memory();
    let client = server.client();
    let answer = client.post("/auth/register", credentials("Ann")).await;
    let token = answer.1["token"].as_str().unwrap().to_owned();
    let wanted =
        json!({ "message": "User registered successfully", "user_id": 1, "username": "Ann" });
    assert_eq!(without_token(answer), (201, wanted));
    let ann = Person { client: client.clone(), id: 1, token };
    let wanted = (200, json!({ "authenticated": true, "user_id": 1, "username": "Ann" }));
    assert_eq!(ann.ask("GET", "/auth/check", Value::Null).await, wanted);
    assert_eq!(ann.browse("GET", "/auth/check/", Value::Null).await, wanted);
    assert_eq!(client.get("/auth/check").await, (401, json!({ "authenticated": false })));
}

#[tokio::test]
async fn a_name_and_a_password_are_both_required() {
    let server = Server::memory();
    let client = server.client();
    let wanted = refusal(400, "field_required", "Username and password are required");
    for path in ["/auth/register", "/auth/login"] {
        for body in [
            json!({}),
            json!({ "username": "ann" }),
            json!({ "password": PASSWORD }),
            json!({ "username": "", "password": PASSWORD }),
            json!({ "username": "ann", "password": "" }),
            json!({ "username": null, "password": null }),
        ] {
            assert_eq!(client.post(path, body.clone()).await, wanted, "{path} {body}");
        }
        let (status, body) = client.post(path, json!({ "username": 7, "password": [] })).await;
        assert_eq!((status, &body["code"]), (400, &json!("invalid_type")));
        assert_eq!(body["error"], body["message"]);
    }
}

#[tokio::test]
async fn a_name_is_made_an_account_once() {
    let server = Server::memory();
    let client = server.client();
    Person::new(&client, "ann").await;
    client.register(&["guest"]).await;
    let wanted = refusal(400, "username_taken", "User already exists");
    for name in ["ann", "ANN", "аnn", "guest", "Guest"] {
        assert_eq!(client.post("/auth/register", credentials(name)).await, wanted, "{name}");
    }
}

#[tokio::test]
async fn a_password_has_8_to_1024_characters() {
    let server = Server::memory();
    let client = server.client();
    for (password, code) in [
        ("1234567".to_owned(), "password_too_short"),
        ("é".repeat(7), "password_too_short"),
        ("é".repeat(1025), "password_too_long"),
    ] {
        let body = json!({ "username": "ann", "password": password });
        let (status, answer) = client.post("/auth/register", body).await;
        assert_eq!((status, &answer["code"]), (400, &json!(code)), "{answer}");
        assert!(answer["message"].as_str().unwrap().ends_with('.'));
    }
    for (name, password) in [("ann", "12345678".to_owned()), ("bob", "é".repeat(1024))] {
        let body = json!({ "username": name, "password": password });
        assert_eq!(client.post("/auth/register", body).await.0, 201);
        Person::log_in(&client, name, &password).await;
    }
}

#[tokio::test]
async fn logging_in_takes_the_name_however_it_is_written_and_its_password() {
    let server = Server::memory();
    let client = server.client();
    let ann = Person::new(&client, "Ann").await;
    for name in ["Ann", "ann", "ＡＮＮ"] {
        let answer = client.post("/auth/login", credentials(name)).await;
        let wanted = json!({ "message": "Login successful", "user_id": 1, "username": "Ann" });
        assert_eq!(without_token(answer), (200, wanted), "{name}");
    }
    let form = [("username", "ann"), ("password", PASSWORD)];
    let request = client.http().post(client.url("/auth/login")).form(&form);
    assert_eq!(request.send().await.unwrap().status(), 200, "a form does as well");
    assert!(ann.is_in().await, "the first session goes on");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_refused_alike() {
    let server = Server::memory();
    let client = server.client();
    Person::new(&client, "ann").await;
    client.register(&["guest"]).await;
    let wanted = refusal(401, "invalid_credentials", "Invalid credentials");
    let long = "x".repeat(2000);
    for (name, password) in [
        ("ann", "wrong horse"),
        ("ann", "Correct horse"),
        ("ann", "correct horse "),
        ("ann", "short"),
        ("ann", &long),
        ("nobody", PASSWORD),
        ("guest", PASSWORD),
        ("server", PASSWORD),
        ("room_1", PASSWORD),
        (" ", PASSWORD),
        (&long, PASSWORD),
    ] {
        let body = json!({ "username": name, "password": password });
        let response = client.http().post(client.url("/auth/login")).json(&body).send().await;
        let response = response.unwrap();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(cookies(&response), [""; 0]);
        let answer = (response.status().as_u16(), response.json::<Value>().await.unwrap());
        assert_eq!(answer, wanted, "{name} {password}");
    }
}

#[tokio::test]
async fn the_cookie_is_one_that_no_script_and_no_other_site_gets_at() {
    let server = Server::memory();
    let client = server.client();
    let post = |path: &str, body: Value| client.http().post(client.url(path)).json(&body).send();
    for (path, status) in [("/auth/register", 201), ("/auth/login", 200)] {
        let response = post(path, credentials("ann")).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["cache-control"], "no-store");
        let [cookie] = &cookies(&response)[..] else { panic!("one cookie") };
        let token = response.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
        let mut parts: Vec<_> = cookie.split("; ").collect();
        assert_eq!(parts.remove(0), format!("chatroom_session={token}"));
        parts.sort_unstable();
        assert_eq!(parts, ["HttpOnly", "Max-Age=34560000", "Path=/", "SameSite=Lax"]);
    }
}

#[tokio::test]
async fn logging_out_ends_one_session_and_takes_the_cookie_back() {
    let server = Server::memory();
    let client = server.client();
    let ann = Person::new(&client, "ann").await;
    let elsewhere = Person::log_in(&client, "ann", PASSWORD).await;
    let request = client.http().post(client.url("/auth/logout")).bearer_auth(&ann.token);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let [cookie] = &cookies(&response)[..] else { panic!("one cookie") };
    assert!(cookie.starts_with("chatroom_session=; ") && cookie.contains("Max-Age=0"), "{cookie}");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body, json!({ "message": "Logged out successfully" }));
    assert!(!ann.is_in().await);
    assert!(elsewhere.is_in().await);
    let wanted = refusal(401, "authentication_required", "Authentication required");
    assert_eq!(ann.ask("POST", "/auth/logout", Value::Null).await, wanted);
    assert_eq!(client.post("/auth/logout", json!({})).await, wanted);
    let wanted = json!({ "message": "Logged out successfully" });
    assert_eq!(elsewhere.browse("POST", "/auth/logout", Value::Null).await, (200, wanted));
}

#[tokio::test]
async fn only_the_token_of_a_session_says_who_one_is() {
    let server = Server::memory();
    let client = server.client();
    let (_, guest) = client.post("/register", json!({ "username": "guest" })).await;
    let mut ann = Person::new(&client, "ann").await;
    let wanted = refusal(401, "authentication_required", "Authentication required");
    for token in [guest["token"].as_str().unwrap(), "x", "null", &"x".repeat(7000)] {
        ann.token = token.to_owned();
        assert!(!ann.is_in().await);
        for (method, path) in [
            ("POST", "/auth/logout"),
            ("POST", "/auth/password"),
            ("DELETE", "/auth/account"),
            ("GET", "/auth/sessions"),
            ("DELETE", "/auth/sessions"),
            ("DELETE", "/auth/sessions/1"),
        ] {
            assert_eq!(ann.ask(method, path, Value::Null).await, wanted, "{method} {path}");
            assert_eq!(ann.browse(method, path, Value::Null).await, wanted, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn everything_of_accounts_survives_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), &[]);
    let mut ann = Person::new(&server.client(), "ann").await;
    let mut out = Person::log_in(&server.client(), "ann", PASSWORD).await;
    assert_eq!(out.ask("POST", "/auth/logout", Value::Null).await.0, 200);
    server.kill();
    let server = Server::start_in(home.path(), &[]);
    (ann.client, out.client) = (server.client(), server.client());
    assert!(ann.is_in().await);
    assert!(!out.is_in().await);
    assert_eq!(Person::log_in(&server.client(), "ann", PASSWORD).await.id, ann.id);
    drop(server);
    let store = std::fs::read(home.path().join("chatroom.db")).unwrap();
    let wal = std::fs::read(home.path().join("chatroom.db-wal")).unwrap_or_default();
    for secret in [PASSWORD, &ann.token, &out.token] {
        let has = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!has(&store) && !has(&wal), "a secret is in the store");
    }
    let has = |bytes: &[u8]| bytes.windows(10).any(|part| part == b"$argon2id$");
    assert!(has(&store) || has(&wal), "the hash was looked for in the right place");
}
