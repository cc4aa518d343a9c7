//! Which web pages may use the server.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use support::answers::assert_fault;
use support::{Client, Server};

const ENDPOINTS: &[(&str, &str)] = &[
    ("POST", "/register"),
    ("POST", "/logout"),
    ("GET", "/online"),
    ("POST", "/send"),
    ("GET", "/messages"),
    ("POST", "/create_room"),
    ("POST", "/leave_room"),
    ("POST", "/join_room"),
    ("GET", "/announcement"),
    ("GET", "/rooms"),
    ("GET", "/events"),
];

async fn request(
    client: &Client,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> (u16, HeaderMap, String) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = client.http().request(method, client.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.text().await.unwrap())
}

/// What a browser asks before a request with JSON.
async fn preflight(client: &Client, path: &str, method: &str, origin: &str) -> (u16, HeaderMap) {
    let headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "authorization,content-type"),
    ];
    let (status, headers, _) = request(client, "OPTIONS", path, &headers).await;
    (status, headers)
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

fn allow_origin(headers: &HeaderMap) -> Option<String> {
    header(headers, "access-control-allow-origin")
}

#[tokio::test]
async fn every_page_may_use_every_endpoint_by_default_without_credentials() {
    let server = Server::memory();
    let client = server.client();
    for (method, path) in ENDPOINTS {
        for origin in ["http://localhost:3000", "https://chat.example.org", "null"] {
            let (status, headers, body) =
                request(&client, method, path, &[("Origin", origin)]).await;
            assert_ne!(status, 403, "{path} {origin}: {body}");
            assert_eq!(allow_origin(&headers).as_deref(), Some("*"), "{path} {origin}");
            assert_eq!(header(&headers, "access-control-allow-credentials"), None, "{path}");
            assert_eq!(header(&headers, "vary").as_deref(), Some("Origin"), "{path} {origin}");
        }
    }
}

#[tokio::test]
async fn a_preflight_is_answered_for_every_endpoint() {
    let server = Server::memory();
    let client = server.client();
    for (method, path) in ENDPOINTS {
        for origin in ["http://localhost:3000", "null"] {
            let (status, headers) = preflight(&client, path, method, origin).await;
            assert!(matches!(status, 200 | 204), "{path} {origin}: {status}");
            assert_eq!(allow_origin(&headers).as_deref(), Some("*"), "{path} {origin}");
            let methods = header(&headers, "access-control-allow-methods").unwrap_or_default();
            assert!(methods.split(',').any(|m| m.trim() == *method), "{path}: {methods:?}");
            let allowed = header(&headers, "access-control-allow-headers").unwrap_or_default();
            let allowed = allowed.to_ascii_lowercase();
            for name in ["authorization", "content-type"] {
                assert!(allowed.contains(name) || allowed == "*", "{path}: {allowed:?}");
            }
            assert_eq!(header(&headers, "vary").as_deref(), Some("Origin"), "{path} {origin}");
        }
    }
}

#[tokio::test]
async fn the_stream_may_be_resumed_by_other_pages() {
    let server = Server::memory();
    let client = server.client();
    let headers = [
        ("Origin", "https://a.example"),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "last-event-id"),
    ];
    let (status, headers, _) = request(&client, "OPTIONS", "/events", &headers).await;
    assert!(matches!(status, 200 | 204), "{status}");
    let allowed = header(&headers, "access-control-allow-headers").unwrap_or_default();
    assert!(allowed.to_ascii_lowercase().contains("last-event-id") || allowed == "*");
}

#[tokio::test]
async fn errors_too_can_be_read_by_other_pages() {
    let server = Server::memory();
    let client = server.client();
    let origin = [("Origin", "https://a.example")];
    for (method, path, wanted) in [
        ("GET", "/nothing", 404),
        ("GET", "/register", 405),
        ("POST", "/register", 400),
        ("GET", "/messages", 400),
        ("GET", "/messages?username=nobody", 400),
    ] {
        let (status, headers, _) = request(&client, method, path, &origin).await;
        assert_eq!(status, wanted, "{path}");
        assert_eq!(allow_origin(&headers).as_deref(), Some("*"), "{path}");
    }
}

#[tokio::test]
async fn vary_is_on_everything_with_and_without_an_origin() {
    let server = Server::memory();
    let client = server.client();
    for path in ["/online", "/nothing", "/register", "/messages", "/announcement", "/%00"] {
        for method in ["GET", "POST", "HEAD", "OPTIONS", "DELETE"] {
            for headers in [&[][..], &[("Origin", "https://a.example")]] {
                let (_, headers, _) = request(&client, method, path, headers).await;
                assert_eq!(header(&headers, "vary").as_deref(), Some("Origin"), "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn without_an_origin_nothing_is_said_of_origins() {
    let server = Server::memory();
    let (status, headers, _) = request(&server.client(), "GET", "/online", &[]).await;
    assert_eq!((status, allow_origin(&headers)), (200, None));
}

#[tokio::test]
async fn options_without_an_origin_names_the_methods() {
    let server = Server::memory();
    let (status, headers, body) = request(&server.client(), "OPTIONS", "/send", &[]).await;
    assert_eq!((status, body.as_str()), (204, ""));
    assert!(header(&headers, "allow").is_some_and(|allow| allow.contains("POST")));
}

/// A server that one site may use.
fn listed() -> Server {
    Server::configured("cors_origins = [\"https://chat.example.org\", \"http://localhost:3000\"]\n")
}

#[tokio::test]
async fn a_listed_page_is_named_in_the_answer() {
    let server = listed();
    let client = server.client();
    for origin in ["https://chat.example.org", "http://localhost:3000"] {
        let (status, headers, _) = request(&client, "GET", "/online", &[("Origin", origin)]).await;
        assert_eq!((status, allow_origin(&headers).as_deref()), (200, Some(origin)));
        let credentials = header(&headers, "access-control-allow-credentials");
        assert_eq!(credentials.as_deref(), Some("true"), "it may use cookies");
        assert_eq!(header(&headers, "vary").as_deref(), Some("Origin"));
        let (status, headers) = preflight(&client, "/send", "POST", origin).await;
        assert!(matches!(status, 200 | 204), "{status}");
        assert_eq!(allow_origin(&headers).as_deref(), Some(origin));
        let credentials = header(&headers, "access-control-allow-credentials");
        assert_eq!(credentials.as_deref(), Some("true"), "it may use cookies");
    }
}

#[tokio::test]
async fn any_other_page_is_refused_and_nothing_is_done_for_it() {
    let server = listed();
    let client = server.client();
    for origin in [
        "https://evil.example",
        "http://chat.example.org",
        "https://chat.example.org:8443",
        "https://chat.example.org.evil.example",
        "https://evil-chat.example.org",
        "https://chatxexample.org",
        "http://localhost:30001",
        "null",
    ] {
        let request = client.http().post(client.url("/register")).header("Origin", origin);
        let response = request.body(r#"{"username": "eve"}"#).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body: Value = response.json().await.unwrap();
        assert_fault(&(status, body), 403, "origin_not_allowed");
        assert_eq!(allow_origin(&headers), None, "{origin}");
        assert_eq!(header(&headers, "vary").as_deref(), Some("Origin"), "{origin}");
        let (status, headers) = preflight(&client, "/register", "POST", origin).await;
        assert_eq!((status, allow_origin(&headers)), (403, None), "{origin}");
    }
    assert_eq!(client.get("/online").await.1["online_users"], serde_json::json!([]));
}

#[tokio::test]
async fn the_server_s_own_pages_are_always_allowed() {
    for server in [listed(), Server::configured("cors_origins = []\n"), Server::memory()] {
        let client = server.client();
        let own = server.url("");
        for (method, path) in [("GET", "/online"), ("POST", "/register"), ("GET", "/nothing")] {
            let (status, _, body) = request(&client, method, path, &[("Origin", &own)]).await;
            assert_ne!(status, 403, "{body}");
        }
        // By another name of the same server it is its own page as well.
        let own = format!("http://localhost:{}", server.port());
        let host = own.trim_start_matches("http://").to_owned();
        let (status, _, body) =
            request(&client, "GET", "/online", &[("Origin", &own), ("Host", &host)]).await;
        assert_eq!(status, 200, "{body}");
    }
}

#[tokio::test]
async fn an_empty_list_allows_no_other_page() {
    let server = Server::configured("cors_origins = []\n");
    let origin = [("Origin", "https://a.example")];
    let (status, headers, _) = request(&server.client(), "GET", "/online", &origin).await;
    assert_eq!((status, allow_origin(&headers)), (403, None));
}

#[tokio::test]
async fn pages_opened_from_a_file_can_be_listed() {
    let server = Server::configured("cors_origins = [\"null\"]\n");
    let client = server.client();
    let (status, headers, _) = request(&client, "GET", "/online", &[("Origin", "null")]).await;
    assert_eq!((status, allow_origin(&headers).as_deref()), (200, Some("null")));
    assert_eq!(header(&headers, "access-control-allow-credentials"), None, "it may be any page");
    let origin = [("Origin", "https://a.example")];
    assert_eq!(request(&client, "GET", "/online", &origin).await.0, 403);
}

#[tokio::test]
async fn what_is_no_page_needs_no_permission() {
    let server = Server::configured("cors_origins = []\n");
    let client = server.client();
    client.register(&["ann"]).await;
    assert_eq!(client.get("/messages?username=ann").await.0, 200);
}
