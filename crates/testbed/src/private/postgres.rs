//! A PostgreSQL of one's own: made by `initdb` when there is none, started, joined, restarted after a crash.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, test_kill_process};
use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

use super::{
    account::{Account, AccountError},
    binaries::{Binaries, BinariesError},
    keeper::{Came, Keeper, KeeperError, Stay},
    run_dir::{RunDir, RunDirError},
    settings::{Durability, Settings},
};

/// The superuser of a private cluster, and owner of all in it.
pub(crate) const OWNER: &str = "daybook_owner";

/// Names the socket file only; nothing listens on a port.
const PORT: u16 = 5432;
/// What fits into a socket address with its closing NUL: 108 bytes on Linux, 104 on macOS.
const LONGEST_SOCKET: usize = if cfg!(target_os = "macos") { 103 } else { 107 };
/// macOS has no C.UTF-8 in all its versions.
const LOCALE: &str = if cfg!(target_os = "macos") {
    "en_US.UTF-8"
} else {
    "C.UTF-8"
};
/// Whole pages in the log are compressed by what takes a fraction of the time, from PostgreSQL 15 on, where it was built
/// with it: a rebuild of all read models spent a seventh of it on that.
const QUICKLY: &str = "wal_compression=lz4";
/// Recovery after a crash under load replays at most `max_wal_size`.
const START_WITHIN: Duration = Duration::from_secs(180);

/// A private PostgreSQL that is kept running at least as long as this value (or a clone of it) lives.
#[derive(Debug, Clone)]
pub struct Postgres {
    stay: Arc<Stay>,
    data_dir: PathBuf,
    settings: Settings,
    sockets: PathBuf,
    logs: PathBuf,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No programs to run.
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
    /// The data were made by another major version.
    #[error("the data in {} were made by PostgreSQL {made_by}, and only {found} is installed; install PostgreSQL {made_by}, or move the data over with pg_upgrade", data.display())]
    OtherVersion {
        /// The cluster.
        data: PathBuf,
        /// Its major version.
        made_by: u32,
        /// The one that was found.
        found: u32,
    },
    /// A program of PostgreSQL said no.
    #[error("{program} failed for {}: {told}", data.display())]
    Program {
        /// `initdb` or `pg_ctl start`.
        program: &'static str,
        /// The cluster.
        data: PathBuf,
        /// Its own words, and the last ones of the server's log.
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
    /// It runs, but does not do as asked.
    #[error("the private PostgreSQL refused: {0}")]
    Sql(#[from] sqlx::Error),
}

impl Postgres {
    /// Joins the server whose data lie in `data_dir`, or starts it, making it if there is none. The data are kept; the
    /// server is stopped at once when the last one has left. Also finds and joins one that outlived a crash.
    ///
    /// The cluster lies in `data_dir/postgres`, the socket and the log in `data_dir/postgres.run`. Root runs it as the
    /// user `postgres`, else `nobody`, who must be able to pass through all folders above.
    ///
    /// # Errors
    /// Each says what is in the way and what to do about it.
    pub async fn join_or_start(data_dir: impl AsRef<Path>) -> Result<Self, PostgresError> {
        let settings = Settings {
            durability: Durability::Kept,
            linger: Duration::ZERO,
        };
        Self::start(data_dir, settings).await
    }

    /// As [`join_or_start`](Self::join_or_start), with settings of one's own. All who share a folder should agree on
    /// them: those of the one who started the server count.
    ///
    /// # Errors
    /// Each says what is in the way and what to do about it.
    pub async fn start(
        data_dir: impl AsRef<Path>,
        settings: Settings,
    ) -> Result<Self, PostgresError> {
        let data_dir = data_dir.as_ref().to_owned();
        blocking(move || open(&data_dir, settings)).await
    }

    /// The address of a database, as the owner of everything in it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url(&self.sockets, OWNER, database, "")
    }

    /// The address of a database for somebody who may only do what was granted to `role`.
    #[must_use]
    pub fn url_as(&self, database: &str, role: &str) -> String {
        // Not a log-in as that role: it may be one that cannot.
        url(
            &self.sockets,
            OWNER,
            database,
            &format!("&options[role]={role}"),
        )
    }

    /// The folder of the server's socket: `psql -h FOLDER -U daybook_owner`.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.sockets
    }

    /// Where the server's logs are: `postgres.log`, and one for each day of the week.
    #[must_use]
    pub fn log_dir(&self) -> &Path {
        &self.logs
    }

    /// Makes a database unless it is there.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn ensure_database(&self, name: &str) -> Result<(), PostgresError> {
        let mut db = self.connect("postgres").await?;
        let there: bool =
            sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
                .bind(name)
                .fetch_one(&mut db)
                .await?;
        if !there {
            let made = sqlx::raw_sql(&format!("create database {}", quoted(name)))
                .execute(&mut db)
                .await;
            match made {
                // Somebody else who shares the server was quicker.
                Err(sqlx::Error::Database(refusal))
                    if matches!(refusal.code().as_deref(), Some("42P04" | "23505")) => {}
                made => {
                    made?;
                }
            }
        }
        db.close().await?;
        Ok(())
    }

    /// One connection to a database, as its owner.
    pub(crate) async fn connect(&self, database: &str) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect_with(&self.options(database)).await
    }

    /// How to connect to a database as its owner.
    #[must_use]
    pub fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host(&self.sockets.to_string_lossy())
            .port(PORT)
            .ssl_mode(PgSslMode::Disable)
            .username(OWNER)
            .database(database)
    }

    /// Starts the server again if it has died under those who use it: killed by hand, or for want of memory. Tells
    /// whether it had.
    ///
    /// # Errors
    /// When its data are gone, or it cannot be started, as in [`start`](Self::start).
    pub async fn revive(&self) -> Result<bool, PostgresError> {
        let (data_dir, settings) = (self.data_dir.clone(), self.settings);
        let sockets = self.sockets.clone();
        blocking(move || {
            if is_up(&data_dir.join("postgres"), &sockets) {
                return Ok(false);
            }
            let data = data_dir.join("postgres");
            if version_of(&data)?.is_none() {
                // An empty one in its place would look as if nothing had ever been written.
                let source = io::ErrorKind::NotFound.into();
                return Err(PostgresError::Io { path: data, source });
            }
            // Whoever comes in finds the server as it should be; we are inside already, and need not stay twice.
            open(&data_dir, settings).map(|_| true)
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

/// Runs what waits for files, locks and child processes where it holds nobody up.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
    }
}

fn open(data_dir: &Path, settings: Settings) -> Result<Postgres, PostgresError> {
    let (dir, run, account) = RunDir::beside(data_dir, "postgres")?;
    let data = dir.join("postgres");
    let binaries = Binaries::find(version_of(&data)?)?;
    if let Some(made_by) = version_of(&data)?
        && made_by != binaries.major()
    {
        return Err(PostgresError::OtherVersion {
            data,
            made_by,
            found: binaries.major(),
        });
    }
    let sockets = socket_dir(&run, &account)?;
    let server = Server {
        binaries: &binaries,
        account: &account,
        run: &run,
        data: &data,
        sockets: &sockets,
        settings,
    };

    let gate = run.gate()?;
    let keeper = Keeper {
        run: &run,
        account: &account,
        linger: settings.linger,
        discard: (settings.durability == Durability::ThrownAway).then_some(data.as_path()),
        stop: server.stop_command(),
    };
    // From here on, whatever fails, the keeper clears up after us.
    let (stay, came) = keeper.enter()?;
    if !server.is_up() {
        if came == Came::First && settings.durability == Durability::ThrownAway {
            // Left over from a crash, perhaps of the machine, and never synced: worth nothing.
            remove(&data)?;
        }
        if version_of(&data)?.is_none() {
            server.make()?;
        }
        server.start()?;
    }
    drop(gate);
    Ok(Postgres {
        stay: Arc::new(stay),
        data_dir: dir,
        settings,
        sockets,
        logs: run.path().to_owned(),
    })
}

/// The run folder itself, unless its path is too long for a socket: then a short one that stands for it.
fn socket_dir(run: &RunDir, account: &Account) -> Result<PathBuf, PostgresError> {
    let name = format!("/.s.PGSQL.{PORT}");
    if run.path().as_os_str().len() + name.len() <= LONGEST_SOCKET {
        return Ok(run.path().to_owned());
    }
    let id = uuid::Uuid::new_v5(
        &uuid::Uuid::NAMESPACE_URL,
        run.path().as_os_str().as_encoded_bytes(),
    );
    // Not `temp_dir()`: on macOS that is long itself, and all who join must agree.
    let short = Path::new("/tmp").join(format!("daybook-{}", id.simple()));
    Ok(RunDir::open(short, account)?.path().to_owned())
}

/// The major version that made a cluster; none if there is no cluster.
fn version_of(data: &Path) -> Result<Option<u32>, PostgresError> {
    let path = data.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(PostgresError::Io { path, source }),
    }
}

fn remove(path: &Path) -> Result<(), PostgresError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done.map_err(|source| PostgresError::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

struct Server<'a> {
    binaries: &'a Binaries,
    account: &'a Account,
    run: &'a RunDir,
    data: &'a Path,
    sockets: &'a Path,
    settings: Settings,
}

impl Server<'_> {
    fn program(&self, name: &str) -> Command {
        self.account.command(self.binaries.program(name))
    }

    fn stop_command(&self) -> Vec<OsString> {
        let mut words = vec![self.binaries.program("pg_ctl").into_os_string()];
        words.extend(["stop", "-s", "-w", "-t", "60", "-m", "fast", "-D"].map(OsString::from));
        words.push(self.data.into());
        words
    }

    fn failed(&self, program: &'static str, told: String) -> PostgresError {
        PostgresError::Program {
            program,
            data: self.data.to_owned(),
            told,
        }
    }

    /// Makes the cluster under another name first: one that is there is whole.
    fn make(&self) -> Result<(), PostgresError> {
        let making = self.data.with_extension("making");
        remove(&making)?;
        self.account.make_dir(&making, 0o700)?;
        let mut initdb = self.program("initdb");
        initdb.args([
            "-U",
            OWNER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale",
            LOCALE,
            "--no-instructions",
        ]);
        match self.settings.durability {
            Durability::Kept => initdb.arg("--data-checksums"),
            Durability::ThrownAway => initdb.arg("--no-sync"),
        };
        if cfg!(target_os = "macos") {
            initdb.args(["--lc-collate", "C"]);
        }
        let told = initdb.arg("-D").arg(&making).output();
        succeeded(told).map_err(|told| self.failed("initdb", told))?;
        let told = |source| PostgresError::Io {
            path: self.data.to_owned(),
            source,
        };
        let conf = making.join("postgresql.conf");
        let mut text = fs::read_to_string(&conf).map_err(told)?;
        text.push_str(
            "\ninclude 'daybook.conf'\n# Settings of your own go below this line and win.\n",
        );
        fs::write(&conf, text).map_err(told)?;
        fs::rename(&making, self.data).map_err(told)?;
        tracing::info!(postgres.data = %self.data.display(), postgres.version = self.binaries.major(), "made a private PostgreSQL cluster");
        Ok(())
    }

    fn start(&self) -> Result<(), PostgresError> {
        let conf = self.data.join("daybook.conf");
        let told = |source| PostgresError::Io {
            path: conf.clone(),
            source,
        };
        fs::write(&conf, self.conf()).map_err(told)?;
        self.account.give(&conf)?;
        if matches!(self.settings.durability, Durability::Kept) && self.takes(QUICKLY) {
            let text = format!("{}{QUICKLY}\n", self.conf());
            fs::write(&conf, text).map_err(told)?;
        }
        let log = self.run.file("postgres.log");
        let began = Instant::now();
        loop {
            let told = self
                .program("pg_ctl")
                .args(["start", "-s", "-w", "-t", "120", "-D"])
                .arg(self.data)
                .arg("-l")
                .arg(&log)
                .output();
            let Err(told) = succeeded(told) else { break };
            // One that still stops, or recovers from a crash, holds the lock file or the shared memory a while yet.
            if self.is_up() {
                break;
            }
            let tail = self.log_tail();
            let passing = self.postmaster_lives()
                || ["postmaster.pid", "shared memory block"]
                    .iter()
                    .any(|held| tail.contains(held));
            if !passing || began.elapsed() > START_WITHIN {
                return Err(self.failed("pg_ctl start", format!("{told}\n{tail}")));
            }
            thread::sleep(Duration::from_millis(100));
        }
        tracing::info!(postgres.data = %self.data.display(), "started the private PostgreSQL");
        Ok(())
    }

    /// Whether a server like this one knows a setting.
    fn takes(&self, setting: &str) -> bool {
        let (name, _) = setting.split_once('=').unwrap_or((setting, ""));
        let told = self
            .program("postgres")
            .args(["-C", name, "-c", setting, "-D"])
            .arg(self.data)
            .output();
        succeeded(told).is_ok()
    }

    /// The settings, written anew at each start.
    fn conf(&self) -> String {
        let quoted = |path: &Path| path.to_string_lossy().replace('\'', "''");
        let (sockets, logs) = (quoted(self.sockets), quoted(self.run.path()));
        let own = match self.settings.durability {
            Durability::Kept => include_str!("postgres-kept.conf"),
            Durability::ThrownAway => include_str!("postgres-thrown-away.conf"),
        };
        format!(
            "# Written by Daybook at each start; settings of your own go into postgresql.conf.\n\
             listen_addresses = ''\nport = {PORT}\n\
             unix_socket_directories = '\"{sockets}\"'\nunix_socket_permissions = 0700\n\
             log_directory = '{logs}'\n{own}"
        )
    }

    /// The last lines of the log that was written last: the server begins in one and goes on in that of the day.
    fn log_tail(&self) -> String {
        let logs = fs::read_dir(self.run.path())
            .into_iter()
            .flatten()
            .filter_map(io::Result::ok);
        let newest = logs
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("postgres"))
            .max_by_key(|entry| entry.metadata().and_then(|found| found.modified()).ok());
        let text = newest
            .and_then(|log| fs::read(log.path()).ok())
            .unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    fn is_up(&self) -> bool {
        is_up(self.data, self.sockets)
    }

    fn postmaster_lives(&self) -> bool {
        let lines = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let pid = lines
            .lines()
            .next()
            .and_then(|pid| pid.trim().parse().ok())
            .and_then(Pid::from_raw);
        // Anything but "no such process" means that there is one, be it another user's.
        pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
    }
}

/// Whether the server takes connections.
fn is_up(data: &Path, sockets: &Path) -> bool {
    // The eighth line of the lock file tells the state; the connection, that the file is not left from a crash.
    let lines = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    lines
        .lines()
        .nth(7)
        .is_some_and(|state| state.trim() == "ready")
        && UnixStream::connect(sockets.join(format!(".s.PGSQL.{PORT}"))).is_ok()
}

fn succeeded(told: io::Result<Output>) -> Result<(), String> {
    match told {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let words = [output.stdout, output.stderr].concat();
            Err(String::from_utf8_lossy(&words).trim().to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn url(sockets: &Path, user: &str, database: &str, more: &str) -> String {
    let mut host = String::new();
    for byte in sockets.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                host.push(char::from(*byte))
            }
            byte => host.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("postgres://{user}@localhost:{PORT}/{database}?host={host}&sslmode=disable{more}")
}
