//! The stream that snapshots are in: a message for each chunk beside one for the catalogue.

use std::collections::HashSet;
use std::time::Duration;

use async_nats::jetstream::context::{Context, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{
    Config, DirectGetErrorKind, DiscardPolicy, RawMessageErrorKind, StorageType, Stream,
};
use async_nats::jetstream::{self, ErrorCode};
use bytes::Bytes;
use futures_util::TryStreamExt;

use super::SnapshotError;
use super::chunks::Name;
use super::manifest::Catalogue;

/// How often something is tried again before it counts as failed: a new leader is elected within
/// nine seconds.
const TRIES: u32 = 20;

/// Between one try and the next.
const PAUSE: Duration = Duration::from_millis(500);

/// What servers say when a message with the same condition is on its way; the client has no name for
/// it: https://github.com/nats-io/nats-server/blob/main/server/errors.json
const UNDER_WAY: ErrorCode = ErrorCode(10164);

/// What is asked of the servers.
#[derive(Debug)]
pub(super) struct Bucket {
    context: Context,
    /// The name of the stream, with which its subjects begin.
    name: String,
    stream: Stream,
}

impl Bucket {
    /// Opens the bucket of a log, making it if there is none.
    pub(super) async fn open(
        context: Context,
        log: &str,
        replicas: usize,
    ) -> Result<Bucket, SnapshotError> {
        let name = name_of(log);
        let config = Config {
            name: name.clone(),
            description: Some(format!("Snapshots of the log {log}")),
            subjects: vec![format!("{name}.>")],
            storage: StorageType::File,
            num_replicas: replicas,
            max_messages_per_subject: 1,
            max_messages: -1,
            max_bytes: -1,
            max_consumers: -1,
            discard: DiscardPolicy::Old,
            allow_direct: true,
            ..Config::default()
        };
        let stream = again(&name, || async {
            let made = context.get_or_create_stream(config.clone()).await;
            made.map_err(|error| error.to_string())
        });
        let stream = stream.await?;
        Ok(Bucket { context, name, stream })
    }

    pub(super) fn damaged(&self, what: impl Into<String>) -> SnapshotError {
        SnapshotError::Damaged { bucket: self.name.clone(), what: what.into() }
    }

    /// Refuses snapshots of another log: it had this one's name, and positions mean nothing here.
    pub(super) fn check(
        &self,
        catalogue: &Catalogue,
        incarnation: &str,
    ) -> Result<(), SnapshotError> {
        match catalogue.manifests.iter().all(|manifest| manifest.of.incarnation == incarnation) {
            true => Ok(()),
            false => Err(SnapshotError::Foreign { bucket: self.name.clone() }),
        }
    }

    /// The catalogue as the leader has it, with its place in the stream; none before the first.
    pub(super) async fn catalogue(&self) -> Result<Option<(Catalogue, u64)>, SnapshotError> {
        let subject = self.catalogue_subject();
        let message = again(&self.name, || async {
            match self.stream.get_last_raw_message_by_subject(&subject).await {
                Ok(message) => Ok(Some(message)),
                Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
                Err(error) => Err(error.to_string()),
            }
        });
        let Some(message) = message.await? else { return Ok(None) };
        let catalogue = Catalogue::decode(&message.payload).map_err(|what| self.damaged(what))?;
        Ok(Some((catalogue, message.sequence)))
    }

    /// Writes the catalogue, unless there is another one than that at `place`, which 0 is for none.
    /// Its new place.
    pub(super) async fn publish(
        &self,
        catalogue: &Catalogue,
        place: u64,
    ) -> Result<u64, SnapshotError> {
        let bytes = Bytes::from(catalogue.encode());
        let publish = PublishMessage::build().payload(bytes);
        let publish = publish.expected_last_subject_sequence(place);
        // Once: were it tried again, it would overtake itself.
        let sent = self.context.send_publish(self.catalogue_subject(), publish).await;
        let answer = match sent {
            Ok(acknowledged) => acknowledged.await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(acknowledged) => Ok(acknowledged.sequence),
            Err(error) if is_overtaken(&error) => Err(SnapshotError::Overtaken),
            Err(error) => Err(self.unavailable(&error)),
        }
    }

    /// Stores a chunk.
    pub(super) async fn put(&self, name: &Name, bytes: Bytes) -> Result<(), SnapshotError> {
        again(&self.name, || async {
            let sent = self.context.publish(self.subject(name), bytes.clone()).await;
            let sent = sent.map_err(|error| error.to_string())?;
            sent.await.map(|_| ()).map_err(|error| error.to_string())
        })
        .await
    }

    /// Reads a chunk, which must be what its name says.
    pub(super) async fn get(&self, name: &Name) -> Result<Bytes, SnapshotError> {
        let subject = self.subject(name);
        let message = again(&self.name, || async {
            match self.stream.direct_get_last_for_subject(subject.clone()).await {
                Ok(message) => Ok(Some(message)),
                // A server may answer that has not everything yet; the leader has.
                Err(error) if error.kind() == DirectGetErrorKind::NotFound => {
                    match self.stream.get_last_raw_message_by_subject(&subject).await {
                        Ok(message) => Ok(Some(message)),
                        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => {
                            Ok(None)
                        }
                        Err(error) => Err(error.to_string()),
                    }
                }
                Err(error) => Err(error.to_string()),
            }
        });
        let message = message.await?;
        let bytes = message.ok_or_else(|| self.damaged(format!("the chunk {name} is missing")))?;
        if Name::of(&bytes.payload) != *name {
            return Err(self.damaged(format!("the chunk {name} is another")));
        }
        Ok(bytes.payload)
    }

    /// The chunks that there are.
    pub(super) async fn names(&self) -> Result<HashSet<Name>, SnapshotError> {
        let prefix = format!("{}.chunk.", self.name);
        again(&self.name, || async {
            let subjects = self.stream.info_with_subjects(format!("{prefix}*")).await;
            let subjects = subjects.map_err(|error| error.to_string())?;
            let all: Vec<_> = subjects.try_collect().await.map_err(|error| error.to_string())?;
            let names = all.iter().filter_map(|(subject, _)| subject.strip_prefix(&prefix));
            Ok(names.filter_map(Name::parse).collect())
        })
        .await
    }

    /// Removes a chunk that was stored before `place`.
    pub(super) async fn remove(&self, name: &Name, place: u64) -> Result<(), SnapshotError> {
        again(&self.name, || async {
            let purge = self.stream.purge().filter(self.subject(name)).sequence(place);
            purge.await.map(|_| ()).map_err(|error| error.to_string())
        })
        .await
    }

    fn subject(&self, name: &Name) -> String {
        format!("{}.chunk.{name}", self.name)
    }

    fn catalogue_subject(&self) -> String {
        format!("{}.catalogue", self.name)
    }

    fn unavailable(&self, what: &dyn std::fmt::Display) -> SnapshotError {
        SnapshotError::Unavailable { bucket: self.name.clone(), what: what.to_string() }
    }
}

/// Whether another was written, or is on its way: servers have two codes for the two.
fn is_overtaken(error: &PublishError) -> bool {
    let source = std::error::Error::source(error);
    let told = source.and_then(|source| source.downcast_ref::<jetstream::Error>());
    error.kind() == PublishErrorKind::WrongLastSequence
        || told.is_some_and(|told| told.error_code() == UNDER_WAY)
}

/// The stream that a log's snapshots are in.
pub fn name_of(log: &str) -> String {
    format!("{log}-snapshots")
}

/// Tries until it succeeds or patience ends: servers change their leader, and come back.
async fn again<T, F: Future<Output = Result<T, String>>>(
    bucket: &str,
    attempt: impl Fn() -> F,
) -> Result<T, SnapshotError> {
    let mut tries = 1;
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(what) if tries == TRIES => {
                return Err(SnapshotError::Unavailable { bucket: bucket.to_owned(), what });
            }
            Err(_) => {}
        }
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    }
}
