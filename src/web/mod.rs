//! The page that people chat in, with the one that shows how the server is doing: files of our
//! own, compiled in.
//!
//! There is no build step, and the page knows nothing that another client could not know: it
//! talks to the same endpoints. What is served lies in `page/`; `assets` names it, `answer` sends
//! it so that browsers keep it as long as it is the same.

mod answer;
mod assets;

use rocket::response::Redirect;
use rocket::{Build, Rocket, get, routes, uri};

use answer::{Answer, Document};

/// Mounts the page on `rocket`.
pub fn mount(rocket: Rocket<Build>) -> Rocket<Build> {
    let routes = routes![index, status, asset, login, old_index, projects];
    rocket.mount("/", routes)
}

#[get("/")]
fn index() -> Document {
    Document("index.html")
}

/// How the server is doing. There is nothing in it that not everybody may see: the figures come
/// from where those who ask are looked at.
#[get("/status")]
fn status() -> Document {
    Document("status.html")
}

/// A file of the page. Its address changes with its content, so it may be kept for ever.
#[get("/assets/<version>/<name>")]
fn asset(version: &str, name: &str) -> Option<Answer> {
    Answer::asset(version, name)
}

// Where older pages link to.

#[get("/login.html")]
fn login() -> Redirect {
    Redirect::permanent(uri!(index))
}

#[get("/index.html")]
fn old_index() -> Redirect {
    Redirect::permanent(uri!(index))
}

#[get("/project_management.html")]
fn projects() -> Redirect {
    Redirect::permanent("/#projects")
}
