//! What the log says of requests, and what it never says.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::fs::File;
use std::path::Path;

use serde_json::{Value, json};
use support::account::Account;
use support::streams::Events;
use support::{Client, Server, command};

/// What people say, show and are called. Each of them has this in it.
const PLANTED: &str = "planted";

const PASSWORD: &str = "planted password";

/// A file as a form sends it.
const UPLOAD: &str = "--planted\r\nContent-Disposition: form-data; name=\"file\"; \
    filename=\"planted file.txt\"\r\n\r\nplanted bytes\r\n--planted--\r\n";

/// The type of that form.
const FORM: &str = "multipart/form-data; boundary=planted";

/// A server that writes everything it may into `server.log`, in this form.
fn start(home: &Path, format: &str, level: &str) -> Server {
    let log = File::create(home.join("server.log")).unwrap();
    let mut start = command(home);
    start.args(["serve", "--port", "0", "--store", "memory:", "--log-format", format]);
    Server::launch(home, start.env("CHATROOM_LOG_LEVEL", level).stderr(log))
}

/// Ends the server and gives what it wrote.
fn written(mut server: Server) -> String {
    server.terminate();
    std::fs::read_to_string(server.home().join("server.log")).unwrap()
}

/// Everything that has a secret in it, well and badly; gives the secrets that the server made.
async fn busy(server: &Server) -> Vec<String> {
    let client = server.client();
    let mut secrets = vec![PLANTED.to_owned(), "planted%20".to_owned()];
    for name in ["planted-ann", "planted-bob"] {
        let (_, body) = client.post("/register", json!({ "username": name })).await;
        secrets.push(body["token"].as_str().unwrap().to_owned());
    }
    let token = secrets.last().unwrap().clone();
    let send = json!({"sender": "planted-ann", "recipient": "planted-bob", "message": "planted text", "client_msg_id": "planted-id"});
    assert_eq!(client.post("/send", send.clone()).await.0, 200);
    assert_eq!(client.post("/send", send).await.0, 200);
    let query = [("username", "planted-bob"), ("token", &token), ("last_id", "0"), ("wait", "5")];
    assert_eq!(client.query("/messages", &query).await.0, 200);
    assert_eq!(client.get("/messages?username=planted-nobody").await.0, 400);
    let query = [("username", "planted-bob"), ("token", &token), ("q", "planted")];
    assert_eq!(client.query("/search", &query).await.0, 200);
    let target = format!("/events?username=planted-bob&last_id=0&token={token}");
    let mut stream = Events::open(server.port(), &target, None).await.unwrap();
    assert!(stream.next().await.unwrap().unwrap().data.contains("planted text"));
    drop(stream);
    secrets.extend(accounts(server, &client).await);
    unfit(&client).await;
    socket(&client, &token).await;
    secrets
}

/// Accounts, projects, files.
async fn accounts(server: &Server, client: &Client) -> Vec<String> {
    let account = |password: &str| json!({"username": "planted-carol", "password": password});
    let (status, body) = client.post("/auth/register", account(PASSWORD)).await;
    assert_eq!(status, 201, "{body}");
    let token = body["token"].as_str().unwrap().to_owned();
    assert_eq!(client.post("/auth/login", account("planted wrong one")).await.0, 401);
    assert_eq!(client.post("/auth/login", account(PASSWORD)).await.0, 200);
    let http = client.http();
    let project = json!({"name": "planted project"});
    let made = http.post(client.url("/projects")).bearer_auth(&token).json(&project).send();
    let made: Value = made.await.unwrap().json().await.unwrap();
    let files = client.url(&format!("/projects/{}/files", made["project_id"]));
    let upload = http.post(files).bearer_auth(&token).header("Content-Type", FORM).body(UPLOAD);
    assert_eq!(upload.send().await.unwrap().status(), 201);
    let search = http.get(client.url("/conversations/users?search=planted"));
    assert_eq!(search.bearer_auth(&token).send().await.unwrap().status(), 200);
    let admin = http.get(client.url("/admin/accounts?planted=planted")).bearer_auth(&token);
    assert_eq!(admin.send().await.unwrap().status(), 403);
    let other = Account::register(server, "planted-dora").await;
    vec![token, other.token]
}

/// What is refused before anybody looks at it closely.
async fn unfit(client: &Client) {
    let http = client.http();
    for (path, body) in [
        ("/planted/path?planted=planted", "planted"),
        ("/send?planted", "{\"planted\": "),
        ("/send", "[\"planted\"]"),
        ("/register", "{\"username\": \"planted <name>\"}"),
        ("/auth/register", "{\"username\": \"planted\", \"password\": \"planted\"}"),
    ] {
        let answer = http.post(client.url(path)).body(body).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{path}");
    }
    let cookies = "chatroom_session=planted; planted=planted";
    let asked = http.get(client.url("/online")).header("Cookie", cookies);
    let asked = asked.header("User-Agent", "planted").header("X-Planted", "planted");
    assert_eq!(asked.bearer_auth("planted").send().await.unwrap().status(), 200);
}

/// A socket that connects with a token, says something and something wrong.
async fn socket(client: &Client, token: &str) {
    let path = format!("/socket.io/?EIO=4&transport=polling&planted={token}");
    let http = client.http();
    let opened = http.get(client.url(&path)).send().await.unwrap().text().await.unwrap();
    let opened: Value = serde_json::from_str(opened.trim_start_matches('0')).unwrap();
    let session = client.url(&format!("{path}&sid={}", opened["sid"].as_str().unwrap()));
    let says = |event: Value| format!("42{event}");
    for packet in [
        format!("40{}", json!({ "token": token })),
        says(json!(["join_room", {"room": "General"}])),
        says(json!(["send_message", {"room": "General", "message": "planted text"}])),
        says(json!(["private_message", {"target": "planted-ann", "msg": "planted text"}])),
        says(json!(["send_message", ["planted"]])),
        says(json!(["planted_event", "planted"])),
    ] {
        assert_eq!(http.post(&session).body(packet).send().await.unwrap().status(), 200);
    }
    let mut heard = String::new();
    while !heard.contains("planted text") {
        heard = http.get(&session).send().await.unwrap().text().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_of_either_form_has_a_secret_in_it() {
    for format in ["text", "json"] {
        let home = tempfile::tempdir().unwrap();
        let server = start(home.path(), format, "trace");
        let secrets = busy(&server).await;
        let log = written(server);
        assert!(log.lines().count() > 30, "{log}");
        for secret in secrets {
            assert!(!log.contains(&secret), "{format}: {secret}\n{log}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_has_one_line_when_that_is_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let server = start(home.path(), "json", "debug");
    let client = server.client();
    client.register(&["ann"]).await;
    client.get("/projects/7/files").await;
    client.get("/online/?x=y").await;
    let log = written(server);
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answered: Vec<_> = lines.iter().filter(|line| line["message"] == "answered").collect();
    let told = |line: &&Value| {
        assert_eq!(line["level"], "DEBUG", "{line}");
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        assert!(line["micros"].is_u64() && line["bytes"].is_u64(), "{line}");
        json!([line["method"], line["route"], line["status"]])
    };
    let told: Vec<_> = answered.iter().map(told).collect();
    let wanted = [
        json!(["POST", "/register", 200]),
        json!(["GET", "/projects/{id}/files", 401]),
        json!(["GET", "/online", 200]),
    ];
    assert_eq!(told, wanted);

    // As the text has it; and without being asked there is no line.
    for (level, count) in [("debug", 1), ("info", 0)] {
        let home = tempfile::tempdir().unwrap();
        let server = start(home.path(), "text", level);
        server.client().get("/online").await;
        let log = written(server);
        let line = "answered method=GET route=\"/online\" status=200 micros=";
        assert_eq!(log.matches(line).count(), count, "{level}: {log}");
    }
}
