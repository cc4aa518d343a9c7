//! What the server counts of itself is what happened.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::streams::Events;
use support::{Client, Server};

/// How long something may take to show.
const PATIENCE: Duration = Duration::from_secs(20);

/// The figures as they were read, each sample by its name with its labels.
struct Figures(BTreeMap<String, f64>);

impl Figures {
    async fn of(client: &Client) -> Figures {
        let answer = client.http().get(client.url("/metrics")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4");
        Figures(parse(&answer.text().await.unwrap()))
    }

    fn get(&self, sample: &str) -> f64 {
        self.0.get(sample).copied().unwrap_or_default()
    }

    fn requests(&self, method: &str, route: &str, status: &str) -> f64 {
        let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
        self.get(&format!("chatroom_requests_total{{{labels}}}"))
    }

    fn timed(&self, method: &str, route: &str) -> f64 {
        let labels = format!("method=\"{method}\",route=\"{route}\"");
        self.get(&format!("chatroom_request_seconds_count{{{labels}}}"))
    }

    /// Every route that is named.
    fn routes(&self) -> BTreeSet<&str> {
        let named = self.0.keys().filter_map(|sample| sample.split("route=\"").nth(1));
        named.map(|rest| rest.split('"').next().unwrap()).collect()
    }
}

/// Reads the text as strictly as its format is written down: each name is explained and typed
/// before its samples, no sample stands twice, buckets only grow and end with all.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let (mut samples, mut kinds) = (BTreeMap::new(), BTreeMap::new());
    let mut explained = BTreeSet::new();
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(!help.is_empty() && explained.insert(name), "{line}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(explained.contains(name) && kinds.insert(name, kind).is_none(), "{line}");
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let name = sample.split('{').next().unwrap();
            let of_histogram = |end| name.strip_suffix(end).and_then(|name| kinds.get(name));
            let histogram = ["_bucket", "_sum", "_count"].into_iter().find_map(of_histogram);
            assert!(kinds.contains_key(name) || histogram == Some(&"histogram"), "{line}");
            assert!(samples.insert(sample.to_owned(), value.parse().unwrap()).is_none(), "{line}");
        }
    }
    let mut last = ("", 0.0);
    for line in text.lines().filter(|line| line.contains("_bucket{")) {
        let (labels, rest) = line.split_once("le=\"").unwrap();
        let count: f64 = rest.rsplit_once(' ').unwrap().1.parse().unwrap();
        assert!(last.0 != labels || count >= last.1, "{line}");
        last = (labels, count);
        if rest.starts_with("+Inf") {
            let all = labels.replacen("_bucket", "_count", 1);
            let all = all.trim_end_matches([',', '{']);
            let all = if all.contains('{') { format!("{all}}}") } else { all.to_owned() };
            assert_eq!(samples.get(&all), Some(&count), "{all}");
        }
    }
    samples
}

/// Reads the figures until `holds` does.
async fn until(client: &Client, what: &str, holds: impl Fn(&Figures) -> bool) -> Figures {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let figures = Figures::of(client).await;
        if holds(&figures) {
            return figures;
        }
        assert!(Instant::now() < deadline, "{what}");
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status_never_by_what_was_asked_for() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    client.post("/register", json!({"username": "ann"})).await;
    client.post("/register/", json!({"username": "eve"})).await;
    client.get("/projects/4711/files/815").await;
    for number in 0..50 {
        client.get(&format!("/nothing/planted-{number}?token=planted")).await;
        client.get(&format!("/docs/planted-{number}")).await;
        client.get(&format!("/assets/planted-{number}/planted")).await;
    }
    client.post("/online", json!({})).await;
    let planted = client.http().get(client.url("/online")).header("Host", "planted.example");
    assert_eq!(planted.send().await.unwrap().status(), 403);
    let head = client.http().head(client.url("/online")).send().await.unwrap();
    assert_eq!(head.status(), 200);
    let foreign = client.http().request(reqwest::Method::OPTIONS, client.url("/send"));
    let foreign = foreign.header("Origin", "https://planted.example");
    let foreign = foreign.header("Access-Control-Request-Method", "POST");
    assert_eq!(foreign.send().await.unwrap().status(), 204);

    let figures = Figures::of(&client).await;
    assert_eq!(figures.requests("POST", "/register", "200"), 3.0);
    assert_eq!(figures.requests("POST", "/register", "400"), 1.0);
    assert_eq!(figures.timed("POST", "/register"), 4.0);
    assert_eq!(figures.requests("GET", "/projects/{id}/files/{file_id}", "401"), 1.0);
    assert_eq!(figures.requests("GET", "/docs/{file}", "404"), 50.0);
    assert_eq!(figures.requests("GET", "/assets/{version}/{name}", "404"), 50.0);
    assert_eq!(figures.requests("", "unmatched", "404"), 50.0);
    assert_eq!(figures.requests("", "unmatched", "405"), 1.0);
    assert_eq!(figures.requests("", "unmatched", "204"), 1.0);
    assert_eq!(figures.requests("GET", "refused", "403"), 1.0);
    assert_eq!(figures.requests("GET", "/online", "200"), 1.0);
    let routes = figures.routes();
    assert!(routes.len() < 12 && figures.0.keys().all(|sample| !sample.contains("planted")));
    let again = Figures::of(&client).await;
    assert_eq!(again.requests("GET", "/metrics", "200"), 1.0);
    assert_eq!(again.get("chatroom_build_info{version=\"0.1.0\"}"), 1.0);
}

#[tokio::test]
async fn who_waits_and_what_is_open_is_counted_while_it_is() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    client.get("/messages?username=bob&last_id=0").await;
    let waiting = client.clone();
    let poll =
        tokio::spawn(async move { waiting.get("/messages?username=bob&last_id=0&wait=50").await });
    until(&client, "a poll waits", |now| now.get("chatroom_long_polls") == 1.0).await;
    let target = "/events?username=ann&last_id=0";
    let stream = Events::open(server.port(), target, None).await.unwrap();
    until(&client, "a stream is open", |now| now.get("chatroom_streams") == 1.0).await;

    client.send("ann", "bob", "hello", "1").await;
    assert_eq!(poll.await.unwrap().0, 200);
    drop(stream);
    let closed =
        |now: &Figures| now.get("chatroom_long_polls") + now.get("chatroom_streams") == 0.0;
    let figures = until(&client, "nothing is open any more", closed).await;
    // Nobody wants to know how long the others took to say something.
    assert_eq!(figures.requests("GET", "/messages", "200"), 2.0);
    assert_eq!(figures.timed("GET", "/messages"), 1.0);

    // A socket, by the protocol's own packets.
    let path = "/socket.io/?EIO=4&transport=polling";
    let answer = client.http().get(client.url(path)).send().await.unwrap().text().await.unwrap();
    let opened: Value = serde_json::from_str(answer.trim_start_matches('0')).unwrap();
    let session = format!("{path}&sid={}", opened["sid"].as_str().unwrap());
    let post = |packet: &'static str| client.http().post(client.url(&session)).body(packet).send();
    assert_eq!(post("40").await.unwrap().status(), 200);
    until(&client, "a socket is connected", |now| now.get("chatroom_sockets") == 1.0).await;
    assert_eq!(post("41").await.unwrap().status(), 200);
    let figures = until(&client, "it is gone", |now| now.get("chatroom_sockets") == 0.0).await;
    assert_eq!(figures.requests("POST", "/socket.io", "200"), 2.0);
    assert_eq!(figures.timed("POST", "/socket.io"), 0.0);
}

#[tokio::test]
async fn the_log_s_batches_and_syncs_are_counted() {
    let server = Server::start(&[]);
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let before = Figures::of(&client).await;
    for number in 0..20 {
        client.send("ann", "bob", "hello", &number.to_string()).await;
    }
    let after = Figures::of(&client).await;
    let more = |sample: &str| after.get(sample) - before.get(sample);
    assert_eq!(more("chatroom_log_append_seconds_count"), 20.0);
    assert_eq!(more("chatroom_log_sync_seconds_count"), 20.0);
    assert_eq!(more("chatroom_log_batch_entries_count"), 20.0);
    assert_eq!(more("chatroom_log_batch_entries_sum"), 20.0);
    let (append, sync) =
        (more("chatroom_log_append_seconds_sum"), more("chatroom_log_sync_seconds_sum"));
    assert!(sync > 0.0 && append > sync, "{sync} s of {append} s");
    assert_eq!(more("chatroom_messages_total"), 20.0);
    assert_eq!(more("chatroom_messages_in_memory"), 20.0);
    assert_eq!(after.get("chatroom_log_takes_writes"), 1.0);

    // What waits while a batch is written is the next batch.
    let sends = (0..200).map(|number| {
        let client = client.clone();
        tokio::spawn(async move { client.send("ann", "bob", "hi", &format!("b{number}")).await })
    });
    for send in sends.collect::<Vec<_>>() {
        send.await.unwrap();
    }
    let busy = Figures::of(&client).await;
    let more = |sample: &str| busy.get(sample) - after.get(sample);
    assert_eq!(more("chatroom_log_batch_entries_sum"), 200.0);
    assert!(more("chatroom_log_batch_entries_count") < 200.0, "some went together");
}

#[tokio::test]
async fn what_memory_has_let_go_and_what_the_archive_has_are_told() {
    let home = tempfile::tempdir().unwrap();
    let settings = "[history]\nmemory_bytes = 2000\nsnapshot_entries = 1\n";
    std::fs::write(home.path().join("chatroom.toml"), settings).unwrap();
    let server = Server::start_in(home.path(), &[]);
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let before = Figures::of(&client).await;
    assert_eq!(before.get("chatroom_messages_archived_total"), 0.0);
    assert_eq!(before.get("chatroom_oldest_message_in_memory"), 1.0);
    for number in 0..100 {
        client.send("ann", "bob", &"long ".repeat(100), &number.to_string()).await;
    }
    let asked = Instant::now();
    while Figures::of(&client).await.get("chatroom_messages_archived_total") < 100.0 {
        assert!(asked.elapsed() < PATIENCE, "the archive takes nothing over");
    }
    // What was archived, memory lets go with the next messages.
    client.send("ann", "bob", "one more", "more").await;
    let after = Figures::of(&client).await;
    let (held, oldest) =
        (after.get("chatroom_messages_in_memory"), after.get("chatroom_oldest_message_in_memory"));
    assert_eq!(held + oldest - 1.0, 101.0);
    assert!((1.0..20.0).contains(&held), "{held}");
    let bytes = after.get("chatroom_memory_window_bytes");
    assert!((1.0..10_000.0).contains(&bytes), "{bytes} for {held} messages");
    let archive = after.get("chatroom_archive_bytes");
    assert!(archive > before.get("chatroom_archive_bytes") && archive > 50_000.0, "{archive}");
}

#[tokio::test]
async fn how_things_stand_is_told_in_figures_and_in_detail() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let account = json!({"username": "carol", "password": "correct horse"});
    assert_eq!(client.post("/auth/register", account).await.0, 201);
    client.post("/create_room", json!({"admin": "ann", "participants": ["bob"]})).await;
    for number in 0..7 {
        client.send("ann", "bob", "hello", &number.to_string()).await;
    }
    let figures = Figures::of(&client).await;
    let (status, details) = client.get("/api/status/details").await;
    assert_eq!(status, 200, "{details}");
    // Two notices told of the room.
    for (sample, key, count) in [
        ("chatroom_users_held", "users_held", 3.0),
        ("chatroom_users_here", "users_here", 3.0),
        ("chatroom_accounts", "accounts", 1.0),
        ("chatroom_sessions", "sessions", 1.0),
        ("chatroom_rooms", "rooms", 2.0),
        ("chatroom_messages_total", "messages", 9.0),
        ("chatroom_messages_in_memory", "messages_in_memory", 9.0),
    ] {
        assert_eq!(figures.get(sample), count, "{sample}");
        assert_eq!(details[key].as_f64(), Some(count), "{key}");
    }
    let minutes = details["messages_by_minute"].as_array().unwrap();
    assert_eq!(minutes.iter().map(|minute| minute.as_u64().unwrap()).sum::<u64>(), 9);
    assert!(minutes.len() <= 60);
    let resident = server.resident() as f64;
    for told in
        [figures.get("process_resident_memory_bytes"), details["memory_bytes"].as_f64().unwrap()]
    {
        assert!((0.5..2.0).contains(&(told / resident)), "{told} of {resident}");
    }
    let uptime = figures.get("chatroom_uptime_seconds");
    assert!(uptime <= details["uptime_seconds"].as_f64().unwrap());
}
