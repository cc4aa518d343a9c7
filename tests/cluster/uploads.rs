//! Files in a folder that all nodes share.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::support::cluster::{Cluster, proxy};
use crate::support::wire::{Reply, Wire};

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    let mut files: Vec<PathBuf> = entries.flat_map(below).collect();
    files.sort();
    files
}

/// What the answer says was made.
fn made(reply: &Reply) -> Value {
    let text = String::from_utf8_lossy(&reply.body);
    assert_eq!(reply.head.status, 201, "{text}");
    serde_json::from_str(&text).unwrap()
}

fn age(path: &Path, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
    File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_broke_off_long_ago_is_cleared_away_by_a_node_that_starts() {
    let mut cluster = Cluster::start("");
    let mut wire = Wire::connect(cluster.proxy.port()).await.unwrap();
    let ann = json!({ "username": "ann", "password": "a long password" });
    let account = made(&wire.post("/auth/register", &ann).await.unwrap());
    let token = account["token"].as_str().unwrap();
    let owned = format!("Authorization: Bearer {token}\r\n");
    // The others may know of the project a moment later.
    let owned = format!("{owned}{}", proxy::picks(1));
    let fields = format!("{owned}Content-Type: application/json\r\n");
    wire.ask("POST", "/projects", &fields, br#"{"name":"P"}"#).await.unwrap();
    let project = made(&wire.reply().await.unwrap());
    let address = format!("/projects/{}/files", project["project_id"]);
    let fields = format!("{owned}Content-Type: multipart/form-data; boundary=b\r\n");
    let form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nkept\r\n--b--\r\n";
    wire.ask("POST", &address, &fields, form.as_bytes()).await.unwrap();
    let file = made(&wire.reply().await.unwrap());

    let uploads = cluster.home().join("uploads");
    let [listed] = files(&uploads).try_into().unwrap();
    let part = |number: u32| PathBuf::from(format!("{}#{number}", listed.display()));
    for path in [part(1), part(2)] {
        std::fs::write(path, "broken off").unwrap();
    }
    age(&listed, 2);
    age(&part(1), 2);
    cluster.nodes[0].kill();
    cluster.nodes[0].restart();
    assert_eq!(
        files(&uploads),
        [listed.clone(), part(2)],
        "another node may be writing the second"
    );
    cluster.wait();
    wire.ask("GET", &format!("{address}/{}", file["file"]["id"]), &owned, b"").await.unwrap();
    assert_eq!(wire.reply().await.unwrap().body, b"kept");
}
