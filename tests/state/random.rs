//! Commands at random: few names, few rooms, so that they meet.

use chatroom::command::{
    AddFile, Address, ChangePassword, CloseSession, Closing, Command, CreateAccount,
    CreateConversation, CreateInvite, CreateProject, EndInvite, Left, MakeAdmin, NewSession,
    OfAccount, Once, OpenSession, Participants, Policy, Registration, RemoveAccount, RemoveFile,
    ResetPassword,
};
use chatroom::id::{ConversationId, FileId, ProjectId, RoomId, SessionId, UserId};
use chatroom::label::Label;
use chatroom::name::{Name, NameKey, RoomName};
use chatroom::password::PasswordHash;
use chatroom::text::Text;
use chatroom::token::TokenHash;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::projects;
use crate::world::{self, World};

const NAMES: &[&str] = &["ann", "Bob", "cid", "Zoë", "🚀", "nobody"];

/// Applies `count` commands that `seed` decides.
pub(crate) fn fill(world: &mut World, seed: u64, count: usize) {
    let mut dice = StdRng::seed_from_u64(seed);
    world.run("begin seeded");
    for round in 0..count {
        let command = command(&mut dice, round);
        world.submit(command);
    }
}

pub(crate) fn name(dice: &mut StdRng) -> &'static str {
    NAMES[dice.random_range(0..NAMES.len())]
}

fn key(dice: &mut StdRng) -> NameKey {
    NameKey::lookup(name(dice))
}

fn token(dice: &mut StdRng) -> TokenHash {
    TokenHash::of(&dice.random_range(0..40).to_string())
}

pub(crate) fn room(dice: &mut StdRng) -> RoomId {
    match dice.random_range(0..8) {
        0 => RoomId::Named("General".into()),
        1 => RoomId::Named("Nowhere".into()),
        number => RoomId::Numbered(number),
    }
}

fn user(dice: &mut StdRng) -> UserId {
    UserId(dice.random_range(0..30))
}

fn about_accounts(dice: &mut StdRng, round: usize) -> Command {
    let user = user(dice);
    let password = PasswordHash::of_phc(&format!("password {round}"));
    let session = NewSession { token: token(dice), agent: format!("agent {round}") };
    let verified = dice.random_range(0..3);
    match dice.random_range(0..18) {
        0..5 => Command::CreateAccount(CreateAccount {
            name: Name::parse(NAMES[dice.random_range(0..NAMES.len() - 1)]).unwrap(),
            password,
            session: dice.random_bool(0.8).then_some(session),
            proof: dice.random_bool(0.5).then(|| token(dice)),
            invite: dice.random_bool(0.5).then(|| token(dice)),
            by_admin: dice.random_bool(0.1),
            admin: dice.random_bool(0.1),
        }),
        5..9 => Command::OpenSession(OpenSession { user, verified, session }),
        9 => Command::CloseSession(CloseSession {
            session: SessionId(dice.random_range(0..30)),
            reason: Closing::Revoked,
        }),
        10 => Command::ChangePassword(ChangePassword {
            user,
            verified,
            password,
            keep: dice.random_bool(0.5).then(|| SessionId(dice.random_range(0..30))),
        }),
        11 => Command::ResetPassword(ResetPassword { user, password }),
        12 => Command::DisableAccount(OfAccount { user }),
        13 => Command::EnableAccount(OfAccount { user }),
        14 => Command::RemoveAccount(RemoveAccount {
            user,
            verified: dice.random_bool(0.5).then_some(verified),
            messages: if dice.random_bool(0.5) { Left::Keep } else { Left::Remove },
        }),
        15 => Command::MakeAdmin(MakeAdmin { user, admin: dice.random_bool(0.5) }),
        16 => Command::CreateInvite(CreateInvite {
            invite: token(dice),
            uses: dice.random_range(0..4),
            until: None,
        }),
        _ => Command::EndInvite(EndInvite { invite: token(dice) }),
    }
}

fn about_projects(dice: &mut StdRng, round: usize) -> Command {
    let (by, project) = (user(dice), ProjectId(dice.random_range(0..8)));
    let participants = Participants {
        by,
        conversation: ConversationId(dice.random_range(0..12)),
        users: (0..dice.random_range(0..3)).map(|_| user(dice)).collect(),
    };
    match dice.random_range(0..12) {
        0..2 => Command::CreateProject(CreateProject {
            creator: by,
            name: Label::parse(&format!("project {round}")).unwrap(),
            language_model: Label::parse("none").unwrap(),
        }),
        2..4 => Command::CreateConversation(CreateConversation {
            creator: by,
            participants: participants.users,
            project: dice.random_bool(0.5).then_some(project),
        }),
        4..7 => Command::AddParticipants(participants),
        7..9 => Command::RemoveParticipants(participants),
        9..11 => Command::AddFile(AddFile {
            uploader: by,
            project,
            file: projects::file(&format!("{round}.txt"), dice.random_range(0..3_000)),
        }),
        _ => {
            Command::RemoveFile(RemoveFile { by, project, file: FileId(dice.random_range(0..20)) })
        }
    }
}

pub(crate) fn command(dice: &mut StdRng, round: usize) -> Command {
    match dice.random_range(0..100) {
        0..10 => Command::Register {
            name: Name::parse(NAMES[dice.random_range(0..NAMES.len() - 1)]).unwrap(),
            token: token(dice),
            proof: dice.random_bool(0.5).then(|| token(dice)),
            guest: dice.random_bool(0.3),
        },
        10..14 => Command::Logout { name: key(dice) },
        14..16 => Command::Expire { user: user(dice) },
        16..26 => Command::CreateRoom {
            admin: key(dice),
            participants: world::participants(
                (0..dice.random_range(0..3)).map(|_| name(dice).to_owned()).collect(),
            ),
        },
        26..32 => Command::JoinRoom { name: key(dice), room: room(dice) },
        32..40 => Command::LeaveRoom { name: key(dice), room: room(dice) },
        40 => Command::Configure(Policy {
            shared_names: dice.random_bool(0.5),
            rooms: vec![RoomName::parse("General").unwrap()],
            rooms_open: dice.random_bool(0.5),
            upload_quota: dice.random_bool(0.5).then_some(10_000),
            registration: match dice.random_range(0..6) {
                0 => Registration::Closed,
                1 => Registration::Invite,
                _ => Registration::Open,
            },
        }),
        41 => Command::OpenRoom {
            room: RoomName::parse(["Nowhere", "general", "Quiz"][dice.random_range(0..3)]).unwrap(),
        },
        42..60 => about_accounts(dice, round),
        60..72 => about_projects(dice, round),
        _ => Command::Send {
            sender: key(dice),
            recipient: if dice.random_bool(0.5) {
                Address::User(key(dice))
            } else {
                Address::Room(room(dice))
            },
            text: Text::new(&format!("message {round}")),
            once: dice
                .random_bool(0.3)
                .then(|| Once { id: dice.random_range(0..20).to_string(), digest: token(dice) }),
            shown: dice.random_bool(0.1).then(|| Name::parse("Teacher").unwrap()),
        },
    }
}
