//! How things stand at the moment: asked when somebody reads, not counted as it comes.

use prometheus::{IntCounter, IntGauge, Registry};

use super::{gauge, kept};

/// What is known of the moment. A part of the server that holds something adds what it holds here,
/// with a gauge of its own below.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Seconds since the start.
    pub uptime: u64,
    /// Whether the log takes writes.
    pub takes_writes: bool,
    /// Connected sockets of Socket.IO.
    pub sockets: u64,
    /// Names whose holders are here.
    pub users_here: u64,
    /// Names that somebody holds.
    pub users_held: u64,
    /// Names that are accounts'.
    pub accounts: u64,
    /// Sessions of accounts.
    pub sessions: u64,
    /// Rooms, conversations among them.
    pub rooms: u64,
    /// Messages since the store began.
    pub messages: u64,
    /// Messages that are held in memory.
    pub messages_in_memory: u64,
    /// What they take there: bytes, about.
    pub memory_window_bytes: u64,
    /// The id of the oldest of them; of the next message when there is none.
    pub oldest_in_memory: u64,
    /// Messages that the archive has taken over since the store began.
    pub messages_archived: u64,
    /// What the archive's files take: bytes.
    pub archive_bytes: u64,
}

/// The same as metrics.
#[derive(Debug)]
pub(super) struct Gauges {
    uptime: IntGauge,
    takes_writes: IntGauge,
    sockets: IntGauge,
    users_here: IntGauge,
    users_held: IntGauge,
    accounts: IntGauge,
    sessions: IntGauge,
    rooms: IntGauge,
    messages: IntCounter,
    messages_in_memory: IntGauge,
    memory_window_bytes: IntGauge,
    oldest_in_memory: IntGauge,
    messages_archived: IntCounter,
    archive_bytes: IntGauge,
}

impl Gauges {
    pub(super) fn new(registry: &Registry) -> Gauges {
        let gauge = |name: &str, help: &str| gauge(registry, name, help);
        let messages =
            IntCounter::new("chatroom_messages_total", "Messages since the store began.");
        let archived = IntCounter::new(
            "chatroom_messages_archived_total",
            "Messages that the archive has taken over since the store began.",
        );
        Gauges {
            uptime: gauge("chatroom_uptime_seconds", "Seconds since the start."),
            takes_writes: gauge(
                "chatroom_log_takes_writes",
                "1 if the log could be written when that was last tried, else 0.",
            ),
            sockets: gauge("chatroom_sockets", "Connected sockets of Socket.IO."),
            users_here: gauge("chatroom_users_here", "Names whose holders are here."),
            users_held: gauge("chatroom_users_held", "Names that somebody holds."),
            accounts: gauge("chatroom_accounts", "Names that are accounts'."),
            sessions: gauge("chatroom_sessions", "Sessions of accounts."),
            rooms: gauge("chatroom_rooms", "Rooms, conversations among them."),
            messages: kept(registry, messages),
            messages_in_memory: gauge(
                "chatroom_messages_in_memory",
                "Messages that are held in memory.",
            ),
            memory_window_bytes: gauge(
                "chatroom_memory_window_bytes",
                "What the messages in memory take there, about.",
            ),
            oldest_in_memory: gauge(
                "chatroom_oldest_message_in_memory",
                "The id of the oldest message in memory; of the next one when there is none.",
            ),
            messages_archived: kept(registry, archived),
            archive_bytes: gauge("chatroom_archive_bytes", "What the archive's files take."),
        }
    }

    /// Takes the moment over. One at a time: a counter is set by what it lacks.
    pub(super) fn set(&self, standing: &Standing) {
        let set = |gauge: &IntGauge, value: u64| gauge.set(value.try_into().unwrap_or(i64::MAX));
        set(&self.uptime, standing.uptime);
        set(&self.takes_writes, standing.takes_writes.into());
        set(&self.sockets, standing.sockets);
        set(&self.users_here, standing.users_here);
        set(&self.users_held, standing.users_held);
        set(&self.accounts, standing.accounts);
        set(&self.sessions, standing.sessions);
        set(&self.rooms, standing.rooms);
        self.messages.inc_by(standing.messages.saturating_sub(self.messages.get()));
        set(&self.messages_in_memory, standing.messages_in_memory);
        set(&self.memory_window_bytes, standing.memory_window_bytes);
        set(&self.oldest_in_memory, standing.oldest_in_memory);
        let archived = standing.messages_archived.saturating_sub(self.messages_archived.get());
        self.messages_archived.inc_by(archived);
        set(&self.archive_bytes, standing.archive_bytes);
    }
}
