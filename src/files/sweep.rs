//! Clears away what is on no list: the rest of uploads that were killed.

use std::collections::BTreeSet;
use std::io;
use std::path::Path as FilePath;
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::{Files, FilesError};
use crate::file::FileKey;

impl Files {
    /// Removes every file of this epoch that is not in `listed`, and that nothing has come to for
    /// `untouched`: a file on its way in is not listed either.
    ///
    /// Parts that never became a file are out of sight in a bucket; its owner sets a rule there
    /// that ends unfinished uploads.
    ///
    /// # Errors
    /// The place cannot be looked through.
    pub async fn sweep(
        &self,
        listed: BTreeSet<FileKey>,
        untouched: Duration,
    ) -> Result<usize, FilesError> {
        match self.place.folder() {
            Some(folder) => {
                let (folder, epoch) = (folder.to_owned(), self.epoch.to_string());
                let swept = tokio::task::spawn_blocking(move || {
                    sweep_folder(&folder, &epoch, &listed, untouched)
                });
                let swept = swept.await.map_err(|error| FilesError::Failed(error.to_string()))?;
                swept.map_err(|error| FilesError::Failed(error.to_string()))
            }
            None => self.sweep_bucket(&listed, untouched).await,
        }
    }

    /// Removes all files of this epoch.
    ///
    /// # Errors
    /// The place cannot be looked through.
    pub async fn clear(&self) -> Result<usize, FilesError> {
        let removed = self.sweep(BTreeSet::new(), Duration::ZERO).await?;
        if let Some(folder) = self.place.folder() {
            // Only empty folders go.
            let _ = std::fs::remove_dir(folder.join(self.epoch.as_str()));
            let _ = std::fs::remove_dir(folder);
        }
        Ok(removed)
    }

    async fn sweep_bucket(
        &self,
        listed: &BTreeSet<FileKey>,
        untouched: Duration,
    ) -> Result<usize, FilesError> {
        let store = self.place.store()?;
        let prefix = Path::from(self.epoch.as_str());
        let mut removed = 0;
        let mut found = store.list(Some(&prefix));
        while let Some(object) = found.try_next().await? {
            let key = FileKey::parse(object.location.as_ref());
            let settled = is_settled(object.last_modified.into(), untouched);
            if settled && key.is_some_and(|key| !listed.contains(&key)) {
                store.delete(&object.location).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// Whether what was changed last at that moment has not changed for so long.
fn is_settled(changed: SystemTime, untouched: Duration) -> bool {
    // A clock that is ahead makes nothing old.
    untouched.is_zero() || changed.elapsed().is_ok_and(|age| age >= untouched)
}

fn sweep_folder(
    folder: &FilePath,
    epoch: &str,
    listed: &BTreeSet<FileKey>,
    untouched: Duration,
) -> io::Result<usize> {
    let entries = match std::fs::read_dir(folder.join(epoch)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // While it is written, a file has a number behind its name.
        let (key, whole) = match name.split_once('#') {
            Some((key, _)) => (key, false),
            None => (&*name, true),
        };
        let key = FileKey::parse(&format!("{epoch}/{key}"));
        if key.is_none_or(|key| whole && listed.contains(&key)) {
            continue;
        }
        let removal = entry.metadata().and_then(|about| {
            let settled = is_settled(about.modified()?, untouched);
            if settled { std::fs::remove_file(entry.path()).map(|()| true) } else { Ok(false) }
        });
        match removal {
            // Another node was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removal => removed += usize::from(removal?),
        }
    }
    Ok(removed)
}
