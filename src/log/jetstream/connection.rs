//! The servers that keep the stream, judged by how well they keep it.

use std::time::{Duration, Instant};

use async_nats::jetstream::context::CreateStreamErrorKind;
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Info, PersistenceMode, Republish, RetentionPolicy, StorageType,
};
use async_nats::jetstream::{self, Context, ErrorCode};
use async_nats::{Client, ConnectOptions};
use serde_json::Value;

use crate::config::{Cluster, Nats};
use crate::log::{Damage, moved};

/// What a batch takes beside its entries at most: bytes.
const AROUND: usize = 4096;

/// The oldest servers that sync the writes of many together (major, minor).
const SERVER: (u64, u64) = (2, 15);

/// How long servers that are just starting are waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between one attempt and the next.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a server may take to show how it is set up.
const SHOWN: Duration = Duration::from_secs(5);

/// For so long the servers know the batches they have, by their ids.
const DUPLICATES: Duration = Duration::from_secs(120);

/// How often each server is asked whether it is still there.
const PING: Duration = Duration::from_secs(2);

/// Where the stream says which it is.
const INCARNATION: &str = "chatroom-incarnation";

/// Servers that cannot be used, in a sentence for whoever starts the node.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(String);

impl Unfit {
    pub(super) fn new(why: String) -> Unfit {
        Unfit(why)
    }
}

/// A connection to servers that have the stream.
#[derive(Clone, Debug)]
pub struct Connection {
    pub(super) client: Client,
    pub(super) context: Context,
    stream: String,
    incarnation: String,
    replicas: usize,
    /// What may be lost here, for the banner.
    doubts: Vec<&'static str>,
}

impl Connection {
    /// Connects, and makes the stream if there is none; `fresh` names it then.
    ///
    /// # Errors
    /// The servers cannot be reached, or may lose what they acknowledge, or the stream is not as it
    /// must be.
    pub async fn open(nats: &Nats, cluster: &Cluster, fresh: &str) -> Result<Connection, Unfit> {
        let (context, doubts) = Connection::reach(nats, cluster).await?;
        let info = find_or_make(&context, nats, cluster, fresh).await?;
        moved::check_stream(&nats.stream, &info.config.metadata)
            .map_err(|Damage(why)| Unfit(why))?;
        Connection::of(nats, cluster, context, &info, doubts)
    }

    /// Connects to servers, whatever they keep; what may be lost there.
    pub(super) async fn reach(
        nats: &Nats,
        cluster: &Cluster,
    ) -> Result<(Context, Vec<&'static str>), Unfit> {
        let unreachable = |error: &dyn std::fmt::Display| {
            Unfit(format!("The servers of {nats} cannot be reached: {error}."))
        };
        let options = options(cluster).await.map_err(|error| unreachable(&error))?;
        let servers: Vec<_> = nats.servers.iter().map(|one| format!("nats://{one}")).collect();
        let client = options.connect(servers).await.map_err(|error| unreachable(&error))?;
        let mut doubts = Vec::new();
        let version = client.server_info().version;
        if number(&version).is_none_or(|version| version < SERVER) {
            let (major, minor) = SERVER;
            refuse(cluster, || {
                format!(
                    "The servers of {nats} are nats-server {version}; {major}.{minor} or newer is \
                     needed"
                )
            })?;
            doubts.push("the servers are older than this program was tried with");
        }
        if cluster.monitor.is_empty() {
            doubts.push(
                "whether the servers sync each write is not known: name them in cluster.monitor",
            );
        }
        let mut shown = false;
        for server in &cluster.monitor {
            match syncs(server).await {
                Ok(true) => shown = true,
                Ok(false) => {
                    refuse(cluster, || {
                        format!(
                            "The server at {server} does not sync each write, so a power cut may \
                             lose what was acknowledged: set sync_interval: always in its \
                             jetstream block"
                        )
                    })?;
                    doubts.push("a power cut may lose what was acknowledged (sync_interval)");
                }
                // It may be the one that is down, which must keep no node from starting.
                Err(why) => tracing::warn!(
                    "the server at {server} (cluster.monitor) does not show how it is set up: {why}"
                ),
            }
        }
        if !shown && !cluster.monitor.is_empty() {
            refuse(cluster, || {
                "No server named in cluster.monitor shows whether it syncs each write".to_owned()
            })?;
        }
        let mut context = jetstream::new(client);
        context.set_timeout(Duration::from_secs(5));
        Ok((context, doubts))
    }

    /// The connection to a stream, if that is as it must be.
    pub(super) fn of(
        nats: &Nats,
        cluster: &Cluster,
        context: Context,
        info: &Info,
        mut doubts: Vec<&'static str>,
    ) -> Result<Connection, Unfit> {
        if let Err(what) = fits(&info.config, &wanted(nats, cluster, "")) {
            refuse(cluster, || format!("The stream of {nats} {what}"))?;
            doubts.push("the stream is not set up as it should be");
        }
        if cluster.replicas < 3 {
            doubts.push("the log is lost with one machine (cluster.replicas)");
        }
        let Some(incarnation) = info.config.metadata.get(INCARNATION) else {
            return Err(Unfit(format!(
                "The stream of {nats} was not made by chatroom. Nothing was changed; name another \
                 stream."
            )));
        };
        let (stream, incarnation) = (nats.stream.clone(), incarnation.clone());
        let (replicas, client) = (cluster.replicas, context.client());
        Ok(Connection { client, context, stream, incarnation, replicas, doubts })
    }

    /// The client, for what is said beside the log.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The way to further streams.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The name of the stream.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// Which life of the stream this is: it changes when the stream is made anew.
    pub fn incarnation(&self) -> &str {
        &self.incarnation
    }

    /// What the servers take in one batch: bytes of entries.
    pub fn most_at_once(&self) -> usize {
        self.client.max_payload().saturating_sub(AROUND)
    }

    /// How many servers keep a copy.
    pub fn replicas(&self) -> usize {
        self.replicas
    }

    /// What may be lost here, for whoever starts the node.
    pub fn doubts(&self) -> &[&'static str] {
        &self.doubts
    }

    /// The places of the first and last batch that there are; the last is one below the first where
    /// there is none.
    ///
    /// # Errors
    /// A phrase: the servers do not answer, or the stream is another one.
    pub async fn extent(&self) -> Result<(u64, u64), String> {
        let stream = self.context.get_stream(&self.stream).await.map_err(|e| e.to_string())?;
        let info = stream.cached_info();
        if info.config.metadata.get(INCARNATION) != Some(&self.incarnation) {
            return Err("it was deleted, and made anew".to_owned());
        }
        let last = info.state.last_sequence;
        // An empty stream that was never written to says 0 and 0.
        Ok((info.state.first_sequence.max(1), last))
    }

    /// Deletes the batches up to `through`.
    pub(super) async fn purge(&self, through: u64) -> Result<(), String> {
        let stream = self.context.get_stream(&self.stream).await.map_err(|e| e.to_string())?;
        let purged = stream.purge().sequence(through + 1).await;
        purged.map(|_| ()).map_err(|error| error.to_string())
    }

    /// The subject of the log itself.
    pub(super) fn subject(&self) -> String {
        subject(&self.stream)
    }

    /// The subject on which the servers say what has come into the log.
    pub(super) fn news(&self) -> String {
        news(&self.stream)
    }
}

fn subject(stream: &str) -> String {
    format!("chatroom.{stream}.log")
}

fn news(stream: &str) -> String {
    format!("chatroom.{stream}.news")
}

async fn options(cluster: &Cluster) -> Result<ConnectOptions, std::io::Error> {
    let mut options = ConnectOptions::new()
        .name("chatroom")
        .ping_interval(PING)
        .connection_timeout(Duration::from_secs(5))
        .reconnect_delay_callback(|_| PAUSE);
    if let Some(credentials) = &cluster.credentials {
        options = options.credentials_file(credentials).await?;
    }
    if let Some(ca) = &cluster.ca {
        options = options.add_root_certificates(ca.clone()).require_tls(true);
    }
    if let (Some(cert), Some(key)) = (&cluster.cert, &cluster.key) {
        options = options.add_client_certificate(cert.clone(), key.clone());
    }
    Ok(options)
}

/// A refusal, unless whoever runs this says that it may be so.
fn refuse(cluster: &Cluster, why: impl FnOnce() -> String) -> Result<(), Unfit> {
    if cluster.unsafe_sync {
        tracing::warn!("{}", why());
        return Ok(());
    }
    Err(Unfit(format!("{}. cluster.unsafe_sync = true starts all the same.", why())))
}

/// Major and minor of a version such as `2.15.1`.
fn number(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Whether the server that shows itself at `url` syncs each write of JetStream.
async fn syncs(url: &str) -> Result<bool, String> {
    let varz = format!("{}/varz", url.trim_end_matches('/'));
    let asking = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().timeout_global(Some(SHOWN)).build().into();
        agent.get(&varz).call()?.body_mut().read_to_string()
    });
    let shown = asking.await.map_err(|error| error.to_string())?;
    let shown = shown.map_err(|error| error.to_string())?;
    let shown: Value = serde_json::from_str(&shown).map_err(|error| error.to_string())?;
    Ok(shown["jetstream"]["config"]["sync_always"] == true)
}

/// The stream as it must be.
pub(super) fn wanted(nats: &Nats, cluster: &Cluster, fresh: &str) -> Config {
    Config {
        name: nats.stream.clone(),
        description: Some("The log of chatroom".to_owned()),
        subjects: vec![subject(&nats.stream)],
        storage: StorageType::File,
        num_replicas: cluster.replicas,
        discard: DiscardPolicy::New,
        duplicate_window: DUPLICATES,
        allow_direct: true,
        deny_delete: true,
        republish: Some(Republish {
            source: subject(&nats.stream),
            destination: news(&nats.stream),
            headers_only: false,
        }),
        metadata: [(INCARNATION.to_owned(), fresh.to_owned())].into(),
        ..Config::default()
    }
}

/// What of the stream that is there is not as it must be, in a phrase.
fn fits(found: &Config, wanted: &Config) -> Result<(), String> {
    let right = [
        (found.subjects == wanted.subjects, "takes other subjects".to_owned()),
        (found.storage == StorageType::File, "is kept in memory".to_owned()),
        (
            found.num_replicas >= wanted.num_replicas,
            format!(
                "has {} copies, and cluster.replicas asks for {}",
                found.num_replicas, wanted.num_replicas
            ),
        ),
        (
            found.retention == RetentionPolicy::Limits,
            "forgets what somebody has read (retention)".to_owned(),
        ),
        (
            found.max_messages_per_subject <= 0,
            "keeps only the newest (max_msgs_per_subject)".to_owned(),
        ),
        (
            found.max_messages <= 0 && found.max_bytes <= 0,
            "is limited (max_msgs, max_bytes)".to_owned(),
        ),
        (
            !matches!(found.persist_mode, Some(PersistenceMode::Async)),
            "acknowledges what is not written yet (persist_mode)".to_owned(),
        ),
        (!found.no_ack, "acknowledges nothing (no_ack)".to_owned()),
        (found.max_age.is_zero(), "forgets what is old (max_age)".to_owned()),
        (found.discard == DiscardPolicy::New, "drops the old when it is full".to_owned()),
        (
            found.duplicate_window >= wanted.duplicate_window,
            "forgets too soon what it has (duplicate_window)".to_owned(),
        ),
        (found.allow_direct, "cannot be read directly (allow_direct)".to_owned()),
        (found.deny_delete, "lets single messages be deleted (deny_delete)".to_owned()),
        (
            found.republish.as_ref().is_some_and(|news| {
                Some(&news.destination) == wanted.republish.as_ref().map(|news| &news.destination)
                    && !news.headers_only
            }),
            "does not say what comes in (republish)".to_owned(),
        ),
    ];
    right.into_iter().find(|(right, _)| !right).map_or(Ok(()), |(_, what)| Err(what))
}

/// Whether servers do not make the stream because they are one.
fn stands_alone(kind: &CreateStreamErrorKind) -> bool {
    matches!(kind, CreateStreamErrorKind::JetStream(error)
        if error.error_code() == ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED)
}

/// Why no stream will ever be made, if that is so.
pub(super) fn never_made(
    nats: &Nats,
    cluster: &Cluster,
    kind: &CreateStreamErrorKind,
) -> Option<Unfit> {
    if *kind == CreateStreamErrorKind::JetStreamUnavailable {
        return Some(Unfit(format!(
            "The servers of {nats} have no JetStream: switch it on in their settings."
        )));
    }
    stands_alone(kind).then(|| {
        Unfit(format!(
            "The server of {nats} stands alone and cannot keep {} copies: start three that know \
             of each other, or set cluster.replicas = 1.",
            cluster.replicas
        ))
    })
}

/// Servers that have just started may have no leader yet.
async fn find_or_make(
    context: &Context,
    nats: &Nats,
    cluster: &Cluster,
    fresh: &str,
) -> Result<Info, Unfit> {
    let begun = Instant::now();
    loop {
        let error = match context.get_stream(&nats.stream).await {
            Ok(stream) => return Ok(stream.cached_info().clone()),
            Err(_) => match context.create_stream(wanted(nats, cluster, fresh)).await {
                Ok(stream) => return Ok(stream.cached_info().clone()),
                Err(error) => match never_made(nats, cluster, &error.kind()) {
                    Some(unfit) => return Err(unfit),
                    None => error,
                },
            },
        };
        if begun.elapsed() > PATIENCE {
            return Err(Unfit(format!("The stream of {nats} cannot be opened: {error}.")));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
