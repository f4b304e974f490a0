//! How many events a second the projector takes in, live and catching up, and a rebuild.
//!
//! ```text
//! cargo run --release -p projections --features testing --example events_per_second [-- BUSINESSES [CHOICES]]
//! ```
//!
//! A private PostgreSQL is made for it in the temporary folder, synced to disk as in service. Each business gets a
//! random history of its own: some eight events to begin with, and about one for each choice.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use futures::{StreamExt, TryStreamExt, stream};
use ledger::{BusinessId, Ledger, Position};
use projections::{
    ApplyError, Projected, Projector, ProjectorSettings, READ_MODELS, ReadModel,
    random_history::{RandomHistory, record, record_together},
    rebuild::Rebuild,
};
use sqlx::{PgConnection, PgPool, postgres::PgPoolOptions};
use testbed::{Durability, Postgres, Settings};
use tokio_util::sync::CancellationToken;
use vault::{MasterKey, Vault};

type Anything = Box<dyn Error + Send + Sync>;

/// One upsert for each business of a batch: what BASELINES.md measures.
static TRIVIAL: ReadModel = ReadModel {
    name: "trivial",
    version: 1,
    tables: &["trivial"],
    late_indexes: &[],
    apply: |db, batch, _| Box::pin(count(db, batch)),
    sum_up: None,
};
static ONLY_TRIVIAL: &[&ReadModel] = &[&TRIVIAL];

async fn count(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let mut counts = std::collections::BTreeMap::new();
    for event in batch {
        *counts.entry(event.business.0).or_insert(0_i64) += 1;
    }
    let (businesses, counts): (Vec<_>, Vec<_>) = counts.into_iter().unzip();
    sqlx::query(
        "insert into trivial (business_id, events) select * from unnest($1::uuid[], $2::bigint[])
             on conflict (business_id) do update set events = trivial.events + excluded.events",
    )
    .bind(businesses)
    .bind(counts)
    .execute(db)
    .await?;
    Ok(())
}

struct Bench {
    owner: PgPool,
    pool: PgPool,
    ledger: Ledger,
    vault: Vault,
}

#[tokio::main]
async fn main() -> Result<(), Anything> {
    let mut arguments = std::env::args().skip(1);
    let businesses: u64 = arguments.next().map_or(Ok(3_000), |n| n.parse())?;
    let choices: u64 = arguments.next().map_or(Ok(12), |n| n.parse())?;

    let dir = tempfile::tempdir()?;
    let settings = Settings {
        durability: Durability::Kept,
        linger: Duration::ZERO,
    };
    let server = Postgres::start(dir.path(), settings).await?;
    server.ensure_database("bench").await?;
    let connect = async |most| {
        PgPoolOptions::new()
            .max_connections(most)
            .connect_with(server.options("bench"))
            .await
    };
    let (owner, pool) = (connect(4).await?, connect(40).await?);
    sqlx::migrate!("../ops/migrations").run(&owner).await?;
    sqlx::raw_sql("create table trivial (business_id uuid primary key, events bigint not null)")
        .execute(&owner)
        .await?;
    let master: MasterKey = "7a".repeat(32).parse()?;
    let bench = Bench {
        ledger: Ledger::new(pool.clone(), domain::event::upcasters()),
        vault: Vault::new(&master, pool.clone()),
        owner,
        pool,
    };

    let begun = Instant::now();
    bench.fill(businesses, choices).await?;
    let events: i64 = bench.heads().await?.iter().map(|(_, head)| head.0).sum();
    println!(
        "{businesses} businesses, {events} events, recorded in {:.1} s\n",
        begun.elapsed().as_secs_f64()
    );
    for round in 1..=3 {
        println!("round {round}");
        bench
            .catch_up("catch-up, trivial read model ", ONLY_TRIVIAL, events)
            .await?;
        bench
            .catch_up("catch-up, all read models    ", READ_MODELS, events)
            .await?;
        bench.rebuild(events).await?;
    }
    println!("\nrebuilt alone");
    for model in READ_MODELS {
        let begun = Instant::now();
        bench.rebuilding().all(&[*model], &|_| ()).await?;
        tell(&format!("{:<29}", model.name), events, begun);
    }
    println!();
    bench.live(businesses).await?;

    bench.owner.close().await;
    bench.pool.close().await;
    server.leave().await;
    Ok(())
}

impl Bench {
    async fn heads(&self) -> Result<Vec<(BusinessId, Position)>, Anything> {
        Ok(self.ledger.heads().await?)
    }

    async fn fill(&self, businesses: u64, choices: u64) -> Result<(), Anything> {
        stream::iter(0..businesses)
            .map(|seed| async move {
                let mut history = RandomHistory::begin(seed);
                record_together(&self.ledger, &self.vault, history.take()).await?;
                history.goes_on((0..choices).map(|n| n * 7_919 + seed));
                record(&self.ledger, &self.vault, history.take()).await?;
                Ok::<_, Anything>(())
            })
            .buffer_unordered(16)
            .try_collect()
            .await
    }

    fn projector(&self, models: &'static [&'static ReadModel]) -> Projector {
        let settings = ProjectorSettings::new("bench");
        let (pool, ledger, vault) = (self.pool.clone(), self.ledger.clone(), self.vault.clone());
        Projector::of(models, pool, ledger, vault, settings)
    }

    /// As if nothing had ever been projected.
    async fn forget(&self, models: &[&ReadModel]) -> Result<(), Anything> {
        let tables: Vec<&str> = models
            .iter()
            .flat_map(|model| model.tables)
            .copied()
            .collect();
        let tables = tables.join(", ");
        sqlx::raw_sql(&format!(
            "truncate {tables}, projection_checkpoint, projection_apart; delete from read_model; checkpoint"
        ))
        .execute(&self.owner)
        .await?;
        Ok(())
    }

    /// With the workers that a service has.
    async fn catch_up(
        &self,
        what: &str,
        models: &'static [&'static ReadModel],
        events: i64,
    ) -> Result<(), Anything> {
        self.forget(models).await?;
        let projector = self.projector(models);
        let begun = Instant::now();
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (projector, stop) = (projector.clone(), stop.clone());
            async move { projector.run(stop).await }
        });
        loop {
            let taken_in: Option<i64> =
                sqlx::query_scalar("select sum(position)::bigint from projection_checkpoint")
                    .fetch_one(&self.owner)
                    .await?;
            if taken_in == Some(events) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tell(what, events, begun);
        stop.cancel();
        running.await?;
        Ok(())
    }

    fn rebuilding(&self) -> Rebuild {
        Rebuild {
            pool: self.owner.clone(),
            ledger: self.ledger.clone(),
            vault: self.vault.clone(),
            process_version: "bench".to_owned(),
            events_at_a_time: Rebuild::EVENTS_AT_A_TIME,
        }
    }

    async fn rebuild(&self, events: i64) -> Result<(), Anything> {
        let begun = Instant::now();
        self.rebuilding().all(READ_MODELS, &|_| ()).await?;
        tell("rebuild, all read models     ", events, begun);
        Ok(())
    }

    /// Eight writers, each of which waits until what it wrote can be read.
    async fn live(&self, businesses: u64) -> Result<(), Anything> {
        let projector = self.projector(READ_MODELS);
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (projector, stop) = (projector.clone(), stop.clone());
            async move { projector.run(stop).await }
        });
        for writers in [1, 8, 32] {
            let begun = Instant::now();
            let seconds = Duration::from_secs(8);
            let waits: Vec<Vec<Duration>> = stream::iter(0..writers)
                .map(|writer| {
                    let projector = &projector;
                    async move {
                        let mut waits = vec![];
                        let mut seed = businesses * 10 + writer * 1_000_003 + writers * 7;
                        while begun.elapsed() < seconds {
                            seed += 1;
                            let mut history = RandomHistory::begin(seed);
                            record_together(&self.ledger, &self.vault, history.take()).await?;
                            history.goes_on((0..20).map(|n| n * 31 + seed));
                            for happened in history.take() {
                                let business = happened.business;
                                let last =
                                    record(&self.ledger, &self.vault, vec![happened]).await?;
                                let written = Instant::now();
                                let long = Duration::from_secs(60);
                                projector
                                    .wait_for(business, READ_MODELS, last, long)
                                    .await?;
                                waits.push(written.elapsed());
                            }
                        }
                        Ok::<_, Anything>(waits)
                    }
                })
                .buffer_unordered(64)
                .try_collect()
                .await?;
            let mut waits: Vec<Duration> = waits.into_iter().flatten().collect();
            waits.sort_unstable();
            let at = |percent: usize| waits[(waits.len() - 1) * percent / 100].as_secs_f64() * 1e3;
            println!(
                "live, {writers:>2} writers: {:>6.0} writes/s; readable after {:.1} ms (median), {:.1} ms (p99)",
                f64::from(u32::try_from(waits.len())?) / begun.elapsed().as_secs_f64(),
                at(50),
                at(99),
            );
        }
        stop.cancel();
        running.await?;
        Ok(())
    }
}

fn tell(what: &str, events: i64, begun: Instant) {
    let events = f64::from(i32::try_from(events).unwrap_or(i32::MAX));
    println!(
        "  {what} {:>9.0} events/s",
        events / begun.elapsed().as_secs_f64()
    );
}
