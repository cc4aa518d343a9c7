//! Accounts, over HTTP as over Socket.IO: the contract's rows, protected names, sessions that end.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../support/mod.rs"]
mod support;

mod crash;
mod names;
mod passwords;
mod people;
mod protected;
mod registration;
mod removal;
mod rows;
mod sessions;
mod sockets;
mod streams;
