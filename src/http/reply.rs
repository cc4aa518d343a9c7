//! A JSON answer.

use std::borrow::Cow;
use std::io::Cursor;

use rocket::http::ContentType;
use rocket::response::{self, Responder, Response};
use rocket::{Request, http::Status};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Object;
use utoipa::openapi::schema::{ObjectBuilder, Type};

/// The largest piece in which a body is handed over.
const PIECE: usize = 64 * 1024;

/// A body that is JSON already, sent with status 200.
pub(super) struct Json(pub(super) Cow<'static, [u8]>);

impl Json {
    /// Encodes `body`.
    pub(super) fn of(body: &impl Serialize) -> Json {
        // Our bodies have string keys only, so they always serialise.
        Json(serde_json::to_vec(body).unwrap_or_default().into())
    }

    /// `{"status": "success", "message": …}`.
    pub(super) fn success(message: &str) -> Json {
        Json::of(&Success { status: "success", message })
    }

    /// A body known when this was written.
    pub(super) fn fixed(body: &'static str) -> Json {
        Json(body.as_bytes().into())
    }

    /// The response, with another status than 200.
    pub(super) fn with(self, status: Status) -> Response<'static> {
        let mut response = Response::new();
        response.set_status(status);
        response.set_header(ContentType::JSON);
        let length = self.0.len();
        match self.0 {
            Cow::Borrowed(bytes) => response.set_sized_body(length, Cursor::new(bytes)),
            Cow::Owned(bytes) => response.set_sized_body(length, Cursor::new(bytes)),
        }
        // Rocket reads a body through a buffer of this size, 4 KiB when nothing is said, until a
        // read finds its end: one byte more than the body is one small buffer and one piece.
        response.set_max_chunk_size((length + 1).min(PIECE));
        response
    }
}

impl<'r> Responder<'r, 'static> for Json {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Ok(self.with(Status::Ok))
    }
}

/// A JSON answer to what made something: status 201.
pub(super) struct Made(Json);

impl Made {
    /// Encodes `body`.
    pub(super) fn of(body: &impl Serialize) -> Made {
        Made(Json::of(body))
    }
}

impl<'r> Responder<'r, 'static> for Made {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Ok(self.0.with(Status::Created))
    }
}

/// The body of every plain success.
#[derive(Serialize, ToSchema)]
pub(super) struct Success<'a> {
    #[schema(schema_with = success)]
    status: &'static str,
    /// What was done, in a sentence for people.
    message: &'a str,
}

/// The body of every plain success where accounts, conversations, projects are concerned.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {
    /// What was done, in a sentence for people.
    pub(super) message: &'static str,
}

/// The schema of `status` in a success.
pub(super) fn success() -> Object {
    always("success", "Always `success` with status 200.")
}

/// The schema of `status` in any other answer.
pub(super) fn fail() -> Object {
    always("fail", "Always `fail`: the request was not carried out.")
}

fn always(value: &str, description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some([value]))
        .description(Some(description))
        .build()
}
