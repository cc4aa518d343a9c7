//! The words of a script about projects, conversations, files.

use std::fmt::Write;

use chatroom::command::{
    AddFile, Command, CreateConversation, CreateProject, Participants, RemoveFile,
};
use chatroom::file::{File, FileKey, FileName, Hasher, MediaType};
use chatroom::id::{ConversationId, Epoch, FileId, ProjectId, UserId};
use chatroom::label::Label;
use chatroom::state::State;

use crate::words::Words;

/// The command of these words, if they are about such things.
pub(crate) fn parse(words: &mut Words) -> Option<Command> {
    let verb = words.verb.clone();
    Some(match verb.as_str() {
        "project" => Command::CreateProject(CreateProject {
            creator: user(&words.next()),
            name: Label::parse(&words.next()).unwrap(),
            language_model: Label::parse(&words.key("model").unwrap_or("none".into())).unwrap(),
        }),
        "converse" => Command::CreateConversation(CreateConversation {
            creator: user(&words.next()),
            project: words.key("project").map(|id| ProjectId(number(&id))),
            participants: words.rest().iter().map(|id| user(id)).collect(),
        }),
        "add" => Command::AddParticipants(participants(words)),
        "dismiss" => Command::RemoveParticipants(participants(words)),
        "upload" => Command::AddFile(AddFile {
            uploader: user(&words.next()),
            project: ProjectId(number(&words.next())),
            file: file(&words.next(), number(&words.next())),
        }),
        "delete" => Command::RemoveFile(RemoveFile {
            by: user(&words.next()),
            project: ProjectId(number(&words.next())),
            file: FileId(number(&words.next())),
        }),
        _ => return None,
    })
}

/// A file of this name, which its key is made of.
pub(crate) fn file(name: &str, size: u64) -> File {
    let mut hasher = Hasher::default();
    hasher.update(name.as_bytes());
    let mut random = [0; 16];
    random.iter_mut().zip(name.bytes()).for_each(|(place, byte)| *place = byte);
    File {
        key: FileKey::from_random(&Epoch::from_random([0; 10]), random),
        name: FileName::of(name),
        media: MediaType::of("text/plain"),
        size,
        hash: hasher.finish(),
    }
}

/// What an account sees of projects and conversations.
pub(crate) fn show(state: &State, id: UserId) -> String {
    let mut out = String::new();
    for project in state.projects(id) {
        let (name, model) = (project.name.as_str(), project.language_model.as_str());
        let creator = shown(project.creator);
        let _ = writeln!(out, "project {} {name:?} for {model}, by {creator}", project.id.0);
        for file in state.files(id, project.id).unwrap() {
            let (name, size) = (file.file.name.as_str(), file.file.size);
            let _ = writeln!(out, "  file {} {name:?}, {size} bytes", file.id.0);
            let same = state.file(id, project.id, file.id).unwrap();
            assert_eq!(same.file, file.file);
            assert!(state.file_keys().contains(&file.file.key));
        }
    }
    for conversation in state.conversations(id) {
        let project =
            conversation.project.map_or("no project".into(), |id| format!("project {}", id.0));
        let creator = shown(conversation.creator);
        let members: Vec<_> = conversation
            .participants
            .iter()
            .map(|(user, since)| format!("{} since {} s", shown(*user), since.0 / 1000))
            .collect();
        let _ = writeln!(
            out,
            "conversation {} of {project}, by {creator} [{}]",
            conversation.id.0,
            members.join(", ")
        );
        state.in_conversation(id, conversation.id).unwrap();
    }
    out
}

/// A page of a conversation.
pub(crate) fn said(state: &State, mut words: Words) -> String {
    let (id, conversation) = (user(&words.next()), ConversationId(number(&words.next())));
    let page = words.key("page").map_or(1, |page| number(&page) as usize);
    let size = words.key("size").map_or(50, |size| number(&size) as usize);
    words.finish();
    let said = match state.said(id, conversation, (page - 1) * size, size) {
        Ok(said) => said,
        Err(rejection) => return format!("refused {}\n", rejection.code()),
    };
    let mut out = String::new();
    for message in said.messages {
        let author = state.author(&message);
        let (id, sender, author) = (message.id.0, &message.sender, shown(author));
        let _ = writeln!(out, "{id} {sender} ({author}): {}", message.text.as_json());
        let found = state.message(&conversation.room(), message.id).unwrap();
        assert_eq!(found.id, message.id);
    }
    let _ = writeln!(out, "of {}", said.in_memory);
    out
}

fn participants(words: &mut Words) -> Participants {
    Participants {
        by: user(&words.next()),
        conversation: ConversationId(number(&words.next())),
        users: words.rest().iter().map(|id| user(id)).collect(),
    }
}

fn shown(user: Option<UserId>) -> String {
    user.map_or("nobody".to_owned(), |user| format!("user {}", user.0))
}

fn user(text: &str) -> UserId {
    UserId(number(text))
}

fn number(text: &str) -> u64 {
    text.parse().unwrap()
}
