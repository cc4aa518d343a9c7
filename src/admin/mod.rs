//! `chatroom admin`: accounts, sessions, invitations, from the command line.
//!
//! There are two doors to the same requests: a running server, asked over HTTP with the token of an
//! admin's session, or the store of a stopped one, for which it is enough to have it in hand. No
//! secret is ever an argument, where every program on the machine could read it.

mod door;
mod error;
mod line;
mod local;
mod remote;
mod secret;
mod show;

use std::io::Write;

use crate::node::AdminRequest;
use door::Door;
pub use line::Line;
use line::What;

/// The environment variable with the token of an admin's session.
const TOKEN: &str = "CHATROOM_ADMIN_TOKEN";

/// Does what the command line says; gives the exit code: 0 when it is done, 1 when it was refused,
/// 2 when it could not be asked for.
pub fn run(line: &Line) -> u8 {
    let json = line.json;
    let said = match &line.what {
        What::Token { name } => Door::open(line, None).and_then(|door| {
            let entered = door.enter(name);
            entered.map(|entered| show::entered(&entered, json))
        }),
        what => what.request().and_then(|request| {
            let door = Door::open(line, Some(&request))?;
            let answer = door.ask(request)?;
            Ok(show::answer(&answer, json, door.url()))
        }),
    };
    // Whoever reads no further does not have to be told.
    let mut out = std::io::stdout();
    match said {
        Ok(text) => {
            let _ = out.write_all(text.as_bytes());
            0
        }
        Err(error) => {
            if json {
                let _ = writeln!(out, "{}", error.to_json());
            }
            eprintln!("chatroom: {error}");
            error.exit()
        }
    }
}

/// Whether a store is made for this request where there is none: the first account may be there
/// before the server first runs.
fn may_begin(request: Option<&AdminRequest>) -> bool {
    matches!(request, Some(AdminRequest::Create { .. }))
}
