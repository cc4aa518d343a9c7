//! The state with a window of five messages, its archive beside it, against one that keeps all.
//!
//! Both get the same commands at random. The one hands over, lets go, is snapshotted and started
//! again at random; every answer must be that of the other. `CHATROOM_STEPS` sets how many commands.

use std::path::PathBuf;

use chatroom::archive::{Archive, Keeper};
use chatroom::command::{Command, Entry, Policy, Trim};
use chatroom::history::{Mark, Record};
use chatroom::id::{ConversationId, Epoch, MessageId, UserId};
use chatroom::node::{read_through, said_through};
use chatroom::state::{Page, Query, State, With};
use chatroom::timestamp::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::{random, world};

/// About what five short messages take.
const WINDOW: usize = 5 * 340;

/// A state that is short of memory.
struct Windowed {
    file: PathBuf,
    state: State,
    keeper: Keeper,
    archive: Archive,
    /// The entries since the beginning.
    log: Vec<Entry>,
}

fn mark(position: u64) -> Mark {
    Mark { position, sign: format!("entry {position}") }
}

impl Windowed {
    fn new(file: PathBuf) -> Windowed {
        let keeper = Keeper::open(&file).unwrap();
        let archive = keeper.archive();
        let mut state = State::default();
        state.keep_for_archive(WINDOW, 0);
        Windowed { file, state, keeper, archive, log: Vec::new() }
    }

    fn hand_over(&mut self) {
        let records: Vec<Record> = self
            .state
            .records_after(self.keeper.position())
            .map(|(_, record)| record.clone())
            .collect();
        let position = self.state.position();
        self.keeper.take(&records, mark(position)).unwrap();
        self.state.archived(position);
    }

    /// As the archivist does it: from the last snapshot and the log.
    fn snapshot(&mut self) {
        let kept = self.keeper.snapshot().unwrap();
        let (mut state, after) = match kept {
            Some((mark, bytes)) => (State::from_snapshot(&bytes).unwrap(), mark.position),
            None => (State::default(), 0),
        };
        state.keep_for_archive(0, u64::MAX);
        let through = self.keeper.position();
        for entry in &self.log[after as usize..through as usize] {
            let _ = state.apply(entry.clone(), &mut Vec::new());
            state.let_go(usize::MAX);
        }
        self.keeper.keep_snapshot(&mark(through), &state.to_snapshot().unwrap()).unwrap();
    }

    fn restart(&mut self) {
        self.keeper = Keeper::open(&self.file).unwrap();
        self.archive = self.keeper.archive();
        self.state = match self.keeper.snapshot().unwrap() {
            Some((_, bytes)) => State::from_snapshot(&bytes).unwrap(),
            None => State::default(),
        };
        self.state.keep_for_archive(WINDOW, self.keeper.position());
        for entry in &self.log[self.state.position() as usize..] {
            let _ = self.state.apply(entry.clone(), &mut Vec::new());
        }
    }
}

fn show(page: &Page) -> String {
    let messages: Vec<_> = page
        .messages
        .iter()
        .map(|message| {
            let (id, at, author) = (message.id.0, message.at.0, message.author);
            let (from, to, shown) = (&message.sender, &message.recipient, &message.shown);
            let text = message.text.as_json();
            format!("{id} at {at} {from} ({author:?}, {shown:?}) to {to}: {text}\n")
        })
        .collect();
    let Page { last_id, recovered, has_more, .. } = page;
    format!("{} to {}, {recovered}, {has_more}", messages.concat(), last_id.0)
}

fn query(dice: &mut StdRng, head: MessageId) -> Query {
    let id = MessageId(dice.random_range(0..=head.0 + 2));
    let near = MessageId(head.0.saturating_sub(dice.random_range(0..12)));
    Query {
        cursor: if dice.random_bool(0.5) { id } else { near },
        epoch: match dice.random_range(0..10) {
            0 => Some("another".to_owned()),
            1 => Some("windowedwindowed".to_owned()),
            _ => None,
        },
        before: dice.random_bool(0.3).then(|| MessageId(dice.random_range(1..=head.0 + 2))),
        with: match dice.random_range(0..6) {
            0 => Some(With::Room(random::room(dice))),
            1 => Some(With::User(random::name(dice).to_lowercase())),
            2 => Some(With::User("server".to_owned())),
            _ => None,
        },
        own: dice.random_bool(0.5),
        limit: [0, 1, 2, 3, 7, 40, usize::MAX / 4][dice.random_range(0..7)],
    }
}

fn command(dice: &mut StdRng, step: usize, head: MessageId) -> Command {
    if dice.random_bool(0.003) {
        let room = dice.random_bool(0.7).then(|| random::room(dice));
        let back = dice.random_range(0..400);
        return Command::Trim(Trim { room, below: MessageId(head.0.saturating_sub(back)) });
    }
    if dice.random_bool(0.01) {
        return Command::Forget { user: UserId(dice.random_range(1..40)) };
    }
    random::command(dice, step)
}

#[test]
fn a_window_makes_no_difference() {
    let steps = std::env::var("CHATROOM_STEPS").map_or(100_000, |steps| steps.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut windowed = Windowed::new(folder.path().join("archive"));
    let mut plain = State::default();
    let mut dice = StdRng::seed_from_u64(6);
    let epoch: Epoch = serde_json::from_str("\"windowedwindowed\"").unwrap();
    let policy = Policy { rooms_open: true, ..Policy::default() };
    let mut first = vec![Command::Begin { epoch }, Command::Configure(policy)];
    let (mut pages, mut archived) = (0, 0);
    for step in 0..steps {
        let command = match first.is_empty() {
            true => command(&mut dice, step, plain.head()),
            false => first.remove(0),
        };
        let entry = Entry::new(Timestamp(1_700_000_000_000 + 10 * step as u64), command);
        windowed.log.push(entry.clone());
        let (mut events, mut other) = (Vec::new(), Vec::new());
        let wanted = plain.apply(entry.clone(), &mut events);
        assert_eq!(windowed.state.apply(entry, &mut other), wanted, "step {step}");
        assert_eq!(other, events, "step {step}");
        match dice.random_range(0..1000) {
            0..2 => windowed.restart(),
            2..8 => windowed.snapshot(),
            8..300 => windowed.hand_over(),
            _ => {}
        }
        windowed.state.let_go(dice.random_range(0..9));

        let query = query(&mut dice, plain.head());
        let user = UserId(dice.random_range(1..40));
        let wanted = plain.read(user, &query).map(|found| show(&world::page(found)));
        let archive = Some(&windowed.archive);
        let found = read_through(archive, &query, |query| windowed.state.read(user, query));
        let found = match found {
            Ok(page) => {
                pages += 1;
                let oldest = windowed.state.floor();
                archived += page.messages.iter().filter(|message| message.id <= oldest).count();
                Ok(show(&page))
            }
            Err(chatroom::node::Unread::Rejected(rejection)) => Err(rejection),
            Err(chatroom::node::Unread::Archive(error)) => panic!("step {step}: {error}"),
        };
        assert_eq!(found, wanted, "step {step}: {user:?} {query:?}");

        let conversation = ConversationId(dice.random_range(1..8));
        let (skipped, limit) = (dice.random_range(0..30), dice.random_range(0..9));
        let wanted = plain.said(user, conversation, skipped, limit).map(|said| {
            (said.in_memory, said.messages.iter().map(|message| message.id).collect::<Vec<_>>())
        });
        let found = said_through(archive, skipped, limit, |skipped, limit| {
            windowed.state.said(user, conversation, skipped, limit)
        });
        let found = match found {
            Ok(said) => {
                Ok((said.total, said.messages.iter().map(|message| message.id).collect::<Vec<_>>()))
            }
            Err(chatroom::node::Unread::Rejected(rejection)) => Err(rejection),
            Err(chatroom::node::Unread::Archive(error)) => panic!("step {step}: {error}"),
        };
        assert_eq!(found, wanted, "step {step}: {user:?} in {conversation:?}");
        assert_eq!(windowed.state.oldest(), plain.oldest());
    }
    // The comparison is worth little if nothing was read from the archive.
    assert!(archived > steps / 10, "{archived} of {pages} pages' messages were archived");
}
