//! `/register`, `/logout`, `/online`: who is here.

use std::sync::Arc;

use rocket::{State, get, post};
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::error::ApiError;
use super::field::Field;
use super::params::Params;
use super::reply::Json;
use crate::command::Command;
use crate::name::{Name, NameKey};
use crate::node::Node;
use crate::outcome::Outcome;
use crate::token::TokenHash;

#[derive(Deserialize)]
struct Register<'a> {
    #[serde(borrow, default)]
    username: Field<'a>,
    #[serde(borrow, default)]
    token: Field<'a>,
}

#[derive(Serialize)]
struct Registered<'a> {
    status: &'static str,
    message: String,
    token: &'a str,
}

#[derive(Deserialize)]
struct Logout<'a> {
    #[serde(borrow, default)]
    username: Field<'a>,
}

#[derive(Serialize)]
struct Online {
    status: &'static str,
    online_users: Vec<Arc<str>>,
}

#[post("/register", data = "<body>")]
pub(super) async fn register(
    node: &State<Arc<Node>>,
    bearer: super::bearer::Bearer<'_>,
    params: Params<'_>,
    body: Body,
) -> Result<Json, ApiError> {
    let fields: Register<'_> = body.parse()?;
    let username = fields.username.text("username")?;
    let username = username.ok_or_else(|| ApiError::required("Username is required."))?;
    let name = Name::parse(username).map_err(|error| ApiError::name(&error))?;
    let asked = params.get("token");
    let presented = fields.token.text("token")?.or(bearer.token()).or(asked.as_deref());
    let token = node.new_token();
    let command = Command::Register {
        name,
        token: TokenHash::of(token.secret()),
        proof: presented.map(TokenHash::of),
    };
    let outcome = node.submit(command).await;
    let outcome = outcome.map_err(|error| ApiError::submit(error, "Username not found."))?;
    // A proof that was accepted stays the token of this person.
    let (user, token) = match (outcome, presented) {
        (Outcome::Registered { user, resumed: true }, Some(presented)) => (Some(user), presented),
        (Outcome::Registered { user, .. }, _) => (Some(user), token.secret()),
        _ => (None, token.secret()),
    };
    if let Some(user) = user {
        node.presence().heard(user);
    }
    let message = format!("User {username} registered successfully.");
    Ok(Json::of(&Registered { status: "success", message, token }))
}

#[post("/logout", data = "<body>")]
pub(super) async fn logout(node: &State<Arc<Node>>, body: Body) -> Result<Json, ApiError> {
    let fields: Logout<'_> = body.parse()?;
    let username = fields.username.text("username")?;
    let username = username.ok_or_else(|| ApiError::required("Username is required."))?;
    let command = Command::Logout { name: NameKey::lookup(username) };
    let outcome = node.submit(command).await;
    outcome.map_err(|error| ApiError::submit(error, "Username not found."))?;
    Ok(Json::success(&format!("User {username} logged out successfully.")))
}

#[get("/online")]
pub(super) fn online(node: &State<Arc<Node>>) -> Json {
    Json::of(&Online { status: "success", online_users: node.online() })
}
