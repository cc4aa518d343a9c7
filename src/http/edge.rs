//! What is put right about a request before it is routed.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Method;
use rocket::http::uri::Origin;
use rocket::{Data, Request};

/// The field with which a form asks Rocket to take it for another method.
const OVERRIDE: &[u8] = b"_method=";

/// A trailing slash is optional, and a POST is a POST.
pub(super) struct Edge;

#[rocket::async_trait]
impl Fairing for Edge {
    fn info(&self) -> Info {
        Info { name: "Edge", kind: Kind::Request }
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        // Rocket lets a form's first field replace the method, so that any page could send what
        // a browser asks permission for.
        if request.method() != Method::Post
            && request.content_type().is_some_and(|kind| kind.is_form())
            && data.peek(OVERRIDE.len()).await == OVERRIDE
        {
            request.set_method(Method::Post);
        }
        let path = request.uri().path();
        if path.ends_with('/') && path.as_str().len() > 1 {
            let trimmed = path.as_str().trim_end_matches('/');
            let wanted = match request.uri().query() {
                Some(query) => format!("{trimmed}?{query}"),
                None => trimmed.to_owned(),
            };
            if let Ok(uri) = Origin::parse_owned(wanted) {
                request.set_uri(uri);
            }
        }
    }
}
