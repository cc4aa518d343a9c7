//! The state by script: commands with their outcomes, events, reads side by side.
//!
//! `CHATROOM_BLESS=1` writes what the state does now into the scripts; the difference is then
//! there to be read before it is committed.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod accounts;
mod projects;
mod random;
mod windowed;
mod words;
mod world;

use std::path::{Path, PathBuf};

use world::World;

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "txt"));
    files.sort();
    files
}

/// Runs a script: its commands and comments as they stand, each command with what comes of it.
fn run(script: &str, world: &mut World) -> String {
    let mut out = String::new();
    for line in script.lines() {
        if let Some(command) = line.strip_prefix("> ") {
            out += &format!("{line}\n{}", world.run(command));
        } else if line.is_empty() || line.starts_with('#') {
            out += &format!("{line}\n");
        }
    }
    out
}

#[test]
fn every_script_gives_what_it_says() {
    let bless = std::env::var_os("CHATROOM_BLESS").is_some();
    let mut wrong = Vec::new();
    for file in scripts() {
        let script = std::fs::read_to_string(&file).unwrap();
        let found = run(&script, &mut World::default());
        if found == script {
            continue;
        }
        if bless {
            std::fs::write(&file, found).unwrap();
            continue;
        }
        let name = file.file_name().unwrap().display();
        let mut lines = script.lines().zip(found.lines()).zip(1..);
        wrong.push(match lines.find(|((written, found), _)| written != found) {
            Some(((written, found), line)) => {
                format!("{name}:{line}:\n  written: {written}\n  found:   {found}")
            }
            None => format!("{name}: one of the two ends early"),
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(scripts().len() >= 8, "the scripts are there");
}

#[test]
fn a_wrong_line_in_a_script_is_found() {
    let script = "> register ann\nregistered user 1\nevent registered user 1\n";
    assert_eq!(run(script, &mut World::default()), script);
    for wrong in [
        "> register ann\nregistered user 2\nevent registered user 1\n",
        "> register ann\nregistered user 1\n",
        "> register ann\nregistered user 1\nevent registered user 1\nevent ended user 1\n",
    ] {
        assert_ne!(run(wrong, &mut World::default()), wrong);
    }
}

#[test]
fn the_entries_of_every_script_give_the_same_again() {
    for file in scripts() {
        let mut world = World::default();
        run(&std::fs::read_to_string(&file).unwrap(), &mut world);
        world.assert_deterministic(&file.display().to_string());
    }
}

#[test]
fn ten_thousand_random_commands_give_the_same_again() {
    for seed in 0..5 {
        let mut world = World::default();
        random::fill(&mut world, seed, 2_000);
        world.assert_deterministic(&format!("seed {seed}"));
        world.assert_sound();
    }
}
