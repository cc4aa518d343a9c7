//! `chatroom admin` as people type it: over a running server, on the store of a stopped one.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::events::Events;
use support::{Client, Server, command};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse";

/// How a command went.
#[derive(Debug)]
struct Went {
    exit: i32,
    out: String,
    err: String,
}

impl Went {
    /// What it printed; panics unless it was done.
    #[track_caller]
    fn done(self) -> String {
        assert_eq!((self.exit, &*self.err), (0, ""), "{}", self.out);
        self.out
    }

    /// The answer in JSON.
    #[track_caller]
    fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }

    /// Panics unless it ended with this code, a sentence with these words in it.
    #[track_caller]
    fn says(&self, exit: i32, words: &[&str]) {
        assert_eq!(self.exit, exit, "{self:?}");
        assert!(self.err.starts_with("chatroom: ") && self.err.ends_with(".\n"), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word}: {self:?}");
        }
    }
}

/// Where commands are typed, and with which token.
struct Terminal<'a> {
    home: &'a Path,
    token: String,
    place: Vec<String>,
}

impl<'a> Terminal<'a> {
    /// On the store of the stopped server of `home`.
    fn store(home: &'a Path) -> Terminal<'a> {
        Terminal { home, token: String::new(), place: Vec::new() }
    }

    /// Over a running server.
    fn server(server: &'a Server, token: &str) -> Terminal<'a> {
        let place = vec!["--url".to_owned(), server.url("")];
        Terminal { home: server.home(), token: token.to_owned(), place }
    }

    fn types(&self, words: &str) -> Went {
        self.types_with("", words)
    }

    fn types_with(&self, input: &str, words: &str) -> Went {
        let mut command = command(self.home);
        command.arg("admin").args(words.split(' ')).args(&self.place);
        if !self.token.is_empty() {
            command.env("CHATROOM_ADMIN_TOKEN", &self.token);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Who refuses before it reads closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let exit = output.status.code().unwrap();
        Went { exit, out: text(output.stdout), err: text(output.stderr) }
    }

    fn create(&self, words: &str) {
        self.types_with(&format!("{PASSWORD}\n"), &format!("create {words}")).done();
    }
}

/// A folder with a store, in which root may administer, and the token of a session of root.
fn with_root() -> (TempDir, String) {
    let home = tempfile::tempdir().unwrap();
    let store = Terminal::store(home.path());
    store.create("--admin root");
    let token = store.types("token root").done();
    (home, token.trim().to_owned())
}

async fn log_in(client: &Client, name: &str, password: &str) -> (u16, Value) {
    client.post("/auth/login", json!({ "username": name, "password": password })).await
}

/// The accounts by name: admin, disabled, sessions.
fn accounts(terminal: &Terminal<'_>) -> Vec<(String, bool, bool, u64)> {
    let list = terminal.types("list --json").json();
    let of = |one: &Value| {
        let flag = |key: &str| one[key].as_bool().unwrap();
        let name = one["username"].as_str().unwrap().to_owned();
        (name, flag("admin"), flag("disabled"), one["sessions"].as_u64().unwrap())
    };
    list["accounts"].as_array().unwrap().iter().map(of).collect()
}

/// Everything that changes accounts, through one door.
fn walk(terminal: &Terminal<'_>) {
    let root = accounts(terminal)[0].clone();
    terminal.create("ann");
    let taken = terminal.types_with("correct horse\n", "create Ann");
    taken.says(1, &["This name is taken"]);
    terminal.types_with("short\n", "create bob").says(1, &["at least 8 characters"]);
    terminal.types_with("correct horse\n", "create server").says(1, &[]);
    terminal.types_with("", "create bob").says(2, &["standard input"]);
    assert_eq!(terminal.types("disable ann").done(), "Account disabled successfully: ann\n");
    let ann = |admin, disabled| vec![root.clone(), ("ann".to_owned(), admin, disabled, 0)];
    assert_eq!(accounts(terminal), ann(false, true));
    terminal.types("enable ann").done();
    terminal.types("promote ann").done();
    assert_eq!(accounts(terminal), ann(true, false));
    terminal.types("demote ann").done();
    assert_eq!(accounts(terminal), ann(false, false));
    terminal.types_with("battery staple\r\n", "password ann").done();
    terminal.types("disable eve").says(1, &["There is no such account", "chatroom admin list"]);
    terminal.types("revoke 99").says(1, &["There is no such session", "chatroom admin sessions"]);
    let refused = terminal.types("enable eve --json");
    let body: Value = serde_json::from_str(&refused.out).unwrap();
    assert_eq!((refused.exit, &body["code"]), (1, &json!("account_not_found")));
    let listed = terminal.types("list").done();
    assert_eq!(listed.lines().count(), 2, "{listed}");

    let invite = terminal.types("invite --uses 3 --for 2h --json").json();
    let list = terminal.types("invites --json").json();
    let known = json!({ "id": invite["id"], "uses": 3, "expires_at": invite["expires_at"] });
    assert_eq!(list, json!({ "invites": [known] }));
    terminal.types(&format!("end-invite {}", invite["id"].as_str().unwrap())).done();
    let link = terminal.types("invite").done();
    let link = link.lines().next().unwrap();
    terminal.types(&format!("end-invite {link}")).done();
    terminal.types(&format!("end-invite {link}")).says(1, &["no such invitation"]);
    assert_eq!(terminal.types("invites").done(), "There are no invitations.\n");
}

#[tokio::test]
async fn the_store_of_a_stopped_server_is_administered_and_the_server_finds_it_so() {
    let (home, token) = with_root();
    walk(&Terminal::store(home.path()));
    let server = Server::start_in(home.path(), &[]);
    let client = server.client();
    assert_eq!(log_in(&client, "ann", "battery staple").await.0, 200);
    assert_eq!(log_in(&client, "ann", PASSWORD).await.0, 401);
    let over = Terminal::server(&server, &token);
    assert_eq!(accounts(&over)[1], ("ann".to_owned(), false, false, 1));
}

#[tokio::test]
async fn a_running_server_is_administered_with_the_token_of_an_admin() {
    let (home, token) = with_root();
    let server = Server::start_in(home.path(), &[]);
    walk(&Terminal::server(&server, &token));
    let client = server.client();
    assert_eq!(log_in(&client, "ann", "battery staple").await.0, 200);
    assert_eq!(log_in(&client, "ann", PASSWORD).await.0, 401);
    let own = Terminal::server(&server, "").types_with("correct horse\n", "token root").done();
    assert_eq!(accounts(&Terminal::server(&server, own.trim())).len(), 2);
}

#[tokio::test]
async fn whoever_is_no_admin_administers_nothing() {
    let (home, token) = with_root();
    let server = Server::start_in(home.path(), &[]);
    let root = Terminal::server(&server, &token);
    root.create("ann");
    let client = server.client();
    let ann = log_in(&client, "ann", PASSWORD).await.1["token"].as_str().unwrap().to_owned();
    for words in
        ["list", "disable root", "promote ann", "sessions", "revoke 1", "invite", "invites"]
    {
        Terminal::server(&server, &ann).types(words).says(1, &["may administer", "promote"]);
        let wrong = Terminal::server(&server, "wrong").types(words);
        wrong.says(1, &["does not take this token", "chatroom admin token"]);
        Terminal::server(&server, "").types(words).says(2, &["CHATROOM_ADMIN_TOKEN"]);
    }
    let asked = Terminal::server(&server, "").types_with("correct horse\n", "token ann");
    asked.says(1, &["may administer"]);
    let expected = [("root", true, 1), ("ann", false, 1)];
    let found = accounts(&root);
    let found: Vec<_> = found.iter().map(|(name, admin, _, s)| (&**name, *admin, *s)).collect();
    assert_eq!(found, expected, "and nobody stayed logged in who was refused");
    root.types("promote ann").done();
    assert_eq!(accounts(&Terminal::server(&server, &ann)).len(), 2);
    root.types("demote ann").done();
    Terminal::server(&server, &ann).types("list").says(1, &["may administer"]);
}

#[tokio::test]
async fn a_revoked_session_ends_with_its_stream_within_a_second() {
    let (home, token) = with_root();
    let server = Server::start_in(home.path(), &[]);
    let root = Terminal::server(&server, &token);
    root.create("ann");
    let client = server.client();
    for words in ["revoke", "revoke --all-of ann", "disable ann"] {
        let (_, body) = log_in(&client, "ann", PASSWORD).await;
        let own = body["token"].as_str().unwrap();
        let query = [("username", "ann"), ("token", own)];
        let mut events = Events::open(&client, &query).await;
        events.until_ready().await;
        let list = root.types("sessions ann --json").json();
        assert_eq!(list["sessions"].as_array().unwrap().len(), 1, "{list}");
        let id = list["sessions"][0]["id"].as_u64().unwrap();
        let words = if words == "revoke" { format!("revoke {id}") } else { words.to_owned() };
        let started = Instant::now();
        root.types(&words).done();
        events.named("bye").await;
        while events.next().await.is_some() {}
        assert!(started.elapsed() < Duration::from_secs(1), "{words}: {:?}", started.elapsed());
        assert_eq!(client.query("/auth/check", &[("token", own)]).await.0, 401);
    }
}

#[tokio::test]
async fn an_invitation_lets_one_person_in_and_no_second() {
    let (home, token) = with_root();
    std::fs::write(home.path().join("chatroom.toml"), "registration = \"invite\"\n").unwrap();
    let server = Server::start_in(home.path(), &[]);
    let root = Terminal::server(&server, &token);
    let link = root.types("invite").done();
    let link = link.lines().next().unwrap();
    let secret = link.strip_prefix(&server.url("/#invite=")).unwrap();
    let client = server.client();
    let join = |name: &str, invite: &str| {
        let body = json!({ "username": name, "password": PASSWORD, "invite": invite });
        let client = client.clone();
        async move { client.post("/auth/register", body).await }
    };
    assert_eq!(join("ann", "").await.1["code"], "invite_required");
    assert_eq!(join("ann", secret).await.0, 201);
    assert_eq!(join("bob", secret).await.1["code"], "invite_invalid");
    root.create("bob");
}

#[test]
fn a_store_that_a_server_runs_on_is_left_alone() {
    let (home, _) = with_root();
    let server = Server::start_in(home.path(), &[]);
    let went = Terminal::store(home.path()).types("list");
    went.says(2, &["--url", &server.pid().to_string(), "sqlite:chatroom.db"]);
}

#[test]
fn what_cannot_be_asked_for_is_said_in_a_sentence() {
    let home = tempfile::tempdir().unwrap();
    let store = Terminal::store(home.path());
    store.types("list").says(2, &["There is no store chatroom.db", "--store", "--url"]);
    assert!(std::fs::read_dir(home.path()).unwrap().next().is_none(), "nothing was made");
    store.types("list --store memory:").says(2, &["--url"]);
    let token = |url: &str| Terminal {
        home: home.path(),
        token: "some".to_owned(),
        place: vec!["--url".to_owned(), url.to_owned()],
    };
    token("http://127.0.0.1:1").types("list").says(2, &["http://127.0.0.1:1 cannot be reached"]);
    token("http://me:secret@127.0.0.1:1").types("list").says(2, &["CHATROOM_ADMIN_TOKEN"]);
    token("127.0.0.1:5003").types("list").says(2, &["must be an address"]);
    token("http://127.0.0.1:1").types("list --store memory:").says(2, &["one of them"]);
}

#[test]
fn no_secret_can_be_an_argument() {
    let home = tempfile::tempdir().unwrap();
    let store = Terminal::store(home.path());
    let what = ["list", "create", "disable", "enable", "password", "promote", "demote", "sessions"];
    let more = ["revoke", "invite", "invites", "end-invite", "token"];
    for words in what.into_iter().chain(more) {
        let help = store.types(&format!("{words} --help")).done();
        let flags = help.split_whitespace().filter(|word| word.starts_with("--"));
        let flags: Vec<_> = flags.map(|flag| flag.trim_end_matches([',', ']', '.'])).collect();
        assert!(flags.contains(&"--json"), "{help}");
        for flag in flags {
            assert!(!flag.contains("pass") && !flag.contains("token"), "{words} takes {flag}");
        }
        for flag in ["--password", "--token"] {
            let went = store.types(&format!("{words} name {flag} secret"));
            assert_eq!(went.exit, 2, "{words} {flag}: {went:?}");
        }
    }
    for words in ["create ann secret", "password ann secret", "token ann secret"] {
        assert_eq!(store.types(words).exit, 2, "{words}");
    }
}

#[test]
fn a_server_starts_where_the_token_is_set() {
    let home = tempfile::tempdir().unwrap();
    let mut command = command(home.path());
    command.env("CHATROOM_ADMIN_TOKEN", "some").args(["--port", "0", "--store", "memory:"]);
    Server::launch(home.path(), &mut command);
}
