//! `/announcement`: a file, read at every call, so that its owner need tell nobody of a change.

use rocket::http::Status;
use rocket::{State, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiError;
use super::refusals::{Refusals, Refused};
use super::reply::{self, Json};
use crate::config::Settings;

#[derive(Serialize, ToSchema)]
#[schema(examples(json!({"status": "success", "announcement": "Welcome!"})))]
struct Announcement<'a> {
    #[schema(schema_with = reply::success)]
    status: &'static str,
    /// The text of the file, trimmed.
    announcement: &'a str,
}

impl Refusals for Announcement<'_> {
    fn refusals() -> Vec<ApiError> {
        vec![unavailable()]
    }
}

fn unavailable() -> ApiError {
    ApiError::new(
        Status::InternalServerError,
        "announcement_unavailable",
        "Failed to read announcement.",
    )
}

/// Read the announcement
///
/// The text of the file `announcement.txt` (setting `announcement`), read at every call.
#[utoipa::path(
    get,
    path = "/announcement",
    tag = "Server",
    responses(
        (status = 200, description = "The announcement.", body = Announcement),
        Refused::<Announcement<'_>>,
    ),
)]
#[get("/announcement")]
pub(super) async fn announcement(settings: &State<Settings>) -> Result<Json, ApiError> {
    match tokio::fs::read_to_string(&settings.announcement).await {
        Ok(text) => Ok(Json::of(&Announcement { status: "success", announcement: text.trim() })),
        Err(error) => {
            let file = settings.announcement.display();
            tracing::warn!("the announcement {file} cannot be read: {error}");
            Err(unavailable())
        }
    }
}
