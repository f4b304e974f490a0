//! Data dirs.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, test_kill_process};
use tempfile::TempDir;

/// How long a private server may take to stop after its last user was killed.
const STOPS_WITHIN: Duration = Duration::from_secs(30);
/// How long a private server that has died may take to be there again.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// A new data dir, removed in the end.
#[derive(Debug)]
pub struct DataDir {
    dir: TempDir,
    /// Whether what runs on it publishes to a private NATS.
    nats: bool,
}

impl DataDir {
    /// Makes one.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("dbk").tempdir();
        let dir = dir.expect("there is room for a folder");
        // Root's PostgreSQL runs as another user, who has to get in.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        Self { dir, nats: false }
    }

    /// Makes one with a private NATS; none, and says so, where no nats-server is installed.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn with_nats() -> Option<Self> {
        let there = testbed::Nats::is_installed();
        if !there {
            eprintln!("skipped: there is no nats-server here; ops/setup installs one");
        }
        there.then(|| {
            let mut dir = Self::new();
            dir.nats = true;
            dir
        })
    }

    pub(crate) fn publishes(&self) -> bool {
        self.nats
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Whether its private PostgreSQL runs.
    #[must_use]
    pub fn has_postgres(&self) -> bool {
        self.path().join("postgres/postmaster.pid").exists()
    }

    /// The process of its private NATS, while one runs.
    #[must_use]
    pub fn nats(&self) -> Option<Pid> {
        let run = self.path().join("nats.run");
        let pid = fs::read_to_string(run.join("nats.pid")).ok()?;
        let pid = pid.trim().parse().ok().and_then(Pid::from_raw)?;
        let lives = test_kill_process(pid).is_ok();
        lives.then_some(pid)
    }

    /// The process of its private NATS, waited for where it has died and is being started again.
    ///
    /// # Panics
    /// When none comes.
    pub async fn nats_when_up(&self) -> Pid {
        let began = Instant::now();
        loop {
            if let Some(nats) = self.nats() {
                return nats;
            }
            assert!(began.elapsed() < STARTS_WITHIN, "no NATS was started");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn has_servers(&self) -> bool {
        self.has_postgres() || self.nats().is_some()
    }

    /// Waits until its private PostgreSQL was stopped, because nobody uses it any more.
    ///
    /// # Panics
    /// When that does not come.
    pub fn wait_until_stopped(&self) {
        assert!(self.stops(), "the private PostgreSQL was not stopped");
    }

    fn stops(&self) -> bool {
        let began = Instant::now();
        while self.has_servers() && began.elapsed() < STOPS_WITHIN {
            thread::sleep(Duration::from_millis(20));
        }
        !self.has_servers()
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        // Else files would be written into it while it is removed.
        if !self.stops() && !thread::panicking() {
            panic!(
                "a private PostgreSQL was left behind in {}",
                self.path().display()
            );
        }
    }
}
