//! What is answered where no route answers.

use std::sync::LazyLock;

use rocket::http::{Method, Status};
use rocket::response::{Responder, Response};
use rocket::{Request, catch};

use super::error::ApiError;
use super::security;
use crate::credentials;
use crate::limits::Seldom;

/// Any page can have a browser be refused as often as it likes.
static SAID: LazyLock<Seldom> = LazyLock::new(Seldom::default);

#[catch(default)]
pub(super) fn any(status: Status, request: &Request<'_>) -> Refused {
    // What Rocket could not read, it hands over before it looks for a route: in a request whose
    // path is right, a method that it does not know.
    let unread = status == Status::BadRequest && request.route().is_none();
    if status == Status::NotFound || unread {
        let allowed = methods(request);
        // Where the method is right, the route itself found nothing. One that Rocket does not know
        // it calls GET.
        let right = !unread && allowed.contains(&request.method().as_str());
        if !allowed.is_empty() && !right {
            return Refused::Method(allowed);
        }
    }
    if status == Status::Forbidden
        && SAID.may()
        && let Some(origin) = request.headers().get_one("Origin")
    {
        tracing::warn!(
            "a page of {origin} was refused; to allow it, add it to the setting cors_origins: \
             cors_origins = [\"{origin}\"]"
        );
    }
    Refused::Status(ApiError::of_status(status))
}

/// A request that no route took.
pub(super) enum Refused {
    Status(ApiError),
    /// The path is right; these are its methods.
    Method(Vec<&'static str>),
}

impl<'r> Responder<'r, 'r> for Refused {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'r> {
        let mut response = self.answer(request)?;
        // What Rocket could not read, the edge does not see.
        security::tell(request, credentials::visitor(request), &mut response);
        Ok(response)
    }
}

impl Refused {
    fn answer(self, request: &Request<'_>) -> rocket::response::Result<'static> {
        let allowed = match self {
            Refused::Status(error) => return error.respond_to(request),
            Refused::Method(allowed) => allowed.join(", "),
        };
        let mut response = if request.method() == Method::Options {
            Response::build().status(Status::NoContent).finalize()
        } else {
            ApiError::of_status(Status::MethodNotAllowed).respond_to(request)?
        };
        response.set_raw_header("Allow", allowed);
        Ok(response)
    }
}

/// The methods that the path takes.
fn methods(request: &Request<'_>) -> Vec<&'static str> {
    let path = request.uri().path().as_str().trim_end_matches('/');
    let mut methods: Vec<_> = request
        .rocket()
        .routes()
        .filter(|route| fits(route.uri.path(), path))
        .map(|route| route.method.as_str())
        .collect();
    if methods.contains(&Method::Get.as_str()) {
        methods.push(Method::Head.as_str());
    }
    methods.sort_unstable();
    methods.dedup();
    methods
}

/// Whether a path fits the path of a route, whose segments may be `<dynamic>` or `<trailing..>`.
fn fits(route: &str, path: &str) -> bool {
    let (mut route, mut path) = (route.split('/'), path.split('/'));
    loop {
        match (route.next(), path.next()) {
            (None, None) => return true,
            (Some(segment), _) if segment.ends_with("..>") => return true,
            (Some(segment), Some(_)) if segment.starts_with('<') => {}
            (Some(segment), Some(other)) if segment == other => {}
            _ => return false,
        }
    }
}
