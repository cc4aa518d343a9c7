//! What a request shows for who it comes from: tokens, in a header, a query, a cookie.
//!
//! Both transports read it here, so that there is one rule for when a cookie is believed.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use rocket::Request;
use rocket::http::{Cookie, SameSite};
use rocket::request::{FromRequest, Outcome};
use rocket::time::Duration;

use crate::exposure::Visitor;
use crate::header;
use crate::token::Token;

/// The cookie of a session.
pub const SESSION: &str = "chatroom_session";

/// How long a browser keeps a session's cookie: as long as it keeps any (400 days). The server
/// ends an unused session much earlier, and browsers need not be told each time it is used.
const KEPT: Duration = Duration::days(400);

/// The tokens that a request presents.
#[derive(Debug)]
pub struct Credentials<'r> {
    bearer: Option<&'r str>,
    query: Option<Cow<'r, str>>,
    cookie: Option<&'r str>,
}

impl Credentials<'_> {
    /// Every token, with the one of the request's body, if it has one.
    pub fn tokens<'t>(&'t self, body: Option<&'t str>) -> impl Iterator<Item = &'t str> + Clone {
        let given = [body, self.bearer, self.query.as_deref(), self.cookie];
        given.into_iter().flatten()
    }

    /// The token that is meant for this request alone: of its body, its `Authorization` header or
    /// its query, in this order.
    pub fn explicit<'t>(&'t self, body: Option<&'t str>) -> Option<&'t str> {
        body.or(self.bearer).or(self.query.as_deref())
    }

    /// The token of the session's cookie.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie
    }

    /// The token of a session: the `Authorization` header's, else the cookie's.
    pub fn session(&self) -> Option<&str> {
        self.bearer.or(self.cookie)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Credentials<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let cookie = cookie(request, SESSION);
        Outcome::Success(Credentials { bearer: bearer(request), query: query(request), cookie })
    }
}

/// `Authorization: Bearer TOKEN`. RFC 9110, section 11.1: the scheme is compared without case.
fn bearer<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    let value = header::find(request, "Authorization")?;
    let (scheme, token) = value.split_once(' ')?;
    let token = scheme.eq_ignore_ascii_case("Bearer").then_some(token.trim())?;
    Some(token).filter(|token| !token.is_empty())
}

fn query<'r>(request: &'r Request<'_>) -> Option<Cow<'r, str>> {
    let query = request.uri().query()?.as_str();
    // Most polls have none, and are not taken apart for it.
    query.contains("token").then(|| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, value)| key == "token" && !value.is_empty()).map(|(_, value)| value)
    })?
}

/// The value of a cookie, if the request's cookies are believed.
pub fn cookie<'r>(request: &'r Request<'_>, name: &str) -> Option<&'r str> {
    // Most clients have none, and a jar is looked into by hash.
    header::find(request, "Cookie")?;
    let cookie = request.cookies().get(name)?;
    Some(cookie.value()).filter(|value| !value.is_empty() && cookie_is_trusted(request))
}

/// Whether a request's cookies say who it comes from: a browser sends them along whoever made it
/// send the request. No cookie is set for a request whose cookies are not believed, either.
pub fn cookie_is_trusted(request: &Request<'_>) -> bool {
    visitor(request).cookies
}

/// Who asks, as it was judged before it was routed. Whoever was not judged is a stranger.
pub fn visitor<'r>(request: &'r Request<'_>) -> &'r Visitor {
    &arrival(request).visitor
}

/// What was found out when a request came in. It is kept in one piece: each piece that a request
/// keeps costs it an allocation.
#[derive(Debug)]
pub struct Arrival {
    /// Who asks.
    pub visitor: Visitor,
    /// When it came.
    pub at: Instant,
    /// Whether it was made to wait for news, so that its time says nothing of the server's pace.
    pub waited: AtomicBool,
}

impl Arrival {
    /// A request of `visitor` that came just now.
    pub fn of(visitor: Visitor) -> Arrival {
        Arrival { visitor, at: Instant::now(), waited: AtomicBool::new(false) }
    }
}

/// What was found out when the request came in.
pub fn arrival<'r>(request: &'r Request<'_>) -> &'r Arrival {
    request.local_cache(|| Arrival::of(Visitor::STRANGER))
}

/// The cookie that keeps a browser logged in.
pub fn session_cookie(request: &Request<'_>, token: &Token) -> Cookie<'static> {
    let mut cookie = protected(request, SESSION, token.secret());
    cookie.set_max_age(KEPT);
    cookie
}

/// The cookie that makes a browser forget that it was logged in.
pub fn no_session_cookie(request: &Request<'_>) -> Cookie<'static> {
    let mut cookie = protected(request, SESSION, "");
    cookie.set_max_age(Duration::ZERO);
    cookie
}

/// A cookie that scripts do not see, that other sites do not send, and that does not travel in the
/// open where there is a closed way.
pub fn protected(request: &Request<'_>, name: &'static str, value: &str) -> Cookie<'static> {
    let mut cookie = Cookie::new(name, value.to_owned());
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(visitor(request).secure);
    cookie
}
