//! Decide, append, and decide again when what was decided on has moved.

use crate::{Append, AppendError, Appended, Ledger, Refused};

/// How often a command is decided at most, before the conflict is the answer.
const ATTEMPTS: u32 = 5;

/// Which attempt it is.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// What stood in the way of the attempt before: it tells what to load afresh.
    pub after: Option<Refused>,
}

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<E> {
    /// The decision itself: a rule says no, or what it needs could not be loaded.
    #[error(transparent)]
    Decision(E),
    /// The ledger: refused (for the last time, where deciding again could have helped) or out of reach.
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl Ledger {
    /// Runs `decide` and appends what it decides. When a stream moved on, the catalogue moved or a person's key
    /// was made meanwhile, it is run again, on everything loaded afresh, up to five times. A caller who holds
    /// the command to a version it has seen (`If-Match`) has `decide` refuse on the next attempt.
    ///
    /// # Errors
    /// What `decide` answers, or what [`append`](Ledger::append) answers.
    pub async fn execute<E, F>(
        &self,
        // Not `AsyncFnMut`: a future that runs one cannot be proven `Send` (no return-type notation yet), and
        // a handler's must be.
        mut decide: impl FnMut(Attempt) -> F,
    ) -> Result<Appended, ExecuteError<E>>
    where
        F: Future<Output = Result<Append, E>>,
    {
        let mut attempt = Attempt {
            number: 1,
            after: None,
        };
        loop {
            let append = decide(attempt.clone())
                .await
                .map_err(ExecuteError::Decision)?;
            match self.append(append).await {
                Err(AppendError::Refused(refused))
                    if refused.is_stale() && attempt.number < ATTEMPTS =>
                {
                    attempt = Attempt {
                        number: attempt.number + 1,
                        after: Some(refused),
                    };
                }
                other => return Ok(other?),
            }
        }
    }
}

impl Refused {
    /// Whether the decision rests on what is no longer so, and may come out otherwise when taken again.
    pub fn is_stale(&self) -> bool {
        match self {
            Self::MovedOn { .. } | Self::CatalogueMoved { .. } | Self::PersonKeyMade { .. } => true,
            Self::NoSuchStream { .. }
            | Self::TimeTaken { .. }
            | Self::NameTaken { .. }
            | Self::KeyReused
            | Self::Guarded { .. }
            | Self::PersonKeyGone { .. } => false,
        }
    }
}
