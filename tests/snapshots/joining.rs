//! What a node begins with.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use chatroom::archive::{self, Keeper};
use chatroom::history::Mark;
use chatroom::node::{Folder, StartError, join};
use chatroom::state::State;

use super::{World, of};

/// Makes an archive with a state of this position in the log of this incarnation.
fn make(path: &Path, incarnation: &str, position: u64) {
    let mut keeper = Keeper::open(path).unwrap();
    let mark = Mark { position, sign: format!("{incarnation}:{}", position / 2) };
    keeper.arrive(&mark, &State::default().to_snapshot().unwrap()).unwrap();
}

/// Sends an archive of this position.
fn send(world: &World, folder: &Path, position: u64) -> Vec<u8> {
    let (file, copy) = (folder.join("sent"), folder.join("copy"));
    for path in [&file, &copy] {
        let _ = fs::remove_file(path);
    }
    make(&file, "a2b3", position);
    let mark = archive::copy(&file, &copy).unwrap().unwrap();
    assert_eq!(mark.position, position);
    world.snapshots().send(&copy, &of(position)).unwrap();
    fs::read(copy).unwrap()
}

fn begin(world: &World, file: &Path, first: u64) -> Result<(), StartError> {
    join(file, "a2b3", &world.snapshots(), || Ok(first))
}

fn place(folder: &Path) -> PathBuf {
    folder.join("archive.db")
}

#[test]
fn a_new_node_of_a_new_log_needs_nothing() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let file = place(folder.path());
    begin(&world, &file, 1).unwrap();
    assert!(!file.exists());
}

#[test]
fn a_node_without_an_archive_takes_the_newest_snapshot() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let file = place(folder.path());
    send(&world, folder.path(), 10);
    let newest = send(&world, folder.path(), 20);
    // What a process that was killed while it loaded has left.
    fs::write(folder.path().join("archive.db.loading"), "half").unwrap();
    begin(&world, &file, 1).unwrap();
    assert_eq!(fs::read(&file).unwrap(), newest);
    assert!(!folder.path().join("archive.db.loading").exists());
}

#[test]
fn an_archive_from_which_the_log_goes_on_stays_and_an_older_one_goes() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let file = place(folder.path());
    make(&file, "a2b3", 10);
    let newest = send(&world, folder.path(), 20);
    // Of 10 entries are 5 messages.
    begin(&world, &file, 6).unwrap();
    assert_eq!(archive::snapshot_of(&file).unwrap().unwrap().position, 10);
    begin(&world, &file, 7).unwrap();
    assert_eq!(fs::read(&file).unwrap(), newest);
    assert_eq!(archive::snapshot_of(&file).unwrap().unwrap().position, 20);
}

#[test]
fn what_is_left_of_an_archive_that_is_replaced_is_in_no_other() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let file = place(folder.path());
    let newest = send(&world, folder.path(), 20);
    {
        // Held open while the copy is made, so that its write-ahead log stays, as after a crash.
        let crashed = folder.path().join("crashed");
        let mut keeper = Keeper::open(&crashed).unwrap();
        let mark = Mark { position: 10, sign: "a2b3:5".to_owned() };
        keeper.arrive(&mark, &State::default().to_snapshot().unwrap()).unwrap();
        keeper.take(&[], Mark { position: 12, sign: "a2b3:6".to_owned() }).unwrap();
        for ending in ["", "-wal"] {
            let name = format!("crashed{ending}");
            fs::copy(folder.path().join(name), format!("{}{ending}", file.display())).unwrap();
        }
    }
    begin(&world, &file, 8).unwrap();
    assert_eq!(fs::read(&file).unwrap(), newest);
    assert_eq!(Keeper::open(&file).unwrap().position(), 20);
}

#[test]
fn an_archive_of_another_log_is_refused() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let file = place(folder.path());
    make(&file, "another", 10);
    let before = fs::read(&file).unwrap();
    let error = begin(&world, &file, 1).unwrap_err().to_string();
    assert!(error.contains("belongs to another log"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_log_that_begins_behind_every_snapshot_is_refused() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let file = place(folder.path());
    let error = begin(&world, &file, 2).unwrap_err();
    assert!(matches!(error, StartError::NoSnapshot { first: 2 }), "{error}");
    send(&world, folder.path(), 20);
    let error = begin(&world, &file, 12).unwrap_err();
    assert!(matches!(error, StartError::NoSnapshot { first: 12 }), "{error}");
    assert!(!file.exists());
}

#[test]
fn a_damaged_snapshot_gives_way_to_the_one_before() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let file = place(folder.path());
    let older = send(&world, folder.path(), 10);
    send(&world, folder.path(), 20);
    let newest = world.snapshots().manifests("a2b3").unwrap().remove(0);
    world.damage(&newest.names[0].to_string());
    begin(&world, &file, 6).unwrap();
    assert_eq!(fs::read(&file).unwrap(), older);
    fs::remove_file(&file).unwrap();
    let error = begin(&world, &file, 7).unwrap_err().to_string();
    assert!(error.contains("is another"), "{error}");
    assert!(!file.exists(), "nothing is better than half of it");
}

#[test]
fn a_log_that_is_trimmed_while_a_snapshot_is_loaded_is_joined_with_the_next() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let file = place(folder.path());
    send(&world, folder.path(), 10);
    let asked = Cell::new(0);
    let first = || {
        asked.set(asked.get() + 1);
        if asked.get() == 2 {
            send(&world, folder.path(), 20);
        }
        Ok(if asked.get() == 1 { 1 } else { 9 })
    };
    join(&file, "a2b3", &world.snapshots(), first).unwrap();
    assert_eq!(archive::snapshot_of(&file).unwrap().unwrap().position, 20);
}

#[test]
fn a_folder_is_of_one_process() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("data");
    let folder = Folder::take(&path).unwrap();
    let error = Folder::take(&path).unwrap_err().to_string();
    let holder = format!("(process {})", std::process::id());
    assert!(error.contains(&holder) && error.contains("cluster.folder"), "{error}");
    drop(folder);
    Folder::take(&path).unwrap();
}
