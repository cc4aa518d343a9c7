//! Logins that fail: whether their cost tells who is there.

use std::io;
use std::path::Path;

use super::chat;
use super::child::Child;
use super::compare::compare;
use super::drive::Load;
use super::http::{Pool, request};
use super::table;

/// Logins under way at once: more than are hashed at once, on most machines, and few enough that
/// those of one slice are soon answered.
const AT_ONCE: usize = 4;

/// How far two costs may be apart that are the same.
const WITHIN: f64 = 0.1;

/// A name that is nobody's against a wrong password of an account; a guest's name against it.
pub(crate) fn logins(home: &Path) -> io::Result<()> {
    let server = Child::start(home, &["logins"])?;
    let port = server.port(0);
    let mut pool = Pool::open(port, 1)?;
    chat::ask(&mut pool, &chat::register("guest"))?;
    pool.expect(201);
    chat::ask(&mut pool, &enter("/auth/register", "ann", "correct horse"))?;
    let login = |name: &str| {
        let request = |_| enter("/auth/login", name, "wrong horse");
        Load::new(port, AT_ONCE, request).map(|load| load.answered(401))
    };
    let mut wrong = login("ann")?;
    for (name, what) in [("nobody", "an unknown name"), ("guest", "a guest's name")] {
        let ratio = compare(&server, &mut wrong, &mut login(name)?)?;
        table::equal(&format!("login: {what} / a wrong password"), WITHIN, &ratio);
    }
    Ok(())
}

/// A request with a name and a password.
fn enter(path: &str, name: &str, password: &str) -> Vec<u8> {
    let body = format!("{{\"username\":\"{name}\",\"password\":\"{password}\"}}");
    request("POST", path, Some(&body))
}
