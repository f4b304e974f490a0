//! What was looked at, and how it is.

use serde::Serialize;

use crate::failure;

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// It works, for now or in part.
    Warn,
    /// It does not work.
    Fail,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    /// What.
    pub(super) name: &'static str,
    /// How it is.
    pub(super) state: State,
    /// In words, with figures.
    pub(super) found: String,
    /// What to do, unless all is well.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

/// All that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Checkup {
    /// Of this program.
    version: &'static str,
    /// The worst of all.
    state: State,
    /// Of the schema's owner, with the password.
    pub(super) database_url: Option<String>,
    /// With the password.
    pub(super) nats_url: Option<String>,
    checks: Vec<Check>,
}

impl Checkup {
    pub(super) fn new() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            state: State::Ok,
            database_url: None,
            nats_url: None,
            checks: Vec::new(),
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn checks(&self) -> &[Check] {
        &self.checks
    }

    pub(super) fn ok(&mut self, name: &'static str, found: impl Into<String>) {
        self.add(name, State::Ok, found, None);
    }

    pub(super) fn warn(
        &mut self,
        name: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(name, State::Warn, found, Some(remedy.into()));
    }

    pub(super) fn fail(
        &mut self,
        name: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(name, State::Fail, found, Some(remedy.into()));
    }

    /// A look that could not be taken: the error says why, and what to do.
    pub(super) fn failed(&mut self, name: &'static str, error: &anyhow::Error) {
        let remedy = failure::remedy_of(error).unwrap_or("see the causes told here");
        self.fail(name, failure::in_one_line(error), remedy);
    }

    fn add(
        &mut self,
        name: &'static str,
        state: State,
        found: impl Into<String>,
        remedy: Option<String>,
    ) {
        self.state = self.state.max(state);
        self.checks.push(Check {
            name,
            state,
            found: found.into(),
            remedy,
        });
    }
}
