//! A file that is there whole or not at all.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use crate::database::beside;
use crate::fault;

/// A file that is being made under another name. Dropped before it is finished, it leaves nothing;
/// what a killed process leaves, the next attempt takes away.
#[derive(Debug)]
pub(super) struct NewFile {
    path: PathBuf,
    making: PathBuf,
}

impl NewFile {
    /// Begins a file in the place `path`, where none may be unless `force`.
    pub(super) fn begin(path: &Path, force: bool) -> Result<NewFile, StoreError> {
        if !force && path.exists() {
            let shown = path.display();
            return Err(StoreError::Impossible(format!(
                "{shown} is there already. Name another file, or use --force to replace it."
            )));
        }
        let file = NewFile { path: path.to_owned(), making: beside(path, ".new") };
        file.clear();
        File::create_new(&file.making).map_err(|error| StoreError::unwritable(path, &error))?;
        Ok(file)
    }

    /// A file that will never be finished, beside `path`.
    pub(super) fn scratch(path: &Path) -> Result<NewFile, StoreError> {
        sweep(path);
        NewFile::begin(&beside(path, &format!(".{}", std::process::id())), true)
    }

    /// Where it is made.
    pub(super) fn making(&self) -> &Path {
        &self.making
    }

    /// Has it on the disk, then in its place.
    pub(super) fn finish(self) -> Result<(), StoreError> {
        let finish = || {
            fault::point("file.made");
            File::open(&self.making)?.sync_all()?;
            std::fs::rename(&self.making, &self.path)?;
            fault::point("file.named");
            sync_folder(&self.path)
        };
        finish().map_err(|error: std::io::Error| StoreError::unwritable(&self.path, &error))
    }

    fn clear(&self) {
        for ending in ["", "-journal", "-wal", "-shm"] {
            let _ = std::fs::remove_file(beside(&self.making, ending));
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Has the names in the folder of `path` on the disk.
pub(super) fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Takes away what processes that are gone have left beside `path`, where the system says which are.
fn sweep(path: &Path) {
    let (Some(folder), Some(stem)) = (path.parent(), path.file_name()) else { return };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(files) = std::fs::read_dir(folder) else { return };
    for file in files.flatten() {
        let name = file.file_name();
        let ours = || {
            let rest = name.to_str()?.strip_prefix(stem.to_str()?)?.strip_prefix('.')?;
            rest.split_once(".new")?.0.parse::<u32>().ok()
        };
        if let Some(process) = ours()
            && Path::new("/proc/self").exists()
            && !Path::new(&format!("/proc/{process}")).exists()
        {
            let _ = std::fs::remove_file(file.path());
        }
    }
}
