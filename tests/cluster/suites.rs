//! The list of suites that run on three nodes forgets none, and names no test that is not there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The files of a suite.
fn files(suite: &str) -> Vec<PathBuf> {
    let single = root().join(format!("{suite}.rs"));
    if single.exists() {
        return vec![single];
    }
    let entries = fs::read_dir(root().join(suite)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The names of all suites.
fn suites() -> BTreeSet<String> {
    let entries = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let suites = entries.filter(|path| {
        path.extension().is_some_and(|ending| ending == "rs") || path.join("main.rs").exists()
    });
    suites.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Whether there is a test of this path in a suite.
fn has(suite: &str, test: &str) -> bool {
    let (module, name) = test.rsplit_once("::").unwrap_or(("main", test));
    let mut files = files(suite);
    if files.len() > 1 {
        files.retain(|file| file.file_stem().unwrap() == module);
    }
    let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    text.contains(&format!("fn {name}()"))
}

#[test]
fn every_suite_is_on_the_list_of_the_cluster_with_a_reason_for_what_is_left_out() {
    let list = fs::read_to_string(root().join("cluster/suites.txt")).unwrap();
    let mut listed = BTreeSet::new();
    let mut suite = "";
    for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match *words {
            ["run", name] => {
                suite = name;
                assert!(listed.insert(name.to_owned()), "{name} is there twice");
            }
            ["skip", test, _, ..] => assert!(has(suite, test), "{suite} has no test {test}"),
            ["not", name, _, ..] => {
                assert!(listed.insert(name.to_owned()), "{name} is there twice");
            }
            _ => panic!("without a reason, or another slip: {line}"),
        }
    }
    assert_eq!(listed, suites(), "tests/cluster/suites.txt and the suites");
}
