//! What became of it: one append, through lost connections, to a certain answer where there is one.
//!
//! The key settles it. An append whose connection was lost is sent again: if the first call was done, the
//! second finds its key and tells what it did. If the second is *refused*, the first might still be standing
//! in line for the head row's lock and come through later; the database lets it stand no longer than
//! [`LOCK_TIMEOUT`], so after that the key is asked once more.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::Append;
use crate::call::{self, Outcome};
use crate::lanes::Lanes;
use crate::refused::{AppendError, Refused};

/// How long `ledger_append` waits for the head row (its `lock_timeout`), and a second to spare.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than any append takes, waiting included: past it the connection counts as lost.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to go on asking what became of an append. A command's caller waits meanwhile.
const PATIENCE: Duration = Duration::from_secs(12);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What is left to do for a group whose call did not come back with outcomes.
pub(crate) enum Fallback {
    /// A constraint fired: each alone, in order, finds the one at fault.
    InOrder,
    /// The connection was lost, at this moment: what became of each, its own key tells.
    AllAtOnce(Instant),
    /// Nothing was written, and trying again would only make everybody wait longer.
    GiveUp(Arc<sqlx::Error>),
}

impl From<Failure> for Fallback {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(error) => Self::GiveUp(Arc::new(error)),
            Failure::Lost(_) => Self::AllAtOnce(Instant::now()),
            Failure::RolledBack(error) if try_later(&error) => Self::GiveUp(Arc::new(error)),
            Failure::RolledBack(_) => Self::InOrder,
        }
    }
}

/// Why a call did not come back with outcomes.
pub(crate) enum Failure {
    /// It was never sent.
    NotSent(sqlx::Error),
    /// The connection was lost: it may have been done.
    Lost(sqlx::Error),
    /// The database rolled it back.
    RolledBack(sqlx::Error),
}

/// Appends a group on one lane.
pub(crate) async fn call(
    lanes: &Lanes,
    group: &[&Append],
    after_loss: bool,
) -> Result<Vec<Outcome>, Failure> {
    let lane = if after_loss {
        lanes.take_alive().await
    } else {
        lanes.take().await
    };
    let mut lane = lane.map_err(Failure::NotSent)?;
    match timeout(CALL_TIMEOUT, call::append(lane.connection(), group)).await {
        Ok(Ok(outcomes)) => {
            lane.give_back();
            Ok(outcomes)
        }
        Ok(Err(error)) if was_rolled_back(&error) => {
            lane.give_back();
            Err(Failure::RolledBack(error))
        }
        Ok(Err(error)) => Err(Failure::Lost(error)),
        Err(elapsed) => Err(Failure::Lost(sqlx::Error::Io(elapsed.into()))),
    }
}

/// An error that the database itself reports ends the transaction, save that a connection may be shut down
/// (class 57P) between the commit and the answer.
fn was_rolled_back(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Database(error) = error {
        return !error.code().is_some_and(|code| code.starts_with("57P"));
    }
    matches!(error, sqlx::Error::Encode(_))
}

/// Appends one command, and finds out what became of it. `lost_at`: it has been sent before, in a group whose
/// connection was lost then.
pub(crate) async fn settle(
    lanes: &Lanes,
    append: &Append,
    mut lost_at: Option<Instant>,
) -> Result<Outcome, AppendError> {
    let begun = Instant::now();
    let mut waited_out = false;
    let mut pause = FIRST_PAUSE;
    loop {
        let failure = match call(lanes, &[append], lost_at.is_some()).await {
            Ok(mut outcomes) => {
                let Some(outcome) = outcomes.pop() else {
                    return Err(AppendError::Store(sqlx::Error::RowNotFound));
                };
                match (&outcome, lost_at) {
                    (Err(refused), Some(lost)) if *refused != Refused::KeyReused && !waited_out => {
                        sleep_until(lost + LOCK_TIMEOUT).await;
                        waited_out = true;
                        continue;
                    }
                    _ => return Ok(outcome),
                }
            }
            Err(failure) => failure,
        };
        let error = match failure {
            Failure::NotSent(error) if lost_at.is_none() => {
                return Err(AppendError::Unavailable(Arc::new(error)));
            }
            Failure::RolledBack(error) if try_later(&error) => {
                if lost_at.is_none() {
                    return Err(AppendError::Unavailable(Arc::new(error)));
                }
                // Nothing of this call stands, but an earlier one may.
                error
            }
            Failure::RolledBack(error) => return by_constraint(append, error).map(Err),
            Failure::Lost(error) => {
                lost_at = Some(Instant::now());
                waited_out = false;
                error
            }
            Failure::NotSent(error) => error,
        };
        if begun.elapsed() > PATIENCE {
            return Err(AppendError::Unknown(error));
        }
        tracing::warn!(command.id = %append.command.id, error = %error, "an append's connection was lost; asking by its key");
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Resources, operator and lock waits (53, 55P03, 57014), deadlocks and serialisation (40) pass.
fn try_later(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| {
        code.starts_with("53") || code.starts_with("40") || code == "55P03" || code == "57014"
    })
}

/// Constraints are the last word, by their names; they fire where something went past the look.
fn by_constraint(append: &Append, error: sqlx::Error) -> Result<Refused, AppendError> {
    let sqlx::Error::Database(database) = &error else {
        return Err(AppendError::Store(error));
    };
    let refused = match database.constraint() {
        Some("events_stream") => append.streams.first().map(|write| Refused::MovedOn {
            stream: write.stream.clone(),
            expected: match write.expected {
                crate::Expected::Version(version) => version,
                crate::Expected::Exists => crate::Version::NEW,
            },
            actual: None,
        }),
        Some("claim_seat_free") => append.claims.iter().find_map(|set| {
            set.claims.first().map(|claim| Refused::TimeTaken {
                owner: set.owner,
                resource: claim.resource,
                during: claim.during,
                by: Vec::new(),
            })
        }),
        Some("claimed_name_free") => append.names.first().map(|name| Refused::NameTaken {
            kind: name.kind,
            name: name.name.clone(),
            by: None,
        }),
        Some("person_key_pkey") => {
            (append.person_keys.made.first()).map(|(key, _)| Refused::PersonKeyMade { key: *key })
        }
        _ => None,
    };
    refused.ok_or(AppendError::Store(error))
}
