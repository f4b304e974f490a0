//! Lists of any length, for exports: read out of a cursor, a few hundred rows at a time, in one snapshot.
//!
//! Each is read on a connection of its own beside the pool, so that a long download keeps nobody's booking waiting; and
//! only so many at once. Whoever lets the list go closes the connection, and PostgreSQL ends the query.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{Stream, TryStreamExt as _, stream as streams};
use ledger::BusinessId;
use sqlx::{
    Connection as _, Execute as _, FromRow, PgConnection, PgPool, Postgres, QueryBuilder,
    postgres::{PgConnectOptions, PgRow},
};
use thiserror::Error;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// So many are read at a time, in a process …
const AT_ONCE: usize = 8;
/// … and for one business, so that the others have some left.
const OF_A_BUSINESS: usize = 3;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many rows are fetched at a time.
const ROWS: usize = 500;
/// As what operators see the connections.
const NAME: &str = "daybook long list";
/// Their settings. Whoever takes the rows may pause, but not for ever; and no step may.
const SETTINGS: [(&str, &str); 4] = [
    ("idle_in_transaction_session_timeout", "2min"),
    ("statement_timeout", "2min"),
    ("work_mem", "32MB"),
    // Who hangs up is noticed while PostgreSQL is still looking.
    ("client_connection_check_interval", "2s"),
];

/// Where long lists are read. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LongLists {
    options: Arc<PgConnectOptions>,
    places: Arc<Semaphore>,
    of_businesses: Arc<Mutex<HashMap<BusinessId, Arc<Semaphore>>>>,
    patience: Duration,
}

/// Why a list cannot be read now.
#[derive(Debug, Error)]
pub enum NoPlace {
    /// As many as may be are being read.
    #[error("too many long lists are being read")]
    Busy,
    /// The database does not let one in.
    #[error("could not connect to read a long list")]
    Store(#[from] sqlx::Error),
}

impl LongLists {
    /// Read from the database of this pool, with its rights, beside its connections.
    #[must_use]
    pub fn beside(pool: &PgPool) -> Self {
        let options = pool.connect_options().as_ref().clone();
        Self {
            options: Arc::new(options.options(SETTINGS).application_name(NAME)),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            of_businesses: Arc::default(),
            patience: PATIENCE,
        }
    }

    /// Makes ready to read one, when its turn comes.
    ///
    /// # Errors
    /// When its turn does not come in time, or the database cannot be reached.
    pub async fn begin(&self, business: BusinessId) -> Result<LongList, NoPlace> {
        let turns = async {
            let of_business = self.of_business(business).acquire_owned().await;
            (of_business, Arc::clone(&self.places).acquire_owned().await)
        };
        // They are never closed.
        let Ok((Ok(of_business), Ok(place))) = timeout(self.patience, turns).await else {
            return Err(NoPlace::Busy);
        };
        Ok(LongList {
            connection: PgConnection::connect_with(&self.options).await?,
            _places: [of_business, place],
        })
    }

    fn of_business(&self, business: BusinessId) -> Arc<Semaphore> {
        let held = self.of_businesses.lock();
        let mut held = held.unwrap_or_else(PoisonError::into_inner);
        // Of those who read none now nothing need be known.
        held.retain(|_, turns| Arc::strong_count(turns) > 1);
        let turns = held.entry(business);
        Arc::clone(turns.or_insert_with(|| Arc::new(Semaphore::new(OF_A_BUSINESS))))
    }
}

/// One list that may be read.
#[derive(Debug)]
pub struct LongList {
    connection: PgConnection,
    _places: [OwnedSemaphorePermit; 2],
}

/// How far a list was read.
enum Reading {
    Asked(LongList, QueryBuilder<'static, Postgres>),
    Begun(LongList),
    Over,
}

impl LongList {
    /// The rows of a query. What goes wrong on the way is the last item.
    pub(crate) fn rows<R>(
        self,
        query: QueryBuilder<'static, Postgres>,
    ) -> impl Stream<Item = Result<R, sqlx::Error>> + Send + 'static
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static,
    {
        streams::try_unfold(Reading::Asked(self, query), |reading| async {
            let mut list = match reading {
                Reading::Asked(mut list, query) => {
                    list.ask(query).await?;
                    list
                }
                Reading::Begun(list) => list,
                Reading::Over => return Ok(None),
            };
            let rows: Vec<R> = list.fetch().await?;
            let reading = if rows.len() < ROWS {
                list.connection.close().await?;
                Reading::Over
            } else {
                Reading::Begun(list)
            };
            let rows = streams::iter(rows.into_iter().map(Ok));
            Ok::<_, sqlx::Error>(Some((rows, reading)))
        })
        .try_flatten()
    }

    async fn ask(&mut self, mut query: QueryBuilder<'static, Postgres>) -> Result<(), sqlx::Error> {
        sqlx::query("begin read only")
            .execute(&mut self.connection)
            .await?;
        let mut query = query.build();
        let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?;
        let declare = format!("declare list no scroll cursor for {}", query.sql());
        sqlx::query_with(&declare, arguments.unwrap_or_default())
            .persistent(false)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    async fn fetch<R>(&mut self) -> Result<Vec<R>, sqlx::Error>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        sqlx::query_as(&format!("fetch forward {ROWS} from list"))
            .persistent(false)
            .fetch_all(&mut self.connection)
            .await
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;
    use uuid::Uuid;

    use super::*;

    const ADA: BusinessId = BusinessId(Uuid::from_u128(1));
    const BEA: BusinessId = BusinessId(Uuid::from_u128(2));

    fn numbers(up_to: i64) -> QueryBuilder<'static, Postgres> {
        let mut query = QueryBuilder::new("select n from generate_series(1::bigint, ");
        query.push_bind(up_to).push(") n order by n");
        query
    }

    /// How many lists are open in the database, by their connections.
    async fn open(pool: &PgPool) -> i64 {
        sqlx::query_scalar(
            "select count(*) from pg_stat_activity
              where application_name = 'daybook long list' and datname = current_database()",
        )
        .fetch_one(pool)
        .await
        .unwrap()
    }

    async fn all_closed(pool: &PgPool) {
        let closed = async {
            while open(pool).await > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(10), closed).await.unwrap();
    }

    #[tokio::test]
    async fn a_list_is_read_whole_and_in_order_beside_the_pool() {
        let database = testbed::database().await;
        let (pool, owner) = (database.service_pool().await, database.owner_pool().await);
        let lists = LongLists::beside(&pool);
        for length in [0, 1, 499, 500, 501, 1_700] {
            let list = lists.begin(ADA).await.unwrap();
            let rows = list.rows::<(i64,)>(numbers(length));
            let read: Vec<i64> = rows.map_ok(|(n,)| n).try_collect().await.unwrap();
            assert_eq!(read, (1..=length).collect::<Vec<_>>());
        }
        all_closed(&owner).await;
    }

    #[tokio::test]
    async fn who_lets_a_list_go_ends_it_even_while_it_is_looked_for() {
        let database = testbed::database().await;
        let (pool, owner) = (database.service_pool().await, database.owner_pool().await);
        let lists = LongLists::beside(&pool);
        let list = lists.begin(ADA).await.unwrap();
        let mut rows = Box::pin(list.rows::<(i64,)>(numbers(1_000_000)));
        rows.next().await.unwrap().unwrap();
        assert_eq!(open(&owner).await, 1);
        drop(rows);
        all_closed(&owner).await;

        let list = lists.begin(ADA).await.unwrap();
        let slow = QueryBuilder::new("select 1::bigint from pg_sleep(60)");
        let mut rows = Box::pin(list.rows::<(i64,)>(slow));
        let late = timeout(Duration::from_millis(200), rows.next()).await;
        assert!(late.is_err(), "it is being looked for");
        drop(rows);
        all_closed(&owner).await;
    }

    #[tokio::test]
    async fn a_list_whose_database_fails_does_not_end_as_if_it_were_whole() {
        let database = testbed::database().await;
        let (pool, owner) = (database.service_pool().await, database.owner_pool().await);
        let list = LongLists::beside(&pool).begin(ADA).await.unwrap();
        let mut rows = Box::pin(list.rows::<(i64,)>(numbers(20_000)));
        rows.next().await.unwrap().unwrap();
        sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity
              where application_name = 'daybook long list' and datname = current_database()",
        )
        .execute(&owner)
        .await
        .unwrap();
        let rest: Vec<_> = rows.collect().await;
        assert!(rest.len() < 19_999);
        assert!(rest.last().unwrap().is_err());
    }

    #[tokio::test]
    async fn so_many_are_read_at_once_and_of_one_business_fewer() {
        let database = testbed::database().await;
        let pool = database.service_pool().await;
        let lists = LongLists {
            patience: Duration::from_millis(100),
            ..LongLists::beside(&pool)
        };
        let mut held = vec![];
        for _ in 0..OF_A_BUSINESS {
            held.push(lists.begin(ADA).await.unwrap());
        }
        let refused = lists.begin(ADA).await.unwrap_err();
        assert!(matches!(refused, NoPlace::Busy));
        let another = lists.begin(BEA).await.unwrap();
        drop(held.pop());
        lists.begin(ADA).await.unwrap();
        drop((held, another));
        let _bea = lists.begin(BEA).await.unwrap();
        let remembered = lists.of_businesses.lock().unwrap().len();
        assert_eq!(remembered, 1, "nobody is remembered for nothing");
    }
}
