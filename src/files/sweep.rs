//! Clears away what is on no list: the rest of uploads that were killed.

use std::collections::BTreeSet;
use std::fs::DirEntry;
use std::io;
use std::path::Path as FilePath;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::{Files, FilesError};
use crate::file::FileKey;

/// What stands between a file's name and a number while it is written.
const PART: char = '#';

impl Files {
    /// Removes every file of this epoch that is not in `listed`. Called before anything is
    /// uploaded: a file on its way in is not listed either.
    ///
    /// Parts that never became a file are out of sight in a bucket; its owner sets a rule there
    /// that ends unfinished uploads.
    ///
    /// # Errors
    /// The place cannot be looked through.
    pub async fn sweep(&self, listed: BTreeSet<FileKey>) -> Result<usize, FilesError> {
        match self.place.folder() {
            Some(folder) => {
                let (folder, epoch) = (folder.to_owned(), self.epoch.to_string());
                let swept =
                    tokio::task::spawn_blocking(move || sweep_folder(&folder, &epoch, &listed));
                let swept = swept.await.map_err(|error| FilesError::Failed(error.to_string()))?;
                swept.map_err(|error| FilesError::Failed(error.to_string()))
            }
            None => self.sweep_bucket(&listed).await,
        }
    }

    /// Removes the parts of uploads in a folder that have not changed for so long: where several
    /// nodes share it, any other file may be on its way to the list, and a part that still grows is
    /// another's.
    ///
    /// # Errors
    /// The place cannot be looked through.
    pub async fn sweep_parts(&self, untouched: Duration) -> Result<usize, FilesError> {
        let Some(folder) = self.place.folder() else { return Ok(0) };
        let folder = folder.join(self.epoch.as_str());
        let swept = tokio::task::spawn_blocking(move || sweep_parts(&folder, untouched)).await;
        let swept = swept.map_err(|error| FilesError::Failed(error.to_string()))?;
        swept.map_err(|error| FilesError::Failed(error.to_string()))
    }

    /// Removes all files of this epoch.
    ///
    /// # Errors
    /// The place cannot be looked through.
    pub async fn clear(&self) -> Result<usize, FilesError> {
        let removed = self.sweep(BTreeSet::new()).await?;
        if let Some(folder) = self.place.folder() {
            // Only empty folders go.
            let _ = std::fs::remove_dir(folder.join(self.epoch.as_str()));
            let _ = std::fs::remove_dir(folder);
        }
        Ok(removed)
    }

    async fn sweep_bucket(&self, listed: &BTreeSet<FileKey>) -> Result<usize, FilesError> {
        let store = self.place.store()?;
        let prefix = Path::from(self.epoch.as_str());
        let mut removed = 0;
        let mut found = store.list(Some(&prefix));
        while let Some(object) = found.try_next().await? {
            let key = FileKey::parse(object.location.as_ref());
            if key.is_some_and(|key| !listed.contains(&key)) {
                store.delete(&object.location).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

fn sweep_folder(folder: &FilePath, epoch: &str, listed: &BTreeSet<FileKey>) -> io::Result<usize> {
    let mut removed = 0;
    for entry in entries(&folder.join(epoch))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let (key, whole) = match name.split_once(PART) {
            Some((key, _)) => (key, false),
            None => (&*name, true),
        };
        let key = FileKey::parse(&format!("{epoch}/{key}"));
        if key.is_some_and(|key| !(whole && listed.contains(&key))) {
            std::fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn sweep_parts(folder: &FilePath, untouched: Duration) -> io::Result<usize> {
    let mut removed = 0;
    for entry in entries(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().contains(PART) {
            continue;
        }
        let removal = entry.metadata().and_then(|about| {
            // A clock that is ahead makes nothing old.
            let old = about.modified()?.elapsed().is_ok_and(|age| age >= untouched);
            if old {
                std::fs::remove_file(entry.path())?;
            }
            Ok(old)
        });
        match removal {
            // It was finished, or another node was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removal => removed += usize::from(removal?),
        }
    }
    Ok(removed)
}

/// What there is in a folder: nothing, if that is not there.
fn entries(folder: &FilePath) -> io::Result<impl Iterator<Item = io::Result<DirEntry>>> {
    match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        entries => Ok(Some(entries?).into_iter().flatten()),
    }
}
