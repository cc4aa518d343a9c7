//! A history: what some clients asked at the same time, what they were told, and when.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use porcupine_rs::{CheckResult, Operation, check_operations_timeout};
use rand::random_range;
use serde_json::{Value, json};

use crate::model::{Answer, Ask, Chat, Name, Op};
use crate::support::wire::Wire;

/// Few names, so that clients are in each other's way.
const NAMES: Name = 6;

/// Clients at the same time.
const CLIENTS: u32 = 9;

/// A client that hears nothing for so long does not know.
const PATIENCE: Duration = Duration::from_secs(15);

/// A client that was not answered asks after this time whether the server is well.
const AWAY: Duration = Duration::from_millis(100);

/// The search is given up after this time, which counts as a failure.
const SEARCH: Duration = Duration::from_secs(120);

/// All codes of refusals that the model knows.
const CODES: [&str; 6] = [
    "username_taken",
    "not_registered",
    "participant_not_online",
    "recipient_not_online",
    "room_not_found",
    "not_participant",
];

/// What happened.
pub(crate) type History = Vec<Operation<Chat>>;

/// Whether it could have happened one after the other.
pub(crate) fn verdict(history: &[Operation<Chat>]) -> CheckResult {
    let returns = history.iter().map(|operation| operation.return_time);
    let returns = returns.filter(|time| *time != i64::MAX);
    let last = returns.chain(history.iter().map(|operation| operation.call_time)).max();
    let end = last.unwrap_or_default() + 1;
    let op = Op { ask: Ask::End, answer: Some(Answer::Done) };
    let end =
        Operation { client_id: None, call_time: end, return_time: end + 1, op, metadata: None };
    check_operations_timeout(&[history, &[end]].concat(), SEARCH)
}

/// Has clients ask the server at this port for `count` random things.
pub(crate) async fn record(port: u16, count: usize) -> History {
    let shared = Arc::new(Shared {
        port,
        began: Instant::now(),
        left: AtomicUsize::new(count),
        rooms: AtomicU64::new(0),
    });
    let clients: Vec<_> =
        (0..CLIENTS).map(|client| tokio::spawn(client_of(shared.clone(), client))).collect();
    let mut history = Vec::with_capacity(count);
    for client in clients {
        history.extend(client.await.unwrap());
    }
    assert_eq!(history.len(), count);
    find_out(port, &mut history).await;
    history
}

/// Finds out what became of the messages that nobody answered: the same again, with the same
/// `client_msg_id`, is told the first id if there is one. What was not sent by now is taken out.
async fn find_out(port: u16, history: &mut History) {
    let open =
        |operation: &Operation<Chat>| operation.op.answer.is_none() && operation.metadata.is_some();
    if !history.iter().any(open) {
        return;
    }
    let mut wire = None;
    let auditor = json!({ "username": "auditor" });
    insist(&mut wire, port, "/register", &auditor).await;
    let mark = json!({
        "sender": "auditor", "recipient": "auditor", "message": "now", "client_msg_id": "now",
    });
    let mark = insist(&mut wire, port, "/send", &mark).await;
    let Answer::Sent(now) = mark else { panic!("{mark:?}") };
    for operation in history.iter_mut().filter(|operation| open(operation)) {
        let once = operation.metadata.as_deref().unwrap_or_default();
        let (path, body) = request(&operation.op.ask, once);
        match insist(&mut wire, port, path, &body).await {
            Answer::Sent(id) if id < now => operation.op.answer = Some(Answer::Sent(id)),
            _ => operation.metadata = None,
        }
    }
    history.retain(|operation| {
        let message = matches!(operation.op.ask, Ask::Tell(..) | Ask::Say(..));
        !message || operation.op.answer.is_some()
    });
}

/// Asks until there is an answer.
async fn insist(wire: &mut Option<Wire>, port: u16, path: &str, body: &Value) -> Answer {
    loop {
        let answer = tokio::time::timeout(PATIENCE, put(wire, port, path, body)).await;
        if let Ok(Some(answer)) = answer {
            return answer;
        }
        *wire = None;
        tokio::time::sleep(AWAY).await;
    }
}

/// How many operations had no answer.
pub(crate) fn unanswered(history: &[Operation<Chat>]) -> usize {
    history.iter().filter(|operation| operation.op.answer.is_none()).count()
}

/// Writes a history down for a person to look at, in the order of the calls.
pub(crate) fn keep(history: &[Operation<Chat>], file: &Path) {
    let mut sorted: Vec<_> = history.iter().collect();
    sorted.sort_by_key(|operation| operation.call_time);
    let line = |operation: &&Operation<Chat>| {
        let Operation { call_time, return_time, client_id, op, .. } = operation;
        format!("{call_time} {return_time} {client_id:?} {op:?}\n")
    };
    fs::write(file, sorted.iter().map(line).collect::<String>()).unwrap();
}

struct Shared {
    port: u16,
    began: Instant,
    left: AtomicUsize,
    /// The newest room that anybody was told of.
    rooms: AtomicU64,
}

async fn client_of(shared: Arc<Shared>, client: u32) -> History {
    let mut history = Vec::new();
    let mut wire = None;
    while shared.take() {
        let ask = shared.think();
        let message = matches!(ask, Ask::Tell(..) | Ask::Say(..));
        let once = message.then(|| format!("{:032x}", rand::random::<u128>()));
        let (path, body) = request(&ask, once.as_deref().unwrap_or_default());
        let called = shared.now();
        let answer = tokio::time::timeout(PATIENCE, put(&mut wire, shared.port, path, &body)).await;
        let answer = answer.ok().flatten();
        if let Some(Answer::Opened(room)) = answer {
            shared.rooms.fetch_max(room, Ordering::Relaxed);
        }
        // What nobody answered has no end. The next thing this client does is another's.
        let returned = if answer.is_some() { shared.now() } else { i64::MAX };
        history.push(Operation {
            client_id: Some(client),
            call_time: called,
            return_time: returned,
            op: Op { ask, answer },
            metadata: once,
        });
        if returned == i64::MAX {
            wire = None;
            while !well(shared.port).await {
                tokio::time::sleep(AWAY).await;
            }
        }
    }
    history
}

impl Shared {
    fn take(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    fn now(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_nanos()).unwrap()
    }

    fn think(&self) -> Ask {
        let name = || random_range(0..NAMES);
        let newest = self.rooms.load(Ordering::Relaxed);
        // Mostly one of the last rooms, at times one that is not there yet.
        let room = || random_range(newest.saturating_sub(3)..=newest + 1).max(1);
        match random_range(0..20) {
            0..4 => Ask::Register(name()),
            4..6 => Ask::Logout(name()),
            6..9 => Ask::Create(name(), (0..random_range(1..3)).map(|_| name()).collect()),
            9..12 => Ask::Leave(name(), room()),
            12..16 => Ask::Tell(name(), name()),
            _ => Ask::Say(name(), room()),
        }
    }
}

/// Asks, on the connection there is or on a new one; nothing if it stays unclear what happened.
async fn put(wire: &mut Option<Wire>, port: u16, path: &str, body: &Value) -> Option<Answer> {
    if wire.is_none() {
        *wire = Some(Wire::connect(port).await.ok()?);
    }
    let reply = wire.as_mut()?.post(path, body).await.ok()?;
    let body: Value = serde_json::from_slice(&reply.body).ok()?;
    match reply.head.status {
        200 => Some(success(&body)),
        502..=504 => None,
        _ => {
            let code = body["code"].as_str().unwrap_or_default();
            let known = CODES.iter().find(|known| **known == code);
            Some(Answer::Refused(known.unwrap_or_else(|| panic!("{path}: {body}"))))
        }
    }
}

/// Whether somebody at this port says that it can write.
async fn well(port: u16) -> bool {
    let asked = async { Wire::connect(port).await?.get("/api/health").await };
    let asked = tokio::time::timeout(PATIENCE, asked).await;
    asked.is_ok_and(|reply| reply.is_ok_and(|reply| reply.head.status == 200))
}

fn success(body: &Value) -> Answer {
    if let Some(id) = body["id"].as_u64() {
        return Answer::Sent(id);
    }
    match body["room_id"].as_str() {
        Some(room) => Answer::Opened(room.trim_start_matches("room_").parse().unwrap()),
        None => Answer::Done,
    }
}

fn request(ask: &Ask, once: &str) -> (&'static str, Value) {
    let name = |name: &Name| format!("name{name}");
    let room = |room: &u64| format!("room_{room}");
    let message = |from, to: String| json!({ "sender": name(from), "recipient": to, "message": "Hi", "client_msg_id": once });
    match ask {
        Ask::Register(who) => ("/register", json!({ "username": name(who) })),
        Ask::Logout(who) => ("/logout", json!({ "username": name(who) })),
        Ask::Create(admin, others) => {
            let others: Vec<_> = others.iter().map(name).collect();
            ("/create_room", json!({ "admin": name(admin), "participants": others }))
        }
        Ask::Leave(who, which) => {
            ("/leave_room", json!({ "username": name(who), "room_id": room(which) }))
        }
        Ask::End => unreachable!("nobody asks for it"),
        Ask::Tell(from, to) => ("/send", message(from, name(to))),
        Ask::Say(from, to) => ("/send", message(from, room(to))),
    }
}
