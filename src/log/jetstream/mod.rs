//! The log as a stream of NATS JetStream, which several nodes share.
//!
//! One message of the stream is a batch. Every node sends its own, and follows all of them; the
//! servers say in which order they stand, and have each on the disks of most of them before they
//! acknowledge it. A batch that is sent again is known by its id for two minutes, and by the numbers
//! of its entries ([`crate::command::Origin`]) after that. An entry's position is the place of its
//! batch in the stream.
//!
//! Reading order: [`batch`] is what is written; `connection` finds servers and judges them,
//! `publisher` sends, `follower` follows with `reader`, `inbox` is where both meet the writer;
//! `vacant` is a stream without nodes.

pub mod batch;
mod connection;
mod follower;
mod inbox;
mod publisher;
mod reader;
mod vacant;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::{AppendError, Arrived, Damage, Log, Shared, Tail};
use crate::command::Entry;
use crate::history::Mark;
use crate::id::NodeId;
pub use connection::{Connection, Unfit};
use follower::Follower;
use inbox::Inbox;
use publisher::Publisher;
pub use vacant::Vacant;

/// Entries in one batch at most.
const ENTRIES: usize = 128;

/// How long [`Log::append`] waits until its batch is in the log.
const APPEND: Duration = Duration::from_secs(30);

/// Batches that are read before their entries are given on.
const PART: u64 = 8 * reader::AT_ONCE;

/// A stream as one node knows it.
#[derive(Debug)]
pub struct JetstreamLog {
    connection: Connection,
    runtime: Handle,
    node: NodeId,
    publisher: Publisher,
    inbox: Arc<Inbox>,
    /// Numbers of the last batch and entry that were sent.
    batch: u64,
    entry: u64,
    following: Option<JoinHandle<()>>,
}

impl JetstreamLog {
    /// The log of a connection, for the node with this id. Must be called inside a Tokio runtime.
    pub fn new(connection: Connection, node: NodeId) -> JetstreamLog {
        let runtime = Handle::current();
        let inbox = Arc::<Inbox>::default();
        let publisher = Publisher::new(
            connection.client.clone(),
            runtime.clone(),
            connection.subject(),
            connection.stream().to_owned(),
            inbox.clone(),
        );
        let (batch, entry, following) = (0, 0, None);
        JetstreamLog { connection, runtime, node, publisher, inbox, batch, entry, following }
    }

    fn encode(&mut self, entries: &[Entry]) -> Vec<u8> {
        self.batch += 1;
        let head =
            batch::Head { node: self.node.clone(), batch: self.batch, first: self.entry + 1 };
        self.entry += entries.len() as u64;
        batch::encode(&head, entries)
    }

    fn damage(&self, what: impl std::fmt::Display) -> Damage {
        damage(&self.connection, what)
    }
}

fn damage(connection: &Connection, what: impl std::fmt::Display) -> Damage {
    Damage(format!("The log in the stream {} cannot be read: {what}.", connection.stream()))
}

/// Waits for the servers, on whatever thread.
fn wait<T>(runtime: &Handle, waiting: impl Future<Output = T>) -> T {
    match Handle::try_current() {
        Ok(_) => tokio::task::block_in_place(|| runtime.block_on(waiting)),
        Err(_) => runtime.block_on(waiting),
    }
}

/// Gives the entries of the batches from `from` to `through` to `each`, some thousand batches at a
/// time.
fn read(
    connection: &Connection,
    runtime: &Handle,
    from: u64,
    through: u64,
    each: &mut dyn FnMut(Entry),
) -> Result<(), Damage> {
    let mut next = from;
    while next <= through {
        let end = through.min(next + PART - 1);
        let part = wait(runtime, reader::all(connection, next, end));
        for (seq, bytes) in part.map_err(|what| damage(connection, what))? {
            let (_, entries) = batch::decode(seq, &bytes)
                .map_err(|what| damage(connection, format!("batch {seq}: {what}")))?;
            entries.into_iter().for_each(&mut *each);
        }
        next = end + 1;
    }
    Ok(())
}

impl Log for JetstreamLog {
    fn replay(&mut self, after: u64, each: &mut dyn FnMut(Entry)) -> Result<(), Damage> {
        let connection = self.connection.clone();
        let heard = wait(&self.runtime, async {
            // Heard before it is read, so nothing comes between the two.
            let heard = connection.client.subscribe(connection.news()).await;
            let heard = heard.map_err(|error| error.to_string())?;
            connection.client.flush().await.map_err(|error| error.to_string())?;
            Ok::<_, String>((heard, connection.extent().await?))
        });
        let (heard, (first, last)) = heard.map_err(|what| self.damage(what))?;
        if first > after + 1 {
            return Err(self.damage(format!(
                "it begins with {first}, and what was before is in a snapshot, which is needed up \
                 to there; this one goes to {after}"
            )));
        }
        if last < after {
            return Err(
                self.damage(format!("it ends with {last}, and the history goes to {after}"))
            );
        }
        read(&connection, &self.runtime, after + 1, last, each)?;
        let next = last.max(after) + 1;
        let follower = Follower::new(connection, self.node.clone(), self.inbox.clone(), next);
        self.following = Some(self.runtime.spawn(follower.run(heard)));
        Ok(())
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), AppendError> {
        let mut rest = entries;
        while !rest.is_empty() {
            let count = self.room_for(rest);
            if count == 0 {
                let why = "an entry is larger than the servers take (max_payload)";
                return Err(AppendError::Failed(why.to_owned()));
            }
            let (now, later) = rest.split_at(count);
            let payload = self.encode(now);
            let id = format!("{}.{}", self.node, self.batch);
            let told = self.publisher.send(self.batch, id, payload.into());
            // The clock belongs to the runtime, which is not that of every caller.
            let waited = wait(&self.runtime, async { tokio::time::timeout(APPEND, told).await });
            if !matches!(waited, Ok(Ok(_))) {
                return Err(AppendError::Failed("the servers do not take it".to_owned()));
            }
            rest = later;
        }
        Ok(())
    }

    fn probe(&mut self) -> Result<(), AppendError> {
        match self.publisher.is_stalled() {
            true => Err(AppendError::Failed("the servers do not take it".to_owned())),
            false => Ok(()),
        }
    }

    fn trim(&mut self, through: u64) -> Result<bool, AppendError> {
        let connection = self.connection.clone();
        // Nobody waits for it: what is still there is trimmed with the next snapshot.
        self.runtime.spawn(async move {
            if let Err(why) = connection.purge(through).await {
                tracing::warn!("the log could not be trimmed: {why}");
            }
        });
        Ok(false)
    }

    fn tail(&self) -> Result<Option<Box<dyn Tail>>, Damage> {
        let (connection, runtime) = (self.connection.clone(), self.runtime.clone());
        Ok(Some(Box::new(JetstreamTail { connection, runtime })))
    }

    fn shared(&mut self) -> Option<&mut dyn Shared> {
        Some(self)
    }
}

impl Shared for JetstreamLog {
    fn on_arrival(&mut self, waker: Box<dyn Fn() + Send + Sync>) {
        self.inbox.on_arrival(waker);
    }

    fn has_room(&self) -> bool {
        self.publisher.has_room()
    }

    fn room_for(&self, entries: &[Entry]) -> usize {
        if !self.publisher.has_room() {
            return 0;
        }
        let most = self.connection.most_at_once();
        let mut bytes = 0;
        let mut buffer = Vec::new();
        let mut count = 0;
        for entry in entries.iter().take(ENTRIES) {
            buffer.clear();
            super::codec::encode(entry, &mut buffer);
            bytes += buffer.len() + 1;
            if bytes > most {
                break;
            }
            count += 1;
        }
        count
    }

    fn send(&mut self, entries: &[Entry]) -> u64 {
        let payload = self.encode(entries);
        let id = format!("{}.{}", self.node, self.batch);
        drop(self.publisher.send(self.batch, id, payload.into()));
        self.batch
    }

    fn take(&mut self, into: &mut Vec<Arrived>) -> Result<(), Damage> {
        self.inbox.take(into)
    }

    fn is_stalled(&self) -> bool {
        self.publisher.is_stalled()
    }
}

impl Drop for JetstreamLog {
    fn drop(&mut self) {
        if let Some(following) = &self.following {
            following.abort();
        }
    }
}

/// The stream as it is read beside its writers.
struct JetstreamTail {
    connection: Connection,
    runtime: Handle,
}

impl Tail for JetstreamTail {
    /// What arrived is on the disks of most servers.
    fn mark(&mut self, position: u64) -> Result<Mark, Damage> {
        Ok(Mark { position, sign: format!("{}:{position}", self.connection.incarnation()) })
    }

    fn holds(&mut self, mark: &Mark) -> bool {
        let Ok((first, last)) = wait(&self.runtime, self.connection.extent()) else { return false };
        self.mark(mark.position).is_ok_and(|own| own == *mark)
            && first <= mark.position + 1
            && mark.position <= last
    }

    fn read(
        &mut self,
        after: u64,
        through: u64,
        each: &mut dyn FnMut(Entry),
    ) -> Result<(), Damage> {
        read(&self.connection, &self.runtime, after + 1, through, each)
    }
}
