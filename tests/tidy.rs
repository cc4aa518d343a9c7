//! The rules of the source that a compiler does not hold: who imports whom, and how files open.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The shared vocabulary, at the bottom. Each may import what stands before it.
const VOCABULARY: &[&str] = &[
    "id",
    "timestamp",
    "name",
    "text",
    "token",
    "password",
    "message",
    "label",
    "file",
    "history",
    "command",
    "outcome",
    "event",
];

/// Which modules of ours each module may import. A new module fails the test until it is here.
const IMPORTS: &[(&str, &[&str])] = &[
    ("config", &[]),
    ("clock", &["timestamp"]),
    ("database", &[]),
    ("exposure", &["config"]),
    ("limits", &["config", "cluster"]),
    ("state", VOCABULARY),
    ("fault", &[]),
    ("metrics", &[]),
    ("log", &["command", "history", "id", "timestamp", "config", "database", "fault", "metrics"]),
    ("search", &["id"]),
    ("archive", &["VOCABULARY", "database", "fault", "search"]),
    ("snapshots", &["archive", "fault"]),
    ("hub", &["event", "id"]),
    ("presence", &["id", "timestamp", "clock"]),
    ("cluster", &["id", "timestamp", "clock", "presence"]),
    ("hasher", &["password"]),
    ("files", &["config", "file", "id"]),
    (
        "node",
        &[
            "VOCABULARY",
            "database",
            "log",
            "archive",
            "state",
            "search",
            "snapshots",
            "fault",
            "hub",
            "presence",
            "cluster",
            "clock",
            "config",
            "hasher",
        ],
    ),
    ("header", &[]),
    ("credentials", &["exposure", "header", "token"]),
    (
        "http",
        &[
            "VOCABULARY",
            "node",
            "files",
            "search",
            "hub",
            "presence",
            "config",
            "metrics",
            "header",
            "credentials",
            "exposure",
            "limits",
        ],
    ),
    (
        "socketio",
        &[
            "VOCABULARY",
            "node",
            "cluster",
            "hub",
            "presence",
            "config",
            "credentials",
            "exposure",
            "limits",
        ],
    ),
    ("web", &[]),
    ("banner", &["config"]),
    (
        "server",
        &[
            "VOCABULARY",
            "banner",
            "cluster",
            "config",
            "files",
            "http",
            "limits",
            "log",
            "metrics",
            "node",
            "snapshots",
            "socketio",
            "web",
        ],
    ),
    ("admin", &["VOCABULARY", "config", "log", "node", "server"]),
    (
        "store",
        &[
            "VOCABULARY",
            "archive",
            "clock",
            "cluster",
            "config",
            "database",
            "fault",
            "log",
            "node",
            "snapshots",
            "state",
        ],
    ),
    ("main", &["admin", "config", "server", "store"]),
];

/// Where Rocket may be named.
const ROCKET: &[&str] = &["header", "credentials", "http", "socketio", "web", "server", "main"];

/// What the state must not know: the clock, randomness, tasks, locks, files, hash order.
const IMPURE: &[&str] = &[
    "clock",
    "SystemTime",
    "Instant",
    "getrandom",
    "async ",
    "tokio",
    "parking_lot",
    "dashmap",
    "std::fs",
    "std::net",
    "std::io",
    "println!",
    "tracing",
];

struct Source {
    path: PathBuf,
    /// The top-level module it belongs to.
    module: String,
    text: String,
}

impl Source {
    /// The text without comments and without its unit tests.
    fn code(&self) -> String {
        let code = self.text.split("#[cfg(test)]").next().unwrap();
        let lines = code.lines().map(|line| line.split("//").next().unwrap());
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The modules of ours that it names.
    fn imports(&self) -> BTreeSet<String> {
        let code = self.code();
        let named = code.split("crate::").skip(1).chain(code.split("chatroom::").skip(1));
        let word = |rest: &str| {
            rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned)
        };
        named.filter_map(word).filter(|name| *name != self.module && !name.is_empty()).collect()
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let inside = path.strip_prefix(&root).unwrap();
                let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
                let module = first.trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).unwrap();
                sources.push(Source { path: inside.to_owned(), module, text });
            }
        }
    }
    assert!(sources.len() > 30, "the sources were found");
    sources
}

fn allowed(module: &str) -> Option<BTreeSet<&'static str>> {
    if let Some(place) = VOCABULARY.iter().position(|name| *name == module) {
        return Some(VOCABULARY[..place].iter().copied().collect());
    }
    let (_, names) = IMPORTS.iter().find(|(name, _)| *name == module)?;
    let vocabulary = names.contains(&"VOCABULARY").then_some(VOCABULARY).into_iter().flatten();
    Some(names.iter().chain(vocabulary).copied().collect())
}

#[test]
fn modules_import_only_what_the_table_allows() {
    for source in sources().iter().filter(|source| source.module != "lib") {
        let path = source.path.display();
        let allowed = allowed(&source.module).unwrap_or_else(|| {
            panic!("src/{path}: say in tests/tidy.rs what {} may import", source.module)
        });
        for name in source.imports() {
            assert!(
                allowed.contains(name.as_str()),
                "src/{path} imports {name}, which {} may not",
                source.module
            );
        }
    }
}

#[test]
fn the_table_names_no_module_that_is_gone() {
    let modules: BTreeSet<_> = sources().into_iter().map(|source| source.module).collect();
    for name in VOCABULARY.iter().chain(IMPORTS.iter().map(|(name, _)| name)) {
        assert!(modules.contains(*name), "{name} is in tests/tidy.rs, but not in src");
    }
}

#[test]
fn only_the_transports_know_rocket() {
    for source in sources() {
        if !ROCKET.contains(&source.module.as_str()) {
            let path = source.path.display();
            assert!(!source.code().contains("rocket"), "src/{path} names Rocket");
        }
    }
}

#[test]
fn the_state_is_a_pure_function_of_its_entries() {
    for source in sources().iter().filter(|source| source.module == "state") {
        let code = source.code();
        let path = source.path.display();
        for word in IMPURE {
            assert!(!code.contains(word), "src/{path} names {word}");
        }
        let hashes = code.contains("HashMap") || code.contains("HashSet");
        assert!(
            !hashes || source.path.ends_with("index.rs"),
            "src/{path} uses a hash table that can be iterated"
        );
    }
}

#[test]
fn every_file_says_in_one_line_what_it_is() {
    for source in sources() {
        let path = source.path.display();
        let first = source.text.lines().next().unwrap_or_default();
        let Some(says) = first.strip_prefix("//! ") else {
            panic!("src/{path} does not open with //!");
        };
        assert!(
            !says.contains(" and "),
            "src/{path}: its first line needs an \"and\", so it should be two files"
        );
    }
}
