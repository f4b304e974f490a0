//! A NATS server of one's own, with JetStream, on a port of the loopback address that it finds itself.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rand::RngExt;
use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};
use serde::Deserialize;

use super::{
    account::{Account, AccountError},
    binaries::{self, BinariesError},
    keeper::{Keeper, KeeperError, Stay},
    postgres::blocking,
    run_dir::{RunDir, RunDirError},
    settings::{Durability, Settings},
};

const USER: &str = "daybook";
const START_WITHIN: Duration = Duration::from_secs(30);

/// Ends the server whose number is in `$0/nats.pid`, if it is one, and waits until it says that it has ended, by
/// removing its list of ports, but not for ever.
const STOP: &str = "pid=$(cat \"$0/nats.pid\") || exit 0
name=$(cat \"/proc/$pid/comm\" 2>/dev/null || ps -o comm= -p \"$pid\")
case $name in *nats-server*) kill \"$pid\" ;; *) exit 0 ;; esac
tries=0
while [ -e \"$0/nats-server_$pid.ports\" ] && [ $tries -lt 300 ]; do sleep 0.1 || sleep 1; tries=$((tries + 1)); done";

/// A private NATS server that is kept running at least as long as this value (or a clone of it) lives.
#[derive(Debug, Clone)]
pub struct Nats {
    stay: Arc<Stay>,
    url: String,
    data_dir: PathBuf,
    settings: Settings,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// No program to run.
    #[error(transparent)]
    Binaries(#[from] BinariesError),
    /// Nobody to run it, or they cannot get to the data.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The run folder will not do.
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// The keeper could not be reached.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    /// It did not come up.
    #[error("nats-server did not start within {} seconds; the end of {}:\n{told}", START_WITHIN.as_secs(), log.display())]
    NotUp {
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        told: String,
    },
    /// The file system refused.
    #[error("could not use {}: {source}", path.display())]
    Io {
        /// The file in question.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl Nats {
    /// Whether there is a program to start.
    #[must_use]
    pub fn is_installed() -> bool {
        binaries::nats_server().is_ok()
    }

    /// Joins the server whose data lie in `data_dir/nats`, or starts it. The streams are kept; the server is stopped
    /// at once when the last one has left.
    ///
    /// # Errors
    /// Each says what is in the way and what to do about it.
    pub async fn join_or_start(data_dir: impl AsRef<Path>) -> Result<Self, NatsError> {
        let settings = Settings {
            durability: Durability::Kept,
            linger: Duration::ZERO,
        };
        Self::start(data_dir, settings).await
    }

    /// As [`join_or_start`](Self::join_or_start), with settings of one's own.
    ///
    /// # Errors
    /// Each says what is in the way and what to do about it.
    pub async fn start(data_dir: impl AsRef<Path>, settings: Settings) -> Result<Self, NatsError> {
        let data_dir = data_dir.as_ref().to_owned();
        blocking(move || open(&data_dir, settings)).await
    }

    /// Its address with the credentials in it: not for logs.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Starts the server again if it has died under those who use it: killed by hand, or for want of memory. Tells its
    /// address if it had; that is another one only if somebody else has its port by now.
    ///
    /// # Errors
    /// When it cannot be started, as in [`start`](Self::start).
    pub async fn revive(&self) -> Result<Option<String>, NatsError> {
        let (data_dir, settings) = (self.data_dir.clone(), self.settings);
        blocking(move || {
            let (_, run, _) = RunDir::beside(&data_dir, "nats")?;
            if is_up(&run).is_some() {
                return Ok(None);
            }
            // We are inside already, and need not stay twice.
            open(&data_dir, settings).map(|revived| Some(revived.url))
        })
        .await
    }

    /// Leaves; if we were the last, returns when the server has been stopped. Dropping the value does the same but
    /// does not wait. Does nothing while clones of the value live.
    pub async fn leave(self) {
        if let Ok(stay) = Arc::try_unwrap(self.stay) {
            blocking(move || stay.end()).await;
        }
    }
}

fn open(data_dir: &Path, settings: Settings) -> Result<Nats, NatsError> {
    let program = binaries::nats_server()?;
    let (dir, run, account) = RunDir::beside(data_dir, "nats")?;
    let server = Server {
        program: &program,
        account: &account,
        run: &run,
        data: &dir.join("nats"),
    };
    account.make_dir(server.data, 0o700)?;

    let gate = run.gate()?;
    let keeper = Keeper {
        run: &run,
        account: &account,
        linger: settings.linger,
        discard: (settings.durability == Durability::ThrownAway).then_some(server.data),
        stop: server.stop_command(),
    };
    // From here on, whatever fails, the keeper clears up after us.
    let (stay, _) = keeper.enter()?;
    let password = server.password()?;
    let address = match is_up(&run) {
        Some(address) => address,
        None => server.start(&password)?,
    };
    drop(gate);
    Ok(Nats {
        stay: Arc::new(stay),
        url: format!("nats://{USER}:{password}@{address}"),
        data_dir: data_dir.to_owned(),
        settings,
    })
}

struct Server<'a> {
    program: &'a Path,
    account: &'a Account,
    run: &'a RunDir,
    data: &'a Path,
}

/// What the server tells of the ports it found, in `nats-server_PID.ports`.
#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
}

impl Server<'_> {
    fn stop_command(&self) -> Vec<OsString> {
        let words = ["/bin/sh", "-c", STOP].map(OsString::from);
        words
            .into_iter()
            .chain([self.run.path().as_os_str().to_owned()])
            .collect()
    }

    /// Made once for each folder: whoever may read the folder may come in.
    fn password(&self) -> Result<String, NatsError> {
        let path = self.run.file("nats.password");
        if let Ok(known) = fs::read_to_string(&path)
            && !known.is_empty()
        {
            return Ok(known);
        }
        let made = format!("{:032x}", rand::rng().random::<u128>());
        self.write_private(&path, &made)?;
        Ok(made)
    }

    fn write_private(&self, path: &Path, text: &str) -> Result<(), NatsError> {
        let told = |source| NatsError::Io {
            path: path.to_owned(),
            source,
        };
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(told)?;
        Ok(self.account.give(path)?)
    }

    /// Starts it, on the port it had before if that is free: clients that lost it look for it there.
    fn start(&self, password: &str) -> Result<SocketAddr, NatsError> {
        let before = fs::read_to_string(self.run.file("nats.port"))
            .ok()
            .and_then(|port| port.parse().ok());
        let free = before.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
        // -1: any that is free.
        for port in free.map(i32::from).into_iter().chain([-1]) {
            if let Some(address) = self.start_on(port, password)? {
                self.write_private(&self.run.file("nats.port"), &address.port().to_string())?;
                tracing::info!(nats.data = %self.data.display(), "started the private NATS server");
                return Ok(address);
            }
        }
        let log = self.run.file("nats.log");
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let told = lines[lines.len().saturating_sub(12)..].join("\n");
        Err(NatsError::NotUp { log, told })
    }

    fn start_on(&self, port: i32, password: &str) -> Result<Option<SocketAddr>, NatsError> {
        let conf = self.run.file("nats.conf");
        self.write_private(&conf, &self.conf(port, password))?;
        self.forget_ports();
        let log = self.run.file("nats.log");
        let told = |source| NatsError::Io {
            path: log.clone(),
            source,
        };
        let log_file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(told)?;
        let started = self
            .account
            .command("/bin/sh")
            // In the background, so that it is nobody's child and no zombie is left of it.
            .args(["-c", "\"$0\" -c \"$1\" >&2 </dev/null & echo $!"])
            .arg(self.program)
            .arg(&conf)
            .stderr(Stdio::from(log_file))
            .output()
            .map_err(told)?;
        let pid = String::from_utf8_lossy(&started.stdout)
            .trim()
            .parse()
            .ok()
            .and_then(Pid::from_raw);
        let lives = || pid.is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH));
        let began = Instant::now();
        while began.elapsed() < START_WITHIN {
            if let Some(address) = is_up(self.run) {
                return Ok(Some(address));
            }
            if !lives() {
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(None)
    }

    fn conf(&self, port: i32, password: &str) -> String {
        // Written as JSON strings, which its configuration language reads.
        let quoted = |path: &Path| serde_json::Value::from(path.to_string_lossy()).to_string();
        format!(
            "# Written by Daybook at each start.\n\
             listen: \"127.0.0.1:{port}\"\n\
             pid_file: {pid}\n\
             ports_file_dir: {run}\n\
             jetstream {{ store_dir: {data}, max_memory_store: 67108864 }}\n\
             authorization {{ user: {USER}, password: \"{password}\" }}\n",
            pid = quoted(&self.run.file("nats.pid")),
            run = quoted(self.run.path()),
            data = quoted(self.data),
        )
    }

    /// What servers that were killed have left: the ports of today's must not be mixed up with theirs.
    fn forget_ports(&self) {
        let entries = fs::read_dir(self.run.path())
            .into_iter()
            .flatten()
            .filter_map(io::Result::ok);
        for entry in
            entries.filter(|entry| entry.path().extension().is_some_and(|is| is == "ports"))
        {
            if let Err(error) = fs::remove_file(entry.path()) {
                tracing::warn!(%error, "could not remove a NATS server's old list of ports");
            }
        }
    }
}

/// Where it listens, if it does.
fn is_up(run: &RunDir) -> Option<SocketAddr> {
    let pid = fs::read_to_string(run.file("nats.pid")).ok()?;
    let ports = fs::read(run.file(&format!("nats-server_{}.ports", pid.trim()))).ok()?;
    let ports: Ports = serde_json::from_slice(&ports).ok()?;
    let address: SocketAddr = ports.nats.first()?.strip_prefix("nats://")?.parse().ok()?;
    // Nothing else may have its port: a NATS server greets whoever connects.
    let mut greeting = [0; 5];
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    stream.read_exact(&mut greeting).ok()?;
    (&greeting == b"INFO ").then_some(address)
}
