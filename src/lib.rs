//! A chat server that any program can talk to with plain HTTP.
//!
//! One ordered log of commands, one deterministic state, many windows onto it:
//!
//! ```text
//!  request → Command → node: stamp → log: append → apply → polls, long polls  (http)
//!                                                  state   event streams      (http)
//!                                                     │    sockets            (socketio)
//!  reply   ← Outcome ←─────────────────────────────┘ events → hub: wake
//! ```
//!
//! It flows one way. A request becomes a [`command`]; the [`node`] stamps it and appends it to
//! the [`log`]; once it is durable, the [`state`] applies it, which gives an [`outcome`] for the
//! one who asked and [`event`]s for those who watch. Readers pull by cursor and change nothing;
//! the [`hub`] only wakes them.
//!
//! The modules in reading order, each using only those above it (`tests/tidy.rs` holds that):
//!
//! | | |
//! |---|---|
//! | the shared vocabulary | [`id`], [`timestamp`], [`name`], [`text`], [`token`], [`password`], [`message`], [`label`], [`file`](mod@file), [`history`], [`command`], [`outcome`], [`event`] |
//! | what is counted | [`metrics`] |
//! | the heart | [`state`], [`log`], [`archive`], [`snapshots`], [`search`], [`hub`], [`presence`], [`cluster`], [`files`], [`hasher`], [`node`] |
//! | the transports | [`credentials`], [`http`], [`socketio`] |
//! | the page | [`web`] |
//! | around them | [`exposure`], [`limits`] |
//! | putting it together | [`config`], [`clock`], [`banner`], [`server`], [`admin`], [`store`] |

pub mod id;

pub mod timestamp;

pub mod name;

pub mod text;

pub mod token;

pub mod password;

pub mod message;

pub mod label;

pub mod file;

pub mod history;

pub mod command;

pub mod outcome;

pub mod event;

pub mod search;

pub mod clock;

pub mod metrics;

pub mod state;

pub mod log;

pub mod archive;

pub mod snapshots;

pub mod hub;

pub mod presence;

pub mod cluster;

pub mod hasher;

pub mod files;

pub mod node;

pub mod config;

pub mod exposure;

mod database;

mod fault;

mod header;

pub mod credentials;

pub mod limits;

pub mod http;

pub mod socketio;

pub mod web;

pub mod banner;

pub mod server;

pub mod admin;

pub mod store;
