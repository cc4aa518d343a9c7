//! Two minutes of clients that come, talk, go and break off: nothing grows.
//!
//! With `CHATROOM_SLOW=1`; `CHATROOM_SOAK_SECONDS=3600` is the hour.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::random_range;
use support::process::{open_files, settled, threads};
use support::wire::Wire;
use support::{Server, chat};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Names that come and go; each comes back with its token.
const NAMES: usize = 120;
/// Tasks that say something, each so often.
const SENDERS: usize = 10;
const EVERY: Duration = Duration::from_millis(50);
/// Clients at a time that read in one way or another.
const READERS: usize = 60;
/// So little that everything bounded is full after some seconds.
const SETTINGS: &str = "[history]\nmemory_bytes = 200000\nsnapshot_entries = 500\n\
                        keep = \"2000 messages\"\n";

/// What the server takes when nobody is there.
#[derive(Debug)]
struct Taken {
    resident: u64,
    files: usize,
    threads: u64,
}

struct Soak {
    port: u16,
    pid: u32,
    said: AtomicU64,
    over: AtomicBool,
}

impl Soak {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Says something ten times a second and more, now to somebody, now in a room.
    async fn talk(self: Arc<Soak>, number: usize) {
        let name = name(number);
        let mut wire = Wire::connect(self.port).await.unwrap();
        let mut clock = interval(EVERY);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.is_over() {
            clock.tick().await;
            let to = match random_range(0..3) {
                0 => self::name(random_range(0..SENDERS)),
                _ => "room_General".to_owned(),
            };
            let said = self.said.fetch_add(1, Ordering::Relaxed);
            chat::send(&mut wire, &name, &to, &format!("message {said}")).await.unwrap();
        }
    }

    /// Comes, reads in one of many ways, goes or breaks off.
    async fn read(self: Arc<Soak>) {
        while !self.is_over() {
            let name = name(random_range(0..NAMES));
            let patience = Duration::from_millis(random_range(1..800));
            let target = match random_range(0..6) {
                0 => format!("/messages?username={name}&last_id=0&limit=50"),
                1 => format!("/messages?username={name}&before_id=100000&limit=50"),
                2 => format!("/events?username={name}"),
                3 => format!("/events?username={name}&last_id=1"),
                _ => format!("/messages?username={name}&last_id=99999999&wait=5"),
            };
            let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)).await else { return };
            let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            // Some say only half of what they want.
            let half = random_range(0..8) == 0;
            let bytes = if half { &request.as_bytes()[..20] } else { request.as_bytes() };
            let _ = stream.write_all(bytes).await;
            let mut buffer = [0; 4096];
            let reading = async {
                while tokio::io::AsyncReadExt::read(&mut stream, &mut buffer)
                    .await
                    .is_ok_and(|count| count > 0)
                {}
            };
            // However far it is, it is gone.
            let _ = timeout(patience, reading).await;
        }
    }

    /// How many streams and polls the server takes for open.
    async fn open(&self) -> u64 {
        let mut wire = Wire::connect(self.port).await.unwrap();
        let text = String::from_utf8(wire.get("/metrics").await.unwrap().body).unwrap();
        let figure = |name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().parse().unwrap()
        };
        figure("chatroom_streams ") + figure("chatroom_long_polls ")
    }

    /// What it takes once all clients are gone.
    async fn taken(&self, server: &Server) -> Taken {
        // That a reader is gone shows when it is written to, or when its time is up.
        while self.open().await > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        settled(self.pid, self.port).await;
        Taken {
            resident: server.resident(),
            files: open_files(self.pid),
            threads: threads(self.pid),
        }
    }
}

fn name(number: usize) -> String {
    format!("soaked{number}")
}

/// Everybody talks and reads for a while, then goes.
async fn rain(soak: &Arc<Soak>, time: Duration) {
    soak.over.store(false, Ordering::Relaxed);
    let mut clients = JoinSet::new();
    for number in 0..SENDERS {
        clients.spawn(soak.clone().talk(number));
    }
    for _ in 0..READERS {
        clients.spawn(soak.clone().read());
    }
    tokio::time::sleep(time).await;
    soak.over.store(true, Ordering::Relaxed);
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_grows() {
    if std::env::var("CHATROOM_SLOW").is_err() {
        eprintln!("skipped: CHATROOM_SLOW=1 runs it");
        return;
    }
    let seconds = std::env::var("CHATROOM_SOAK_SECONDS").map_or(120, |time| time.parse().unwrap());
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("chatroom.toml"), SETTINGS).unwrap();
    let server = Server::start_in(home.path(), &["--store", "sqlite:chatroom.db"]);
    let mut wire = Wire::connect(server.port()).await.unwrap();
    for number in 0..NAMES {
        chat::register(&mut wire, &name(number)).await.unwrap();
    }
    drop(wire);
    let soak = Arc::new(Soak {
        port: server.port(),
        pid: server.pid(),
        said: AtomicU64::new(0),
        over: AtomicBool::new(true),
    });
    // The first part fills what is bounded: memory, the archive's readers with their caches, threads
    // for what waits for the disk.
    let time = Duration::from_secs(seconds) / 8;
    rain(&soak, 2 * time).await;
    soak.taken(&server).await;
    // Once more behind the first pause: after that nothing comes for the first time.
    rain(&soak, time).await;
    let before = soak.taken(&server).await;
    let begun = (Instant::now(), soak.said.load(Ordering::Relaxed));
    let mut all = vec![before];
    for _ in 0..5 {
        rain(&soak, time).await;
        all.push(soak.taken(&server).await);
    }
    let said = soak.said.load(Ordering::Relaxed) - begun.1;
    let rate = said as f64 / begun.0.elapsed().as_secs_f64();
    eprintln!("soak: {said} messages, {rate:.0} a second");
    for taken in &all {
        eprintln!("soak: {taken:?}");
    }
    let (first, last) = (&all[0], &all[all.len() - 1]);
    assert!(last.files <= first.files + 4, "files: {} to {}", first.files, last.files);
    assert!(last.threads <= first.threads + 4, "threads: {} to {}", first.threads, last.threads);
    // The least of the second half against the least of the first: what is freed late is no growth.
    let least = |taken: &[Taken]| taken.iter().map(|taken| taken.resident).min().unwrap();
    let (early, late) = (least(&all[..3]), least(&all[3..]));
    assert!(late <= early + early / 10, "memory: {early} to {late} bytes");
}
