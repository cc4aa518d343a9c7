//! The process under load: a bare Rocket and real chat servers side by side.

use std::error::Error;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::mpsc;
use std::time::Duration;

use chatroom::config::{Durability, Nats, Rate, Settings, Store};
use chatroom::server::Server;
use rocket::config::LogLevel;
use rocket::fairing::AdHoc;
use rocket::serde::json::Json;
use rocket::{Build, Config, Rocket, get, post, routes};
use serde::{Deserialize, Serialize};

/// A server that runs until the process ends.
type Launch = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Holds the servers that are named; prints their ports in one line; ends when the parent does.
pub(crate) fn run(servers: &[String]) -> Result<(), Box<dyn Error>> {
    // Memory and runtime are as in the real program.
    #[cfg(target_os = "linux")]
    rustix::thread::disable_transparent_huge_pages(true)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let _inside = runtime.enter();
    // All are built before one is launched: building a Rocket switches its log on for them all.
    let mut launches: Vec<Launch> = Vec::new();
    let mut ports = Vec::new();
    for (place, server) in servers.iter().enumerate() {
        let (announce, port) = mpsc::channel();
        ports.push(port);
        if server == "trivial" {
            let rocket = trivial(announce);
            launches.push(Box::pin(async { drop(rocket.launch().await) }));
        } else {
            let server = runtime.block_on(Server::open(settings(place, server)?))?;
            let server = server.on_ready(move |address| {
                let _ = announce.send(address.port());
            });
            launches.push(Box::pin(async { drop(server.serve().await) }));
        }
    }
    launches.into_iter().for_each(|launch| drop(runtime.spawn(launch)));
    let ports: Result<Vec<u16>, _> = ports.iter().map(mpsc::Receiver::recv).collect();
    let ports: Vec<String> = ports?.iter().map(u16::to_string).collect();
    println!("{}", ports.join(" "));
    // The parent never writes: the end of input is the end of the parent.
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// As often as nothing is that is hashed slowly.
const OFTEN: NonZeroU32 = NonZeroU32::new(1_000_000).unwrap();

/// The settings of the `place`-th server: the defaults, with a store of its own.
fn settings(place: usize, kind: &str) -> Result<Settings, String> {
    let file = || Store::Sqlite(format!("load-{}-{place}.db", std::process::id()).into());
    let mut settings = Settings::default();
    if kind == "logins" {
        // All come from one address. They are still counted, at the usual cost.
        let often = Rate { count: OFTEN, time: Duration::from_secs(1) };
        let rates = &mut settings.rate_limits;
        rates.failed_logins = often;
        rates.failed_logins_per_name = often;
        rates.failed_logins_per_address = often;
    }
    let (store, durability) = match kind {
        "memory" | "logins" => (Store::Memory, Durability::Full),
        "fast" => (file(), Durability::Fast),
        "full" => (file(), Durability::Full),
        "years" => (Store::Sqlite(super::years::STORE.into()), Durability::Fast),
        other => match other.strip_prefix("nats://").and_then(|rest| rest.split_once('/')) {
            Some((servers, stream)) => {
                let servers = servers.split(',').map(str::to_owned).collect();
                (Store::Nats(Nats { servers, stream: stream.to_owned() }), Durability::Full)
            }
            None => return Err(format!("no such server: {other}")),
        },
    };
    settings.cluster.folder = format!("node-{}-{place}", std::process::id()).into();
    let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
    Ok(Settings { host, port: 0, store, durability, ..settings })
}

/// The ceiling: what Rocket itself can do.
fn trivial(announce: mpsc::Sender<u16>) -> Rocket<Build> {
    let config = Config {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 0,
        log_level: LogLevel::Off,
        ..Config::release_default()
    };
    let announce = AdHoc::on_liftoff("port", move |rocket| {
        let _ = announce.send(rocket.config().port);
        Box::pin(async {})
    });
    rocket::custom(config).mount("/", routes![look, parse]).attach(announce)
}

#[derive(Serialize)]
struct Trivial {
    status: &'static str,
    message: &'static str,
}

#[derive(Deserialize)]
struct Parsed<'r> {
    sender: &'r str,
    recipient: &'r str,
    message: &'r str,
}

#[get("/trivial")]
fn look() -> Json<Trivial> {
    Json(Trivial { status: "success", message: "This is a trivial route." })
}

#[post("/trivial", data = "<body>")]
fn parse(body: Json<Parsed<'_>>) -> Json<Trivial> {
    let complete =
        !(body.sender.is_empty() || body.recipient.is_empty() || body.message.is_empty());
    Json(Trivial {
        status: if complete { "success" } else { "fail" },
        message: "This is a trivial route.",
    })
}
