//! What keeps a herald from publishing.

use ledger::ReadError;

/// Why publishing stopped. It is taken up again by itself, whichever it is.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// NATS does not answer, or not in time. What became of messages in hand is not known.
    #[error("NATS is away: {0}")]
    Away(String),
    /// The stream's last message is another one than was reckoned with.
    #[error("the stream has moved on: {0}")]
    OutOfStep(String),
    /// The stream does not take messages, and will not until somebody changes it.
    #[error("the stream takes no messages: {0}")]
    Unfit(String),
    /// The database does not answer; with it the right to publish may be gone.
    #[error("the database is away")]
    Books(#[from] sqlx::Error),
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] ReadError),
}

impl Fault {
    /// The error and its causes, in one line.
    pub(crate) fn told(&self) -> String {
        let mut told = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            told = format!("{told}: {error}");
            cause = error.source();
        }
        told
    }
}
