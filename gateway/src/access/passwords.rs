//! Passwords: Argon2id, off the async threads, a few at a time.

use std::{sync::Arc, time::Duration};

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use crate::problem::Problem;

/// How many are hashed at a time: each takes 19 MiB and a core for a while.
const AT_A_TIME: usize = 2;
/// How long to wait for one's turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hashes and checks passwords. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    /// A hash that no password has: checked where there is no user, so that the time tells nothing.
    nobody: Arc<str>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let random = super::tokens::random();
        let nobody = hash(&random).expect("Argon2's defaults and 32 bytes are within its limits");
        Self {
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
            nobody: nobody.into(),
        }
    }

    /// The hash of a new password, with its salt and cost (PHC).
    pub(crate) async fn hash(&self, password: SecretString) -> Result<String, Problem> {
        self.in_turn(move || hash(password.expose_secret().as_bytes()))
            .await?
            .map_err(Problem::internal)
    }

    /// Whether the password has this hash; takes as long where there is none.
    pub(crate) async fn matches(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, Problem> {
        let nobody = self.nobody.clone();
        self.in_turn(move || {
            let known = hash.is_some();
            let hash = hash.as_deref().unwrap_or(&nobody);
            let matches = PasswordHash::new(hash).is_ok_and(|hash| {
                let password = password.expose_secret().as_bytes();
                Argon2::default().verify_password(password, &hash).is_ok()
            });
            known && matches
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        let turn = turn
            .map_err(Problem::unavailable)?
            .map_err(Problem::internal)?;
        spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        })
        .await
        .map_err(Problem::internal)
    }
}

fn hash(password: &[u8]) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password)?.to_string())
}
