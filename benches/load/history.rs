//! A poll out of a long history against the same poll out of a short one.

use std::io;
use std::path::Path;

use super::chat::{self, CLIENTS};
use super::child::Child;
use super::compare::compare;
use super::drive::Load;
use super::http::Pool;
use super::ratios::trivial;
use super::table;

/// How many messages the long history has.
const LONG: u64 = 1_000_000;
/// How many messages the poll returns.
const NEW: u64 = 10;

/// Both histories are half direct messages and half a room's, all of one reader.
pub(crate) fn history(home: &Path) -> io::Result<()> {
    let server = Child::start(home, &["trivial", "memory", "memory"])?;
    let mut short = reader(server.port(1), NEW)?;
    let mut long = reader(server.port(2), LONG)?;
    let ratio = compare(&server, &mut short, &mut long)?;
    for load in [&short, &long] {
        let found = load.sample().matches("\"id\":").count() as u64;
        if found != NEW {
            return Err(io::Error::other(format!("a poll returned {found} messages")));
        }
    }
    table::cost("poll of 10 messages: out of 1,000,000 / of 10", 1.05, &ratio);
    let ratio = compare(&server, &mut trivial(&server)?, &mut long)?;
    table::ratio("poll of 10 out of 1,000,000 / trivial", None, &ratio, "0.009");
    Ok(())
}

/// Fills the server at `port`; the load of a reader who has not seen the last messages.
fn reader(port: u16, messages: u64) -> io::Result<Load> {
    chat::populate(port)?;
    let mut pool = Pool::open(port, 1)?;
    let created = chat::ask(&mut pool, &chat::create_room("user_0", &["user_1".to_owned()]))?;
    let (_, room) = created.rsplit_once("room_").ok_or_else(|| io::Error::other("no room"))?;
    let room = format!("room_{}", room.trim_end_matches(['"', '}']));
    let to = |n: u64| if n.is_multiple_of(2) { room.as_str() } else { "user_0" };
    let mut fill = Load::new(port, CLIENTS, |n| chat::send("user_1", to(n as u64)))?;
    fill.repeat(messages - NEW)?;
    let mut newest = 0;
    for n in 0..NEW {
        newest = chat::send_for_id(&mut pool, "user_1", to(n), n)?;
    }
    Load::new(port, CLIENTS, |_| chat::poll("user_0", newest - NEW, ""))
}
