//! What happens by itself: who is away, who is gone.
//!
//! Of several nodes, only the one that leads ends what is over.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::{Node, clock};
use crate::command::{CloseSession, Closing, Command, EndInvite};
use crate::timestamp::Timestamp;

/// How often the list of who is online is told at most.
const TELL: Duration = Duration::from_secs(1);

/// Starts the node's own rounds; they end with it.
pub(super) fn start(node: &Arc<Node>) {
    tokio::spawn(tell_online(Arc::downgrade(node)));
    tokio::spawn(expire(Arc::downgrade(node)));
    tokio::spawn(end_accounts(Arc::downgrade(node), node.absence.gone.min(node.absence.session)));
}

/// Tells those who watch who is online, when that has changed.
async fn tell_online(node: Weak<Node>) {
    let mut round = interval(TELL);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        let Some(node) = node.upgrade() else { return };
        if node.hub.online_is_watched() {
            let names = serde_json::to_string(&node.online()).unwrap_or_default();
            node.hub.publish_online(&names);
        }
    }
}

/// Ends the registrations of whom nothing was heard for long.
///
/// A server that was down has heard of nobody, so nobody is gone before it has run that long.
async fn expire(node: Weak<Node>) {
    let Some(gone) = node.upgrade().map(|node| node.absence.gone) else { return };
    let mut round = interval((gone / 10).clamp(Duration::from_millis(100), TELL * 60));
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        let Some(node) = node.upgrade() else { return };
        if !node.leads() || node.hears_since() < gone {
            continue;
        }
        let silent: Vec<_> = {
            let state = node.state.read();
            let held = state.held().map(|(user, _, _)| user);
            let held = held.filter(|user| state.account(*user).is_none());
            held.filter(|user| !node.presence.was_here(*user, gone)).collect()
        };
        for user in silent {
            if node.submit(Command::Expire { user }).await.is_err() {
                tracing::debug!("a silent user could not be logged out yet");
            }
        }
    }
}

/// Ends what is over: sessions that nobody used for long, invitations whose time has come; sets
/// the names of accounts free that were removed long ago, forgets registrations that ended long ago.
async fn end_accounts(node: Weak<Node>, shortest: Duration) {
    let mut round = interval((shortest / 10).clamp(Duration::from_millis(100), TELL * 60));
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        let Some(node) = node.upgrade() else { return };
        let now = clock::now();
        let over =
            if node.leads() { node.over(now.before(node.hears_since()), now) } else { Vec::new() };
        for command in over {
            if node.submit(command).await.is_err() {
                tracing::debug!("what is over could not be ended yet");
            }
        }
        node.presence
            .forget_sessions(|session| node.look(|state| state.session(session).is_none()));
    }
}

impl Node {
    /// The commands that end what is over now. A server that was down knows of no use, so a
    /// session counts as used when it `started`, or the oldest of several nodes did.
    fn over(&self, started: Timestamp, now: Timestamp) -> Vec<Command> {
        let unused = now.before(self.absence.session);
        let removed = now.before(self.absence.gone);
        self.look(|state| {
            let used = |session| self.presence.session_last_used(session).unwrap_or(started);
            let sessions = state
                .sessions()
                .filter(|(id, session)| used(*id).max(session.created) < unused)
                .map(|(session, _)| CloseSession { session, reason: Closing::Expired })
                .map(Command::CloseSession);
            let names = state.retired().filter(|(_, since)| *since < removed);
            let names = names.map(|(user, _)| Command::Expire { user });
            let removed: BTreeSet<_> = state.retired().map(|(user, _)| user).collect();
            let ended = state.ended().filter(|(user, acted)| {
                // A registration is as good as a session for whoever has its token.
                *acted < unused && !removed.contains(user)
            });
            let ended = ended.map(|(user, _)| Command::Forget { user });
            let invites =
                state.invites().filter(|(_, invite)| invite.until.is_some_and(|t| t < now));
            let invites = invites.map(|(invite, _)| Command::EndInvite(EndInvite { invite }));
            sessions.chain(names).chain(ended).chain(invites).collect()
        })
    }
}
