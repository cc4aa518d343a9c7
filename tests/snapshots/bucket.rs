//! A file goes there and comes back.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

use chatroom::snapshots::SnapshotError;
use rand::RngExt;

use super::{World, of};

/// What a chunk holds at most.
const CHUNK: usize = 128 << 10;

fn random(bytes: usize) -> Vec<u8> {
    let mut content = vec![0; bytes];
    rand::rng().fill(&mut content[..]);
    content
}

fn loaded(world: &World, folder: &Path) -> Result<Vec<u8>, SnapshotError> {
    let snapshots = world.snapshots();
    let manifest = snapshots.manifests("a2b3")?.remove(0);
    let path = folder.join("loaded");
    let _ = fs::remove_file(&path);
    snapshots.load(&manifest, &path)?;
    Ok(fs::read(path).unwrap())
}

#[test]
fn what_is_sent_is_loaded_and_what_did_not_change_is_not_sent_again() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("archive");
    assert!(world.snapshots().manifests("a2b3").unwrap().is_empty());
    let mut content = random(5 * CHUNK + 1000);
    fs::write(&file, &content).unwrap();
    let sent = world.snapshots().send(&file, &of(10)).unwrap();
    let list = 6 * 32;
    assert_eq!(sent.bytes as usize, content.len() + list);
    assert_eq!(sent.spares, 0, "the log is all there is if this one is damaged");
    assert_eq!(loaded(&world, folder.path()).unwrap(), content);

    content[2 * CHUNK] ^= 1;
    content.extend(random(CHUNK));
    fs::write(&file, &content).unwrap();
    let sent = world.snapshots().send(&file, &of(20)).unwrap();
    let list = 7 * 32;
    assert_eq!(sent.bytes as usize, CHUNK + CHUNK + 1000 + list, "the changed ones");
    assert_eq!((sent.removed, sent.spares), (0, 10), "the one before still counts");
    assert_eq!(loaded(&world, folder.path()).unwrap(), content);

    let sent = world.snapshots().send(&file, &of(30)).unwrap();
    assert_eq!((sent.bytes, sent.removed), (0, 3), "two chunks of the first and its list");
    assert_eq!(world.messages(), 7 + 1 + 1, "chunks, their list, the catalogue");
    let manifests = world.snapshots().manifests("a2b3").unwrap();
    let positions: Vec<_> = manifests.iter().map(|manifest| manifest.of.position).collect();
    assert_eq!(positions, [30, 20]);
    for manifest in &manifests {
        world.snapshots().verify(manifest).unwrap();
    }
}

#[test]
fn an_older_snapshot_never_takes_the_place_of_a_newer_one() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("archive");
    fs::write(&file, random(CHUNK)).unwrap();
    world.snapshots().send(&file, &of(20)).unwrap();
    fs::write(&file, random(CHUNK)).unwrap();
    for position in [10, 20] {
        let sent = world.snapshots().send(&file, &of(position)).unwrap();
        assert_eq!((sent.bytes, sent.manifest.of.position), (0, 20));
    }
    assert_eq!(world.snapshots().manifests("a2b3").unwrap().len(), 1);
}

#[test]
fn a_chunk_that_is_not_what_its_name_says_is_never_loaded() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("archive");
    let content = random(3 * CHUNK);
    fs::write(&file, &content).unwrap();
    let sent = world.snapshots().send(&file, &of(10)).unwrap();
    world.damage(&sha256(&content[CHUNK..2 * CHUNK]));
    let error = loaded(&world, folder.path()).unwrap_err();
    assert!(matches!(error, SnapshotError::Damaged { .. }), "{error}");
    assert!(world.snapshots().verify(&sent.manifest).is_err());
    world.damage(&sent.manifest.names[0].to_string());
    let error = loaded(&world, folder.path()).unwrap_err();
    assert!(matches!(error, SnapshotError::Damaged { .. }), "{error}");
}

#[test]
fn snapshots_of_another_log_are_refused() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("archive");
    fs::write(&file, random(CHUNK)).unwrap();
    world.snapshots().send(&file, &of(10)).unwrap();
    let error = world.snapshots().manifests("another").unwrap_err();
    assert!(matches!(error, SnapshotError::Foreign { .. }), "{error}");
    let mut other = of(20);
    other.incarnation = "another".to_owned();
    let error = world.snapshots().send(&file, &other).unwrap_err();
    assert!(matches!(error, SnapshotError::Foreign { .. }), "{error}");
}

#[test]
fn a_sender_that_is_stopped_leaves_nothing_that_counts_and_the_next_sweeps() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("archive");
    fs::write(&file, random(160 * CHUNK)).unwrap();
    let sender = world.snapshots();
    let sending = std::thread::spawn({
        let (sender, file) = (sender.clone(), file.clone());
        move || sender.send(&file, &of(10))
    });
    super::support::cluster::patiently("some chunks are there", 20, || world.messages() > 4);
    sender.stop();
    let error = sending.join().unwrap().unwrap_err();
    assert!(matches!(error, SnapshotError::Stopped), "{error}");
    assert!(world.snapshots().manifests("a2b3").unwrap().is_empty());
    let content = random(CHUNK);
    fs::write(&file, &content).unwrap();
    let sent = world.snapshots().send(&file, &of(20)).unwrap();
    assert!(sent.removed >= 4, "{}", sent.removed);
    assert_eq!(world.messages(), 3, "a chunk, its list, the catalogue");
    assert_eq!(loaded(&world, folder.path()).unwrap(), content);
}

#[test]
fn whoever_sends_at_the_same_time_what_counts_is_whole() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let (overtaken, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (together, failed) = (Barrier::new(4), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for sender in 0..4 {
            let (world, folder, together) = (&world, folder.path(), &together);
            let (overtaken, done, failed) = (&overtaken, &done, &failed);
            scope.spawn(move || {
                let snapshots = world.snapshots();
                let file = folder.join(format!("archive{sender}"));
                // Some chunks are the same at all of them, and come again later.
                let mut content = vec![0; CHUNK];
                for round in 0..8 {
                    content.truncate((round % 3) * CHUNK);
                    content.extend(random(2 * CHUNK + sender));
                    fs::write(&file, &content).unwrap();
                    together.wait();
                    match snapshots.send(&file, &of(1000 * round as u64 + sender as u64)) {
                        Ok(_) => done.fetch_add(1, Ordering::Relaxed),
                        Err(SnapshotError::Overtaken) => overtaken.fetch_add(1, Ordering::Relaxed),
                        // Who panics now keeps the others waiting for ever.
                        Err(error) => {
                            failed.lock().unwrap().push(error.to_string());
                            0
                        }
                    };
                    for manifest in snapshots.manifests("a2b3").unwrap() {
                        let whole = snapshots.verify(&manifest);
                        let left = !snapshots.manifests("a2b3").unwrap().contains(&manifest);
                        if let (Err(error), false) = (whole, left) {
                            failed.lock().unwrap().push(error.to_string());
                        }
                    }
                }
            });
        }
    });
    assert_eq!(failed.into_inner().unwrap(), [""; 0]);
    let (overtaken, done) = (overtaken.into_inner(), done.into_inner());
    assert!(overtaken > 0 && done > 0, "{overtaken} were overtaken, {done} were not");
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(bytes))
}
