//! Passwords: Argon2id, off the async threads, a few at a time.

use std::{sync::Arc, thread, time::Duration};

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use crate::problem::Problem;

/// How many may be hashed at a time, each with 19 MiB and a core for a while: half of the cores, so that however many
/// sign in, bookings have the other half.
fn at_a_time() -> usize {
    thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

/// How long to wait for one's turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many may wait for their turn; whoever comes then is sent away at once, rather than piling up.
const QUEUE: usize = 32;

/// Hashes and checks passwords. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// A hash that no password has: checked where there is no user, so that the time tells nothing.
    nobody: Arc<str>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let random = super::tokens::random();
        let nobody = hash(&random).expect("Argon2's defaults and 32 bytes are within its limits");
        Self {
            turns: Arc::new(Semaphore::new(at_a_time())),
            queue: Arc::new(Semaphore::new(at_a_time() + QUEUE)),
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
        let place = self.queue.clone().try_acquire_owned();
        let place = place.map_err(Problem::unavailable)?;
        let turn = timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        let turn = turn
            .map_err(Problem::unavailable)?
            .map_err(Problem::internal)?;
        spawn_blocking(move || {
            let done = work();
            drop((turn, place));
            done
        })
        .await
        .map_err(Problem::internal)
    }
}

fn hash(password: &[u8]) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password)?.to_string())
}
