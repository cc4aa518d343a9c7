//! Every answer tells browsers what they may do with it.

use crate::Ask;
use crate::support::Server;

/// One request of each kind of answer there is.
const ANSWERS: &[(&str, &str, u16)] = &[
    ("GET", "/online", 200),
    ("POST", "/register", 400),
    ("GET", "/nothing", 404),
    ("DELETE", "/register", 405),
    ("OPTIONS", "/register", 204),
    ("HEAD", "/online", 200),
    ("GET", "/docs", 303),
    ("GET", "/docs/index.html", 200),
    ("GET", "/openapi.json", 200),
    ("GET", "/announcement", 200),
    ("GET", "/messages?username=nobody", 400),
    ("GET", "/socket.io/?EIO=4&transport=polling", 200),
    ("GET", "/socket.io/?EIO=3&transport=polling", 400),
    ("POST", "/socket.io/?EIO=4&transport=polling&sid=nobody", 400),
    ("FOO", "/online", 405),
];

#[test]
fn every_answer_has_the_security_headers() {
    let server = Server::memory();
    for (method, path, status) in ANSWERS {
        let answered = Ask { method, ..Ask::get(path, &[]) }.of(&server);
        assert_eq!(answered.status, *status, "{method} {path}");
        let header = |name| answered.header(name).unwrap_or_default();
        assert_eq!(header("x-content-type-options"), "nosniff", "{method} {path}");
        assert_eq!(header("referrer-policy"), "same-origin", "{method} {path}");
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") || policy.contains("default-src 'self'"));
        for part in ["frame-ancestors 'none'", "base-uri 'none'", "form-action"] {
            assert!(policy.contains(part), "{method} {path}: {policy}");
        }
        assert_eq!(answered.header("strict-transport-security"), None, "{method} {path}");
    }
    let refused = Ask::get("/online", &[("Host", "evil.example")]).of(&server);
    assert!(refused.header("content-security-policy").is_some());
}

#[test]
fn nothing_that_stands_in_a_page_runs() {
    let server = Server::memory();
    for path in ["/docs/index.html", "/online", "/docs/swagger-ui-bundle.js"] {
        let policy = Ask::get(path, &[]).of(&server).header("content-security-policy").unwrap();
        let scripts = policy.split(';').map(str::trim);
        let scripts: Vec<_> = scripts.filter(|part| part.starts_with("script-src")).collect();
        assert!(!scripts.iter().any(|part| part.contains("unsafe")), "{path}: {policy}");
        assert!(!policy.contains("unsafe-eval"), "{path}: {policy}");
    }
}

#[test]
fn pages_elsewhere_may_show_ours_only_when_the_settings_name_them() {
    let ancestors = |settings: &str| {
        let server = Server::configured(settings);
        // One has a policy of its own.
        let [one, other] = ["/online", "/docs/index.html"].map(|path| {
            let answered = Ask::get(path, &[]).of(&server);
            let policy = answered.header("content-security-policy").unwrap();
            assert_eq!(answered.header("x-frame-options"), None, "it knows no list");
            policy.split("frame-ancestors ").nth(1).unwrap().split(';').next().unwrap().to_owned()
        });
        assert_eq!(one, other);
        one
    };
    assert_eq!(ancestors(""), "'none'");
    assert_eq!(
        ancestors("frame_ancestors = [\"https://www.example.org/\", \"self\"]\n"),
        "https://www.example.org 'self'"
    );
    assert_eq!(ancestors("frame_ancestors = \"*\"\n"), "*");
}
