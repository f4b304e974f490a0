//! Programs that other people wrote to look at an API: `ops/setup --checks` puts them into a folder of their own.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder with these programs.
#[derive(Debug, Clone)]
pub struct Checks(PathBuf);

impl Checks {
    /// Where `ops/setup --checks` has put them; says so if it has not, and `what` is skipped.
    #[must_use]
    #[expect(
        clippy::print_stdout,
        reason = "ops/test gathers what was skipped from there"
    )]
    pub fn found(what: &str) -> Option<Self> {
        let given = env::var_os("DAYBOOK_TOOLS").map(PathBuf::from);
        let ours = [
            root().join(".tools"),
            PathBuf::from("/usr/local/lib/daybook/tools"),
        ];
        let mut places = given.into_iter().chain(ours);
        let found = places.find_map(|tools| {
            let checks = tools.join("checks");
            checks.join("made-of").exists().then_some(Self(checks))
        });
        if found.is_none() {
            println!("skipped: {what}: ops/setup --checks could not install what it needs");
        }
        found
    }

    /// A program of Python's: `python`, `schemathesis`.
    #[must_use]
    pub fn python(&self, program: &str) -> Command {
        let mut command = Command::new(self.0.join("bin").join(program));
        command.current_dir(root());
        command
    }

    /// A program of npm's: `redocly` of the package in folder `of`.
    ///
    /// # Panics
    /// When the search path cannot be told.
    #[must_use]
    pub fn node(&self, of: &str, program: &str) -> Command {
        self.with_node(self.modules(of).join(".bin").join(program))
    }

    /// A script of ours, run by Node.
    ///
    /// # Panics
    /// When the search path cannot be told.
    #[must_use]
    pub fn script(&self, script: &Path) -> Command {
        let mut command = self.with_node("node");
        command.arg(script);
        command
    }

    fn with_node(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        // Where there was no Node, it is one of Python's wheels.
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::split_paths(&path).chain([self.0.join("bin")]);
        let path = env::join_paths(path).expect("it was a search path before");
        command.env("PATH", path).current_dir(root());
        command
    }

    /// The packages that npm installed for folder `of`.
    #[must_use]
    pub fn modules(&self, of: &str) -> PathBuf {
        self.0.join("npm").join(of).join("node_modules")
    }
}

/// The root of the tree.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
