//! For specs: a database of one's own with ledger, vault and projector on it.

use futures::future::BoxFuture;
use ledger::Ledger;
use sqlx::{PgConnection, PgPool};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use vault::{MasterKey, Vault};

use crate::{
    ApplyError, BusinessId, Position, Projected, Projector, ProjectorSettings, ReadModel,
    random_history::{RandomHistory, record},
    rebuild::Rebuild,
};

pub(crate) struct Premises {
    pub(crate) database: testbed::Database,
    pub(crate) pool: PgPool,
    pub(crate) owner: PgPool,
    pub(crate) ledger: Ledger,
    pub(crate) vault: Vault,
}

impl Premises {
    pub(crate) async fn new() -> Self {
        let database = testbed::database().await;
        let (pool, owner) = (database.service_pool().await, database.owner_pool().await);
        let master: MasterKey = "7a".repeat(32).parse().unwrap();
        Self {
            ledger: Ledger::new(pool.clone(), domain::event::upcasters()),
            vault: Vault::new(&master, pool.clone()),
            database,
            pool,
            owner,
        }
    }

    /// A process of this version that feeds these read models.
    pub(crate) fn projector(
        &self,
        models: &'static [&'static ReadModel],
        version: &str,
    ) -> Projector {
        self.projector_on(self.pool.clone(), models, version)
    }

    pub(crate) fn projector_on(
        &self,
        pool: PgPool,
        models: &'static [&'static ReadModel],
        version: &str,
    ) -> Projector {
        let settings = ProjectorSettings {
            batch_events: 64,
            ..ProjectorSettings::new(version)
        };
        let (ledger, vault) = (self.ledger.clone(), self.vault.clone());
        Projector::of(models, pool, ledger, vault, settings)
    }

    pub(crate) fn rebuild(&self) -> Rebuild {
        Rebuild {
            pool: self.owner.clone(),
            ledger: self.ledger.clone(),
            vault: self.vault.clone(),
            process_version: "rebuild".to_owned(),
            // So that a spec's few events come in several.
            events_at_a_time: 50,
        }
    }

    pub(crate) async fn record(&self, history: &mut RandomHistory) -> Position {
        record(&self.ledger, &self.vault, history.take())
            .await
            .unwrap()
    }

    /// A business with so many choices behind it, recorded.
    pub(crate) async fn business(&self, seed: u64, choices: u64) -> BusinessId {
        let mut history = RandomHistory::begin(seed);
        history.goes_on((0..choices).map(|n| n * 7_919 + seed));
        self.record(&mut history).await;
        history.business()
    }

    pub(crate) async fn heads(&self) -> Vec<(BusinessId, Position)> {
        self.ledger.heads().await.unwrap()
    }

    /// As nobody but the owner of the tables can.
    pub(crate) async fn tamper(&self, statement: &str) {
        sqlx::raw_sql(statement).execute(&self.owner).await.unwrap();
    }

    /// Every row of these read models' tables, as text, in an order of its own.
    pub(crate) async fn rows(&self, models: &[&ReadModel]) -> Vec<(String, Vec<String>)> {
        let mut tables = vec![];
        for table in models.iter().flat_map(|model| model.tables) {
            let rows: Vec<String> = sqlx::query_scalar(&format!(
                "select to_jsonb(t)::text as row from {table} t order by 1"
            ))
            .fetch_all(&self.owner)
            .await
            .unwrap();
            tables.push(((*table).to_owned(), rows));
        }
        tables
    }
}

/// Runs a projector beside a spec.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(projector: &Projector) -> Self {
        let (stop, projector) = (CancellationToken::new(), projector.clone());
        let stopping = stop.clone();
        Self {
            stop,
            task: tokio::spawn(async move { projector.run(stopping).await }),
        }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// A read model that writes down each event once, and by which connection: a second time is refused by its key.
pub(crate) static TALLY: ReadModel =
    tally("tally", |db, batch, _| Box::pin(count(db, "tally", batch)));

pub(crate) const fn tally(name: &'static str, apply: crate::ApplyFn) -> ReadModel {
    ReadModel {
        name,
        version: 1,
        tables: &["tally"],
        late_indexes: &[],
        apply,
        sum_up: None,
    }
}

pub(crate) async fn count(
    db: &mut PgConnection,
    table: &str,
    batch: &[Projected],
) -> Result<(), ApplyError> {
    let businesses: Vec<_> = batch.iter().map(|event| event.business.0).collect();
    let positions: Vec<_> = batch.iter().map(|event| event.position.0).collect();
    sqlx::query(&format!(
        "insert into {table} (business_id, position) select * from unnest($1::uuid[], $2::bigint[])"
    ))
    .bind(businesses)
    .bind(positions)
    .execute(db)
    .await?;
    Ok(())
}

impl Premises {
    pub(crate) async fn lay_tally(&self, table: &str) {
        self.tamper(&format!(
            "create table {table} (business_id uuid, position bigint, by integer default pg_backend_pid(),
                                   primary key (business_id, position));
             grant select, insert, delete on {table} to daybook_service;"
        ))
        .await;
    }

    /// The tally is the ledger: each position once, none missing.
    pub(crate) async fn tallies(&self, table: &str) {
        let tallied: Vec<(uuid::Uuid, i64, i64)> = sqlx::query_as(&format!(
            "select business_id, count(*), max(position) from {table} group by 1 order by 1"
        ))
        .fetch_all(&self.owner)
        .await
        .unwrap();
        let heads: Vec<_> = self.heads().await;
        let wanted: Vec<_> = heads
            .iter()
            .map(|(b, head)| (b.0, head.0, head.0))
            .collect();
        assert_eq!(tallied, wanted);
    }
}

/// `apply` of a model that is told apart only by what it does before it counts.
pub(crate) type Applied<'a> = BoxFuture<'a, Result<(), ApplyError>>;
