//! `/projects/ID/files`: the files of a project, as a list that grows.

use std::sync::Arc;

use rocket::data::{Data, ToByteUnit};
use rocket::http::Status;
use rocket::tokio::io::AsyncReadExt;
use rocket::{Request, State, delete, get, post};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::error::ApiError;
use super::limiter::Limiter;
use super::multipart::{self, Broken, Parts};
use super::refusals::{Refusals, Refused};
use super::reply::{Json, Made};
use super::shared;
use crate::command::{AddFile, Command, RemoveFile};
use crate::config::Settings;
use crate::file::{File, FileName, MediaType};
use crate::files::{Files, FilesError, Upload};
use crate::header;
use crate::id::{FileId, ProjectId, UserId};
use crate::limits::{Action, RetryAfter};
use crate::node::{Failure, FileInfo, Node, SubmitError};
use crate::outcome::{Outcome, Rejection};

/// What a multipart body may have beside its file.
const AROUND: u64 = 64 << 10;

/// How much more of a body that is too long is read, so that its sender gets to the answer.
const DRAINED: u64 = 64 << 20;

/// A file of a project.
#[derive(Serialize, ToSchema)]
#[schema(as = File, examples(json!({
    "id": 3, "filename": "notes.pdf", "uploaded_at": "2026-01-31T12:00:00.000Z",
})))]
struct Listed {
    /// Its number.
    #[schema(value_type = u64)]
    id: FileId,
    /// What its uploader calls it, without a path and without what is not to be seen.
    filename: String,
    /// When it was stored, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    uploaded_at: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FileUploaded)]
struct Uploaded {
    /// What was done, in a sentence for people.
    message: &'static str,
    /// As it is listed.
    file: Listed,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FileDeleted, examples(json!({"message": "File deleted successfully"})))]
struct Deleted {
    /// What was done, in a sentence for people.
    message: &'static str,
}

/// The body of an upload.
#[derive(ToSchema)]
#[schema(examples(json!({"file": "the bytes of the file"})))]
#[expect(dead_code, reason = "documents what is read as it comes")]
struct UploadForm {
    /// The file, with its name.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

impl From<FileInfo> for Listed {
    fn from(info: FileInfo) -> Listed {
        let FileInfo { id, file, uploaded } = info;
        Listed { id, filename: file.name.as_str().to_owned(), uploaded_at: uploaded.to_iso() }
    }
}

/// How the list refuses.
const IN_PROJECT: [Rejection; 2] = [Rejection::ProjectNotFound, Rejection::NotInProject];

impl Refusals for Listed {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        shared::of_reading(&IN_PROJECT)
    }
}

impl Refusals for Uploaded {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = shared::of_reading(&IN_PROJECT);
        refusals.push(shared::rejected(Rejection::QuotaExceeded));
        refusals.extend([no_file(), unnamed(), too_large(16 << 20), broken(Broken)]);
        for failure in [Failure::DiskFull, Failure::Unavailable] {
            refusals.push(shared::submit(SubmitError::Failed(failure)));
        }
        refusals.push(unavailable());
        refusals.push(ApiError::too_often(RetryAfter::EXAMPLE));
        refusals
    }
}

impl Refusals for Deleted {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let rejections = [&IN_PROJECT[..], &[Rejection::FileNotFound, Rejection::NotYours]];
        let mut refusals = shared::of_reading(&rejections.concat());
        for failure in [Failure::DiskFull, Failure::Unavailable] {
            refusals.push(shared::submit(SubmitError::Failed(failure)));
        }
        refusals
    }
}

fn no_file() -> ApiError {
    ApiError::new(Status::BadRequest, "file_required", "No file provided")
}

fn unnamed() -> ApiError {
    ApiError::new(Status::BadRequest, "file_unnamed", "No file selected")
}

fn too_large(limit: u64) -> ApiError {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    ApiError::too_long("file_too_large", "The file", limit)
}

fn broken(_: Broken) -> ApiError {
    ApiError::body("invalid_body", "The body ended before it was complete.")
}

/// Why the bytes could not be stored or read.
pub(super) fn failed(error: &FilesError) -> ApiError {
    if let FilesError::Full = error {
        return shared::submit(SubmitError::Failed(Failure::DiskFull));
    }
    tracing::error!("{error}");
    unavailable()
}

/// The refusal while files cannot be had.
pub(super) fn unavailable() -> ApiError {
    ApiError::new(
        Status::ServiceUnavailable,
        "files_unavailable",
        "Files cannot be stored or read at the moment. Try again later.",
    )
}

/// List the files of a project
#[utoipa::path(
    get,
    path = "/projects/{id}/files",
    operation_id = "files",
    tag = "Projects",
    params(("id" = u64, Path, description = "The project.")),
    responses(
        (
            status = 200, description = "Its files, by their ids.", body = Vec<Listed>,
            example = json!([
                {"id": 3, "filename": "notes.pdf", "uploaded_at": "2026-01-31T12:00:00.000Z"},
            ]),
        ),
        Refused::<Listed>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[get("/projects/<id>/files")]
pub(super) fn files(node: &State<Arc<Node>>, caller: Caller, id: &str) -> Result<Json, ApiError> {
    let user = caller.0.user;
    let project = shared::project(id)?;
    let files = node.look(|state| state.files(user, project)).map_err(shared::rejected)?;
    Ok(Json::of(&files.into_iter().map(Listed::from).collect::<Vec<_>>()))
}

/// What an upload's head says.
pub(super) struct Head {
    boundary: Option<String>,
    length: u64,
}

#[rocket::async_trait]
impl<'r> rocket::request::FromRequest<'r> for Head {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> rocket::request::Outcome<Head, Self::Error> {
        let kind = header::find(request, "Content-Type");
        let boundary = kind.and_then(|kind| multer::parse_boundary(kind).ok());
        let length = header::find(request, "Content-Length");
        let length = length.and_then(|length| length.parse().ok()).unwrap_or_default();
        rocket::request::Outcome::Success(Head { boundary, length })
    }
}

/// Upload a file
///
/// It is listed when all of it is stored: what breaks off leaves nothing. It may have 16 MiB
/// (`limits.upload_bytes`); the files of one person, and those of one project, 1 GiB
/// (`limits.upload_quota_bytes`).
#[utoipa::path(
    post,
    path = "/projects/{id}/files",
    operation_id = "upload_file",
    tag = "Projects",
    params(("id" = u64, Path, description = "The project.")),
    request_body(content((UploadForm = "multipart/form-data"))),
    responses(
        (
            status = 201, description = "It is stored.", body = Uploaded,
            example = json!({
                "message": "File uploaded successfully",
                "file": {
                    "id": 3, "filename": "notes.pdf", "uploaded_at": "2026-01-31T12:00:00.000Z",
                },
            }),
        ),
        Refused::<Uploaded>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/projects/<id>/files", data = "<data>")]
#[expect(clippy::too_many_arguments, reason = "each is something that the route asks for")]
pub(super) async fn upload(
    node: &State<Arc<Node>>,
    files: &State<Arc<Files>>,
    settings: &State<Settings>,
    caller: Option<Caller>,
    limiter: Limiter<'_>,
    head: Head,
    id: &str,
    data: Data<'_>,
) -> Result<Made, ApiError> {
    let limit = settings.limits.upload_bytes;
    let longest = limit + AROUND + DRAINED;
    // The end of a longer one would not be read anyway, so nobody waits for it.
    if head.length > longest {
        return Err(too_large(limit));
    }
    let mut body = data.open(longest.bytes());
    let wanted = || {
        let caller = caller.as_ref().ok_or_else(Caller::missing)?;
        let uploader = caller.0.user;
        let project = shared::project(id)?;
        let room = node.look(|state| state.room_for_file(uploader, project, 0));
        room.map_err(shared::rejected)?;
        let boundary = head.boundary.as_deref().ok_or_else(no_file)?;
        limiter.admit(Action::Upload, Some(caller.0.name.key().as_str()))?;
        Ok((uploader, project, boundary))
    };
    let received = match wanted() {
        Ok((uploader, project, boundary)) => {
            let parts = Parts::of(&mut body, boundary);
            let received = receive(node, files, limit, parts).await;
            received.map(|received| (uploader, project, received))
        }
        Err(refused) => Err(refused),
    };
    match received {
        Ok((uploader, project, received)) => {
            // Whoever asked may go away now: what has begun is brought to its end.
            let listing = list(node, files, uploader, project, received);
            let listed = rocket::tokio::spawn(listing).await;
            let crashed = |_| ApiError::of_status(Status::InternalServerError);
            let file = listed.map_err(crashed)??.into();
            Ok(Made::of(&Uploaded { message: "File uploaded successfully", file }))
        }
        Err(refused) => {
            // Its sender looks for the answer when all is sent.
            let mut rest = [0; 4096];
            let reading = async { while body.read(&mut rest).await.is_ok_and(|read| read > 0) {} };
            let _ = rocket::tokio::time::timeout(multipart::STALLED, reading).await;
            Err(refused)
        }
    }
}

/// A file that has come.
struct Received {
    upload: Upload,
    name: FileName,
    media: MediaType,
}

/// Reads a body to its end; the first part called `file` is the file.
async fn receive(
    node: &Node,
    files: &Files,
    limit: u64,
    mut parts: Parts<'_>,
) -> Result<Received, ApiError> {
    let mut received = None;
    while let Some(mut part) = parts.next().await.map_err(broken)? {
        let wanted = received.is_none() && part.name() == Some("file");
        if !wanted {
            while multipart::chunk(&mut part).await.map_err(broken)?.is_some() {}
            continue;
        }
        let name = match multipart::file_name(&part) {
            None => return Err(no_file()),
            Some(name) if name.is_empty() => return Err(unnamed()),
            Some(name) => FileName::of(&name),
        };
        let media = MediaType::of(part.content_type().map_or("", |kind| kind.essence_str()));
        let upload = files.upload(node.random_file()).await;
        let mut upload = upload.map_err(|error| failed(&error))?;
        while let Some(bytes) = multipart::chunk(&mut part).await.map_err(broken)? {
            if upload.size() + bytes.len() as u64 > limit {
                return Err(too_large(limit));
            }
            upload.write(&bytes).await.map_err(|error| failed(&error))?;
        }
        received = Some(Received { upload, name, media });
    }
    received.ok_or_else(no_file)
}

/// Stores what has come as a whole, and lists it.
fn list(
    node: &Arc<Node>,
    files: &Arc<Files>,
    uploader: UserId,
    project: ProjectId,
    received: Received,
) -> impl Future<Output = Result<FileInfo, ApiError>> + Send + 'static {
    let (node, files) = (node.clone(), files.clone());
    async move {
        let Received { upload, name, media } = received;
        let size = upload.size();
        let room = node.look(|state| state.room_for_file(uploader, project, size));
        room.map_err(shared::rejected)?;
        let stored = upload.finish().await.map_err(|error| failed(&error))?;
        let key = stored.key.clone();
        let file = File { key: stored.key, name, media, size: stored.size, hash: stored.hash };
        let command = Command::AddFile(AddFile { uploader, project, file });
        match node.submit(command).await {
            Ok(Outcome::FileAdded { file }) => {
                let listed = node.look(|state| state.file(uploader, project, file));
                listed.map_err(shared::rejected)
            }
            Ok(_) => Err(ApiError::of_status(Status::InternalServerError)),
            Err(SubmitError::Rejected(rejection)) => {
                files.remove(&key).await;
                Err(shared::rejected(rejection))
            }
            // Whether it is in the log may be unknown, so the bytes stay until that is clear: at
            // the next start.
            Err(failure) => Err(shared::submit(failure)),
        }
    }
}

/// Delete a file
///
/// Its uploader may, and whoever began the project.
#[utoipa::path(
    delete,
    path = "/projects/{id}/files/{file_id}",
    operation_id = "delete_file",
    tag = "Projects",
    params(
        ("id" = u64, Path, description = "The project."),
        ("file_id" = u64, Path, description = "The file."),
    ),
    responses(
        (status = 200, description = "It is gone.", body = Deleted),
        Refused::<Deleted>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[delete("/projects/<id>/files/<file_id>")]
pub(super) async fn remove(
    node: &State<Arc<Node>>,
    files: &State<Arc<Files>>,
    caller: Caller,
    id: &str,
    file_id: &str,
) -> Result<Json, ApiError> {
    let by = caller.0.user;
    let (project, file) = (shared::project(id)?, shared::file(file_id)?);
    let command = Command::RemoveFile(RemoveFile { by, project, file });
    if let Outcome::FileRemoved { key } = node.submit(command).await.map_err(shared::submit)? {
        files.remove(&key).await;
    }
    Ok(Json::of(&Deleted { message: "File deleted successfully" }))
}
