//! What the server answers is what the document says.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::header::{ALLOW, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, redirect};
use serde_json::{Value, json};

use crate::conversation::{self, Call};
use crate::spec::Spec;
use crate::support::Server;

/// What only a failing disk brings about; `tests/disk_full.rs` has one.
const FAILURES: [(u16, &str); 2] = [(503, "store_unavailable"), (507, "disk_full")];

/// What pages of other origins are told, where they are not allowed.
const FOREIGN: (u16, &str) = (403, "origin_not_allowed");

/// What is told where the settings, the disk or whoever runs the server want it so: `tests/accounts`,
/// `tests/files`.
const CLOSED: [(u16, &str); 7] = [
    (403, "account_disabled"),
    (403, "invite_invalid"),
    (403, "invite_required"),
    (403, "registration_closed"),
    (503, "history_unavailable"),
    (413, "quota_exceeded"),
    (503, "files_unavailable"),
];

/// What is told those whom the settings keep out.
const KEPT_OUT: [(u16, &str); 2] = [(403, "peer_not_allowed"), (403, "host_not_allowed")];

/// What is told those who ask too often.
const TOO_OFTEN: (u16, &str) = (429, "rate_limited");

/// What is told when the file is gone.
const UNAVAILABLE: (u16, &str) = (500, "announcement_unavailable");

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn kind(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().unwrap().split(';').next()
    }
}

async fn ask(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.bytes().await.unwrap().to_vec() }
}

/// The tokens that sessions were begun with, each with the id of its user.
type Tokens = BTreeMap<&'static str, (String, u64)>;

async fn make(http: &Client, server: &Server, call: &Call, tokens: &mut Tokens) -> Answer {
    let method = Method::from_bytes(call.method.as_bytes()).unwrap();
    let mut body = call.body.clone();
    if let Ok(text) = std::str::from_utf8(&body)
        && text.contains("<id of ")
    {
        let filled = tokens.iter().fold(text.to_owned(), |text, (who, (_, id))| {
            text.replace(&format!("<id of {who}>"), &id.to_string())
        });
        body = filled.into_bytes();
    }
    let mut request = http.request(method, server.url(&call.path)).body(body);
    if let Some((name, value)) = call.header {
        request = request.header(name, value);
    }
    if !call.kind.is_empty() {
        request = request.header(CONTENT_TYPE, call.kind);
    }
    if let Some((token, _)) = tokens.get(call.who) {
        request = request.bearer_auth(token);
    }
    let answer = ask(request).await;
    if call.path.starts_with("/auth/") && !call.who.is_empty() && call.code.is_empty() {
        let body = answer.json();
        let token = body["token"].as_str().zip(body["user_id"].as_u64());
        tokens.extend(token.map(|(token, id)| (call.who, (token.to_owned(), id))));
    }
    answer
}

fn client() -> Client {
    Client::builder().redirect(redirect::Policy::none()).build().unwrap()
}

/// Panics unless the document knows this answer, to the last key.
fn check(spec: &Spec, method: &str, path: &str, answer: &Answer) {
    let operation = spec.operation(method, path);
    let response = operation.response(answer.status);
    let what = format!("{method} {path} {}", answer.status);
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        assert!(answer.headers.contains_key(name), "{what}: the header {name} is missing");
        assert!(header["schema"].is_object(), "{what}: the header {name} has no schema");
    }
    let Some(contents) = response["content"].as_object() else {
        assert!(answer.body.is_empty(), "{what} has a body");
        return;
    };
    let kind = answer.kind().unwrap_or_else(|| panic!("{what} has no content type"));
    let media = contents.get(kind).unwrap_or_else(|| panic!("{what}: {kind} is not documented"));
    if kind != "application/json" {
        return;
    }
    let body = answer.json();
    spec.check(&media["schema"], &body, &what);
    if !path.starts_with("/openapi.json") {
        let unknown = spec.undocumented(&media["schema"], &body);
        assert!(unknown.is_empty(), "{what}: {unknown:?} are not documented");
    }
}

#[tokio::test]
async fn every_answer_is_documented_and_every_documented_answer_is_given() {
    let (server, token) = Server::with_root();
    let spec = Spec::of(&server).await;
    let http = client();
    let mut given = BTreeSet::new();
    // Root is the first user.
    let mut tokens = Tokens::from([("root", (token, 1))]);
    for call in conversation::all() {
        let answer = make(&http, &server, &call, &mut tokens).await;
        let what =
            format!("{} {} {:.99}", call.method, call.path, call.body.escape_ascii().to_string());
        assert_eq!(
            answer.status,
            call.status,
            "{what}: {:?}",
            answer.body.escape_ascii().to_string()
        );
        if !call.code.is_empty() {
            assert_eq!(answer.json()["code"], call.code, "{what}");
        }
        check(&spec, call.method, &call.path, &answer);
        let operation = spec.operation(call.method, &call.path);
        let place = (operation.method, operation.path);
        given.insert((place, answer.status, call.code.to_owned()));
    }
    // An invitation goes by an id that nobody knows before.
    let invited = |path: &str, body: Value| {
        http.post(server.url(path)).bearer_auth(&tokens["root"].0).json(&body)
    };
    let made = ask(invited("/admin/invites", json!({}))).await.json();
    let end = json!({ "invite": made["id"] });
    let answer = ask(invited("/admin/invites/end", end)).await;
    check(&spec, "POST", "/admin/invites/end", &answer);
    given.insert((("POST", "/admin/invites/end"), answer.status, String::new()));
    std::fs::remove_file(server.home().join("announcement.txt")).unwrap();
    let answer = ask(http.get(server.url("/announcement"))).await;
    assert_eq!((answer.status, answer.json()["code"].as_str().unwrap()), UNAVAILABLE);
    check(&spec, "GET", "/announcement", &answer);

    // Other tests bring these about.
    let [peer, host] = KEPT_OUT;
    let elsewhere = [FOREIGN, UNAVAILABLE, TOO_OFTEN, peer, host];
    for operation in spec.operations() {
        let path = operation.path;
        let place = (operation.method, path);
        let mut failures = BTreeSet::new();
        for (status, code) in operation.refusals() {
            if FAILURES.contains(&(status, &code)) {
                failures.insert(status);
            } else if !elsewhere.contains(&(status, &*code)) && !CLOSED.contains(&(status, &code)) {
                assert!(given.contains(&(place, status, code.clone())), "{place:?} gave no {code}");
            }
        }
        // What writes can fail to write.
        assert_eq!(failures.len(), if operation.method == "GET" { 0 } else { 2 }, "{place:?}");
        for (status, _) in operation.value["responses"].as_object().unwrap() {
            let status: u16 = status.parse().unwrap();
            let stream = path == "/events" && status == 200;
            let given = given.iter().any(|(p, s, _)| (*p, *s) == (place, status));
            let rare = [403, 429, 500, 503, 507].contains(&status);
            assert!(given || stream || rare, "{place:?} {status}");
        }
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_refused_as_documented() {
    let server = Server::configured("cors_origins = [\"https://chat.example\"]");
    let spec = Spec::of(&server).await;
    for operation in spec.operations() {
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let path = operation.path_to_ask();
        let request = client().request(method, server.url(&path));
        let answer = ask(request.header("Origin", "https://elsewhere.example")).await;
        assert_eq!((answer.status, answer.json()["code"].as_str().unwrap()), FOREIGN, "{path}");
        check(&spec, operation.method, &path, &answer);
    }
}

#[tokio::test]
async fn whom_the_settings_keep_out_is_refused_as_documented() {
    let server = Server::configured("proxies = [\"127.0.0.1\"]");
    let spec = Spec::of(&server).await;
    let headers = [("X-Forwarded-For", "203.0.113.7"), ("Host", "elsewhere.example")];
    for operation in spec.operations() {
        for ((name, value), refusal) in headers.into_iter().zip(KEPT_OUT) {
            let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
            let path = operation.path_to_ask();
            let request = client().request(method, server.url(&path));
            let answer = ask(request.header(name, value)).await;
            assert_eq!((answer.status, answer.json()["code"].as_str().unwrap()), refusal);
            check(&spec, operation.method, &path, &answer);
            let mut documented = operation.refusals();
            assert!(documented.any(|(status, code)| (status, &*code) == refusal), "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_asked_for_too_often_is_refused_as_documented() {
    let server = Server::configured(
        "[rate_limits]\nregister_per_address = \"2/1h\"\nauth_register_per_address = \"1/1h\"\n\
         send_per_user = \"1/1h\"\ncreate_room_per_user = \"1/1h\"\nfailed_logins = \"1/1h\"\n\
         upload_per_user = \"1/1h\"\n",
    );
    let spec = Spec::of(&server).await;
    let post = |path, body: Value| ("POST", path, body);
    let wrong = json!({"username": "eve", "password": "wrong password"});
    let change = json!({"old_password": "wrong password", "new_password": "battery staple"});
    let mut token = String::new();
    let mut limited = BTreeSet::new();
    // Each is asked for until it is too often.
    for (method, path, body) in [
        post("/register", json!({"username": "ann"})),
        post("/register", json!({"username": "bob"})),
        post("/register", json!({"username": "carl"})),
        post("/send", json!({"sender": "ann", "recipient": "bob", "message": "Hello"})),
        post("/send", json!({"sender": "ann", "recipient": "bob", "message": "Hello"})),
        post("/create_room", json!({"admin": "ann", "participants": ["bob"]})),
        post("/create_room", json!({"admin": "ann", "participants": ["bob"]})),
        post("/auth/register", json!({"username": "eve", "password": "correct horse"})),
        post("/auth/register", json!({"username": "dan", "password": "correct horse"})),
        post("/auth/login", wrong.clone()),
        post("/auth/login", wrong),
        post("/auth/password", change),
        ("DELETE", "/auth/account", json!({"password": "wrong password"})),
    ] {
        let request = client().request(method.parse().unwrap(), server.url(path));
        let answer = ask(request.bearer_auth(&token).json(&body)).await;
        check(&spec, method, path, &answer);
        let body = answer.json();
        if path == "/auth/register" && answer.status == 201 {
            token = body["token"].as_str().unwrap().to_owned();
        }
        if answer.status == 429 {
            assert_eq!(body["code"], TOO_OFTEN.1, "{path}");
            limited.insert((method, path));
        }
    }
    // In a project of eve's.
    let post = |path: &str| client().post(server.url(path)).bearer_auth(&token);
    let named = || post("/projects").json(&json!({"name": "P"}));
    let made = ask(named()).await.json();
    let (project, conversation) = (&made["project_id"], &made["conversation_id"]);
    let say = || {
        let path = format!("/conversations/{conversation}/messages");
        post(&path).json(&json!({"content": "Hello"}))
    };
    let bring = || {
        let form = "--edge\r\nContent-Disposition: form-data; name=\"file\"; \
            filename=\"a.txt\"\r\n\r\nhello\r\n--edge--\r\n";
        let kind = "multipart/form-data; boundary=edge";
        post(&format!("/projects/{project}/files")).header("Content-Type", kind).body(form)
    };
    for (path, request) in [
        ("/projects", named()),
        ("/conversations", post("/conversations").json(&json!({}))),
        ("/conversations/{id}/messages", say()),
        ("/conversations/{id}/messages", say()),
        ("/projects/{id}/files", bring()),
        ("/projects/{id}/files", bring()),
    ] {
        let answer = ask(request).await;
        check(&spec, "POST", path, &answer);
        if answer.status == 429 {
            assert_eq!(answer.json()["code"], TOO_OFTEN.1, "{path}");
            limited.insert(("POST", path));
        }
    }
    let documented = spec.operations().into_iter().filter(|operation| {
        operation.refusals().any(|(status, code)| (status, &*code) == TOO_OFTEN)
    });
    let documented: BTreeSet<_> = documented.map(|o| (o.method, o.path)).collect();
    assert_eq!(documented, limited);
}

#[tokio::test]
async fn what_is_documented_for_get_is_answered_to_head_without_its_body() {
    let server = Server::memory();
    let spec = Spec::of(&server).await;
    server.client().register(&["ann"]).await;
    for operation in spec.operations().iter().filter(|operation| operation.method == "GET") {
        let url = server.url(&format!("{}?username=ann", operation.path_to_ask()));
        // A stream's GET does not end.
        let (wanted, kind) = if operation.path == "/events" {
            (200, Some("text/event-stream".to_owned()))
        } else {
            let answer = ask(client().get(&url)).await;
            (answer.status, answer.kind().map(str::to_owned))
        };
        let answer = ask(client().head(&url)).await;
        assert_eq!((answer.status, answer.kind()), (wanted, kind.as_deref()), "{url}");
        assert!(answer.body.is_empty(), "{url}");
    }
}

#[tokio::test]
async fn what_is_not_documented_is_refused_with_the_methods_that_are() {
    let server = Server::memory();
    let spec = Spec::of(&server).await;
    for operation in spec.operations() {
        let path = operation.path_to_ask();
        let allowed = spec.allowed(operation.path);
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "QUERY", "NONSENSE"] {
            if allowed.contains(&method) {
                continue;
            }
            // A trailing slash changes nothing.
            for url in [server.url(&path), server.url(&format!("{path}/"))] {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let answer = ask(client().request(method.clone(), &url)).await;
                assert_eq!(answer.status, 405, "{method} {url}");
                assert_eq!(answer.headers[ALLOW], allowed.join(", "), "{method} {url}");
                spec.check(&spec.0["components"]["schemas"]["Error"], &answer.json(), &url);
                assert_eq!(answer.json()["code"], "method_not_allowed");
            }
        }
    }
}
