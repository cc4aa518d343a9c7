//! The refusals of an endpoint, as its documentation lists them.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use rocket::http::Status;
use utoipa::IntoResponses;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder, Schema,
};

use super::body;
use super::error::ApiError;

/// What an endpoint may answer instead of what was asked for.
///
/// The list holds real errors, so the documentation cannot show what is never sent.
pub(super) trait Refusals {
    /// Whether they say `error` beside `message`.
    const SAY_ERROR: bool = false;

    /// One of each code, in the words of this endpoint.
    fn refusals() -> Vec<ApiError>;
}

impl Refusals for () {
    fn refusals() -> Vec<ApiError> {
        Vec::new()
    }
}

/// What every endpoint that reads a body and submits a command may answer.
pub(super) fn of_commands() -> Vec<ApiError> {
    let mut refusals = body::refusals();
    refusals.extend(ApiError::failures());
    refusals
}

/// The responses of an endpoint whose refusals are those of `T`, and those that any has.
pub(super) struct Refused<T>(PhantomData<T>);

impl<T: Refusals> IntoResponses for Refused<T> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut refusals = T::refusals();
        refusals.push(ApiError::of_status(Status::Forbidden));
        let mut by_status = BTreeMap::<u16, Vec<ApiError>>::new();
        for refusal in refusals {
            by_status.entry(refusal.status().code).or_default().push(refusal);
        }
        let documented = |(status, refusals): (u16, Vec<ApiError>)| {
            (status.to_string(), response(status, &refusals, T::SAY_ERROR).into())
        };
        by_status.into_iter().map(documented).collect()
    }
}

/// The response with this status, whose `code` is one of those of `refusals`.
fn response(status: u16, refusals: &[ApiError], say_error: bool) -> Response {
    let example = |refusal: &ApiError| (refusal.code(), example(refusal, say_error));
    let content = ContentBuilder::new()
        .schema(Some(schema(refusals)))
        .examples_from_iter(refusals.iter().map(example))
        .build();
    let response = ResponseBuilder::new()
        .description(description(status))
        .content("application/json", content);
    if status == Status::Unauthorized.code {
        let header = HeaderBuilder::new().description(Some("`Bearer`")).build();
        return response.header("WWW-Authenticate", header).build();
    }
    if status == Status::ServiceUnavailable.code {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        let header = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("Seconds after which to try again."))
            .build();
        return response.header("Retry-After", header).build();
    }
    response.build()
}

/// The schema of every refusal, with the codes that can come here.
fn schema(refusals: &[ApiError]) -> Schema {
    let mut codes: Vec<_> = refusals.iter().map(ApiError::code).collect();
    codes.sort_unstable();
    codes.dedup();
    let code = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes));
    AllOfBuilder::new()
        .item(Ref::from_schema_name("Error"))
        .item(ObjectBuilder::new().property("code", code))
        .into()
}

fn example(refusal: &ApiError, say_error: bool) -> Example {
    ExampleBuilder::new().value(Some(refusal.example(say_error))).build()
}

fn description(status: u16) -> &'static str {
    match status {
        400 => "Refused; `message` says why, and nothing was changed.",
        401 => "Who this comes from is not known, or may not do it.",
        403 => "Whoever asks may not do this, or the page it comes from may not use this server.",
        404 => "There is nothing of this name.",
        409 => "Refused: it contradicts an earlier request.",
        413 => "Too long; nothing was changed.",
        500 => "The server lacks what it needs for an answer.",
        503 => "The server cannot write at the moment; nothing was acknowledged. Try again.",
        507 => "The server's disk is full; nothing was changed. Reading goes on.",
        _ => "Refused.",
    }
}
