//! The files of the page: what there is, under which version, packed once.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::LazyLock;

use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::write::GzEncoder;
use rocket::http::ContentType;
use sha2::{Digest, Sha256};

/// What stands in a document where the version of the assets belongs.
const VERSION_MARK: &str = "VERSION";

/// Where a document wants to have all modules of the chat named, so that none waits for another.
const PRELOADS_MARK: &str = "PRELOADS";

/// Digits of a hash that go into an address: enough that no two differ and read the same.
const HASH_DIGITS: usize = 16;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("page/", $name)))),*]
    };
}

/// What a document loads; a test holds this to the folder.
const ASSETS: &[(&str, &str)] = files![
    "api.js",
    "app.js",
    "bar.js",
    "chart.js",
    "chat.js",
    "compose.js",
    "dialogs.js",
    "dom.js",
    "enter.js",
    "feed.js",
    "files.js",
    "icon.svg",
    "keep.js",
    "names.js",
    "notify.js",
    "outbox.js",
    "row.js",
    "scroll.js",
    "side.js",
    "status.css",
    "status.js",
    "style.css",
    "switcher.js",
    "tabs.js",
    "talk.js",
    "text.js",
];

/// Modules that are no part of the chat.
const APART: &[&str] = &["chart.js", "status.js"];

/// What has an address of its own.
const DOCUMENTS: &[(&str, &str)] = files!["index.html", "status.html"];

/// A file ready to be sent.
pub(super) struct File {
    pub(super) kind: ContentType,
    pub(super) plain: Vec<u8>,
    pub(super) gzip: Vec<u8>,
    /// With the quotes that the header has.
    pub(super) etag: String,
}

/// All files by name.
pub(super) struct Files {
    /// One version for all: modules name each other by their plain names, so when one changes,
    /// the address of every one that loads it changes too.
    version: String,
    assets: BTreeMap<&'static str, File>,
    documents: BTreeMap<&'static str, File>,
}

pub(super) static FILES: LazyLock<Files> = LazyLock::new(Files::pack);

impl Files {
    fn pack() -> Files {
        let mut hash = Sha256::new();
        for (name, text) in ASSETS {
            hash.update(name.len().to_le_bytes());
            hash.update(name);
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
        let version = digits(hash);
        let asset = |(name, text): &(&'static str, &str)| (*name, File::of(name, text));
        let preloads = preloads();
        let document = |(name, text): &(&'static str, &str)| {
            let text = text.replace(PRELOADS_MARK, &preloads).replace(VERSION_MARK, &version);
            (*name, File::of(name, &text))
        };
        let assets = ASSETS.iter().map(asset).collect();
        let documents = DOCUMENTS.iter().map(document).collect();
        Files { version, assets, documents }
    }

    /// The asset of this name, if that is the version there is.
    pub(super) fn asset(&self, version: &str, name: &str) -> Option<&File> {
        self.assets.get(name).filter(|_| version == self.version)
    }

    /// The document of this name.
    pub(super) fn document(&self, name: &str) -> Option<&File> {
        self.documents.get(name)
    }
}

impl File {
    fn of(name: &str, text: &str) -> File {
        let ending = name.rsplit('.').next().unwrap_or_default();
        let mut hash = Sha256::new();
        hash.update(text);
        File {
            kind: ContentType::from_extension(ending).unwrap_or(ContentType::Plain),
            plain: text.as_bytes().to_vec(),
            gzip: packed(text.as_bytes()),
            etag: format!("\"{}\"", digits(hash)),
        }
    }
}

/// The modules of the chat, as a document names them.
fn preloads() -> String {
    let chat = |name: &&str| name.ends_with(".js") && !APART.contains(name);
    let modules = ASSETS.iter().map(|(name, _)| *name).filter(chat);
    let link = |name| format!("<link rel=\"modulepreload\" href=\"assets/{VERSION_MARK}/{name}\">");
    modules.map(link).collect::<Vec<_>>().join("\n")
}

fn digits(hash: Sha256) -> String {
    let mut digits = HEXLOWER.encode(&hash.finalize());
    digits.truncate(HASH_DIGITS);
    digits
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Memory takes whatever is written to it.
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/page");
        let names = std::fs::read_dir(folder).expect("the folder").map(|entry| {
            entry.expect("an entry").file_name().into_string().expect("a name in UTF-8")
        });
        let mut there: Vec<_> = names.collect();
        there.sort();
        let mut served: Vec<_> = ASSETS.iter().chain(DOCUMENTS).map(|(name, _)| *name).collect();
        served.sort_unstable();
        assert_eq!(there, served);
    }

    #[test]
    fn all_that_the_page_loads_is_under_sixty_kilobytes() {
        let files = FILES.assets.values().chain(FILES.documents.values());
        let bytes: usize = files.map(|file| file.gzip.len()).sum();
        assert!(bytes < 60_000, "{bytes} bytes");
    }

    #[test]
    fn no_script_builds_html_from_text() {
        for (name, text) in ASSETS.iter().chain(DOCUMENTS) {
            for word in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "setHTML",
            ] {
                assert!(!text.contains(word), "{name} has {word}");
            }
        }
    }

    #[test]
    fn the_page_names_no_other_host() {
        for (name, text) in ASSETS.iter().chain(DOCUMENTS) {
            // A name space is no address.
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for address in text.split("://").skip(1) {
                let host = address.split(['/', '"', '\'', '`', ' ']).next().unwrap_or_default();
                assert!(!host.contains('.'), "{name} names {host}");
            }
        }
    }
}
