//! Commands that run and end.

use std::{
    io::Write,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

use crate::{DataDir, binary};

/// What a command did.
#[derive(Debug)]
pub struct Done {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said besides.
    pub stderr: String,
}

impl Done {
    /// That it ended well.
    ///
    /// # Panics
    /// When it did not, with its own words.
    #[track_caller]
    #[must_use]
    pub fn well(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// The JSON in its last line.
    ///
    /// # Panics
    /// When it did not end well, or that is no JSON.
    #[track_caller]
    #[must_use]
    pub fn json(self) -> Value {
        let done = self.well();
        let line = done.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The command, on a data dir, with nothing of the settings around it. No NATS but for data dirs that are made for it:
/// most of what is told here does not hang on it.
pub(crate) fn prepared(dir: &DataDir, words: &[&str]) -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        let kept = ["DAYBOOK_PG_BIN", "DAYBOOK_NATS_BIN", "DAYBOOK_TOOLS"];
        let name_text = name.to_string_lossy();
        if name_text.starts_with("DAYBOOK_") && !kept.contains(&name_text.as_ref()) {
            command.env_remove(&name);
        }
    }
    command
        .args(words)
        .arg("--data-dir")
        .arg(dir.path())
        .stdin(Stdio::null());
    if !dir.publishes() {
        command.env("DAYBOOK_NATS_URL", "off");
    }
    command
}

/// A command at its work. Killed, not asked, when dropped.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Starts it. What it says is not kept.
    ///
    /// # Panics
    /// When it does not even start.
    #[must_use]
    pub fn start(dir: &DataDir, words: &[&str]) -> Self {
        let mut command = prepared(dir, words);
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("the binary is there"))
    }

    /// `kill -9`: it has no say in this.
    ///
    /// # Panics
    /// When it had ended before.
    pub fn kill_nine(mut self) {
        let ended = self.0.try_wait().expect("it is our child");
        assert_eq!(ended, None, "it ended before it could be killed");
        self.0.kill().expect("it runs");
        self.0.wait().expect("it is our child");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Gone already, if it was killed.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Runs a command to its end.
///
/// # Panics
/// When it does not even start.
#[must_use]
pub fn daybook(dir: &DataDir, words: &[&str]) -> Done {
    prepared(dir, words)
        .output()
        .expect("the binary is there")
        .into()
}

impl DataDir {
    /// Runs a command that reads `input`.
    ///
    /// # Panics
    /// When it does not even start.
    #[must_use]
    pub fn daybook_reading(&self, words: &[&str], input: &str) -> Done {
        let mut child = prepared(self, words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary is there");
        let mut stdin = child.stdin.take().expect("it was asked for");
        stdin.write_all(input.as_bytes()).expect("it reads");
        drop(stdin);
        child.wait_with_output().expect("it ends").into()
    }
}
