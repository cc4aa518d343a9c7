//! `/projects`: what people work on together.

use std::sync::Arc;

use rocket::http::Status;
use rocket::{State, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Body, FORM};
use super::caller::Caller;
use super::error::ApiError;
use super::field::Field;
use super::limiter::Limiter;
use super::refusals::{Refusals, Refused};
use super::reply::{Json, Made};
use super::shared;
use crate::command::{Command, CreateProject};
use crate::id::{ConversationId, ProjectId, UserId};
use crate::label::{Label, LabelError};
use crate::limits::Action;
use crate::node::Node;
use crate::outcome::Outcome;

/// The language model of a project that names none.
const NO_MODEL: &str = "none";

#[derive(Deserialize, ToSchema)]
#[schema(as = NewProject, examples(json!({"name": "Zero to Knowing", "language_model": "none"})))]
struct New<'a> {
    /// What it is called: 1 to 200 characters on one line.
    #[serde(borrow, default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 200)]
    name: Field<'a>,
    /// A label for clients; `none` if there is none. Nothing here decides by it.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    language_model: Field<'a>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ProjectCreated, examples(json!({
    "message": "Project created successfully", "project_id": 1, "conversation_id": 4,
})))]
struct Created {
    /// What was done, in a sentence for people.
    message: &'static str,
    /// The new project.
    #[schema(value_type = u64)]
    project_id: ProjectId,
    /// The conversation that came with it.
    #[schema(value_type = u64)]
    conversation_id: ConversationId,
}

#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "id": 1, "name": "Zero to Knowing", "language_model": "none", "creator_id": 2,
    "created_at": "2026-01-31T12:00:00.000Z",
})))]
struct Project {
    /// Its number.
    #[schema(value_type = u64)]
    id: ProjectId,
    /// What it is called.
    #[schema(value_type = String)]
    name: Label,
    /// The label that it was given.
    #[schema(value_type = String)]
    language_model: Label,
    /// Who began it; null if that account is gone.
    #[schema(value_type = Option<u64>, required)]
    creator_id: Option<UserId>,
    /// When it began, ISO 8601 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl Refusals for Project {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        shared::of_reading(&[])
    }
}

impl Refusals for New<'_> {
    const SAY_ERROR: bool = true;

    fn refusals() -> Vec<ApiError> {
        let mut refusals = shared::of_limited(&[]);
        refusals.extend([no_name(), ApiError::wrong_type("name", "a string")]);
        let labels = [LabelError::Empty, LabelError::TooLong, LabelError::Control];
        refusals.extend(labels.map(|error| no_label("name", error)));
        refusals
    }
}

fn no_name() -> ApiError {
    ApiError::required("Project name is required")
}

fn no_label(field: &str, error: LabelError) -> ApiError {
    ApiError::new(Status::BadRequest, error.code(), format!("{field} {error}"))
}

/// List your projects
///
/// Those you began, and those with a conversation that you are in.
#[utoipa::path(
    get,
    path = "/projects",
    operation_id = "projects",
    tag = "Projects",
    responses(
        (
            status = 200, description = "Your projects, by their ids.", body = Vec<Project>,
            example = json!([{
                "id": 1, "name": "Zero to Knowing", "language_model": "none", "creator_id": 2,
                "created_at": "2026-01-31T12:00:00.000Z",
            }]),
        ),
        Refused::<Project>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[get("/projects")]
pub(super) fn projects(node: &State<Arc<Node>>, caller: Caller) -> Result<Json, ApiError> {
    let user = caller.0.user;
    let projects = node.look(|state| state.projects(user));
    let projects = projects.into_iter().map(|project| Project {
        id: project.id,
        name: project.name,
        language_model: project.language_model,
        creator_id: project.creator,
        created_at: project.created.to_iso(),
    });
    Ok(Json::of(&projects.collect::<Vec<_>>()))
}

/// Begin a project
///
/// A first conversation comes with it; you are in it.
#[utoipa::path(
    post,
    path = "/projects",
    operation_id = "begin_project",
    tag = "Projects",
    request_body(content((New), (New = FORM))),
    responses(
        (status = 201, description = "It has begun.", body = Created),
        Refused::<New<'_>>,
    ),
    security(("token" = []), ("session" = [])),
)]
#[post("/projects", data = "<body>")]
pub(super) async fn create(
    node: &State<Arc<Node>>,
    caller: Caller,
    limiter: Limiter<'_>,
    body: Body,
) -> Result<Made, ApiError> {
    let creator = caller.0.user;
    let fields: New<'_> = body.parse()?;
    let name = fields.name.text_or_plain("name")?;
    let model = fields.language_model.text_or_plain("language_model")?;
    let label = |field, text| Label::parse(text).map_err(|error| no_label(field, error));
    let command = CreateProject {
        creator,
        name: label("name", name.ok_or_else(no_name)?)?,
        language_model: label("language_model", model.unwrap_or(NO_MODEL))?,
    };
    limiter.admit(Action::CreateRoom, Some(caller.0.name.key().as_str()))?;
    let outcome = node.submit(Command::CreateProject(command)).await;
    match outcome.map_err(shared::submit)? {
        Outcome::ProjectCreated { project: project_id, conversation: conversation_id } => {
            let message = "Project created successfully";
            Ok(Made::of(&Created { message, project_id, conversation_id }))
        }
        _ => Err(ApiError::of_status(Status::InternalServerError)),
    }
}
