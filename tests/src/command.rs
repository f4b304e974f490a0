//! Commands that run and end.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
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
