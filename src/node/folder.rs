//! Where a node of a cluster keeps its archive.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// A folder that no other process uses.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Held for its lock, which ends with the process however that ends.
    _lock: File,
}

/// A folder that cannot be used, in a sentence for whoever starts the node.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FolderError(String);

impl Folder {
    /// Takes the folder, making it if there is none.
    ///
    /// # Errors
    /// It cannot be made or written to, or another process has it.
    pub fn take(path: &Path) -> Result<Folder, FolderError> {
        let shown = path.display();
        let failed = |error: std::io::Error| {
            FolderError(format!("The folder {shown} cannot be used: {error}."))
        };
        std::fs::create_dir_all(path).map_err(failed)?;
        // By a link it is the same folder.
        let path = path.canonicalize().map_err(failed)?;
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut lock = options.open(path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {
                let _ = lock.set_len(0);
                let _ = write!(lock, "{}", std::process::id());
                Ok(Folder { path, _lock: lock })
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = lock.rewind();
                let _ = lock.read_to_string(&mut holder);
                Err(FolderError(format!(
                    "The folder {shown} is in use by another chatroom (process {}). Each node \
                     needs one of its own: name it with cluster.folder.",
                    holder.trim()
                )))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// The file of the archive in it.
    pub fn archive(&self) -> PathBuf {
        self.path.join("archive.db")
    }
}
