//! How many appends a second, next to `pgbench` writing the same rows in one call, in the same rounds.
//!
//! ```text
//! cargo run --release -p ledger --example appends_per_second [-- ROUNDS [SECONDS]]
//! ```
//!
//! Needs `pgbench` on the path. A private PostgreSQL is made for it in the temporary folder, synced to disk as in service. Each round runs
//! everything once, in another order; the medians are told. Each append is one event of some 400 bytes on a
//! new stream, with a claim on one of five resources and a command key.
#![expect(clippy::print_stdout, reason = "a table is what it is for")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use ledger::{
    ActorRef, Append, AppendError, BusinessId, Claim, ClaimSet, Command, EventId, Expected, Ledger,
    NewEvent, Span, StreamId, StreamWrite, Version,
};
use serde_json::value::RawValue;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgPoolOptions;
use testbed::{Durability, Postgres, Settings};
use uuid::Uuid;

const WORKERS: [usize; 3] = [1, 8, 32];
const RESOURCES: u64 = 5;
/// Later migrations make tables that the ledger knows nothing of.
const LAST_OF_THE_LEDGER: i64 = 9;

type Anything = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone, Copy, PartialEq)]
enum What {
    /// pgbench, one event inserted.
    Insert,
    /// pgbench, one call of the function.
    Call,
    /// The ledger.
    Ledger,
}

struct Run {
    what: What,
    businesses: u64,
    workers: usize,
    per_second: Vec<f64>,
    p99_ms: Vec<f64>,
}

#[tokio::main]
async fn main() -> Result<(), Anything> {
    let mut arguments = std::env::args().skip(1);
    let rounds: usize = arguments.next().map_or(Ok(3), |n| n.parse())?;
    let length = Duration::from_secs(arguments.next().map_or(Ok(5), |n| n.parse())?);

    let dir = tempfile::tempdir()?;
    let server = Postgres::start(
        dir.path(),
        Settings {
            durability: Durability::Kept,
            linger: Duration::ZERO,
        },
    )
    .await?;
    server.ensure_database("bench").await?;
    let owner = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(server.options("bench"))
        .await?;
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut migrations = Migrator::new(house.join("ops/migrations")).await?;
    migrations
        .migrations
        .to_mut()
        .retain(|migration| migration.version <= LAST_OF_THE_LEDGER);
    migrations.run(&owner).await?;

    let mut runs = plan();
    for round in 0..rounds {
        // Another order in each round, so that none always runs after the same one.
        let turn = round * 7 % runs.len();
        runs.rotate_left(turn);
        for run in &mut runs {
            run.once(&server, &house, length).await?;
        }
        sqlx::query("vacuum analyze").execute(&owner).await?;
    }
    tell(&runs);
    owner.close().await;
    server.leave().await;
    Ok(())
}

fn plan() -> Vec<Run> {
    let mut runs = Vec::new();
    for workers in WORKERS {
        for (what, businesses) in [
            (What::Insert, 1_000),
            (What::Call, 1_000),
            (What::Ledger, 1_000),
            (What::Call, 1),
            (What::Ledger, 1),
        ] {
            runs.push(Run {
                what,
                businesses,
                workers,
                per_second: Vec::new(),
                p99_ms: Vec::new(),
            });
        }
    }
    runs
}

impl Run {
    async fn once(
        &mut self,
        server: &Postgres,
        house: &Path,
        length: Duration,
    ) -> Result<(), Anything> {
        match self.what {
            What::Insert => {
                self.pgbench(server, house.join("bench/ledger_insert.sql"), length)
                    .await
            }
            What::Call => {
                self.pgbench(server, house.join("bench/ledger_append.sql"), length)
                    .await
            }
            What::Ledger => self.ledger(server, length).await,
        }
    }

    async fn pgbench(
        &mut self,
        server: &Postgres,
        script: PathBuf,
        length: Duration,
    ) -> Result<(), Anything> {
        let output = tokio::process::Command::new("pgbench")
            .args(["-n", "-M", "prepared", "-j", "2"])
            .arg("-D")
            .arg(format!("businesses={}", self.businesses))
            .arg("-c")
            .arg(self.workers.to_string())
            .arg("-T")
            .arg(length.as_secs().to_string())
            .arg("-f")
            .arg(script)
            .arg(server.url("bench"))
            .stdin(Stdio::null())
            .output()
            .await?;
        let text = String::from_utf8_lossy(&output.stdout);
        let per_second = text
            .lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
            .ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        self.per_second.push(per_second);
        Ok(())
    }

    async fn ledger(&mut self, server: &Postgres, length: Duration) -> Result<(), Anything> {
        let pool = PgPoolOptions::new()
            .max_connections(20)
            .test_before_acquire(false)
            .connect_with(ledger::connect_options(server.options("bench")))
            .await?;
        let ledger = Ledger::new(pool.clone(), vec![]);
        let (done, over) = (
            Arc::new(AtomicU64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let begun = Instant::now();
        let workers: Vec<_> = (0..self.workers)
            .map(|_| {
                let (ledger, done, over) = (ledger.clone(), done.clone(), over.clone());
                let businesses = self.businesses;
                tokio::spawn(async move {
                    let mut took = Vec::new();
                    while !over.load(Ordering::Relaxed) {
                        let begun = Instant::now();
                        match ledger.append(append(businesses)?).await {
                            Ok(_) => {
                                done.fetch_add(1, Ordering::Relaxed);
                                took.push(begun.elapsed());
                            }
                            // Two at one minute of one resource: the odd one in thousands.
                            Err(AppendError::Refused(_)) => {}
                            Err(other) => return Err(Anything::from(other)),
                        }
                    }
                    Ok(took)
                })
            })
            .collect();
        tokio::time::sleep(length).await;
        over.store(true, Ordering::Relaxed);
        let done = done.load(Ordering::Relaxed);
        let seconds = begun.elapsed().as_secs_f64();
        let mut took = Vec::new();
        for worker in workers {
            took.extend(worker.await??);
        }
        took.sort_unstable();
        #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
        self.per_second.push(done as f64 / seconds);
        let p99 = took.get(took.len() * 99 / 100).copied().unwrap_or_default();
        self.p99_ms.push(p99.as_secs_f64() * 1e3);
        drop(ledger);
        pool.close().await;
        Ok(())
    }
}

fn append(businesses: u64) -> Result<Append, serde_json::Error> {
    let id = Uuid::now_v7();
    let (_, random) = id.as_u64_pair();
    let business = BusinessId(Uuid::from_u128(u128::from(1 + random % businesses)));
    let resource = Uuid::from_u128(u128::from(1 + random / 7 % RESOURCES));
    let minute = i64::try_from(random / 91 % 500_000_000).unwrap_or_default();
    let start = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
    let during = Span::new(start, start + SignedDuration::from_mins(30));
    let mut append = Append::new(
        business,
        Command {
            id,
            caller: "bench".to_owned(),
            key: id.to_string(),
            fingerprint: [0; 32],
            actor: ActorRef {
                kind: "user".to_owned(),
                id: Some(id),
                role: Some("owner".to_owned()),
            },
            source: "panel".to_owned(),
            correlation_id: id,
            causation_id: None,
            reverts: None,
            answer: serde_json::json!({ "status": 201 }),
        },
    );
    append.streams.push(StreamWrite {
        stream: StreamId::new("counter", id),
        expected: Expected::Version(Version::NEW),
        events: vec![NewEvent {
            event_id: EventId(id),
            event_type: "Counted".to_owned(),
            event_version: "1.0".to_owned(),
            payload: RawValue::from_string(format!(r#"{{"text":"{}"}}"#, "t".repeat(140)))?,
            occurred_at: None,
        }],
    });
    append.claims.push(ClaimSet {
        owner: id,
        claims: vec![Claim {
            resource,
            capacity: 1,
            during,
            body: during,
            overlaps: false,
        }],
        hold_until: None,
    });
    Ok(append)
}

fn tell(runs: &[Run]) {
    println!(
        "| appends per second | {} |",
        WORKERS.map(|n| n.to_string()).join(" | ")
    );
    println!("| --- | --- | --- | --- |");
    for (name, what, businesses) in [
        (
            "pgbench: one event inserted, nothing else",
            What::Insert,
            1_000,
        ),
        (
            "pgbench: the same rows in one call, 1,000 businesses",
            What::Call,
            1_000,
        ),
        ("ledger, 1,000 businesses", What::Ledger, 1_000),
        (
            "pgbench: the same rows in one call, one business",
            What::Call,
            1,
        ),
        ("ledger, one business", What::Ledger, 1),
    ] {
        let cells = WORKERS.map(|workers| {
            runs.iter()
                .find(|run| {
                    run.what == what && run.businesses == businesses && run.workers == workers
                })
                .map_or_else(String::new, |run| match median(&run.p99_ms) {
                    Some(p99) => format!(
                        "{:.0} (p99 {p99:.1} ms)",
                        median(&run.per_second).unwrap_or_default()
                    ),
                    None => format!("{:.0}", median(&run.per_second).unwrap_or_default()),
                })
        });
        println!("| {name} | {} |", cells.join(" | "));
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}
