//! A small HTTP/1.1 client that keeps its connection.

use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, SocketAddr};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

/// One connection. Targets go out as they are given: the caller encodes what needs encoding.
///
/// A dropped future leaves the connection in an unknown state: drop the `Wire` with it.
pub struct Wire {
    stream: BufReader<TcpStream>,
}

/// The head of an answer.
pub struct Head {
    /// The status code.
    pub status: u16,
    fields: Vec<(String, String)>,
}

/// A whole answer.
pub struct Reply {
    /// Its head.
    pub head: Head,
    /// Its body, without the framing.
    pub body: Vec<u8>,
}

impl Wire {
    /// Connects to the server on this port.
    pub async fn connect(port: u16) -> Result<Wire> {
        Wire::connect_from(1, port).await
    }

    /// Connects from 127.0.0.`host`: every such address has all local ports for itself.
    pub async fn connect_from(host: u8, port: u16) -> Result<Wire> {
        let socket = TcpSocket::new_v4()?;
        if host != 1 {
            socket.bind(SocketAddr::from(([127, 0, 0, host], 0)))?;
        }
        let stream = socket.connect((Ipv4Addr::LOCALHOST, port).into()).await?;
        stream.set_nodelay(true)?;
        Ok(Wire { stream: BufReader::with_capacity(2048, stream) })
    }

    /// Writes a request in one piece. `fields` are whole lines, each with its line end.
    pub async fn ask(
        &mut self,
        method: &str,
        target: &str,
        fields: &str,
        body: &[u8],
    ) -> Result<()> {
        let mut bytes =
            format!("{method} {target} HTTP/1.1\r\nHost: chat\r\n{fields}").into_bytes();
        if !body.is_empty() || method == "POST" {
            bytes.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(body);
        self.stream.get_mut().write_all(&bytes).await
    }

    /// `GET target`.
    pub async fn get(&mut self, target: &str) -> Result<Reply> {
        self.ask("GET", target, "", b"").await?;
        self.reply().await
    }

    /// `POST target` with a JSON body.
    pub async fn post(&mut self, target: &str, body: &impl Serialize) -> Result<Reply> {
        let body = serde_json::to_vec(body)?;
        self.ask("POST", target, "Content-Type: application/json\r\n", &body).await?;
        self.reply().await
    }

    /// Reads a whole answer.
    pub async fn reply(&mut self) -> Result<Reply> {
        let head = self.head().await?;
        let mut body = Vec::new();
        if let Some(length) = head.field("content-length") {
            body.resize(length.parse().map_err(|_| broken("the content length"))?, 0);
            self.stream.read_exact(&mut body).await?;
        } else {
            while self.chunk(&mut body).await? {}
        }
        Ok(Reply { head, body })
    }

    /// Reads the head of an answer.
    pub async fn head(&mut self) -> Result<Head> {
        let line = self.line().await?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| broken(&line))?;
        let mut fields = Vec::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(Head { status, fields });
            }
            let (name, value) = line.split_once(':').ok_or_else(|| broken(&line))?;
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// Appends the next chunk of a chunked body; false for the one that ends it.
    ///
    /// A connection that is cut before that is an error: `UnexpectedEof`.
    pub async fn chunk(&mut self, into: &mut Vec<u8>) -> Result<bool> {
        let line = self.line().await?;
        let size = usize::from_str_radix(&line, 16).map_err(|_| broken(&line))?;
        let start = into.len();
        into.resize(start + size, 0);
        self.stream.read_exact(&mut into[start..]).await?;
        if !self.line().await?.is_empty() {
            return Err(broken("the end of a chunk"));
        }
        Ok(size > 0)
    }

    /// Whether the server has closed the connection, with nothing more to read. Waits for either.
    pub async fn closed(&mut self) -> Result<bool> {
        Ok(self.stream.fill_buf().await?.is_empty())
    }

    /// Goes away without a word: the server sees a reset instead of an end.
    pub fn abort(self) -> Result<()> {
        self.stream.get_ref().set_zero_linger()
    }

    /// The bare connection, for who reads it in another way.
    pub fn into_std(self) -> Result<std::net::TcpStream> {
        assert!(self.stream.buffer().is_empty(), "nothing of an answer was read");
        self.stream.into_inner().into_std()
    }

    async fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Head {
    /// The value of a field, by its lower-case name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

impl Reply {
    /// The body of a success; panics with the answer when it is none.
    pub fn success<T: DeserializeOwned>(&self) -> T {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.head.status, 200, "{text}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("not HTTP/1.1: {what:?}"))
}
