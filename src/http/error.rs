//! The error table: every refusal's status, code, words.

use std::borrow::Cow;

use rocket::Request;
use rocket::http::Status;
use rocket::response::{self, Responder};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::reply::{self, Json};
use crate::limits::RetryAfter;
use crate::name::{Name, NameError};
use crate::node::{Failure, SubmitError};
use crate::outcome::Rejection;
use crate::password::PasswordError;

/// A name for each way in which a name is refused.
const NOT_NAMES: [&str; 10] = [
    " ann",
    "a\tb",
    "a\u{fffd}b",
    "<ann>",
    "\u{e000}nn",
    "a\u{301}\u{301}\u{301}\u{301}\u{301}nn",
    "server",
    "room_1",
    "\u{3164}",
    "Nobody can remember, let alone type, a name as long as this one is",
];

/// An answer that is no success. Clients show `message` to people and decide by `code`.
#[derive(Debug)]
pub(super) struct ApiError {
    status: Status,
    code: &'static str,
    message: Cow<'static, str>,
    /// Seconds after which it makes sense to ask again.
    retry_after: Option<u64>,
}

/// The body of every answer that is no success.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct Body<'a> {
    #[schema(schema_with = reply::fail)]
    status: &'static str,
    /// Why, in a sentence for people.
    message: &'a str,
    /// The same as `message`, on the paths of accounts, conversations, projects; also with 401.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    /// Why, for programs: codes are stable, sentences may become better.
    code: &'static str,
}

/// Whether refusals under this path say `error` too, as the contract of accounts has it.
fn says_error(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    matches!(first, Some("admin" | "auth" | "conversations" | "projects"))
}

impl ApiError {
    pub(super) fn new(
        status: Status,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> ApiError {
        ApiError { status, code, message: message.into(), retry_after: None }
    }

    pub(super) fn status(&self) -> Status {
        self.status
    }

    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    /// The body, for the documentation of a route that says `error` too or does not.
    pub(super) fn example(&self, says_error: bool) -> Value {
        serde_json::to_value(self.to_body(says_error)).unwrap_or_default()
    }

    fn to_body(&self, says_error: bool) -> Body<'_> {
        let says_error = says_error || self.status == Status::Unauthorized;
        let error = says_error.then_some(&*self.message);
        Body { status: "fail", message: &self.message, error, code: self.code }
    }

    /// The same error, for another answer.
    pub(super) fn again(&self) -> ApiError {
        ApiError { message: self.message.clone(), ..*self }
    }

    fn refused(code: &'static str, message: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError::new(Status::BadRequest, code, message)
    }

    /// A field that has to be there is not. `message` is the endpoint's own sentence.
    pub(super) fn required(message: &'static str) -> ApiError {
        ApiError::refused("field_required", message)
    }

    /// A field is of another JSON type than it should be.
    pub(super) fn wrong_type(field: &str, wanted: &str) -> ApiError {
        ApiError::refused("invalid_type", format!("{field} must be {wanted}."))
    }

    /// The body is no JSON object and no form.
    pub(super) fn body(code: &'static str, message: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError::refused(code, message)
    }

    /// A body or message is longer than the settings allow.
    pub(super) fn too_long(code: &'static str, what: &str, bytes: usize) -> ApiError {
        let message = format!("{what} is too long: at most {bytes} bytes are allowed.");
        ApiError::new(Status::PayloadTooLarge, code, message)
    }

    /// The password cannot be anybody's.
    pub(super) fn password(error: PasswordError) -> ApiError {
        ApiError::refused(error.code(), error.to_string())
    }

    /// The name cannot be anybody's.
    pub(super) fn name(error: &NameError) -> ApiError {
        ApiError::refused(error.code(), error.to_string())
    }

    /// It was asked for too often.
    pub(super) fn too_often(refused: RetryAfter) -> ApiError {
        let seconds = refused.seconds();
        let message = format!("Too often; try again in {seconds} s.");
        let error = ApiError::new(Status::TooManyRequests, "rate_limited", message);
        ApiError { retry_after: Some(seconds), ..error }
    }

    /// A rejection in the words of an endpoint, which has its own for a name that nobody holds.
    pub(super) fn rejected(rejection: Rejection, not_registered: &'static str) -> ApiError {
        let code = rejection.code();
        let status = match rejection {
            Rejection::OnceConflict => Status::Conflict,
            Rejection::AccountNotFound | Rejection::SessionNotFound => Status::NotFound,
            Rejection::Unproven | Rejection::PasswordChanged => Status::Unauthorized,
            Rejection::AccountDisabled
            | Rejection::RegistrationClosed
            | Rejection::InviteRequired
            | Rejection::InviteInvalid => Status::Forbidden,
            _ => Status::BadRequest,
        };
        match rejection {
            Rejection::NotRegistered => ApiError::new(status, code, not_registered),
            other => ApiError::new(status, code, other.to_string()),
        }
    }

    /// Why a command has no outcome, in the words of an endpoint.
    pub(super) fn submit(error: SubmitError, not_registered: &'static str) -> ApiError {
        match error {
            SubmitError::Rejected(rejection) => ApiError::rejected(rejection, not_registered),
            SubmitError::Failed(Failure::DiskFull) => ApiError::new(
                Status::InsufficientStorage,
                "disk_full",
                "The server's disk is full: nothing can be written until there is space.",
            ),
            SubmitError::Failed(Failure::Unreadable) => ApiError::new(
                Status::ServiceUnavailable,
                "history_unavailable",
                "Older messages cannot be read: the server's log says why.",
            ),
            SubmitError::Failed(Failure::TooLarge) => ApiError::new(
                Status::PayloadTooLarge,
                "body_too_large",
                "This is more than the server's log takes at once.",
            ),
            SubmitError::Failed(Failure::Unavailable) => ApiError {
                retry_after: Some(1),
                ..ApiError::new(
                    Status::ServiceUnavailable,
                    "store_unavailable",
                    "The server cannot write at the moment. Try again later.",
                )
            },
        }
    }

    /// One of each way in which a command cannot be carried out.
    pub(super) fn failures() -> Vec<ApiError> {
        let failures = [Failure::DiskFull, Failure::Unavailable].into_iter();
        failures.map(|failure| ApiError::submit(SubmitError::Failed(failure), "")).collect()
    }

    /// One of each way in which a name is refused.
    pub(super) fn names() -> impl Iterator<Item = ApiError> {
        let errors = NOT_NAMES.into_iter().filter_map(|text| Name::parse(text).err());
        errors.map(|error| ApiError::name(&error))
    }

    /// An error that no route gave.
    pub(super) fn of_status(status: Status) -> ApiError {
        let (code, message) = match status.code {
            400 => ("bad_request", "The request could not be read."),
            401 => ("authentication_required", "Authentication required"),
            403 => (
                "origin_not_allowed",
                "Pages of this origin may not use this server. Its owner can allow them with the \
                 setting cors_origins.",
            ),
            404 => ("not_found", "There is nothing at this path."),
            405 => ("method_not_allowed", "This path does not take this method."),
            413 => ("body_too_large", "The request is too long."),
            422 => ("unprocessable", "The request was understood but makes no sense here."),
            500..=599 => ("internal_error", "Something went wrong in the server."),
            _ => ("bad_request", status.reason_lossy()),
        };
        ApiError::new(status, code, message)
    }
}

impl<'r> Responder<'r, 'static> for ApiError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let says_error = says_error(request.uri().path().as_str());
        let mut response = Json::of(&self.to_body(says_error)).with(self.status);
        if self.status == Status::Unauthorized {
            // RFC 9110, section 11.6.1: a 401 says how to do better.
            response.set_raw_header("WWW-Authenticate", "Bearer");
        }
        if let Some(seconds) = self.retry_after {
            response.set_raw_header("Retry-After", seconds.to_string());
        }
        Ok(response)
    }
}
