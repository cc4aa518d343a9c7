//! Which pages may call the server from a browser.

use std::collections::HashSet;

use rocket::fairing::{Fairing, Result};
use rocket::http::Header;
use rocket::{Build, Data, Request, Response, Rocket};
use rocket_cors::{AllOrSome, AllowedHeaders, AllowedOrigins, CorsOptions, Origins};

use crate::config::CorsOrigins;
use crate::credentials;
use crate::exposure::{Page, Visitor};

/// The beginning of the path where `rocket_cors` sends what it refuses.
pub(super) const REFUSED: &str = "/refused-";

/// `rocket_cors`, which is asked only where an origin is not our own: it would refuse our own
/// pages if they were not listed. Only pages that are listed one by one may use cookies.
pub(super) struct Cors(rocket_cors::Cors);

impl Cors {
    /// The rules of the setting `cors_origins`. `secret` goes into the path of the route that
    /// `rocket_cors` mounts for its refusals, so that nobody else asks for it.
    pub(super) fn rules(
        origins: &CorsOrigins,
        secret: &str,
    ) -> std::result::Result<Cors, rocket_cors::Error> {
        let any = *origins == CorsOrigins::Any;
        let options = CorsOptions {
            allowed_origins: allowed(origins),
            allowed_headers: AllowedHeaders::all(),
            allow_credentials: !any,
            send_wildcard: any,
            max_age: Some(24 * 60 * 60),
            fairing_route_base: format!("{REFUSED}{secret}"),
            ..CorsOptions::default()
        };
        options.to_cors().map(Cors)
    }
}

fn allowed(origins: &CorsOrigins) -> AllowedOrigins {
    let CorsOrigins::List(origins) = origins else { return AllowedOrigins::all() };
    let mut exact = HashSet::new();
    let mut patterns = HashSet::new();
    for origin in origins.iter().map(|origin| origin.as_str()).filter(|origin| *origin != "null") {
        if origin.starts_with("http://") || origin.starts_with("https://") {
            exact.insert(origin.to_owned());
        } else {
            // The origins of apps and browser extensions can only be given as patterns.
            patterns.insert(format!("^{}$", escaped(origin)));
        }
    }
    AllOrSome::Some(Origins {
        allow_null: origins.iter().any(|origin| origin.as_str() == "null"),
        exact: Some(exact),
        regex: Some(patterns).filter(|patterns| !patterns.is_empty()),
    })
}

/// The origin as a pattern that fits nothing else.
fn escaped(origin: &str) -> String {
    let escape = |letter: char| match letter.is_ascii_alphanumeric() {
        true => vec![letter],
        false => vec!['\\', letter],
    };
    origin.chars().flat_map(escape).collect()
}

impl Cors {
    /// Mounts where `rocket_cors` sends what it refuses.
    pub(super) async fn ignite(&self, rocket: Rocket<Build>) -> Result {
        self.0.on_ignite(rocket).await
    }

    /// Sends a request of a page of elsewhere away, if that may not ask.
    pub(super) async fn judge(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        if credentials::visitor(request).is_foreign() {
            let origin = request.headers().get_one("Origin");
            // What is no origin is nobody's, rather than a fault of ours.
            if origin.is_some_and(|origin| origin.parse::<rocket_cors::headers::Origin>().is_err())
            {
                request.replace_header(Header::new("Origin", "null"));
            }
            self.0.on_request(request, data).await;
        }
    }

    /// Tells the browser whether the page may see the answer.
    pub(super) async fn tell<'r>(
        &self,
        request: &'r Request<'_>,
        visitor: &Visitor,
        response: &mut Response<'r>,
    ) {
        if visitor.is_foreign() {
            self.0.on_response(request, response).await;
            // Any page can make itself the origin "null": it may be let in, but not with somebody
            // else's cookies.
            if visitor.page == Page::Foreign {
                response.remove_header("Access-Control-Allow-Credentials");
            }
        }
        // Caches must keep apart what was answered to different origins, refusals included.
        response.adjoin_raw_header("Vary", "Origin");
    }
}
