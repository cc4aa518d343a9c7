//! A state with the entries it came from; its clock moves only when told.

use std::fmt::Write;
use std::time::Duration;

use chatroom::command::{Address, Command, Entry, Once, Participant, Policy, Registration};
use chatroom::event::{Event, Topic};
use chatroom::id::{Epoch, MessageId, RoomId, UserId};
use chatroom::log::codec;
use chatroom::name::{self, Name, NameKey, RoomName};
use chatroom::outcome::{Outcome, Rejection, Verdict};
use chatroom::state::{Found, Page, Plan, Proof, Query, State, With};
use chatroom::text::Text;
use chatroom::timestamp::Timestamp;
use chatroom::token::TokenHash;

use crate::accounts;
use crate::projects;
use crate::words::Words;

/// What a script acts upon.
#[derive(Default)]
pub(crate) struct World {
    state: State,
    entries: Vec<Entry>,
    now: Timestamp,
}

impl World {
    /// Runs a script's command and gives what comes of it, line by line.
    pub(crate) fn run(&mut self, command: &str) -> String {
        let mut words = Words::of(command);
        match words.verb.as_str() {
            "wait" => {
                self.now.0 += duration(&words.next()).as_millis() as u64;
                words.finish();
                String::new()
            }
            "read" => self.read(words),
            "rooms" => self.rooms(words),
            "who" => {
                words.finish();
                show_held(&self.state)
            }
            "accounts" => {
                words.finish();
                accounts::show(&self.state)
            }
            "may" => self.may(words),
            "projects" => {
                let user = UserId(words.next().parse().unwrap());
                words.finish();
                projects::show(&self.state, user)
            }
            "said" => projects::said(&self.state, words),
            _ => {
                let parsed = self.parse(&mut words);
                words.finish();
                self.submit(parsed)
            }
        }
    }

    /// Applies a command, whose check must have said the same.
    pub(crate) fn submit(&mut self, command: Command) -> String {
        let entry = Entry::new(self.now, command);
        self.entries.push(entry.clone());
        let before = self.state.head();
        let checked = self.state.check(&entry.command);
        let mut events = Vec::new();
        let verdict = self.state.apply(entry, &mut events);
        match (&checked, &verdict) {
            (Err(checked), Err(applied)) => assert_eq!(checked, applied),
            (Ok(Plan::Answered(checked)), Ok(applied)) => assert_eq!(checked, applied),
            (Ok(Plan::Change(_)), Ok(_)) => {}
            _ => panic!("checked {checked:?}, applied {verdict:?}"),
        }
        if !matches!(checked, Ok(Plan::Change(_))) {
            assert_eq!((self.state.head(), &events), (before, &Vec::new()), "a change after all");
        }
        show(&verdict, &events)
    }

    /// Replays the entries, as they are and through the codec, and compares everything.
    pub(crate) fn assert_deterministic(&self, what: &str) {
        let straight = replay(self.entries.iter().cloned());
        let coded = replay(self.entries.iter().map(|entry| {
            let mut bytes = Vec::new();
            codec::encode(entry, &mut bytes);
            codec::decode(std::str::from_utf8(&bytes).unwrap()).unwrap()
        }));
        assert_eq!(straight, coded, "{what}");
        assert_eq!(straight.1, dump(&self.state), "{what}");
    }

    /// Every reader's ids ascend, and pages put together are the whole.
    pub(crate) fn assert_sound(&self) {
        let held: Vec<UserId> = self.state.held().map(|(user, _, _)| user).collect();
        for user in held {
            let whole = ids(&self.state, user, MessageId(0), usize::MAX);
            assert!(whole.is_sorted_by(|one, next| one < next), "{user:?}: {whole:?}");
            assert!(whole.last().is_none_or(|last| *last <= self.state.head()));
            let mut paged = Vec::new();
            let mut cursor = MessageId(0);
            loop {
                let page = ids(&self.state, user, cursor, 7);
                let Some(last) = page.last() else { break };
                cursor = *last;
                paged.extend(page);
            }
            assert_eq!(paged, whole, "{user:?}");
        }
    }

    fn parse(&self, words: &mut Words) -> Command {
        let token = |text: &str| TokenHash::of(text);
        match words.verb.as_str() {
            "begin" => Command::Begin { epoch: epoch(&words.next()) },
            "policy" => Command::Configure(Policy {
                shared_names: words.key("shared_names").is_some_and(|value| value == "true"),
                rooms_open: words.key("rooms_open").is_some_and(|value| value == "true"),
                registration: match words.key("registration").as_deref() {
                    None | Some("open") => Registration::Open,
                    Some("invite") => Registration::Invite,
                    Some("closed") => Registration::Closed,
                    Some(other) => panic!("no such registration: {other}"),
                },
                upload_quota: words.key("upload_quota").map(|bytes| bytes.parse().unwrap()),
                rooms: words.rest().iter().map(|name| RoomName::parse(name).unwrap()).collect(),
            }),
            "register" => {
                let given = words.next();
                let fallback = format!("token {}", self.entries.len());
                Command::Register {
                    name: Name::parse(&given).unwrap(),
                    token: token(&words.key("token").unwrap_or(fallback)),
                    proof: words.key("proof").map(|proof| token(&proof)),
                    guest: words.key("guest").is_some_and(|value| value == "true"),
                }
            }
            "logout" => Command::Logout { name: NameKey::lookup(&words.next()) },
            "expire" => Command::Expire { user: UserId(words.next().parse().unwrap()) },
            "send" => Command::Send {
                sender: NameKey::lookup(&words.next()),
                recipient: Address::parse(&words.next()),
                text: Text::new(&words.next()),
                once: words.key("once").map(|id| {
                    let digest = words.key("body").unwrap_or_default();
                    Once { id, digest: token(&digest) }
                }),
                shown: words.key("shown").map(|name| Name::parse(&name).unwrap()),
            },
            "create" => Command::CreateRoom {
                admin: NameKey::lookup(&words.next()),
                participants: participants(words.rest()),
            },
            "open" => Command::OpenRoom { room: RoomName::parse(&words.next()).unwrap() },
            "join" => Command::JoinRoom {
                name: NameKey::lookup(&words.next()),
                room: RoomId::parse(&words.next()).unwrap(),
            },
            "leave" => Command::LeaveRoom {
                name: NameKey::lookup(&words.next()),
                room: RoomId::parse(&words.next()).unwrap(),
            },
            _ => projects::parse(words).unwrap_or_else(|| accounts::parse(words)),
        }
    }

    /// Whether somebody with this token may act as this user.
    fn may(&self, mut words: Words) -> String {
        let user = UserId(words.next().parse().unwrap());
        let strict = words.key("strict").is_some_and(|value| value == "true");
        let proof = match words.key("token") {
            None => Some(Proof::Nothing),
            Some(token) => self.state.proof(user, TokenHash::of(&token)),
        };
        words.finish();
        match proof {
            None => "proves nothing\n".into(),
            Some(proof) if self.state.may_act(user, proof, strict) => "yes\n".into(),
            Some(_) => "no\n".into(),
        }
    }

    fn read(&self, mut words: Words) -> String {
        let given = words.next();
        let key = name::lookup_key(&given).unwrap();
        let number = |text: String| text.parse().unwrap();
        let query = Query {
            cursor: MessageId(words.key("after").map_or(0, number)),
            epoch: words.key("epoch"),
            before: words.key("before").map(|id| MessageId(number(id))),
            with: words.key("with").map(|with| match Address::parse(&with) {
                Address::Room(room) => With::Room(room),
                Address::User(key) => With::User(key.as_str().to_owned()),
            }),
            own: words.key("own").is_some(),
            limit: words.key("limit").map_or(100, number) as usize,
        };
        words.finish();
        let Some(user) = self.state.holder(&key) else { return "nobody holds it\n".into() };
        match self.state.read(user, &query) {
            Ok(found) => show_page(&page(found)),
            Err(rejection) => format!("{}\n", refused(&rejection)),
        }
    }

    fn rooms(&self, mut words: Words) -> String {
        let given = words.next();
        words.finish();
        let key = name::lookup_key(&given).unwrap();
        self.state
            .holder(&key)
            .map_or("nobody holds it\n".into(), |user| show_rooms(&self.state, user))
    }
}

pub(crate) fn participants(names: Vec<String>) -> Vec<Participant> {
    let participant = |given: String| Participant { key: NameKey::lookup(&given), given };
    names.into_iter().map(participant).collect()
}

fn epoch(text: &str) -> Epoch {
    serde_json::from_value(serde_json::json!(text)).unwrap()
}

fn duration(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.len() - 1);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        other => panic!("no such unit: {other}"),
    };
    Duration::from_secs(number.parse::<u64>().unwrap() * seconds)
}

/// Every verdict and event of a replay, and what the state holds in the end.
fn replay(entries: impl Iterator<Item = Entry>) -> (String, String) {
    let mut state = State::default();
    let mut story = String::new();
    for entry in entries {
        let mut events = Vec::new();
        let verdict = state.apply(entry, &mut events);
        story += &show(&verdict, &events);
    }
    let dump = dump(&state);
    (story, dump)
}

/// All that readers can see.
fn dump(state: &State) -> String {
    let mut out = show_held(state);
    out += &accounts::show(state);
    for (user, _, _) in state.held() {
        let query = Query { own: true, limit: usize::MAX, ..Query::default() };
        out += &show_page(&page(state.read(user, &query).unwrap()));
        out += &show_rooms(state, user);
        if state.account(user).is_some_and(|account| !account.disabled) {
            out += &projects::show(state, user);
        }
    }
    out
}

/// Without an archive memory has everything.
pub(crate) fn page(found: Found) -> Page {
    match found {
        Found::Page(page) => page,
        Found::Older(older) => panic!("nothing is archived: {older:?}"),
    }
}

fn ids(state: &State, user: UserId, cursor: MessageId, limit: usize) -> Vec<MessageId> {
    let found = state.read(user, &Query { cursor, limit, ..Query::default() }).unwrap();
    page(found).messages.iter().map(|message| message.id).collect()
}

fn show(verdict: &Verdict, events: &[Event]) -> String {
    let mut out = match verdict {
        Ok(Outcome::Noted) => "noted".to_owned(),
        Ok(Outcome::Registered { user, resumed: false }) => format!("registered user {}", user.0),
        Ok(Outcome::Registered { user, resumed: true }) => format!("resumed user {}", user.0),
        Ok(Outcome::LoggedOut { user }) => format!("logged out user {}", user.0),
        Ok(Outcome::Sent { id }) => format!("sent {}", id.0),
        Ok(Outcome::RoomCreated { room }) => format!("created {room}"),
        Ok(Outcome::RoomOpened { room }) => format!("opened {room}"),
        Ok(Outcome::Joined) => "joined".to_owned(),
        Ok(Outcome::Left) => "left".to_owned(),
        Ok(Outcome::AccountCreated { user, session: Some(session) }) => {
            format!("account of user {}, session {}", user.0, session.0)
        }
        Ok(Outcome::AccountCreated { user, session: None }) => {
            format!("account of user {}", user.0)
        }
        Ok(Outcome::SessionOpened { session }) => format!("session {}", session.0),
        Ok(Outcome::ProjectCreated { project, conversation }) => {
            format!("project {}, conversation {}", project.0, conversation.0)
        }
        Ok(Outcome::ConversationCreated { conversation }) => {
            format!("conversation {}", conversation.0)
        }
        Ok(Outcome::FileAdded { file }) => format!("file {}", file.0),
        Ok(Outcome::FileRemoved { key }) => {
            let (_, random) = key.as_str().split_once('/').unwrap();
            format!("removed {random}")
        }
        Err(rejection) => refused(rejection),
    };
    out.push('\n');
    for event in events {
        let _ = match event {
            Event::Posted(Topic::User(user)) => writeln!(out, "event posted to user {}", user.0),
            Event::Posted(Topic::Room(room)) => writeln!(out, "event posted to {room}"),
            Event::RoomsChanged(user) => writeln!(out, "event rooms changed of user {}", user.0),
            Event::Registered(user) => writeln!(out, "event registered user {}", user.0),
            Event::Ended(user) => writeln!(out, "event ended user {}", user.0),
            Event::AccessChanged(user) => writeln!(out, "event access changed to user {}", user.0),
        };
    }
    out
}

fn refused(rejection: &Rejection) -> String {
    match rejection {
        Rejection::ParticipantNotOnline(given) => format!("refused {} {given}", rejection.code()),
        _ => format!("refused {}", rejection.code()),
    }
}

fn show_page(page: &Page) -> String {
    let mut out = String::new();
    for message in &page.messages {
        let (id, sender, recipient) = (message.id.0, &message.sender, &message.recipient);
        let shown = message.shown.as_ref().map(|name| format!(" as {name}")).unwrap_or_default();
        let _ = writeln!(out, "{id} {sender}{shown} -> {recipient}: {}", message.text.as_json());
    }
    let more = if page.has_more { ", more" } else { "" };
    let lost = if page.recovered { "" } else { ", not recovered" };
    let _ = writeln!(out, "up to {}{more}{lost}", page.last_id.0);
    out
}

fn show_rooms(state: &State, user: UserId) -> String {
    let mut out = String::new();
    for room in state.rooms(user).unwrap() {
        let participants = room.participants.join(", ");
        let (id, last, created) = (room.id, room.last_id.0, room.created.0 / 1000);
        let _ =
            writeln!(out, "{id} {:?} [{participants}] last {last}, since {created} s", room.name);
    }
    out
}

fn show_held(state: &State) -> String {
    let held = state.held().map(|(user, name, acted)| {
        format!("user {} {name}, acted at {} s\n", user.0, acted.0 / 1000)
    });
    held.collect()
}
