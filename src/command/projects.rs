//! The commands on projects, with their conversations.

use serde::{Deserialize, Serialize};

use crate::file::File;
use crate::id::{ConversationId, FileId, ProjectId, UserId};
use crate::label::Label;

/// Begins a project; a first conversation comes with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateProject {
    /// Who begins it; always in its first conversation.
    pub creator: UserId,
    /// What it is called.
    pub name: Label,
    /// A label that clients decide by; nothing here does.
    pub language_model: Label,
}

/// Begins a conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateConversation {
    /// Who begins it; always in it.
    pub creator: UserId,
    /// Who else is in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub participants: Vec<UserId>,
    /// The project it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
}

/// Who comes into a conversation, or goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Participants {
    /// Who wants it so.
    pub by: UserId,
    /// Where.
    pub conversation: ConversationId,
    /// Whom it concerns.
    pub users: Vec<UserId>,
}

/// Lists a file whose bytes are stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddFile {
    /// Who uploaded it.
    pub uploader: UserId,
    /// Where it belongs.
    pub project: ProjectId,
    /// The file.
    pub file: File,
}

/// Takes a file off its list; its bytes are removed behind that.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveFile {
    /// Who wants it so.
    pub by: UserId,
    /// Where it belongs.
    pub project: ProjectId,
    /// Which.
    pub file: FileId,
}
