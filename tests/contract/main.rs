//! The ChatRoom contract, endpoint by endpoint: every body whole, every refusal in its order.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../support/mod.rs"]
mod support;

mod announcement;
mod api;
mod bodies;
mod logout;
mod messages;
mod named_rooms;
mod names;
mod paths;
mod register;
mod restart;
mod rooms;
mod send;
mod tokens;
