//! The bare database: `pgbench` doing the same rows in one call.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, ensure};
use sqlx::PgPool;
use testbed::Postgres;
use tokio::process::Command;

/// Its name.
pub(crate) const DATABASE: &str = "bare";

/// A database with the schema and as many businesses, each with the client that bookings look at.
pub(crate) struct Bare {
    url: String,
    owner: PgPool,
    payload: String,
    metadata: String,
}

impl Bare {
    /// `like`: where a real booking was made already, whose event is copied.
    pub(crate) async fn new(
        server: &Postgres,
        owner: &PgPool,
        like: &PgPool,
        businesses: usize,
    ) -> anyhow::Result<Self> {
        sqlx::query(
            "insert into ledger_head (business_id, position, catalogue, recorded_at)
             select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, 1, clock_timestamp()
             from generate_series(1, $1) n",
        )
        .bind(i32::try_from(businesses)?)
        .execute(owner)
        .await?;
        sqlx::query(
            "insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                                 business_id, position, event_id, recorded_at)
             select 'client', '00000000-0000-7000-9000-' || lpad(n::text, 12, '0'), 1, 'registered', '1.0', '{}', '{}',
                    ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, gen_random_uuid(),
                    clock_timestamp()
             from generate_series(1, $1) n",
        )
        .bind(i32::try_from(businesses)?)
        .execute(owner)
        .await?;
        let (payload, metadata) = sqlx::query_as(
            "select payload::text, metadata::text from events where event_type = 'placed' limit 1",
        )
        .fetch_one(like)
        .await
        .context("no booking to take after")?;
        Ok(Self {
            url: server.url(DATABASE),
            owner: owner.clone(),
            payload,
            metadata,
        })
    }

    /// Transactions per second.
    pub(crate) async fn per_second(
        &self,
        businesses: usize,
        clients: usize,
        length: Duration,
    ) -> anyhow::Result<f64> {
        let before = self.events().await?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("booking.sql");
        let output = Command::new("pgbench")
            .args(["-n", "-M", "prepared", "-j", "2"])
            .args(["-D", &format!("businesses={businesses}")])
            .args(["-D", &format!("payload={}", self.payload)])
            .args(["-D", &format!("metadata={}", self.metadata)])
            .args(["-c", &clients.to_string()])
            .args(["-T", &length.as_secs().max(1).to_string()])
            .arg("-f")
            .arg(script)
            .arg(&self.url)
            // As the service works: libpq knows no other way to say it.
            .env("PGOPTIONS", "-c role=daybook_service -c jit=off")
            .stdin(Stdio::null())
            .output()
            .await
            .context("pgbench could not be run: it comes with PostgreSQL's contrib programs")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let told = |name: &str| {
            let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
            rest.split([' ', '/']).next()?.parse::<f64>().ok()
        };
        let failed = || String::from_utf8_lossy(&output.stderr).into_owned();
        let done = told("number of transactions actually processed: ").with_context(failed)?;
        // A refusal is no failure to pgbench, and faster.
        let written = self.events().await? - before;
        ensure!(
            written > done * 0.98,
            "of {done} calls only {written} wrote an event"
        );
        told("tps = ").with_context(failed)
    }

    async fn events(&self) -> anyhow::Result<f64> {
        let query = "select coalesce(sum(position), 0)::float8 from ledger_head";
        Ok(sqlx::query_scalar(query).fetch_one(&self.owner).await?)
    }
}
