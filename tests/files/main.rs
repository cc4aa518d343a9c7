//! Files of projects: what comes in comes out, what breaks off leaves nothing, nothing escapes.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../programs/mod.rs"]
mod programs;
#[path = "../support/mod.rs"]
mod support;

mod broken;
mod downloads;
mod form;
mod killed;
mod memory;
mod names;
mod quota;
mod s3;
mod table;
