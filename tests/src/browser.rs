//! A real browser, driven by a script in `tests/browser`.

use std::{env, path::PathBuf, process::Command};

use crate::{Checks, root};

/// A browser, and what drives it.
#[derive(Debug, Clone)]
pub struct Browser {
    chromium: PathBuf,
    checks: Checks,
}

impl Browser {
    /// Looks for Chromium (`DAYBOOK_CHROMIUM`, else by its names) and for what `ops/setup --checks` installs; says so
    /// where they are not, and `what` is skipped.
    #[must_use]
    #[expect(
        clippy::print_stdout,
        reason = "ops/test gathers what was skipped from there"
    )]
    pub fn found(what: &str) -> Option<Self> {
        let checks = Checks::found(what)?;
        let path = env::var_os("PATH").unwrap_or_default();
        let in_path = |name: &str| {
            let mut places = env::split_paths(&path).map(|folder| folder.join(name));
            places.find(|program| program.is_file())
        };
        let named = env::var_os("DAYBOOK_CHROMIUM").map(PathBuf::from);
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let chromium = named.or_else(|| names.into_iter().find_map(in_path));
        let drives = checks.modules("browser").join("playwright-core").is_dir();
        let found = chromium.filter(|_| drives);
        if found.is_none() {
            println!("skipped: {what}: it needs Chromium and what ops/setup --checks installs");
        }
        found.map(|chromium| Self { chromium, checks })
    }

    /// A story of a script, to be given its environment and run.
    #[must_use]
    pub fn story(&self, script: &str, story: &str) -> Command {
        let script = root().join("tests/browser").join(script);
        let mut command = self.checks.script(&script);
        command
            .arg(self.checks.modules("browser"))
            .arg(&self.chromium)
            .arg(story);
        command
    }
}
