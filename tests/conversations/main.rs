//! The contract of projects with their conversations, by its endpoints; what happens at once.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../programs/mod.rs"]
mod programs;
#[path = "../support/mod.rs"]
mod support;

mod clients;
mod members;
mod pages;
mod rooms;
mod table;
