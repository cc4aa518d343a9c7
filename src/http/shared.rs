//! The refusals that projects have in common with conversations.

use rocket::http::Status;

use super::caller::Caller;
use super::error::ApiError;
use super::refusals;
use crate::id::{ConversationId, FileId, ProjectId};
use crate::limits::RetryAfter;
use crate::node::SubmitError;
use crate::outcome::Rejection;

/// A rejection as those endpoints tell it.
pub(super) fn rejected(rejection: Rejection) -> ApiError {
    let status = match rejection {
        // The session ended while the request was under way.
        Rejection::AccountNotFound | Rejection::AccountDisabled | Rejection::NotRegistered => {
            return Caller::missing();
        }
        Rejection::ProjectNotFound
        | Rejection::ConversationNotFound
        | Rejection::FileNotFound
        | Rejection::UserNotFound => Status::NotFound,
        Rejection::QuotaExceeded => Status::PayloadTooLarge,
        Rejection::RoomNotFound => return rejected(Rejection::ConversationNotFound),
        Rejection::NotParticipant => return rejected(Rejection::NotInConversation),
        Rejection::NotInProject | Rejection::NotInConversation | Rejection::NotYours => {
            Status::Forbidden
        }
        other => return ApiError::rejected(other, "Authentication required"),
    };
    ApiError::new(status, rejection.code(), rejection.to_string())
}

/// Why a command has no outcome.
pub(super) fn submit(error: SubmitError) -> ApiError {
    match error {
        SubmitError::Rejected(rejection) => rejected(rejection),
        error => ApiError::submit(error, ""),
    }
}

/// The project of this number in a path; what is no number is no project.
pub(super) fn project(text: &str) -> Result<ProjectId, ApiError> {
    text.parse().map(ProjectId).map_err(|_| rejected(Rejection::ProjectNotFound))
}

/// The conversation of this number in a path.
pub(super) fn conversation(text: &str) -> Result<ConversationId, ApiError> {
    text.parse().map(ConversationId).map_err(|_| rejected(Rejection::ConversationNotFound))
}

/// The file of this number in a path.
pub(super) fn file(text: &str) -> Result<FileId, ApiError> {
    text.parse().map(FileId).map_err(|_| rejected(Rejection::FileNotFound))
}

/// What these may answer that read only: nobody logged in, and these rejections.
pub(super) fn of_reading(rejections: &[Rejection]) -> Vec<ApiError> {
    let mut refusals = vec![Caller::missing()];
    refusals.extend(rejections.iter().cloned().map(rejected));
    refusals
}

/// What those may answer that change something.
pub(super) fn of_writing(rejections: &[Rejection]) -> Vec<ApiError> {
    let mut refusals = of_reading(rejections);
    refusals.extend(refusals::of_commands());
    refusals
}

/// What those may answer that may be asked for too often.
pub(super) fn of_limited(rejections: &[Rejection]) -> Vec<ApiError> {
    let mut refusals = of_writing(rejections);
    refusals.push(ApiError::too_often(RetryAfter::EXAMPLE));
    refusals
}
