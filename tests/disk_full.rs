//! A full disk: writes are refused, reads go on, writes come back by themselves.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::answers::{Answer, assert_fault};
use support::went::run;
use support::{Client, Server, command};
use tempfile::TempDir;

/// A small file system in memory, unmounted when dropped.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// `None`, with a printed reason, where mounting is not allowed.
    fn mount(size: &str) -> Option<Disk> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path());
        match mount.output() {
            Ok(output) if output.status.success() => Some(Disk { folder }),
            Ok(output) => {
                println!("skipped: {}", String::from_utf8_lossy(&output.stderr).trim());
                None
            }
            Err(error) => {
                println!("skipped: mount cannot be run: {error}");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes space that can be given back.
    fn ballast(&self, name: &str, bytes: usize) -> PathBuf {
        let file = self.path().join(name);
        std::fs::write(&file, vec![1; bytes]).unwrap();
        file
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Starts a server whose many complaints are not shown.
fn start(disk: &Disk, store: &[&str]) -> Server {
    let mut command = command(disk.path());
    command.args(["serve", "--port", "0"]).args(store).stderr(Stdio::null());
    Server::launch(disk.path(), &mut command)
}

async fn send(client: &Client, number: usize) -> Answer {
    let text = format!("{number} {}", "x".repeat(8_000));
    let body = json!({ "sender": "ann", "recipient": "bob", "message": text });
    client.post("/send", body).await
}

/// Sends until the disk is full, and keeps the numbers that were acknowledged.
async fn fill(client: &Client, next: &mut usize, acknowledged: &mut Vec<usize>) {
    loop {
        let number = *next;
        *next += 1;
        match send(client, number).await {
            (200, _) => acknowledged.push(number),
            answer => {
                assert_fault(&answer, 507, "disk_full");
                return;
            }
        }
        assert!(number < 10_000, "the disk is never full");
    }
}

/// The numbers that bob has.
async fn received(client: &Client) -> Vec<usize> {
    let (status, body) = client.get("/messages?username=bob&last_id=0").await;
    assert_eq!(status, 200, "{body}");
    let number = |message: &Value| {
        let text = message["message"].as_str().unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    };
    body["messages"].as_array().unwrap().iter().map(number).collect()
}

async fn health(client: &Client) -> Answer {
    let (status, body) = client.get("/api/health").await;
    (status, body["status"].clone())
}

async fn disk_full(size: &str, durability: &str) {
    let Some(disk) = Disk::mount(size) else { return };
    let ballasts: Vec<PathBuf> =
        (0..3).map(|number| disk.ballast(&format!("ballast {number}"), 300_000)).collect();
    let store = ["--store", "sqlite:chatroom.db", "--durability", durability];
    let mut server = start(&disk, &store);
    let client = server.client();
    client.register(&["ann", "bob"]).await;

    let (mut next, mut acknowledged) = (0, Vec::new());
    for ballast in ballasts {
        fill(&client, &mut next, &mut acknowledged).await;
        // Nothing at all can be written now, whatever it is, and it is said each time.
        for _ in 0..20 {
            assert_fault(&send(&client, next).await, 507, "disk_full");
            next += 1;
        }
        let answer =
            client.post("/create_room", json!({ "admin": "ann", "participants": ["bob"] }));
        assert_fault(&answer.await, 507, "disk_full");
        let answer = client.post("/logout", json!({ "username": "ann" }));
        assert_fault(&answer.await, 507, "disk_full");
        // Reads go on, and show exactly what was acknowledged.
        assert_eq!(received(&client).await, acknowledged);
        assert_eq!(client.get("/online").await.1["online_users"], json!(["ann", "bob"]));
        assert_eq!(health(&client).await, (503, json!("unhealthy")));

        std::fs::remove_file(ballast).unwrap();
        // That there is space is found out without anybody's help.
        let deadline = Instant::now() + Duration::from_secs(10);
        while health(&client).await != (200, json!("healthy")) {
            assert!(Instant::now() < deadline, "the server stays unhealthy");
        }
        let deadline = Instant::now() + Duration::from_secs(10);
        while send(&client, next).await.0 != 200 {
            assert!(Instant::now() < deadline, "writes do not come back");
            next += 1;
        }
        acknowledged.push(next);
        next += 1;
    }
    fill(&client, &mut next, &mut acknowledged).await;
    assert_eq!(received(&client).await, acknowledged);

    server.kill();
    // A little space, as whoever finds the server dead would make.
    std::fs::remove_file(disk.path().join("announcement.txt")).unwrap();
    std::fs::write(disk.path().join("announcement.txt"), "").unwrap();
    let server = start(&disk, &store);
    assert_eq!(received(&server.client()).await, acknowledged);
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_recovers_by_itself_at_full_durability() {
    disk_full("3m", "full").await;
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_recovers_by_itself_at_fast_durability() {
    disk_full("3m", "fast").await;
}

#[tokio::test]
async fn it_does_so_too_when_the_log_is_moved_into_the_store_meanwhile() {
    // Large enough for SQLite to move its write-ahead log over, which needs space as well.
    disk_full("12m", "full").await;
}

#[tokio::test]
async fn a_backup_for_which_there_is_no_space_leaves_nothing_and_the_server_goes_on() {
    let Some(disk) = Disk::mount("512k") else { return };
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(home.path(), &[]);
    let client = server.client();
    client.register(&["ann", "bob"]).await;
    let mut acknowledged = Vec::new();
    for number in 0..100 {
        assert_eq!(send(&client, number).await.0, 200);
        acknowledged.push(number);
    }
    let names = || {
        let entries = std::fs::read_dir(disk.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    let target = disk.path().join("copy");
    let target = target.to_str().unwrap();
    for words in [&["backup", target][..], &["export", target], &["backup", target, "--force"]] {
        // With --force there is something to lose.
        let force = words.contains(&"--force");
        if force {
            std::fs::write(target, "what was there").unwrap();
        }
        run(home.path(), words).says(2, &["the disk is full"]);
        let left: &[&str] = if force { &["copy"] } else { &[] };
        assert_eq!(names(), left, "{words:?}");
        assert!(!force || std::fs::read_to_string(target).unwrap() == "what was there");
        let number = acknowledged.len();
        assert_eq!(send(&client, number).await.0, 200, "after {words:?}");
        acknowledged.push(number);
    }
    assert_eq!(received(&client).await, acknowledged);
    assert!(server.terminate().0.success());
    let copy = home.path().join("copy");
    run(home.path(), &["backup", copy.to_str().unwrap()]).done();
    let words = ["restore", copy.to_str().unwrap(), "--store"];
    let store = format!("sqlite:{}/restored.db", disk.path().display());
    run(home.path(), &[&words[..], &[&store]].concat()).says(2, &["the disk is full"]);
    assert_eq!(names(), ["copy"], "but for the lock of the store that was not made");
}
