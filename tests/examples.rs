//! The examples, run by the commands on top of them.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod programs;
mod support;

use std::fs;
use std::path::PathBuf;

use programs::{Program, need, output};
use support::Server;

/// The most lines an example may have, and those of a page, which also has to be laid out.
const LINES: usize = 39;
const LINES_OF_A_PAGE: usize = 60;

#[test]
fn every_example_is_short_and_begins_with_the_command_that_runs_it() {
    let mut seen = 0;
    for entry in fs::read_dir(examples()).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let page = path.extension().is_some_and(|kind| kind == "html");
        let most = if page { LINES_OF_A_PAGE } else { LINES };
        assert!(text.lines().count() <= most, "{} has over {most} lines", path.display());
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let command = command_of(&name);
        let stem = name.split('.').next().unwrap();
        assert!(command.contains(stem), "{name} is not run by {command:?}");
        seen += 1;
    }
    assert!(seen >= 4, "only {seen} examples");
}

#[test]
fn ann_with_curl_chats_with_bob_with_requests() {
    need(&["curl"]);
    let server = Server::memory();
    let mut bob = start("chat.py", &server);
    bob.shows("You are bob.");
    let mut ann = start("chat.sh", &server);
    ann.shows("User ann registered successfully.");
    ann.types("Hello, Bob! 50 % & more 👋");
    assert_eq!(bob.shows("Hello"), "ann: Hello, Bob! 50 % & more 👋");
    bob.types("Ça va \"bien\" ?");
    assert_eq!(
        ann.shows("bien"),
        r#"{"id":2,"sender":"bob","recipient":"ann","message":"Ça va \"bien\" ?"}"#
    );
    // The end of what is typed is the end of the chat, and frees the name.
    let lines = ann.ends();
    assert!(lines.iter().any(|line| line.contains("User ann logged out")), "{lines:#?}");
    bob.types("Still there?");
    bob.shows("Recipient not online.");
    bob.ends();
}

#[tokio::test]
async fn the_bot_answers_what_it_knows_until_ctrl_c() {
    let server = Server::memory();
    let client = server.client();
    client.register(&["ann"]).await;
    // Built before it is started, so that its start is quick.
    output("cargo build --example bot", 900);
    let mut bot = start("bot.rs", &server);
    bot.shows("The bot is there.");
    for (number, text) in ["!echo Hello, bot", "no command", "!time"].into_iter().enumerate() {
        client.send("ann", "bot", text, &number.to_string()).await;
    }
    let mut answers = Vec::new();
    let mut cursor = 0;
    while answers.len() < 2 {
        let cursor_text = cursor.to_string();
        let query = [("username", "ann"), ("last_id", cursor_text.as_str()), ("wait", "25")];
        let (_, page) = client.query("/messages", &query).await;
        let messages = page["messages"].as_array().unwrap();
        assert!(!messages.is_empty(), "the bot is silent: {answers:?}");
        for message in messages {
            assert_eq!(message["sender"], "bot");
            answers.push(message["message"].as_str().unwrap().to_owned());
        }
        cursor = page["last_id"].as_u64().unwrap();
    }
    assert_eq!(answers[0], "Hello, bot");
    let time = answers[1].as_bytes();
    assert!(time.ends_with(b"Z") && time[10] == b'T', "{answers:?}");

    bot.interrupt();
    bot.ends();
    let (_, online) = client.get("/online").await;
    assert_eq!(online["online_users"], serde_json::json!(["ann"]));
}

/// Starts an example by the command on top of it.
fn start(name: &str, server: &Server) -> Program {
    let command = command_of(name).replace("http://127.0.0.1:5003", &server.url(""));
    Program::start(&format!("exec {command}"))
}

/// What stands behind `Run:` in the first comment of an example.
fn command_of(name: &str) -> String {
    let text = fs::read_to_string(examples().join(name)).unwrap();
    let first = text.lines().take(3).find_map(|line| line.split_once("Run: "));
    let command = first.unwrap_or_else(|| panic!("{name} does not say how to run it")).1;
    command.trim_end_matches("-->").trim().to_owned()
}

fn examples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples")
}
