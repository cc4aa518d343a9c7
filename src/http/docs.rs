//! `/openapi.json`, `/docs`: what the server says of itself.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use rocket::get;
use rocket::http::{ContentType, Header};
use rocket::response::{self, Redirect, Responder, Response};
use rocket::{Request, http::Status};
use utoipa::openapi::PathItem;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::{Config, SwaggerFile};

use super::api::Endpoint;
use super::error::{self, ApiError};
use super::refusals::{Refusals, Refused};
use super::reply::Json;
use super::{
    account, admin, announcement, api, auth, conversations, details, download, encode, events,
    membership, messages, metrics, named, participants, people, projects, rooms, said, search,
    send, sessions, uploads, users,
};
use crate::credentials;

/// The document, made from the routes and from the types they read and write.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "chatroom",
        description = include_str!("docs.md"),
        license(name = "MIT", identifier = "MIT"),
    ),
    paths(
        users::register,
        users::logout,
        users::online,
        send::send,
        messages::messages,
        search::search,
        events::events,
        rooms::create_room,
        membership::join_room,
        membership::leave_room,
        rooms::rooms,
        projects::projects,
        projects::create,
        uploads::files,
        uploads::upload,
        uploads::remove,
        download::download,
        conversations::conversations,
        conversations::create,
        participants::add,
        participants::remove,
        said::messages,
        said::say,
        people::users,
        announcement::announcement,
        auth::register,
        auth::login,
        auth::logout,
        auth::check,
        account::password,
        account::remove,
        sessions::sessions,
        sessions::end,
        sessions::end_others,
        admin::accounts::accounts,
        admin::accounts::create,
        admin::accounts::disable,
        admin::accounts::enable,
        admin::accounts::password,
        admin::accounts::promote,
        admin::accounts::demote,
        admin::sessions::sessions,
        admin::sessions::end,
        admin::invites::invites,
        admin::invites::invite,
        admin::invites::end,
        api::api,
        api::health,
        api::status,
        api::clients,
        details::details,
        metrics::metrics,
        openapi,
        docs,
        page,
    ),
    components(schemas(
        error::Body<'_>,
        encode::MessageBody,
        named::Ready<'_>,
        named::Gap,
        named::Presence,
        named::Bye,
    )),
    modifiers(&Token),
    tags(
        (name = "People", description = "Who is here, under which name."),
        (name = "Messages", description = "Saying something, and hearing of it."),
        (name = "Rooms", description = "Conversations of more than two."),
        (name = "Accounts", description = "Names that are one's own."),
        (name = "Projects", description = "Working together: conversations, files. For accounts."),
        (name = "Administration", description = "For accounts that may administer."),
        (name = "Server", description = "What the server says of itself."),
    ),
)]
struct Document;

/// The proof of a name.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        let says = "The `token` that `/register`, `/auth/register` or `/auth/login` gave.";
        scheme.description = Some(says.to_owned());
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
        let says = "What `/auth/register` and `/auth/login` give a browser.";
        let cookie = ApiKeyValue::with_description(credentials::SESSION, says);
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(cookie));
        components.add_security_scheme("session", cookie);
    }
}

static JSON: LazyLock<String> = LazyLock::new(|| Document::openapi().to_json().unwrap_or_default());

/// What the document describes, by path.
pub(super) static ENDPOINTS: LazyLock<Vec<Endpoint>> = LazyLock::new(|| {
    let paths = Document::openapi().paths.paths.into_iter();
    let of_path = |(path, item): (String, PathItem)| {
        let methods = [
            ("GET", item.get),
            ("POST", item.post),
            ("PUT", item.put),
            ("PATCH", item.patch),
            ("DELETE", item.delete),
        ];
        methods.into_iter().filter_map(move |(method, operation)| {
            let summary = operation?.summary.unwrap_or_default();
            Some(Endpoint { method, path: path.clone(), summary })
        })
    };
    paths.flat_map(of_path).collect()
});

static PAGE: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    // The path is relative, so that the page works behind a proxy that adds a prefix. The
    // validator is a service of another host.
    let config = Config::new(["../openapi.json"]).validator_url("none").deep_linking(true);
    Arc::new(config.use_base_layout().display_request_duration(true))
});

/// The page may load what comes from here, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// This document
///
/// OpenAPI 3.1, made from the code that answers.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "Server",
    responses(
        (
            status = 200, description = "This document.", body = Object,
            example = json!({"openapi": "3.1.0", "info": {"title": "chatroom"}}),
        ),
        Refused::<()>,
    ),
)]
#[get("/openapi.json")]
pub(super) fn openapi() -> Json {
    Json(Cow::Borrowed(JSON.as_bytes()))
}

/// This document as a page
#[utoipa::path(
    get,
    path = "/docs",
    tag = "Server",
    responses(
        (
            status = 303, description = "The page is at `/docs/index.html`.",
            headers(("Location" = String, description = "`/docs/index.html`")),
        ),
        Refused::<()>,
    ),
)]
#[get("/docs")]
pub(super) fn docs() -> Redirect {
    Redirect::to(rocket::uri!("/docs/index.html"))
}

/// How `/docs/{file}` refuses.
struct NoFile;

impl Refusals for NoFile {
    fn refusals() -> Vec<ApiError> {
        vec![ApiError::of_status(Status::NotFound)]
    }
}

/// A file of that page
///
/// The page needs nothing from any other host.
#[utoipa::path(
    get,
    path = "/docs/{file}",
    tag = "Server",
    params(("file" = String, Path, description = "Its name.", example = "index.html")),
    responses(
        (
            status = 200, description = "The file.",
            content(
                (String = "text/html", example = json!("<!DOCTYPE html>…")),
                (String = "text/css", example = json!("html { box-sizing: border-box }")),
                (String = "text/javascript", example = json!("window.onload = …")),
                ("image/png"),
            ),
            headers(("Content-Security-Policy" = String, description = "Nothing but this host.")),
        ),
        Refused::<NoFile>,
    ),
)]
#[get("/docs/<file>")]
pub(super) fn page(file: &str) -> Result<File, ApiError> {
    let found = utoipa_swagger_ui::serve(file, PAGE.clone());
    let missing = || ApiError::of_status(Status::NotFound);
    found.ok().flatten().map(File).ok_or_else(missing)
}

/// A file of the page, for browsers.
pub(super) struct File(SwaggerFile<'static>);

impl<'r> Responder<'r, 'static> for File {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let File(file) = self;
        let kind = ContentType::parse_flexible(&file.content_type).unwrap_or(ContentType::Binary);
        Response::build_from(file.bytes.respond_to(request)?)
            .header(kind)
            .header(Header::new("Content-Security-Policy", POLICY))
            .ok()
    }
}
