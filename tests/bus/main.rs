//! What nodes say to each other beside the log: over a real nats-server, each node with a runtime
//! of its own, so that it can die.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod golden;
mod members;
mod nats;
mod nodes;
