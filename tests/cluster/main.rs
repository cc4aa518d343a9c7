//! Three nodes over one log: nothing is lost, doubled or out of order, whatever fails.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../programs/mod.rs"]
mod programs;

mod administration;
mod agreement;
mod clients;
mod deploy;
mod digests;
mod divergence;
mod faults;
mod history;
mod linear;
mod load;
mod model;
mod planted;
mod pulse;
mod refusals;
mod rounds;
mod sockets;
mod suites;
mod uploads;
