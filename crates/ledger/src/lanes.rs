//! The connections on which appends run.
//!
//! They are taken out of the pool for good: a pool's connection is pinged each time it is given back, which
//! costs an append a second trip. There are few: a database writes best with a handful at a time, and what
//! waits here meanwhile is grouped.

use std::sync::{Mutex, PoisonError};

use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::{Semaphore, SemaphorePermit};

/// More than ever lie idle in lanes and pool together.
const MOST_DEAD: usize = 200;

pub(crate) struct Lanes {
    pool: PgPool,
    idle: Mutex<Vec<PgConnection>>,
    permits: Semaphore,
}

/// A connection for one append. Dropped without [`Lane::give_back`], its connection is closed.
pub(crate) struct Lane<'a> {
    lanes: &'a Lanes,
    connection: PgConnection,
    _permit: SemaphorePermit<'a>,
}

impl Lanes {
    pub(crate) fn new(pool: PgPool, count: usize) -> Self {
        Self {
            pool,
            idle: Mutex::default(),
            permits: Semaphore::new(count),
        }
    }

    /// A connection as it was left. It may have died since.
    pub(crate) async fn take(&self) -> Result<Lane<'_>, sqlx::Error> {
        let permit = self.permit().await?;
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.pool.acquire().await?.detach(),
        };
        Ok(Lane {
            lanes: self,
            connection,
            _permit: permit,
        })
    }

    /// A connection that answers: for when another one has just died, and its likes with it.
    pub(crate) async fn take_alive(&self) -> Result<Lane<'_>, sqlx::Error> {
        let permit = self.permit().await?;
        let mut last = sqlx::Error::PoolTimedOut;
        // The dead ones run out: then the pool opens a new one, or says why it cannot.
        for _ in 0..MOST_DEAD {
            let idle = self.idle().pop();
            let mut connection = match idle {
                Some(connection) => connection,
                None => self.pool.acquire().await?.detach(),
            };
            match connection.ping().await {
                Ok(()) => {
                    return Ok(Lane {
                        lanes: self,
                        connection,
                        _permit: permit,
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, sqlx::Error> {
        self.permits
            .acquire()
            .await
            .map_err(|_| sqlx::Error::PoolClosed)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<PgConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane<'_> {
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// For the next append: only after a call that came back in order.
    pub(crate) fn give_back(self) {
        self.lanes.idle().push(self.connection);
    }
}
