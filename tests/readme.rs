//! The README, run: its commands, what it says they print, the files it names.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod programs;
mod support;

use std::path::Path;

use programs::{need, output};
use serde_json::Value;
use support::Server;

const README: &str = include_str!("../README.md");

#[test]
fn the_first_conversation_goes_as_it_says_in_curl() {
    need(&["curl"]);
    let blocks = blocks("sh");
    assert_eq!(blocks.len(), 1, "each block has to be run by a test");
    assert_eq!(blocks[0].text.lines().count(), 3);
    let printed = run("bash", &blocks[0]);
    assert_eq!(answers(&printed), answers(&blocks[0].printed));
}

#[test]
fn the_first_conversation_goes_as_it_says_in_fetch() {
    need(&["node"]);
    let blocks = blocks("js");
    assert_eq!(blocks.len(), 1, "each block has to be run by a test");
    assert_eq!(run("node --input-type=module -", &blocks[0]), blocks[0].printed);
}

#[test]
fn the_first_conversation_goes_as_it_says_in_requests() {
    let blocks = blocks("python");
    assert_eq!(blocks.len(), 1, "each block has to be run by a test");
    assert_eq!(run("python3 -", &blocks[0]), blocks[0].printed);
}

#[test]
fn every_file_that_it_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["src/", "tests/", "examples/", "script/", "docs/", "benches/"];
    let prose: Vec<_> = README.split("```").step_by(2).collect();
    let prose = prose.concat();
    let quoted = prose.split('`').skip(1).step_by(2);
    let quoted = quoted.filter(|text| folders.iter().any(|folder| text.starts_with(folder)));
    let linked = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let mut named = 0;
    for file in quoted.chain(linked.filter(|target| !target.contains("://"))) {
        assert!(root.join(file).exists(), "{file} is not there");
        named += 1;
    }
    assert!(named > 20, "only {named} files were found in it");
}

#[test]
fn its_two_commands_are_the_two_that_work() {
    let commands = &blocks("console")[0].text;
    let words = commands.lines().map(|line| line.split('#').next().unwrap().trim());
    assert_eq!(words.collect::<Vec<_>>(), ["cargo run --release", "script/test"]);
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("script/test").is_file());
}

/// A block of code, and the block after it: what it prints.
struct Block {
    text: String,
    printed: String,
}

fn blocks(language: &str) -> Vec<Block> {
    let fenced: Vec<_> = README
        .split("```")
        .skip(1)
        .step_by(2)
        .map(|block| block.split_once('\n').expect("a fence ends its line"))
        .collect();
    let mut blocks = Vec::new();
    for (place, (kind, text)) in fenced.iter().enumerate() {
        if *kind == language {
            let printed = fenced.get(place + 1).map_or("", |(_, text)| text);
            blocks.push(Block { text: (*text).to_owned(), printed: printed.to_owned() });
        }
    }
    blocks
}

/// What the program prints when it gets the block to run, against a new server.
fn run(program: &str, block: &Block) -> String {
    let server = Server::memory();
    let text = block.text.replace("http://127.0.0.1:5003", &server.url(""));
    assert!(text.contains(&server.url("")), "it talks to another server");
    let file = server.home().join("block");
    std::fs::write(&file, text).unwrap();
    output(&format!("{program} < '{}'", file.display()), 60)
}

/// The JSON bodies in a text, with every token as the README writes it.
fn answers(text: &str) -> Vec<Value> {
    let bodies = serde_json::Deserializer::from_str(text).into_iter();
    let mut bodies = bodies.collect::<Result<Vec<Value>, _>>().unwrap();
    for token in bodies.iter_mut().filter_map(|body| body.get_mut("token")) {
        *token = "…".into();
    }
    bodies
}
