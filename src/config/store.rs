//! Where the log is kept.

use std::fmt;
use std::path::PathBuf;

use super::value::Parse;

/// The stream of a store that names none.
const STREAM: &str = "chatroom";

/// Where the log is kept. Written as `sqlite:PATH`, `nats://SERVERS/STREAM` or `memory:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// In an SQLite database at this path, relative to the working directory.
    Sqlite(PathBuf),
    /// In a stream of NATS JetStream, which several nodes share.
    Nats(Nats),
    /// In memory: gone when the process is.
    Memory,
}

/// A stream, and the servers that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nats {
    /// The servers, each as `host` or `host:port`; one of them is enough to find the others.
    pub servers: Vec<String>,
    /// The name of the stream.
    pub stream: String,
}

impl Nats {
    /// `localhost:4222,localhost:4223/chatroom`. A name or a password has no place in it: it would
    /// be seen in the list of processes.
    fn parse(text: &str) -> Option<Nats> {
        let (servers, stream) = text.split_once('/').unwrap_or((text, STREAM));
        let servers: Vec<String> = servers.split(',').map(|one| one.trim().to_owned()).collect();
        let server = |one: &String| {
            let right = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
            !one.is_empty() && one.bytes().all(right)
        };
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let named = (1..=64).contains(&stream.len()) && stream.bytes().all(letter);
        (servers.iter().all(server) && named).then(|| Nats { servers, stream: stream.to_owned() })
    }
}

impl fmt::Display for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nats://{}/{}", self.servers.join(","), self.stream)
    }
}

impl Store {
    /// What kind it is, without saying where.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Nats(_) => "nats",
            Self::Memory => "memory",
        }
    }
}

impl Parse for Store {
    const POSSIBLE: &str = "\"sqlite:\" and a path, such as \"sqlite:chatroom.db\", \"nats://\" and \
                            servers, such as \"nats://10.0.0.1,10.0.0.2,10.0.0.3\", or \
                            \"memory:\"";

    /// Refuses `sqlite://…`, the URL of other programs: whether its path is relative depends on
    /// who reads it.
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("sqlite", path) if !path.is_empty() && !path.starts_with("//") => {
                Some(Self::Sqlite(path.into()))
            }
            ("memory", "") => Some(Self::Memory),
            ("nats", rest) => Nats::parse(rest.strip_prefix("//")?).map(Self::Nats),
            _ => None,
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Nats(nats) => nats.fmt(f),
            Self::Memory => f.write_str("memory:"),
        }
    }
}
