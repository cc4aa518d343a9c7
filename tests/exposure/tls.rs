//! HTTPS of the server's own, with a certificate that is made for the test, by curl.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::support::Server;

/// Makes a certificate for this machine, which is its own authority, and its key.
fn certify(home: &Path) {
    let made = Command::new("openssl")
        .args(
            "req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1".split(' '),
        )
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(home)
        .output()
        .expect("openssl, which script/setup installs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A server with a certificate and these settings.
fn serve(home: &Path, settings: &str) -> Server {
    certify(home);
    let tls = "[tls]\ncerts = \"cert.pem\"\nkey = \"key.pem\"\n";
    std::fs::write(home.join("chatroom.toml"), format!("{settings}{tls}")).unwrap();
    let server = Server::start_in(home, &["--store", "memory:"]);
    assert!(server.url("").starts_with("https://"), "{}", server.url(""));
    server
}

fn curl(server: &Server, arguments: &[&str]) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--no-buffer", "--max-time", "30"]);
    curl.args(arguments).current_dir(server.home());
    curl
}

/// What curl gets that believes the certificate: the head, and the body as JSON.
fn ask(server: &Server, path: &str, arguments: &[&str]) -> (String, Value) {
    let url = server.url(path);
    let known = ["--include", "--cacert", "cert.pem", &url];
    let Output { status, stdout, stderr } =
        curl(server, &[arguments, &known].concat()).output().unwrap();
    assert!(status.success(), "{path}: {}", String::from_utf8_lossy(&stderr));
    let text = String::from_utf8(stdout).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let body = body.trim_start_matches(|letter: char| letter != '{');
    (head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null))
}

/// A line of the head.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Ended with the test.
struct Reading(Child);

impl Drop for Reading {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn strangers_chat_over_https_without_a_proxy() {
    let home = tempfile::tempdir().unwrap();
    let server = serve(home.path(), "mode = \"internet\"\naccess = \"token\"\n");
    let register = |name: &str| {
        let (head, body) = ask(&server, "/register", &["-d", &format!("username={name}")]);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert_eq!(header(&head, "strict-transport-security"), Some("max-age=31536000"));
        format!("Authorization: Bearer {}", body["token"].as_str().unwrap())
    };
    let (ann, bob) = (register("ann"), register("bob"));
    let url = server.url("/events?username=bob&last_id=0");
    let stream = ["--cacert", "cert.pem", "--header", &bob, &url];
    let mut stream = Reading(curl(&server, &stream).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(stream.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "event: ready"));

    let message = r#"{"sender": "ann", "recipient": "bob", "message": "Hello, Bob"}"#;
    let (_, body) = ask(&server, "/send", &["--header", &ann, "-d", message]);
    assert_eq!(body["status"], "success", "{body}");
    assert!(lines.any(|line| line.contains("Hello, Bob")), "the stream brings it");
    let (_, body) = ask(&server, "/messages?username=bob&last_id=0", &["--header", &bob]);
    assert_eq!(body["messages"][0]["message"], "Hello, Bob");
    let (head, _) = ask(&server, "/messages?username=bob&last_id=0", &[]);
    assert!(head.starts_with("HTTP/1.1 401"), "{head}");
    assert_eq!(header(&head, "strict-transport-security"), Some("max-age=31536000"));
}

#[test]
fn cookies_are_only_for_https_where_it_is_spoken() {
    for settings in ["", "mode = \"internet\"\naccess = \"token\"\n"] {
        let home = tempfile::tempdir().unwrap();
        let server = serve(home.path(), settings);
        let jar = ["--cookie-jar", "jar", "-d", "username=ann", "-d", "password=correct horse"];
        let (head, _) = ask(&server, "/auth/register", &jar);
        assert!(head.starts_with("HTTP/1.1 201"), "{head}");
        let cookie = header(&head, "set-cookie").unwrap();
        for part in ["; Secure", "; HttpOnly", "; SameSite=Lax"] {
            assert!(cookie.contains(part), "{part}: {cookie}");
        }
        let (_, body) = ask(&server, "/auth/check", &["--cookie", "jar"]);
        assert_eq!(body["username"], "ann", "{body}");
        let (head, _) = ask(&server, "/socket.io/?EIO=4&transport=polling", &[]);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(header(&head, "set-cookie").unwrap().contains("; Secure"), "{head}");
        assert_eq!(header(&head, "strict-transport-security"), Some("max-age=31536000"));
    }
}

#[test]
fn nothing_is_said_in_clear_text_nor_to_whom_the_certificate_says_nothing() {
    let home = tempfile::tempdir().unwrap();
    let server = serve(home.path(), "");
    let (secure, clear) = (server.url("/online"), server.url("/online").replace("https", "http"));
    let unknown = curl(&server, &[&secure]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(60), "curl does not know who signed it");
    let plain = curl(&server, &[&clear]).output().unwrap();
    assert!(!plain.status.success() && plain.stdout.is_empty(), "{plain:?}");
}

#[test]
fn a_certificate_that_is_not_there_stops_the_start_with_a_sentence() {
    let home = tempfile::tempdir().unwrap();
    let tls = "[tls]\ncerts = \"cert.pem\"\nkey = \"key.pem\"\n";
    std::fs::write(home.path().join("chatroom.toml"), tls).unwrap();
    let mut start = crate::support::command(home.path());
    let output = start.args(["serve", "--port", "0", "--store", "memory:"]).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cert.pem"), "{said}");
}
