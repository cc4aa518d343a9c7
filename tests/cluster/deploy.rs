//! The files of `deploy/` are what the programs they are for take.
//!
//! That HAProxy's file does what it shall, every other test here shows: it is the one they use.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::cluster::nats;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}

/// Has a program look through a file; panics with what it says unless it is content.
fn looks_through(program: &Path, args: &[&str], file: &Path) {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap());
    let output = Command::new(program).args(args).arg(file).env("PATH", path).output();
    let output = match output {
        Ok(output) => output,
        Err(error) => return eprintln!("skipped: {}: {error}", program.display()),
    };
    let says = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{}: {says}", file.display());
    assert!(!says.to_ascii_lowercase().contains("warn"), "{}: {says}", file.display());
}

#[test]
fn haproxy_takes_its_file() {
    looks_through(Path::new("haproxy"), &["-c", "-f"], &file("haproxy.cfg"));
}

#[test]
fn nats_server_takes_its_file() {
    looks_through(&nats::program(), &["-t", "-c"], &file("nats-server.conf"));
}

#[test]
fn nginx_takes_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("nginx.conf");
    // Only the superuser may write where it is told to, and where it does without being told.
    let text = fs::read_to_string(file("nginx.conf")).unwrap();
    let text = text.replace("/run/", "").replace("/var/log/nginx/", "");
    let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let places: String = places.map(|place| format!("{place}_temp_path {place};")).concat();
    let text = text.replace("user www-data;", "").replace("http {", &format!("http {{ {places}"));
    fs::write(&here, text).unwrap();
    let prefix = folder.path().to_str().unwrap();
    looks_through(Path::new("nginx"), &["-t", "-e", "stderr", "-p", prefix, "-c"], &here);
}

#[test]
fn systemd_takes_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let programs = [
        ("chatroom.service", "/usr/local/bin/chatroom", Path::new(env!("CARGO_BIN_EXE_chatroom"))),
        ("nats-server.service", "/usr/sbin/nats-server", &nats::program()),
    ];
    for (name, installed, here) in programs {
        let text = fs::read_to_string(file(name)).unwrap();
        assert!(text.contains(installed), "{name}");
        let text = text.replace(installed, here.to_str().unwrap());
        fs::write(folder.path().join(name), text).unwrap();
    }
    for (name, ..) in programs {
        looks_through(Path::new("systemd-analyze"), &["verify"], &folder.path().join(name));
    }
}
