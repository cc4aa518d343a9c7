//! What it takes before strangers may come.

use crate::Ask;
use crate::support::{Server, command};

/// What the server says when it does not start.
fn refusal(settings: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("chatroom.toml"), settings).unwrap();
    let mut start = command(home.path());
    let output = start.args(["serve", "--port", "0", "--store", "memory:"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{settings}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn it_does_not_start_unprotected_but_says_in_a_sentence_what_is_missing() {
    for (settings, wanted, unwanted) in [
        ("mode = \"internet\"\n", &["HTTPS", "proxies", "access = \"token\""][..], &[][..]),
        ("mode = \"internet\"\naccess = \"token\"\n", &["HTTPS", "proxies"], &["access"]),
        (
            "mode = \"internet\"\nproxies = [\"127.0.0.1\"]\n",
            &["access = \"token\""],
            &["HTTPS", "proxies"],
        ),
    ] {
        let said = refusal(settings);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains("chatroom.toml: mode"), "{said}");
        for part in wanted {
            assert!(said.contains(part), "{part}: {said}");
        }
        for part in unwanted {
            assert!(!said.contains(part), "{part}: {said}");
        }
    }
}

/// Ready for strangers, behind a proxy.
fn exposed(more: &str) -> Server {
    Server::configured(&format!(
        "mode = \"internet\"\naccess = \"token\"\nproxies = [\"127.0.0.1\"]\n{more}"
    ))
}

#[test]
fn strangers_are_let_in_under_any_name_unless_names_are_listed() {
    let far = ("X-Forwarded-For", "203.0.113.7");
    let server = exposed("");
    for host in ["chat.example.org", "203.0.113.1:80", "anything.example"] {
        assert_eq!(Ask::get("/online", &[far, ("Host", host)]).json(&server).0, 200, "{host}");
    }
    let server = exposed("hosts = [\"chat.example.org\"]\n");
    for (host, status) in
        [("chat.example.org", 200), ("chat.example.org:443", 200), ("localhost", 403)]
    {
        assert_eq!(Ask::get("/online", &[far, ("Host", host)]).json(&server).0, status, "{host}");
    }
}

#[test]
fn browsers_are_told_to_stay_with_https_when_the_proxy_speaks_it() {
    let server = exposed("");
    let hsts = |proto: &str| {
        let headers = [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", proto)];
        Ask::get("/online", &headers).of(&server).header("strict-transport-security")
    };
    assert_eq!(hsts("https").as_deref(), Some("max-age=31536000"));
    assert_eq!(hsts("http"), None);
    let own = Ask::get("/online", &[]).of(&server).header("strict-transport-security");
    assert_eq!(own, None);
}

#[test]
fn a_guest_s_cookie_is_only_for_https() {
    let path = "/socket.io/?EIO=4&transport=polling";
    let cookie = |server: &Server, headers: &[(&str, &str)]| {
        Ask::get(path, headers).of(server).header("set-cookie").unwrap()
    };
    let set = cookie(&exposed(""), &[]);
    assert!(set.contains("; Secure") && set.contains("; HttpOnly"), "{set}");
    assert!(set.contains("; SameSite=Lax"), "{set}");
    let set = cookie(&Server::memory(), &[("X-Forwarded-Proto", "https")]);
    assert!(!set.contains("Secure"), "{set}");
    let behind = Server::configured("proxies = [\"127.0.0.1\"]\n");
    let set = cookie(&behind, &[("X-Forwarded-Proto", "https")]);
    assert!(set.contains("; Secure"), "{set}");
}
