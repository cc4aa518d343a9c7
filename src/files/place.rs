//! The place where files are: a folder, or a bucket that speaks S3.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use parking_lot::Mutex;

use super::FilesError;
use crate::config::Uploads;

/// What is written to a folder at once.
const PART_OF_FOLDER: usize = 64 << 10;

/// What is sent to a bucket at once: S3 takes no smaller part but the last.
const PART_OF_BUCKET: usize = 5 << 20;

/// A folder is made when the first file comes, so that a server without files leaves none.
#[derive(Debug)]
pub(super) enum Place {
    Folder { path: PathBuf, sync: bool, store: Mutex<Option<Arc<dyn ObjectStore>>> },
    Bucket(Arc<dyn ObjectStore>),
}

impl Place {
    /// `sync`: whether a file that is stored must be on the disk.
    pub(super) fn of(uploads: &Uploads, sync: bool) -> Result<Place, FilesError> {
        match uploads {
            Uploads::Folder(path) => {
                Ok(Place::Folder { path: path.clone(), sync, store: Mutex::default() })
            }
            Uploads::S3(url) => {
                // Credentials, region and endpoint are where every program of this kind looks.
                let bucket = AmazonS3Builder::from_env().with_url(url).build()?;
                let prefix = url.splitn(4, '/').nth(3).unwrap_or_default();
                let prefix = Key::parse(prefix.trim_end_matches('/'))
                    .map_err(|error| FilesError::Failed(error.to_string()))?;
                Ok(Place::Bucket(Arc::new(PrefixStore::new(bucket, prefix))))
            }
        }
    }

    pub(super) fn store(&self) -> Result<Arc<dyn ObjectStore>, FilesError> {
        match self {
            Place::Bucket(store) => Ok(store.clone()),
            Place::Folder { path, sync, store } => {
                let mut made = store.lock();
                if let Some(store) = &*made {
                    return Ok(store.clone());
                }
                let failed = |error: std::io::Error| {
                    FilesError::Failed(format!("{} cannot be made: {error}", path.display()))
                };
                std::fs::create_dir_all(path).map_err(failed)?;
                let folder = LocalFileSystem::new_with_prefix(path)?.with_fsync(*sync);
                Ok(made.insert(Arc::new(folder)).clone())
            }
        }
    }

    /// The folder, if it is one.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Place::Folder { path, .. } => Some(path),
            Place::Bucket(_) => None,
        }
    }

    pub(super) fn part_bytes(&self) -> usize {
        match self {
            Place::Folder { .. } => PART_OF_FOLDER,
            Place::Bucket(_) => PART_OF_BUCKET,
        }
    }
}
