//! What was looked at, and how it is.

use herald::Lag;
use serde::Serialize;
use uuid::Uuid;

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
    /// None where it could not be looked at, or NATS is switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) published: Option<Published>,
    checks: Vec<Check>,
}

/// How far publishing is behind.
#[derive(Debug, Serialize)]
pub(super) struct Published {
    /// Events that are not published, of all businesses.
    behind_events: i64,
    /// Businesses that have some.
    behind_businesses: i64,
    /// How long ago the oldest of them was recorded.
    behind_seconds: f64,
    /// Whose that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    worst_business_id: Option<Uuid>,
    /// Businesses of which the stream tells events that the ledger does not hold.
    forked_businesses: i64,
}

impl From<&Lag> for Published {
    fn from(lag: &Lag) -> Self {
        Self {
            behind_events: lag.events,
            behind_businesses: lag.businesses,
            behind_seconds: lag.seconds(),
            worst_business_id: lag.worst.as_ref().map(|worst| worst.business.0),
            forked_businesses: lag.forked,
        }
    }
}

impl Checkup {
    pub(super) fn new() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            state: State::Ok,
            database_url: None,
            nats_url: None,
            published: None,
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
