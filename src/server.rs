//! The composition root: opens the log, starts the node, mounts the transports, ends them in order.

mod joining;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rocket::config::{Config, Ident, LogLevel, Shutdown, Sig, TlsConfig};
use rocket::data::{Limits, ToByteUnit};
use rocket::fairing::AdHoc;
use rocket::{Build, Rocket};

use crate::banner::Banner;
use crate::cluster::Cluster;
use crate::command::{Policy, Registration};
use crate::config::{self, Keep, Settings, Store, Uploads};
use crate::files::Files;
use crate::http;
use crate::limits;
use crate::log::Log;
use crate::log::measured::Measured;
use crate::log::memory::MemoryLog;
use crate::log::sqlite::SqliteLog;
use crate::metrics::Metrics;
use crate::name::RoomName;
use crate::node::{Absence, Archiving, Folder, Node, Retention};
use crate::socketio;
use crate::web;
pub use joining::Beside;
use joining::Joined;

/// How long requests under way may take to end when the server is told to: seconds.
const GRACE: u32 = 1;

/// How long connections get after that: seconds.
const MERCY: u32 = 1;

/// Longer than any upload takes: another node may be taking a file while this one starts.
const ANY_UPLOAD: Duration = Duration::from_secs(24 * 60 * 60);

/// Exit code of a node whose state differs from that of the others.
const DIFFERS: i32 = 3;

/// A server that is ready to serve.
#[derive(Debug)]
pub struct Server {
    rocket: Rocket<Build>,
    node: Arc<Node>,
    files: Arc<Files>,
    /// Whether anything is kept beyond the process.
    keeps: bool,
    /// What may be lost, for the banner.
    doubts: Vec<&'static str>,
    /// Where a node among others keeps its history: held for its lock.
    _folder: Option<Folder>,
}

/// Why a server does not start, or stops, in a sentence for whoever started it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ServerError(String);

impl Server {
    /// Opens the store, joins other nodes where it is shared, and mounts everything; nothing is
    /// listened to yet.
    ///
    /// # Errors
    /// The store cannot be opened, or a setting does not fit.
    pub async fn open(settings: Settings) -> Result<Server, ServerError> {
        match &settings.store {
            Store::Nats(nats) => {
                let joined = joining::join(nats, &settings).await?;
                // What follows waits for the log.
                tokio::task::block_in_place(|| Server::build_among(Some(joined), settings))
            }
            _ => Server::build(settings),
        }
    }

    /// The same for a store that only this server has.
    ///
    /// # Errors
    /// See [`Server::open`].
    pub fn build(settings: Settings) -> Result<Server, ServerError> {
        Server::build_among(None, settings)
    }

    fn build_among(joined: Option<Joined>, settings: Settings) -> Result<Server, ServerError> {
        let sentence = |error: &dyn std::fmt::Display| ServerError(error.to_string());
        let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION")));
        let (mut cluster, mut folder, mut doubts) = (None, None, Vec::new());
        let (log, archiving): (Box<dyn Log>, _) = match (&settings.store, joined) {
            (Store::Memory, _) => (Box::new(MemoryLog), None),
            (Store::Sqlite(path), _) => {
                let log = SqliteLog::open(path, settings.durability);
                let log = log.map_err(|error| sentence(&error))?.telling(metrics.log.clone());
                (Box::new(log), Some(Archiving::beside(path, &settings.history)))
            }
            (Store::Nats(_), Some(joined)) => {
                (cluster, folder, doubts) =
                    (Some(joined.cluster), Some(joined.folder), joined.doubts);
                if matches!(settings.uploads, Uploads::Folder(_)) {
                    doubts.push(
                        "files are shared only if uploads is a folder that all nodes have, or s3://",
                    );
                }
                (Box::new(joined.log), Some(joined.archiving))
            }
            (store @ Store::Nats(_), None) => {
                return Err(ServerError(format!("The store {store} has to be joined.")));
            }
        };
        let log = Box::new(Measured::new(log, metrics.log.clone()));
        let absence = Absence {
            away: settings.presence.timeout,
            gone: settings.guests.keep,
            session: settings.sessions.keep,
        };
        let policy = policy(&settings)?;
        let (among, access) = (cluster.clone(), settings.access);
        let node = Node::start_among(among, log, archiving.as_ref(), policy, absence, access);
        let node = node.map_err(|error| sentence(&error))?;
        node.retain(retention(&settings)?);
        let keeps = settings.store != Store::Memory;
        let files = Files::new(&settings.uploads, settings.durability, node.epoch().clone());
        let files = Arc::new(files.map_err(|error| ServerError(format!("uploads: {error}.")))?);
        let limits = Arc::new(limits::Limits::new(&settings));
        let mut rocket = rocket::custom(rocket_config(&settings));
        if let Some(cluster) = cluster {
            limits::share(&limits, &cluster);
            rocket = rocket.attach(AdHoc::on_liftoff("Cluster", move |rocket| {
                let (address, port) = (rocket.config().address, rocket.config().port);
                cluster.listens_at(SocketAddr::new(address, port));
                Box::pin(async {})
            }));
        }
        let rocket = rocket.manage(files.clone()).manage(limits.clone());
        let rocket = socketio::mount(rocket, node.clone(), limits, &settings);
        let rocket = web::mount(rocket);
        let rocket = http::mount(rocket, node.clone(), metrics, settings, socketio::EVENTS);
        let rocket = rocket.map_err(|error| sentence(&error))?;
        Ok(Server { rocket, node, files, keeps, doubts, _folder: folder })
    }

    /// The node behind the transports.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Calls `ready` with the address once it is listened to.
    #[must_use]
    pub fn on_ready(mut self, ready: impl FnOnce(SocketAddr) + Send + Sync + 'static) -> Server {
        self.rocket = self.rocket.attach(AdHoc::on_liftoff("Ready", |rocket| {
            let (address, port) = (rocket.config().address, rocket.config().port);
            Box::pin(async move { ready(SocketAddr::new(address, port)) })
        }));
        self
    }

    /// Clears away what uploads left that broke off, before anything is uploaded here.
    async fn sweep(&self) {
        let swept = match self.node.cluster() {
            Some(_) => self.files.sweep_parts(ANY_UPLOAD).await,
            None => self.files.sweep(self.node.file_keys()).await,
        };
        match swept {
            Ok(0) => {}
            Ok(count) => tracing::info!("{count} uploads that broke off were cleared away"),
            Err(error) => tracing::warn!("uploads that broke off were not looked for: {error}"),
        }
    }

    /// Serves until SIGTERM, SIGINT or the shutdown of its Rocket; then ends every stream and
    /// waiting poll, answers what is under way, and closes the log.
    ///
    /// # Errors
    /// The address cannot be listened to.
    pub async fn serve(self) -> Result<(), ServerError> {
        if self.node.cluster().is_some() {
            // What is acknowledged from now on may be asked for here.
            if self.node.catch_up().await.is_err() {
                tracing::warn!("the log takes nothing yet: what others write may come late");
            }
        }
        self.sweep().await;
        let launched = self.rocket.launch().await;
        if !self.keeps
            && let Err(error) = self.files.clear().await
        {
            tracing::warn!("the uploaded files could not be removed: {error}");
        }
        let node = self.node;
        if let Some(cluster) = node.cluster() {
            cluster.leave().await;
        }
        // The writer is waited for, which must not hold up the runtime.
        let _ = tokio::task::spawn_blocking(move || node.stop()).await;
        match launched {
            Ok(_) => Ok(()),
            Err(error) => match error.kind() {
                rocket::error::ErrorKind::Shutdown(..) => {
                    tracing::warn!("some connections did not end in time");
                    Ok(())
                }
                rocket::error::ErrorKind::Bind(error) => Err(ServerError(bind_failed(error))),
                other => Err(ServerError(format!("The server cannot start: {other}."))),
            },
        }
    }
}

/// Runs a server with these settings, announced by a banner, until it is told to stop.
///
/// # Errors
/// See [`Server::build`] and [`Server::serve`].
pub async fn run(settings: Settings) -> Result<(), ServerError> {
    let banner = Banner::of(&settings);
    let (host, port) = (settings.host, settings.port);
    let server = Server::open(settings).await?;
    let banner = banner.doubting(&server.doubts);
    let server = server.on_ready(move |address| banner.print(address));
    if let Some(cluster) = server.node.cluster().cloned() {
        tokio::spawn(stop_if_it_differs(cluster));
        tokio::spawn(stop_if_it_fails(server.node.clone()));
    }
    server.serve().await.map_err(|ServerError(why)| {
        ServerError(why.replace("ADDRESS", &SocketAddr::new(host, port).to_string()))
    })
}

/// Ends the process if its state is not what that of the others is: nothing more is taken, and
/// nothing answered, be it under way.
async fn stop_if_it_differs(cluster: Arc<Cluster>) {
    let difference = cluster.differs().await;
    tracing::error!("{difference}");
    eprintln!("chatroom: {difference}.");
    std::process::exit(DIFFERS);
}

/// Ends the process if it cannot follow the log any more: whoever runs it starts it again.
async fn stop_if_it_fails(node: Arc<Node>) {
    node.failed().await;
    eprintln!("chatroom: this node cannot go on, see its log.");
    std::process::exit(1);
}

fn bind_failed(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "ADDRESS is taken: another program listens there, perhaps \
             a chatroom that is already running. Stop it, or choose another port with --port."
                .to_owned()
        }
        std::io::ErrorKind::AddrNotAvailable => "ADDRESS is no address of this machine. Choose \
             another with --host; 0.0.0.0 is all of them."
            .to_owned(),
        std::io::ErrorKind::PermissionDenied => "ADDRESS may not be listened to by this user. \
             Choose a port above 1023 with --port."
            .to_owned(),
        _ => format!("ADDRESS cannot be listened to: {error}."),
    }
}

/// How long messages are kept.
fn retention(settings: &Settings) -> Result<Retention, ServerError> {
    let history = &settings.history;
    let rule = |(name, keep): &(String, Keep)| Ok((room("history.room_keep", name)?, *keep));
    let rooms = history.room_keep.0.iter().map(rule).collect::<Result<_, ServerError>>()?;
    Ok(Retention { keep: history.keep, rooms })
}

/// A room that a setting names.
fn room(setting: &str, name: &str) -> Result<RoomName, ServerError> {
    RoomName::parse(name)
        .map_err(|error| ServerError(format!("{setting}: {name:?} cannot be a room: {error}")))
}

/// The settings that decide verdicts.
fn policy(settings: &Settings) -> Result<Policy, ServerError> {
    let rooms = settings.rooms.iter().map(|name| room("rooms", name)).collect::<Result<_, _>>()?;
    let registration = match settings.registration {
        config::Registration::Open => Registration::Open,
        config::Registration::Invite => Registration::Invite,
        config::Registration::Closed => Registration::Closed,
    };
    let shared_names = settings.compat.shared_names;
    Ok(Policy {
        shared_names,
        rooms,
        rooms_open: settings.rooms_open,
        upload_quota: Some(settings.limits.upload_quota_bytes),
        registration,
    })
}

fn rocket_config(settings: &Settings) -> Config {
    Config {
        // Without this, Rocket takes the runtime for one of its own.
        profile: Config::RELEASE_PROFILE,
        address: settings.host,
        port: settings.port,
        // Nobody needs it, and with one header more the table of an answer's headers grows once.
        ident: Ident::none(),
        // Anybody could claim any address in a header.
        ip_header: None,
        limits: Limits::new().limit("bytes", settings.limits.body_bytes.bytes()),
        tls: settings.tls.as_ref().map(|tls| TlsConfig::from_paths(&tls.certs, &tls.key)),
        keep_alive: 5,
        shutdown: Shutdown {
            ctrlc: true,
            signals: [Sig::Term].into(),
            grace: GRACE,
            mercy: MERCY,
            force: false,
            ..Shutdown::default()
        },
        // Logging belongs to tracing; Rocket's own costs more than a poll.
        log_level: LogLevel::Off,
        cli_colors: false,
        ..Config::release_default()
    }
}
