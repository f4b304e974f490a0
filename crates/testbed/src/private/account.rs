//! Whom the servers run as. PostgreSQL refuses root, so root hands it to an ordinary account; everybody else runs it
//! as themselves.

use std::{
    fs, io,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// An operating-system account that a server runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// Set when we are root and run the server as somebody else.
    other: Option<Other>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Other {
    name: String,
    uid: u32,
    gid: u32,
}

/// Why a server cannot be run as an account.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Root found nobody to hand the server to.
    #[error(
        "root cannot run PostgreSQL, and there is neither a user postgres nor a user nobody; add one: useradd --system postgres"
    )]
    Nobody,
    /// A folder above the data keeps the account out.
    #[error("user {user} runs the server for root and cannot pass through {}, on the way to {}; keep the data elsewhere (say /var/lib/daybook), or let others pass: chmod o+x {}", .stops_at.display(), .path.display(), .stops_at.display())]
    NotTraversable {
        /// Who runs the server.
        user: String,
        /// Where it has to get to.
        path: PathBuf,
        /// The first folder that stops it.
        stops_at: PathBuf,
    },
    /// The file system refused.
    #[error("could not give {} to the user who runs the server: {source}", path.display())]
    Io {
        /// What was to be given.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl Account {
    /// Who shall run a server whose data lie (or will lie) in `data`: its owner, if root finds it there already;
    /// else `postgres`, else `nobody`. Ourselves, if we are not root.
    pub(super) fn for_data(data: &Path) -> Result<Self, AccountError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { other: None });
        }
        if let Ok(found) = fs::metadata(data)
            && found.uid() != 0
        {
            let name = format!("#{}", found.uid());
            return Ok(Self {
                other: Some(Other {
                    name,
                    uid: found.uid(),
                    gid: found.gid(),
                }),
            });
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| {
                let uid = id_of("-u", name)?;
                let gid = id_of("-g", name)?;
                Some(Self {
                    other: Some(Other {
                        name: name.to_owned(),
                        uid,
                        gid,
                    }),
                })
            })
            .ok_or(AccountError::Nobody)
    }

    /// Ourselves, root or not.
    pub(super) fn own() -> Self {
        Self { other: None }
    }

    /// A command that runs as this account, in a process group of its own, so that a Ctrl-C meant for us passes it by.
    pub(super) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        // What we inherited beyond the three standard files (a lock held by a script around us, a job server's pipe)
        // must not live on in a server. What Rust opened is closed on exec anyway.
        let mut command = Command::new("/bin/sh");
        command.args([
            "-c",
            "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; exec \"$0\" \"$@\"",
        ]);
        command.arg(program);
        command
            .current_dir("/")
            .env("LC_ALL", "C.UTF-8")
            .process_group(0)
            .stdin(Stdio::null());
        if let Some(other) = &self.other {
            command.uid(other.uid).gid(other.gid).env("HOME", "/");
        }
        command
    }

    /// Makes `dir` with the given mode, this account's own. One that is there is left as it is.
    pub(super) fn make_dir(&self, dir: &Path, mode: u32) -> Result<(), AccountError> {
        let told = |source| AccountError::Io {
            path: dir.to_owned(),
            source,
        };
        match fs::create_dir(dir) {
            Ok(()) => {
                fs::set_permissions(dir, fs::Permissions::from_mode(mode)).map_err(told)?;
                self.give(dir)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(told(error)),
        }
    }

    /// Makes this account the owner of `path`.
    pub(super) fn give(&self, path: &Path) -> Result<(), AccountError> {
        match &self.other {
            None => Ok(()),
            Some(other) => {
                chown(path, Some(other.uid), Some(other.gid)).map_err(|source| AccountError::Io {
                    path: path.to_owned(),
                    source,
                })
            }
        }
    }

    /// Whether files of this account belong to `uid`.
    pub(super) fn is(&self, uid: u32) -> bool {
        match &self.other {
            None => rustix::process::geteuid().as_raw() == uid,
            Some(other) => other.uid == uid,
        }
    }

    /// That the account can get into `dir`; said before a server fails on it with a bare "Permission denied".
    pub(super) fn can_reach(&self, dir: &Path) -> Result<(), AccountError> {
        let Some(other) = &self.other else {
            return Ok(());
        };
        let mut way: Vec<&Path> = dir.ancestors().collect();
        way.reverse();
        for place in way {
            let passes = self
                .command("test")
                .arg("-x")
                .arg(place)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success());
            if !passes {
                return Err(AccountError::NotTraversable {
                    user: other.name.clone(),
                    path: dir.to_owned(),
                    stops_at: place.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// `id -u NAME`: the one way that works on Linux and macOS without unsafe code.
fn id_of(what: &str, name: &str) -> Option<u32> {
    let told = Command::new("id")
        .args([what, name])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    String::from_utf8(told.stdout).ok()?.trim().parse().ok()
}
