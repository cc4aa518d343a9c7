//! The OpenAPI document, held against the server that hands it out.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod administration;
mod answers;
mod conversation;
mod page;
#[path = "../programs/mod.rs"]
mod programs;
mod promised;
mod routes;
mod shared;
mod spec;
mod stream;
#[path = "../support/mod.rs"]
mod support;
mod wellformed;
