//! Which messages have been kept long enough.

use std::sync::Weak;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::{Node, clock};
use crate::archive::ArchiveError;
use crate::command::{Command, Trim};
use crate::config::Keep;
use crate::id::{MessageId, RoomId};
use crate::state::State;
use crate::timestamp::Timestamp;

/// How often it is looked for messages that have been kept long enough.
const ROUND: Duration = Duration::from_secs(60);

/// How long messages are kept.
#[derive(Clone, Debug)]
pub struct Retention {
    /// Everywhere.
    pub keep: Keep,
    /// In single rooms, by the keys of their names.
    pub rooms: Vec<(crate::name::RoomName, Keep)>,
}

/// Has deleted what was kept long enough, at the start and then every minute.
pub(super) async fn run(node: Weak<Node>, retention: Retention) {
    let mut round = interval(ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        let Some(node) = node.upgrade() else { return };
        if !node.leads() {
            continue;
        }
        let rules = retention.clone();
        let looking = node.clone();
        // The archive is asked, which may wait for the disk.
        let due = tokio::task::spawn_blocking(move || looking.outdated(&rules, clock::now())).await;
        for command in due.unwrap_or_default() {
            if node.submit(command).await.is_err() {
                tracing::debug!("old messages could not be deleted yet");
            }
        }
    }
}

impl Node {
    /// The commands that delete what has been kept long enough at this moment.
    fn outdated(&self, retention: &Retention, now: Timestamp) -> Vec<Command> {
        let below = |room: Option<&RoomId>, keep: Keep| match self.below(room, keep, now) {
            Ok(below) => below,
            Err(error) => {
                tracing::error!("old messages were not deleted: {error}");
                None
            }
        };
        let everywhere = below(None, retention.keep).map(|below| Trim { room: None, below });
        let rooms = retention.rooms.iter().filter_map(|(name, keep)| {
            let key = name.key().as_str();
            let room = self.look(|state| state.room_named(key).cloned())?;
            let below = below(Some(&room), *keep)?;
            Some(Trim { room: Some(room), below })
        });
        everywhere.into_iter().chain(rooms).map(Command::Trim).collect()
    }

    /// The lowest id that stays by a rule; none if it removes nothing.
    fn below(
        &self,
        room: Option<&RoomId>,
        keep: Keep,
        now: Timestamp,
    ) -> Result<Option<MessageId>, ArchiveError> {
        match (keep, room) {
            (Keep::Forever, _) => Ok(None),
            (Keep::For(time), _) => {
                let since = now.before(time);
                if let Some(archive) = self.archive()
                    && let Some(found) = archive.first_since(since)?
                {
                    return Ok(Some(found));
                }
                let next = |state: &State| MessageId(state.head().0 + 1);
                Ok(Some(self.look(|state| state.first_since(since).unwrap_or(next(state)))))
            }
            (Keep::Newest(count), None) => {
                let head = self.head();
                Ok(Some(MessageId((head.0 + 1).saturating_sub(count))))
            }
            (Keep::Newest(count), Some(room)) => {
                let count = count as usize;
                let (found, in_memory, scope) = self.look(|state| state.nth_newest(room, count));
                match (found, scope, self.archive()) {
                    (None, Some(scope), Some(archive)) => {
                        archive.nth_newest(&scope, count - in_memory)
                    }
                    _ => Ok(found),
                }
            }
        }
    }
}
