//! Who is connected: soft, told to all, at most once a second when many are.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Gateway;
use super::payload::Payload;
use crate::timestamp::Timestamp;

/// Up to this many clients, everybody is told of everybody at once.
const FEW: usize = 100;

/// Above it, this often.
const OFTEN: Duration = Duration::from_secs(1);

/// Clients that are told in one go.
const AT_ONCE: usize = 32;

/// What is to be told.
#[derive(Default)]
pub(super) struct Roster {
    due: Mutex<Due>,
    changed: Notify,
}

#[derive(Default)]
struct Due {
    changes: Vec<Payload>,
    users: bool,
    told: Vec<Arc<str>>,
}

#[derive(Serialize)]
struct Change {
    client_id: String,
    total_clients: usize,
    timestamp: String,
}

#[derive(Serialize)]
struct Users<'a> {
    users: &'a [Arc<str>],
}

impl Roster {
    /// A client has come or gone, which the event's name says.
    pub(super) fn changed(
        &self,
        event: &'static str,
        client_id: String,
        total_clients: usize,
        now: Timestamp,
    ) {
        let timestamp = now.to_iso();
        let payload = Payload::new(event, &Change { client_id, total_clients, timestamp });
        let mut due = self.due.lock();
        if total_clients > FEW {
            due.changes.retain(|change| change.event != event);
        }
        due.changes.push(payload);
        due.users = true;
        self.changed.notify_one();
    }

    /// Somebody is online, or no longer.
    pub(super) fn users_changed(&self) {
        self.due.lock().users = true;
        self.changed.notify_one();
    }
}

/// The names of who is online or connected, each once.
pub(super) fn users(gateway: &Gateway) -> Vec<Arc<str>> {
    let mut users = gateway.node.online();
    let mut known: HashSet<_> = users.iter().cloned().collect();
    let mut clients: Vec<_> = gateway
        .clients
        .iter()
        .map(|client| (client.connected, client.name().text().clone()))
        .collect();
    clients.extend(gateway.node.presence().sockets_elsewhere());
    clients.sort_by_key(|(connected, _)| *connected);
    for (_, name) in clients {
        if known.insert(name.clone()) {
            users.push(name);
        }
    }
    users
}

/// `active_users`, for one or all.
pub(super) fn active_users(users: &[Arc<str>]) -> Payload {
    Payload::new("active_users", &Users { users })
}

/// Starts the task that tells; it ends with the gateway.
pub(super) fn start(gateway: &Arc<Gateway>) {
    tokio::spawn(tell(Arc::downgrade(gateway)));
}

async fn tell(gateway: Weak<Gateway>) {
    let Some(mut online) = gateway.upgrade().map(|gateway| gateway.node.hub().online()) else {
        return;
    };
    let mut next = Instant::now();
    loop {
        {
            let Some(gateway) = gateway.upgrade() else { return };
            tokio::select! {
                () = gateway.roster.changed.notified() => {}
                Ok(()) = online.changed() => gateway.roster.users_changed(),
                // The gateway is let go of now and then, so that this ends with it.
                () = tokio::time::sleep(OFTEN * 10) => continue,
            }
        }
        let count = |gateway: Arc<Gateway>| gateway.node.presence().socket_count();
        let many = gateway.upgrade().map(count).is_some_and(|count| count > FEW);
        if many {
            sleep_until(next).await;
        }
        next = Instant::now() + OFTEN;
        let Some(gateway) = gateway.upgrade() else { return };
        let changes = {
            let mut due = gateway.roster.due.lock();
            let mut changes = std::mem::take(&mut due.changes);
            if std::mem::take(&mut due.users) {
                let users = users(&gateway);
                if users != due.told {
                    changes.push(active_users(&users));
                    due.told = users;
                }
            }
            changes
        };
        for payload in changes {
            let clients: Vec<_> = gateway.clients.iter().map(|client| client.clone()).collect();
            for some in clients.chunks(AT_ONCE) {
                some.iter().for_each(|client| client.emit(payload.clone()));
                // Each socket gets a copy of its own: let these be written before there are more.
                tokio::task::yield_now().await;
            }
        }
    }
}
