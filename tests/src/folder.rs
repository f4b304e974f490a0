//! Data dirs.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long a private server may take to stop after its last user was killed.
const STOPS_WITHIN: Duration = Duration::from_secs(30);

/// A new data dir, removed in the end.
#[derive(Debug)]
pub struct DataDir(TempDir);

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
        Self(dir)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Whether its private PostgreSQL runs.
    #[must_use]
    pub fn has_postgres(&self) -> bool {
        self.path().join("postgres/postmaster.pid").exists()
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
        while self.has_postgres() && began.elapsed() < STOPS_WITHIN {
            thread::sleep(Duration::from_millis(20));
        }
        !self.has_postgres()
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
