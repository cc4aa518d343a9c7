//! `/projects/ID/files/FILE_ID`: the bytes of a file.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::stream::BoxStream;
use rocket::http::{Method, Status};
use rocket::response::{self, Responder, Response};
use rocket::tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use rocket::{Request, State, get};
use tokio_util::io::StreamReader;

use super::caller::Caller;
use super::error::ApiError;
use super::range::{self, Asked};
use super::refusals::{Refusals, Refused};
use super::shared;
use super::uploads::{failed, unavailable};
use crate::file::File;
use crate::files::Files;
use crate::header;
use crate::node::Node;
use crate::outcome::Rejection;

/// Whatever a file holds, a browser that shows it runs nothing of it and loads nothing for it.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// What of a file is asked for, and what is known of it already.
pub(super) struct Conditions {
    range: Option<String>,
    if_range: Option<String>,
    if_none_match: Option<String>,
    head: bool,
}

#[rocket::async_trait]
impl<'r> rocket::request::FromRequest<'r> for Conditions {
    type Error = std::convert::Infallible;

    async fn from_request(
        request: &'r Request<'_>,
    ) -> rocket::request::Outcome<Conditions, Self::Error> {
        let header = |name| header::find(request, name).map(str::to_owned);
        rocket::request::Outcome::Success(Conditions {
            range: header("Range"),
            if_range: header("If-Range"),
            if_none_match: header("If-None-Match"),
            head: request.method() == Method::Head,
        })
    }
}

/// A file, or a part of it.
pub(super) enum Download {
    /// The client has it.
    Known(File),
    /// The client asks for bytes that it has not.
    Nothing(File),
    /// All of it, or these bytes.
    Bytes { file: File, part: Option<std::ops::Range<u64>>, bytes: BoxStream<'static, Piece> },
}

type Piece = io::Result<Bytes>;

/// How a download is refused.
struct Downloads;

impl Refusals for Downloads {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let rejections =
            [Rejection::ProjectNotFound, Rejection::FileNotFound, Rejection::NotInProject];
        let mut refusals = shared::of_reading(&rejections);
        refusals.extend([nothing(), unavailable()]);
        refusals
    }
}

fn nothing() -> ApiError {
    let message = "The file has no such bytes.";
    ApiError::new(Status::RangeNotSatisfiable, "range_not_satisfiable", message)
}

/// Download a file
///
/// Always as an attachment, which browsers save and do not run. `Range` gives a part of it, with
/// `If-Range` only if it is still the same; `If-None-Match` with its `ETag` saves the rest.
#[utoipa::path(
    get,
    path = "/projects/{id}/files/{file_id}",
    operation_id = "download_file",
    tag = "Projects",
    params(
        ("id" = u64, Path, description = "The project."),
        ("file_id" = u64, Path, description = "The file."),
    ),
    responses(
        (
            status = 200, description = "The file.", content(("application/octet-stream")),
            headers(
                ("Content-Disposition" = String, description = "`attachment`, with its name"),
                ("ETag" = String, description = "The SHA-256 of its bytes"),
                ("Accept-Ranges" = String, description = "`bytes`"),
            ),
        ),
        (
            status = 206, description = "A part of it.", content(("application/octet-stream")),
            headers(("Content-Range" = String, description = "Which part, of how many bytes")),
        ),
        (status = 304, description = "It is the one you have."),
        Refused::<Downloads>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[get("/projects/<id>/files/<file_id>")]
pub(super) async fn download(
    node: &State<Arc<Node>>,
    files: &State<Arc<Files>>,
    caller: Caller,
    conditions: Conditions,
    id: &str,
    file_id: &str,
) -> Result<Download, ApiError> {
    let user = caller.0.user;
    let (project, file) = (shared::project(id)?, shared::file(file_id)?);
    let found = node.look(|state| state.file(user, project, file));
    let file = found.map_err(shared::rejected)?.file;
    let tag = tag(&file);
    if conditions.if_none_match.is_some_and(|known| names(&known, &tag)) {
        return Ok(Download::Known(file));
    }
    // A part of another file would not fit to what the client has; RFC 9110, section 13.1.5.
    let same = conditions.if_range.is_none_or(|known| known == tag);
    let part = match conditions.range.filter(|_| same) {
        None => None,
        Some(asked) => match range::of(&asked, file.size) {
            Asked::Whole => None,
            Asked::Part(part) => Some(part),
            Asked::Nothing => return Ok(Download::Nothing(file)),
        },
    };
    let wanted = if conditions.head { 0..0 } else { part.clone().unwrap_or(0..file.size) };
    let bytes = files.read(&file.key, wanted).await.map_err(|error| failed(&error))?;
    Ok(Download::Bytes { file, part, bytes })
}

fn tag(file: &File) -> String {
    format!("\"{}\"", file.hash)
}

/// Whether a list of tags names this one.
fn names(list: &str, tag: &str) -> bool {
    let plain = |name: &str| name.trim().trim_start_matches("W/") == tag;
    list.trim() == "*" || list.split(',').any(plain)
}

/// `attachment` with the name as RFC 6266 has it: for old clients in ASCII, for all others whole.
fn disposition(name: &str) -> String {
    let plain = |letter: char| match letter {
        '"' | '\\' | '%' | ';' => '_',
        ' '..='~' => letter,
        _ => '_',
    };
    let ascii: String = name.chars().map(plain).collect();
    let mut whole = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            whole.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{whole}")
}

impl<'r> Responder<'r, 'static> for Download {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let (mut response, file) = match self {
            Download::Known(file) => {
                (Response::build().status(Status::NotModified).finalize(), file)
            }
            Download::Nothing(file) => {
                let mut response = nothing().respond_to(request)?;
                response.set_raw_header("Content-Range", format!("bytes */{}", file.size));
                return Ok(response);
            }
            Download::Bytes { file, part, bytes } => {
                let mut response = Response::new();
                if let Some(part) = &part {
                    let (first, last) = (part.start, part.end - 1);
                    response.set_status(Status::PartialContent);
                    let range = format!("bytes {first}-{last}/{}", file.size);
                    response.set_raw_header("Content-Range", range);
                }
                let part = part.unwrap_or(0..file.size);
                let length = usize::try_from(part.end - part.start).ok();
                response.set_raw_header("Content-Type", file.media.served());
                response.set_raw_header("Content-Disposition", disposition(file.name.as_str()));
                response.set_raw_header("Accept-Ranges", "bytes");
                response.set_raw_header("X-Content-Type-Options", "nosniff");
                response.set_raw_header("Content-Security-Policy", POLICY);
                response.set_sized_body(length, Reading(StreamReader::new(bytes)));
                (response, file)
            }
        };
        response.set_raw_header("ETag", tag(&file));
        // Who may read it can change, so it is asked for every time.
        response.set_raw_header("Cache-Control", "private, no-cache");
        Ok(response)
    }
}

/// A body whose length is known, so that nobody looks for its end.
struct Reading(StreamReader<BoxStream<'static, Piece>, Bytes>);

impl AsyncRead for Reading {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl AsyncSeek for Reading {
    fn start_seek(self: Pin<&mut Self>, _: io::SeekFrom) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_out_in_a_header_whatever_it_holds() {
        assert_eq!(
            disposition("a b.txt"),
            "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt"
        );
        assert_eq!(
            disposition("\"é\"\\;%.txt"),
            "attachment; filename=\"______.txt\"; filename*=UTF-8''%22%C3%A9%22%5C%3B%25.txt"
        );
    }

    #[test]
    fn a_tag_is_found_in_a_list() {
        for list in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(names(list, "\"a\""), "{list}");
        }
        for list in ["\"b\"", "", "a"] {
            assert!(!names(list, "\"a\""), "{list}");
        }
    }
}
