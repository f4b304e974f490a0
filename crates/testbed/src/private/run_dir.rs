//! The folder beside a server's data: its door, its locks, its socket and its log. Private to whoever runs the server.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::account::{Account, AccountError};

/// How long to wait for somebody else who is starting the same server: an `initdb` on a slow disk and then some.
const PATIENCE: Duration = Duration::from_secs(180);

/// A server's run folder.
#[derive(Debug, Clone)]
pub(super) struct RunDir {
    path: PathBuf,
}

/// What is wrong with a server's run folder.
#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    /// Another user began here.
    #[error("{} belongs to user number {uid}; run as that user or as root, or choose another folder for the data", path.display())]
    Others {
        /// The run folder.
        path: PathBuf,
        /// Whose it is.
        uid: u32,
    },
    /// Open to others: whoever can open the socket in it owns the data.
    #[error("{} must be a folder that is closed to all other users; remove it, or: chmod {mode:o} {}", path.display(), path.display())]
    NotPrivate {
        /// The folder.
        path: PathBuf,
        /// The mode that it should have.
        mode: u32,
    },
    /// Could not be made, or made over.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The file system refused.
    #[error("could not use {}: {source}", path.display())]
    Io {
        /// The file in question.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Somebody else holds the lock.
    #[error("waited {} seconds for another process that is starting or stopping the same server and holds {}; see what it does (lsof, fuser), end it and try again", PATIENCE.as_secs(), .0.display())]
    Busy(PathBuf),
}

impl RunDir {
    /// Makes `data_dir` if need be, finds who runs the server `name` in it, and opens its run folder there.
    pub(super) fn beside(
        data_dir: &Path,
        name: &str,
    ) -> Result<(PathBuf, Self, Account), RunDirError> {
        let told = |source| RunDirError::Io {
            path: data_dir.to_owned(),
            source,
        };
        let dir = std::path::absolute(data_dir).map_err(told)?;
        fs::create_dir_all(&dir).map_err(told)?;
        let account = Account::for_data(&dir.join(name))?;
        account.can_reach(&dir)?;
        let run = Self::open(dir.join(format!("{name}.run")), &account)?;
        Ok((dir, run, account))
    }

    /// Makes the folder, or checks the one that is there.
    pub(super) fn open(path: PathBuf, account: &Account) -> Result<Self, RunDirError> {
        private_dir(&path, 0o700, account)?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Waits until nobody else is on the threshold, and keeps others off it while the answer lives.
    pub(super) fn gate(&self) -> Result<File, RunDirError> {
        let path = self.file("gate");
        let gate = open_lock(&path)?;
        let began = Instant::now();
        loop {
            match gate.try_lock() {
                Ok(()) => return Ok(gate),
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(10))
                }
                Err(TryLockError::WouldBlock) => return Err(RunDirError::Busy(path)),
                Err(TryLockError::Error(source)) => return Err(RunDirError::Io { path, source }),
            }
        }
    }

    /// A shared lock that says "I am using the server". Tells the last one that it is the last; the keeper does not
    /// depend on it.
    pub(super) fn sign_in(&self) -> Result<File, RunDirError> {
        let path = self.file("guests");
        let guests = open_lock(&path)?;
        guests
            .lock_shared()
            .map_err(|source| RunDirError::Io { path, source })?;
        Ok(guests)
    }

    /// Gives the shared lock back and tells whether nobody else holds one.
    pub(super) fn sign_out(guests: &File) -> bool {
        let last = guests.unlock().is_ok() && guests.try_lock().is_ok();
        // Unlocked at once: the next one to come must not find it taken.
        last && guests.unlock().is_ok()
    }
}

fn open_lock(path: &Path) -> Result<File, RunDirError> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|source| RunDirError::Io {
            path: path.to_owned(),
            source,
        })
}

/// Makes `path` a folder of the account's with this mode, or checks that the one that is there is no more open.
pub(super) fn private_dir(path: &Path, mode: u32, account: &Account) -> Result<(), RunDirError> {
    account.make_dir(path, mode)?;
    let path = path.to_owned();
    let found = match fs::symlink_metadata(&path) {
        Ok(found) => found,
        Err(source) => return Err(RunDirError::Io { path, source }),
    };
    if !account.is(found.uid()) {
        return Err(RunDirError::Others {
            path,
            uid: found.uid(),
        });
    }
    if !found.is_dir() || found.mode() & 0o777 & !mode != 0 {
        return Err(RunDirError::NotPrivate { path, mode });
    }
    Ok(())
}
