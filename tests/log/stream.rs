//! A nats-server of this process, and a stream in it for each folder.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use chatroom::config::{Cluster, Nats, Settings};
use chatroom::id::NodeId;
use chatroom::log::jetstream::{Connection, JetstreamLog};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How long the server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

struct Server {
    address: String,
    _folder: TempDir,
    _child: Child,
}

impl Server {
    /// Starts one that ends with this process.
    fn start() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let file = folder.path().join("nats.conf");
        let store = folder.path().join("store");
        let settings = format!(
            "listen: {address}\nmax_payload: 8MB\n\
             jetstream {{ store_dir: {:?}, sync_interval: always }}\n",
            store.display()
        );
        std::fs::write(&file, settings).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = root.join("tests/clients/nats/usr/sbin/nats-server");
        assert!(program.exists(), "script/setup installs nats-server");
        // A test process has no end at which anything could be dropped.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(program).arg("-c").arg(&file);
        command.stderr(Stdio::null());
        // The server ends with the thread that has started it.
        let (tell, started) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            tell.send(command.spawn().unwrap()).unwrap();
            loop {
                std::thread::park();
            }
        });
        let child = started.recv().unwrap();
        let begun = Instant::now();
        while TcpStream::connect(&address).is_err() {
            assert!(begun.elapsed() < PATIENCE, "nats-server takes no connections");
            std::thread::sleep(Duration::from_millis(5));
        }
        Server { address, _folder: folder, _child: child }
    }
}

/// The log in the stream of this folder.
pub(crate) fn open(folder: &Path) -> JetstreamLog {
    let _inside = RUNTIME.enter();
    let name = folder.file_name().unwrap().to_str().unwrap();
    let nats = Nats { servers: vec![SERVER.address.clone()], stream: name.replace('.', "_") };
    // One server is all there is.
    let cluster = Cluster { replicas: 1, ..Settings::default().cluster };
    let connection = RUNTIME.block_on(Connection::open(&nats, &cluster, "suite")).unwrap();
    let mut life = [0; 10];
    getrandom::fill(&mut life).unwrap();
    JetstreamLog::new(connection, NodeId::from_random(life))
}
