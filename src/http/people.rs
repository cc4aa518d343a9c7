//! `/conversations/users`: whom one could talk with.

use std::sync::Arc;

use rocket::{State, get};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::error::ApiError;
use super::params::Params;
use super::refusals::{Refusals, Refused};
use super::reply::Json;
use super::shared;
use crate::id::UserId;
use crate::node::Node;

/// The most that are found.
const MOST: usize = 10;

/// Whom to look for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what is read one by one")]
struct Search {
    /// A part of the name, in any case; empty is any.
    #[param(required = false, example = "an")]
    search: String,
}

#[derive(Serialize, ToSchema)]
#[schema(examples(json!({"id": 2, "username": "ann"})))]
struct Person {
    /// What conversations know them by.
    #[schema(value_type = u64)]
    id: UserId,
    /// Their name.
    #[schema(value_type = String)]
    username: Arc<str>,
}

impl Refusals for Person {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        shared::of_reading(&[])
    }
}

/// Find people
///
/// At most 10 accounts whose names hold what is searched for.
#[utoipa::path(
    get,
    path = "/conversations/users",
    operation_id = "find_people",
    tag = "Projects",
    params(Search),
    responses(
        (
            status = 200, description = "Who was found.", body = Vec<Person>,
            example = json!([{"id": 2, "username": "ann"}]),
        ),
        Refused::<Person>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[get("/conversations/users")]
pub(super) fn users(
    node: &State<Arc<Node>>,
    _caller: Caller,
    params: Params<'_>,
) -> Result<Json, ApiError> {
    let wanted = params.get("search").unwrap_or_default().to_lowercase();
    // The names are compared when the state is free again.
    let all: Vec<_> = node.look(|state| {
        let usable = state.accounts().filter(|(_, _, account)| !account.disabled);
        usable.map(|(user, name, _)| (user, name.text().clone())).collect()
    });
    let found = all.into_iter().filter(|(_, name)| name.to_lowercase().contains(&wanted));
    let people = found.take(MOST).map(|(id, username)| Person { id, username });
    Ok(Json::of(&people.collect::<Vec<_>>()))
}
