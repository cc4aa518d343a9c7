//! A store whose files were damaged: the server serves a beginning of what was said, or refuses.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use support::{Server, command, process};

const NAMES: [&str; 3] = ["ann", "bob", "cid"];

/// The files of a store whose server was killed.
const FILES: [&str; 4] =
    ["chatroom.db", "chatroom.db-wal", "chatroom.db-archive", "chatroom.db-archive-wal"];

/// How long a start or an answer may take before it counts as a hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// Texts by id.
type Messages = BTreeMap<u64, String>;

fn serve(home: &Path) -> Command {
    let mut command = command(home);
    command
        .args(["serve", "--port", "0"])
        .env("CHATROOM_HISTORY_MEMORY_BYTES", "2000")
        .env("CHATROOM_HISTORY_SNAPSHOT_ENTRIES", "100");
    command
}

/// What came of asking for everything that somebody may read.
#[derive(Debug)]
enum Read {
    All(Messages),
    /// 503: it is refused.
    Refused,
}

async fn history(http: &reqwest::Client, base: &str, name: &str) -> Read {
    let mut all = Messages::new();
    loop {
        let cursor = all.last_key_value().map_or(0, |(id, _)| *id);
        let url = format!("{base}/messages?username={name}&last_id={cursor}&limit=100&view=full");
        let response = http.get(url).send().await.unwrap();
        let status = response.status().as_u16();
        let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        match (status, body["code"].as_str()) {
            (503, Some("history_unavailable")) => return Read::Refused,
            // Not even the registration is left.
            (400 | 404, _) => return Read::All(all),
            (200, _) => {}
            _ => panic!("{status} {body}"),
        }
        let messages = body["messages"].as_array().unwrap();
        if messages.is_empty() {
            return Read::All(all);
        }
        for message in messages {
            let text = message["message"].as_str().unwrap().to_owned();
            let id = message["id"].as_u64().unwrap();
            assert!(id > cursor, "ids ascend");
            all.insert(id, text);
        }
    }
}

/// Makes the files of a killed server: some is archived and trimmed, some is in the log alone.
async fn killed(home: &Path) -> BTreeMap<&'static str, Messages> {
    let mut server = Server::launch(home, &mut serve(home));
    let client = server.client();
    client.register(&NAMES).await;
    let body = json!({ "admin": "ann", "participants": ["bob"] });
    let room = client.post("/create_room", body).await.1["room_id"].as_str().unwrap().to_owned();
    let trimmed = || {
        let db = rusqlite::Connection::open(home.join("chatroom.db")).unwrap();
        db.query_row("SELECT seq FROM trimmed", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let mut number = 0;
    let mut say = async |count: usize| {
        for _ in 0..count {
            let (from, to) =
                [("ann", "bob"), ("bob", &*room), ("cid", "ann"), ("bob", "cid")][number % 4];
            let text = format!("number {number} {}", "x".repeat(number % 90));
            client.send(from, to, &text, &text).await;
            number += 1;
        }
    };
    say(150).await;
    process::until("a snapshot", 30, || trimmed() > 90).await;
    say(150).await;
    process::until("another", 30, || trimmed() > 190).await;
    say(60).await;
    let base = server.url("");
    let mut known = BTreeMap::new();
    for name in NAMES {
        match history(client.http(), &base, name).await {
            Read::All(messages) => known.insert(name, messages),
            Read::Refused => panic!("nothing is damaged yet"),
        };
    }
    server.kill();
    known
}

/// Does something bad to one of the files; says what.
fn mutate(dice: &mut StdRng, home: &Path) -> String {
    let present: Vec<_> = FILES.iter().filter(|name| home.join(name).exists()).collect();
    let name = present[dice.random_range(0..present.len())];
    let file = home.join(name);
    let mut bytes = fs::read(&file).unwrap();
    if bytes.is_empty() || dice.random_range(0..12) == 0 {
        fs::remove_file(file).unwrap();
        return format!("{name} is missing");
    }
    let place = dice.random_range(0..bytes.len());
    if dice.random_range(0..3) == 0 {
        bytes.truncate(place);
        fs::write(file, bytes).unwrap();
        return format!("{name} is cut to {place} bytes");
    }
    let bit = dice.random_range(0..8);
    bytes[place] ^= 1 << bit;
    fs::write(file, bytes).unwrap();
    format!("bit {bit} of byte {place} of {name} is flipped")
}

/// How a start went.
enum Start {
    Ready(Child, String),
    Refused,
}

fn start(home: &Path, what: &str) -> Start {
    let mut command = serve(home);
    let stderr = fs::File::create(home.join("stderr")).unwrap();
    let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || out.lines().map_while(Result::ok).for_each(|l| drop(tell.send(l))));
    loop {
        match told.recv_timeout(PATIENCE) {
            Ok(line) => {
                let port = line.split("http://").nth(1).and_then(|rest| rest.rsplit(':').next());
                let digits: Option<String> =
                    port.map(|port| port.chars().take_while(char::is_ascii_digit).collect());
                if let Some(port) = digits.filter(|digits| !digits.is_empty()) {
                    return Start::Ready(child, format!("http://127.0.0.1:{port}"));
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                let _ = child.kill();
                panic!("{what}: it hangs");
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = child.wait().unwrap();
    let said = said(home);
    assert_eq!(status.code(), Some(2), "{what}: {said}");
    let sentence = said.trim_end().lines().last().unwrap_or_default();
    assert!(sentence.starts_with("chatroom: ") && sentence.ends_with('.'), "{what}: {said}");
    assert!(!said.contains("panicked"), "{what}: {said}");
    Start::Refused
}

fn said(home: &Path) -> String {
    fs::read_to_string(home.join("stderr")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_served_to_a_point_or_refused() {
    let rounds = if std::env::var_os("CHATROOM_SLOW").is_some() { 1000 } else { 100 };
    let original = tempfile::tempdir().unwrap();
    let known = killed(original.path()).await;
    assert!(known.values().all(|messages| messages.len() > 100), "everybody has a history");
    let seed = rand::random();
    eprintln!("mutations: seed {seed}");
    let mut dice = StdRng::seed_from_u64(seed);
    let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
    let (mut refused, mut whole, mut short, mut partly) = (0, 0, 0, 0);
    for round in 0..rounds {
        let home = tempfile::tempdir().unwrap();
        for name in FILES {
            let _ = fs::copy(original.path().join(name), home.path().join(name));
        }
        let what = format!("{round}: {}", mutate(&mut dice, home.path()));
        let (mut child, base) = match start(home.path(), &what) {
            Start::Ready(child, base) => (child, base),
            Start::Refused => {
                refused += 1;
                continue;
            }
        };
        let mut read = BTreeMap::new();
        for name in NAMES {
            if let Read::All(messages) = history(&http, &base, name).await {
                read.insert(name, messages);
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        assert!(!said(home.path()).contains("panicked"), "{what}: {}", said(home.path()));
        // Everybody sees all up to the same message, and nothing else.
        let newest = |messages: &Messages| messages.last_key_value().map_or(0, |(id, _)| *id);
        let end = read.values().map(newest).max().unwrap_or_default();
        for (name, messages) in &read {
            let known: Messages =
                known[name].range(..=end).map(|(id, text)| (*id, text.clone())).collect();
            assert_eq!(*messages, known, "{what}: {name}");
        }
        if read.len() < NAMES.len() {
            partly += 1;
        } else if known.values().map(newest).max() == Some(end) {
            whole += 1;
        } else {
            short += 1;
            println!("{what}: served up to message {end}");
        }
    }
    eprintln!(
        "mutations: {rounds}, of which {refused} were refused at the start, {partly} when a part \
         was read; {whole} served all, {short} a beginning"
    );
    assert!(refused > 0 && whole > 0);
}
