//! The projects: who began them, which files are theirs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Change, Plan, State};
use crate::command::{AddFile, CreateProject, RemoveFile};
use crate::file::{File, FileKey};
use crate::id::{FileId, ProjectId, RoomId, UserId};
use crate::label::Label;
use crate::outcome::{Outcome, Rejection};
use crate::timestamp::Timestamp;

/// A project.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Project {
    name: Label,
    language_model: Label,
    pub(super) creator: UserId,
    created: Timestamp,
    files: BTreeMap<FileId, Listed>,
    /// The bytes of all its files.
    bytes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    file: File,
    uploader: UserId,
    at: Timestamp,
}

/// All projects.
///
/// Invariants: `begun` has exactly the projects of each creator; `bytes` has for each user the
/// sum over the files that the user uploaded, a project's `bytes` the sum over its own.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Projects {
    projects: BTreeMap<ProjectId, Project>,
    begun: BTreeMap<UserId, BTreeSet<ProjectId>>,
    bytes: BTreeMap<UserId, u64>,
    files: u64,
}

/// A project as those in it see it.
#[derive(Debug)]
pub struct ProjectInfo {
    /// Its id.
    pub id: ProjectId,
    /// What it is called.
    pub name: Label,
    /// The label of the language model it is for.
    pub language_model: Label,
    /// Who began it, while that is an account.
    pub creator: Option<UserId>,
    /// When it began.
    pub created: Timestamp,
}

/// A file as those in its project see it.
#[derive(Debug)]
pub struct FileInfo {
    /// Its id.
    pub id: FileId,
    /// The file.
    pub file: File,
    /// When it was listed.
    pub uploaded: Timestamp,
}

impl Projects {
    pub(super) fn get(&self, id: ProjectId) -> Option<&Project> {
        self.projects.get(&id)
    }

    pub(super) fn begin(&mut self, command: CreateProject, at: Timestamp) -> ProjectId {
        let CreateProject { creator, name, language_model } = command;
        let id = ProjectId(self.projects.len() as u64 + 1);
        let files = BTreeMap::new();
        let project = Project { name, language_model, creator, created: at, files, bytes: 0 };
        self.projects.insert(id, project);
        self.begun.entry(creator).or_default().insert(id);
        id
    }

    /// Whether a file of this size would leave both within the quota.
    fn has_room(&self, project: &Project, uploader: UserId, size: u64, quota: u64) -> bool {
        let used = self.bytes.get(&uploader).copied().unwrap_or_default().max(project.bytes);
        used.checked_add(size).is_some_and(|total| total <= quota)
    }

    pub(super) fn add(&mut self, command: AddFile, at: Timestamp) -> FileId {
        let AddFile { uploader, project, file } = command;
        self.files += 1;
        let id = FileId(self.files);
        *self.bytes.entry(uploader).or_default() += file.size;
        if let Some(project) = self.projects.get_mut(&project) {
            project.bytes += file.size;
            project.files.insert(id, Listed { file, uploader, at });
        }
        id
    }

    pub(super) fn remove(&mut self, project: ProjectId, file: FileId) -> Option<FileKey> {
        let project = self.projects.get_mut(&project)?;
        let Listed { file, uploader, .. } = project.files.remove(&file)?;
        project.bytes -= file.size;
        let left = self.bytes.get_mut(&uploader)?;
        *left -= file.size;
        if *left == 0 {
            self.bytes.remove(&uploader);
        }
        Some(file.key)
    }
}

impl State {
    pub(super) fn check_project(&self, command: &CreateProject) -> Result<Plan, Rejection> {
        self.acting(command.creator)?;
        Ok(Plan::Change(Change::BeginProject))
    }

    pub(super) fn check_file(&self, command: &AddFile) -> Result<Plan, Rejection> {
        self.room_for_file(command.uploader, command.project, command.file.size)?;
        Ok(Plan::Change(Change::AddFile))
    }

    pub(super) fn check_removal(&self, command: &RemoveFile) -> Result<Plan, Rejection> {
        let project = self.project_for(command.by, command.project)?;
        let listed = project.files.get(&command.file).ok_or(Rejection::FileNotFound)?;
        if command.by != listed.uploader && command.by != project.creator {
            return Err(Rejection::NotYours);
        }
        Ok(Plan::Change(Change::RemoveFile))
    }

    pub(super) fn removed(file: Option<FileKey>) -> Outcome {
        file.map_or(Outcome::Noted, |key| Outcome::FileRemoved { key })
    }

    /// Whether a user may upload a file of this size now.
    ///
    /// # Errors
    /// `ProjectNotFound`, `NotInProject`, `QuotaExceeded`.
    pub fn room_for_file(
        &self,
        uploader: UserId,
        project: ProjectId,
        size: u64,
    ) -> Result<(), Rejection> {
        let project = self.project_for(uploader, project)?;
        let quota = self.policy.upload_quota.unwrap_or(u64::MAX);
        let room = self.projects.has_room(project, uploader, size, quota);
        if room { Ok(()) } else { Err(Rejection::QuotaExceeded) }
    }

    /// The project, if `user` is in it: has begun it, or is in a conversation of it.
    pub(super) fn project_for(&self, user: UserId, id: ProjectId) -> Result<&Project, Rejection> {
        self.acting(user)?;
        let project = self.projects.get(id).ok_or(Rejection::ProjectNotFound)?;
        let within = || self.projects_of_rooms(user).any(|other| other == id);
        if project.creator == user || within() { Ok(project) } else { Err(Rejection::NotInProject) }
    }

    /// The projects that `user` is in, by their ids.
    pub fn projects(&self, user: UserId) -> Vec<ProjectInfo> {
        let begun = self.projects.begun.get(&user).into_iter().flatten().copied();
        let all: BTreeSet<_> = begun.chain(self.projects_of_rooms(user)).collect();
        let project = |id| {
            let project = self.projects.get(id)?;
            Some(ProjectInfo {
                id,
                name: project.name.clone(),
                language_model: project.language_model.clone(),
                creator: self.if_account(project.creator),
                created: project.created,
            })
        };
        all.into_iter().filter_map(project).collect()
    }

    /// The files of a project, by their ids.
    ///
    /// # Errors
    /// `ProjectNotFound`, `NotInProject`.
    pub fn files(&self, user: UserId, project: ProjectId) -> Result<Vec<FileInfo>, Rejection> {
        let project = self.project_for(user, project)?;
        Ok(project.files.iter().map(|(id, listed)| listed.info(*id)).collect())
    }

    /// A file of a project.
    ///
    /// # Errors
    /// `ProjectNotFound`, `NotInProject`, `FileNotFound`.
    pub fn file(
        &self,
        user: UserId,
        project: ProjectId,
        file: FileId,
    ) -> Result<FileInfo, Rejection> {
        let project = self.project_for(user, project)?;
        let listed = project.files.get(&file).ok_or(Rejection::FileNotFound)?;
        Ok(listed.info(file))
    }

    /// Where the bytes of all listed files are.
    pub fn file_keys(&self) -> BTreeSet<FileKey> {
        let files = self.projects.projects.values().flat_map(|project| project.files.values());
        files.map(|listed| listed.file.key.clone()).collect()
    }

    fn projects_of_rooms(&self, user: UserId) -> impl Iterator<Item = ProjectId> {
        let numbered = self.rooms_of(user).filter(|room| matches!(room, RoomId::Numbered(_)));
        numbered.filter_map(|room| self.rooms.get(room)?.conversation.as_ref()?.project)
    }
}

impl Listed {
    fn info(&self, id: FileId) -> FileInfo {
        FileInfo { id, file: self.file.clone(), uploaded: self.at }
    }
}
