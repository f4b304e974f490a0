//! What a command prints on stdout: words for people, unless `--json` was asked for, and last its JSON line.

use std::io::{self, Stdout, Write};

use serde::Serialize;

/// Stdout.
#[derive(Debug)]
pub(crate) struct Output {
    stdout: Stdout,
    json_only: bool,
}

/// Whoever read our stdout has gone (`daybook log tail … | head`): no failure, there is just nobody to tell.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output any more")]
pub(crate) struct NobodyReads;

impl Output {
    pub(crate) fn new(json_only: bool) -> Self {
        Self {
            stdout: io::stdout(),
            json_only,
        }
    }

    /// Whether only JSON is wanted.
    pub(crate) fn json_only(&self) -> bool {
        self.json_only
    }

    /// A line for people.
    pub(crate) fn say(&mut self, text: impl AsRef<str>) -> anyhow::Result<()> {
        if self.json_only {
            Ok(())
        } else {
            self.line(text.as_ref())
        }
    }

    /// A line of JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        self.line(&serde_json::to_string(value)?)
    }

    /// A line, whatever was asked for.
    pub(crate) fn line(&mut self, line: &str) -> anyhow::Result<()> {
        self.text(format!("{line}\n").as_bytes())
    }

    /// Whole lines.
    pub(crate) fn text(&mut self, text: &[u8]) -> anyhow::Result<()> {
        let mut stdout = self.stdout.lock();
        match stdout.write_all(text).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(NobodyReads.into()),
            written => Ok(written?),
        }
    }
}
