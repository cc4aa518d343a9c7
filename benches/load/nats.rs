//! Three servers of NATS on this machine, for as long as they are measured.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where `script/setup` puts the program.
const PROGRAM: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/nats/usr/sbin/nats-server");

/// How long they may take until they have a leader.
const PATIENCE: Duration = Duration::from_secs(30);

/// Servers that keep one log together, killed when dropped.
pub(crate) struct Nats {
    servers: Vec<Child>,
    clients: Vec<u16>,
}

/// The ports of one server.
struct Ports {
    client: u16,
    monitor: u16,
    route: u16,
}

impl Nats {
    /// Starts them, with their files in `home`, and waits until they are well.
    pub(crate) fn start(home: &Path) -> io::Result<Nats> {
        let ports = free_ports()?;
        let routes: Vec<_> =
            ports.iter().map(|ports| format!("nats://127.0.0.1:{}", ports.route)).collect();
        let routes = routes.join(", ");
        let clients = ports.iter().map(|ports| ports.client).collect();
        let mut nats = Nats { servers: Vec::new(), clients };
        for (place, Ports { client, monitor, route }) in ports.iter().enumerate() {
            let file = home.join(format!("nats-{place}.conf"));
            let folder = home.join(format!("nats-{place}"));
            let settings = format!(
                "server_name: nats-{place}\nlisten: 127.0.0.1:{client}\nhttp: 127.0.0.1:{monitor}\n\
                 jetstream {{ store_dir: \"{}\", sync_interval: always }}\n\
                 cluster {{ name: chatroom, listen: 127.0.0.1:{route}, routes: [{routes}] }}\n",
                folder.display(),
            );
            std::fs::write(&file, settings)?;
            let mut command = Command::new(PROGRAM);
            command.arg("-c").arg(file).stdin(Stdio::null()).stdout(Stdio::null());
            let started = command.stderr(Stdio::null()).spawn().map_err(|error| {
                io::Error::other(format!("{PROGRAM}: {error}; script/setup installs it"))
            })?;
            nats.servers.push(started);
        }
        let begun = Instant::now();
        while !ports.iter().all(|ports| is_well(ports.monitor)) {
            if begun.elapsed() > PATIENCE {
                return Err(io::Error::other("the servers of NATS found no leader"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(nats)
    }

    /// What a node of theirs is told as its store.
    pub(crate) fn store(&self) -> String {
        let servers: Vec<_> = self.clients.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        format!("nats://{}/load", servers.join(","))
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Ports that nobody listens on, three for each of three servers.
fn free_ports() -> io::Result<Vec<Ports>> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    // All are held until all are known, so that none comes twice.
    let held: Vec<_> = (0..9).map(|_| bind()).collect::<io::Result<_>>()?;
    let ports: Vec<u16> =
        held.iter().map(|held| Ok(held.local_addr()?.port())).collect::<io::Result<_>>()?;
    let of_one = |ports: &[u16]| Ports { client: ports[0], monitor: ports[1], route: ports[2] };
    Ok(ports.chunks(3).map(of_one).collect())
}

/// Whether a server says that it is well, and has caught up.
fn is_well(monitor: u16) -> bool {
    let ask = || -> io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, monitor))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.contains("\"ok\""))
}
