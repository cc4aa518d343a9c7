//! Where uploaded files are kept.

use std::path::PathBuf;

use super::value::Parse;

/// Where uploaded files are kept. Written as a path or as `s3://BUCKET/PREFIX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uploads {
    /// In a folder at this path, relative to the working directory.
    Folder(PathBuf),
    /// In a bucket of S3 or what speaks like it: its URL.
    S3(String),
}

impl Parse for Uploads {
    const POSSIBLE: &str = "a path, such as \"uploads\", or \"s3://\" and a bucket, such as \
                            \"s3://bucket/chatroom\"";

    fn parse(text: &str) -> Option<Self> {
        match text.split_once("://") {
            Some(("s3", rest)) if !rest.is_empty() && !rest.starts_with('/') => {
                Some(Self::S3(text.into()))
            }
            Some(_) => None,
            None => PathBuf::parse(text).map(Self::Folder),
        }
    }
}
