//! The body of a request: a JSON object, whatever its content type says, or a form.

use std::borrow::Cow;

use rocket::data::{Data, FromData, Outcome, ToByteUnit};
use rocket::http::RawStr;
use rocket::tokio::io::AsyncReadExt;
use rocket::{Request, State};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::config::Settings;
use crate::header;

/// What a form says it is.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// How much more of a body that is too long is read, so that its sender gets to the answer.
const DRAINED: u64 = 16 << 20;

/// What most bodies are smaller than, in bytes.
const TYPICAL: usize = 1024;

/// A body as it came.
pub(super) struct Body {
    bytes: Result<Vec<u8>, ApiError>,
    /// The fields, when the body is a form.
    form: Option<Value>,
}

impl Body {
    /// The fields of the body.
    ///
    /// # Errors
    /// It is too long, or neither a JSON object nor a form.
    pub(super) fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ApiError> {
        let bytes = match &self.bytes {
            Ok(bytes) => bytes,
            Err(error) => return Err(error.again()),
        };
        if let Some(form) = &self.form {
            return T::deserialize(form).map_err(|error| invalid_json(&error));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|_| ApiError::body("invalid_utf8", "The body is not valid UTF-8."))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim_start().starts_with('{') {
            return serde_json::from_str(text).map_err(|error| invalid_json(&error));
        }
        Err(match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => ApiError::body("invalid_body", "The body must be a JSON object."),
            Err(error) if text.trim().is_empty() => {
                let _ = error;
                ApiError::body("invalid_body", "The body is empty; a JSON object is expected.")
            }
            Err(error) => invalid_json(&error),
        })
    }

    /// Whether the body is a form, whose keys may come more than once.
    pub(super) fn is_form(&self) -> bool {
        self.form.is_some()
    }
}

/// One of each way in which a body is refused.
pub(super) fn refusals() -> Vec<ApiError> {
    let texts: [&[u8]; 3] = [b"{", b"[]", b"\xff"];
    let bodies = texts.map(|text| Body { bytes: Ok(text.into()), form: None });
    let refusals = bodies.iter().filter_map(|body| body.parse::<IgnoredAny>().err());
    let mut refusals: Vec<_> = refusals.collect();
    refusals.push(too_large(256 << 10));
    refusals
}

#[rocket::async_trait]
impl<'r> FromData<'r> for Body {
    type Error = std::convert::Infallible;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let limit = match request.guard::<&State<Settings>>().await.succeeded() {
            Some(settings) => settings.limits.body_bytes,
            None => 0,
        };
        let length = header::find(request, "Content-Length");
        let length = length.and_then(|length| length.parse::<u64>().ok());
        let length = length.unwrap_or_default();
        // Its end would not be read anyway, so nobody waits for it.
        let bytes = if length > limit as u64 + DRAINED {
            Err(too_large(limit))
        } else {
            read(data, limit, length).await
        };
        let is_form = || request.content_type().is_some_and(|kind| kind.is_form());
        let (bytes, form) = match bytes {
            Ok(bytes) if !looks_like_json(&bytes) && is_form() => match fields_of(&bytes) {
                Some(fields) => (Ok(bytes), Some(fields)),
                None => (Err(not_utf8()), None),
            },
            bytes => (bytes, None),
        };
        Outcome::Success(Body { bytes, form })
    }
}

/// Reads a body of `length` bytes; 0 when its length was not said.
async fn read(data: Data<'_>, limit: usize, length: u64) -> Result<Vec<u8>, ApiError> {
    let mut stream = data.open((limit as u64 + DRAINED).bytes());
    // Most bodies are small: one allocation, and one read.
    let mut bytes = Vec::with_capacity(TYPICAL);
    let cut = || ApiError::body("invalid_body", "The body ended before it was complete.");
    (&mut stream).take(limit as u64 + 1).read_to_end(&mut bytes).await.map_err(|_| cut())?;
    if bytes.len() <= limit {
        // Rocket has looked into forms before us, and told nobody when one broke off.
        return if length > bytes.len() as u64 { Err(cut()) } else { Ok(bytes) };
    }
    let mut rest = [0; 4096];
    while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
    Err(too_large(limit))
}

fn too_large(limit: usize) -> ApiError {
    ApiError::too_long("body_too_large", "The body", limit)
}

fn not_utf8() -> ApiError {
    ApiError::body("invalid_utf8", "The body is not valid UTF-8.")
}

/// curl says "form" of everything it is given with `-d`.
fn looks_like_json(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    bytes.trim_ascii_start().starts_with(b"{")
}

/// A form as a JSON object; a key that comes more than once is a list. `None` when it is not
/// UTF-8, as it stands or behind its escapes: reading on would change what was said.
fn fields_of(bytes: &[u8]) -> Option<Value> {
    RawStr::new(std::str::from_utf8(bytes).ok()?).percent_decode().ok()?;
    let mut fields = Map::new();
    for (key, value) in form_urlencoded::parse(bytes) {
        let value = Value::String(value.into_owned());
        match fields.get_mut(&*key) {
            None => {
                fields.insert(key.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Some(Value::Object(fields))
}

fn invalid_json(error: &serde_json::Error) -> ApiError {
    let why: Cow<'static, str> = format!("The body is not valid JSON: {error}.").into();
    ApiError::body("invalid_json", why)
}
