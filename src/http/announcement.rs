//! `/announcement`: a file, read at every call, so that its owner need tell nobody of a change.

use rocket::http::Status;
use rocket::{State, get};
use serde::Serialize;

use super::error::ApiError;
use super::reply::Json;
use crate::config::Settings;

#[derive(Serialize)]
struct Announcement<'a> {
    status: &'static str,
    announcement: &'a str,
}

#[get("/announcement")]
pub(super) async fn announcement(settings: &State<Settings>) -> Result<Json, ApiError> {
    match tokio::fs::read_to_string(&settings.announcement).await {
        Ok(text) => Ok(Json::of(&Announcement { status: "success", announcement: text.trim() })),
        Err(error) => {
            let file = settings.announcement.display();
            tracing::warn!("the announcement {file} cannot be read: {error}");
            Err(ApiError::new(
                Status::InternalServerError,
                "announcement_unavailable",
                "Failed to read announcement.",
            ))
        }
    }
}
