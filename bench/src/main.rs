//! How fast Daybook is, next to the bare database in the same rounds.
//!
//! `just bench` measures the release build on a private PostgreSQL, synced to disk as in service, and prints one table.
//! Each round does everything once, in another order; medians are told, ratios within each round.
//!
//! Four databases stand side by side in one server: one for `pgbench`, one for a service that only serves the API, one for a
//! service with the projector beside it, and one for a service that publishes to NATS as well. So none of them ever
//! works on what another one left.
#![expect(clippy::print_stdout, reason = "a table is what it is for")]

mod bare;
mod door;
mod line;
mod machine;
mod million;
mod month;
mod past;
mod rounds;
mod scene;
mod service;
mod table;
mod told;

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, path::PathBuf, time::Duration};

use anyhow::{Context as _, ensure};
use clap::{Parser, Subcommand};
use testbed::{Durability, Postgres, Settings};

use crate::{
    million::{Much, Wanted},
    rounds::Bench,
    scene::Database,
    service::Program,
};

/// Measures Daybook against the bare database; prints one table.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// How often everything is done.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long each thing is done in a round.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many businesses share the load.
    #[arg(long, default_value_t = 1_000)]
    businesses: usize,
    /// Only see that all of it works: one short round with little of everything.
    #[arg(long)]
    quick: bool,
    /// Only what has this in its name, beside `pgbench`: `--only slots`. `--only million`: nothing but a business with a
    /// million bookings, which is measured only when asked for.
    #[arg(long)]
    only: Option<String>,
    /// The program to be measured; absent: the one beside this.
    #[arg(long)]
    daybook: Option<PathBuf>,
    /// Where the databases are made and taken away again; absent: the temporary folder.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// With `--only million`: how many bookings.
    #[arg(long, default_value_t = 1_000_000)]
    bookings: u64,
    /// With `--only million`: a file for the plans of each screen's first question.
    #[arg(long)]
    plans: Option<PathBuf>,
    #[command(subcommand)]
    instead: Option<Instead>,
}

/// What can be done instead of measuring.
#[derive(Debug, Subcommand)]
enum Instead {
    /// Makes a business with as many bookings as wanted in a database that `daybook migrate` has brought up to date and
    /// no service works on, past the append. Then run `daybook rebuild`.
    Make {
        /// Of the one business, about.
        #[arg(long, default_value_t = 1_000_000)]
        bookings: u64,
        /// How many other businesses there are to be beside it.
        #[arg(long, default_value_t = 0)]
        businesses: usize,
        /// Bookings of each of the others, about.
        #[arg(long, default_value_t = EACH)]
        each: u64,
        /// The database, as its owner: `daybook doctor --json` tells.
        #[arg(long, value_name = "URL")]
        into: String,
        /// Under which its personal data lies.
        #[arg(long, env = "DAYBOOK_MASTER_KEY", default_value = service::MASTER_KEY, hide_env_values = true)]
        master_key: String,
    },
}

/// Bookings of each of the other businesses, beside the one with a million.
const EACH: u64 = 200;

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    pub(crate) rounds: usize,
    pub(crate) length: Duration,
    pub(crate) businesses: usize,
    /// Bookings in the slot finder's month.
    pub(crate) month: usize,
    /// Streams of fifty events.
    pub(crate) streams: usize,
    /// Lines of history.
    pub(crate) lines: usize,
}

impl Arguments {
    fn million(&self) -> Much {
        let wanted = Wanted {
            bookings: if self.quick { 3_000 } else { self.bookings },
            others: if self.quick { 3 } else { self.businesses },
            each: EACH,
        };
        Much {
            wanted,
            length: if self.quick {
                Duration::from_millis(200)
            } else {
                Duration::from_secs(self.seconds)
            },
            plans: self.plans.clone(),
        }
    }

    fn amount(&self) -> Amount {
        if self.quick {
            return Amount {
                rounds: 1,
                length: Duration::from_secs(1),
                businesses: self.businesses.min(20),
                month: 400,
                streams: 32,
                lines: 500,
            };
        }
        Amount {
            rounds: self.rounds,
            length: Duration::from_secs(self.seconds),
            businesses: self.businesses,
            month: 10_000,
            streams: 400,
            lines: 20_000,
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    ensure!(
        arguments.rounds > 0 && arguments.seconds > 0 && arguments.businesses > 0,
        "none of --rounds, --seconds, --businesses may be 0"
    );
    if let Some(Instead::Make {
        bookings,
        businesses,
        each,
        into,
        master_key,
    }) = &arguments.instead
    {
        let wanted = Wanted {
            bookings: *bookings,
            others: *businesses,
            each: *each,
        };
        return make(into, master_key, wanted).await;
    }
    let path = match &arguments.daybook {
        Some(path) => path.clone(),
        None => std::env::current_exe()?.with_file_name("daybook"),
    };
    ensure!(
        path.exists(),
        "there is no {}: build it first, with just bench",
        path.display()
    );
    let within = arguments.dir.clone().unwrap_or_else(std::env::temp_dir);
    std::fs::create_dir_all(&within)?;
    let dir = tempfile::tempdir_in(within)?;
    // Run by root, the server is another user's.
    std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755))?;
    let server = Postgres::start(
        dir.path(),
        Settings {
            durability: Durability::Kept,
            linger: Duration::ZERO,
        },
    )
    .await
    .context("the private PostgreSQL did not start")?;
    let told_of = told::Told::start(dir.path()).await?;
    let program = Program {
        path,
        dir: dir.path().to_owned(),
        nats: told_of.as_ref().map(|told| told.url().to_owned()),
    };
    let before = machine::load_average();
    let only = arguments.only.as_deref().unwrap_or_default();
    if only == "million" {
        let told = million::run(&server, &program, &arguments.million()).await;
        if let Some(told) = told_of {
            told.stop().await;
        }
        server.leave().await;
        println!("{}", told?);
        tell_load(before);
        return Ok(());
    }
    let mut bench = Bench::set_up(&server, program, told_of, arguments.amount(), only).await?;
    let done = bench.run().await;
    let rows = bench.close().await?;
    server.leave().await;
    done?;
    println!("{}", table::table(&rows));
    tell_load(before);
    Ok(())
}

fn tell_load(before: Option<String>) {
    if let (Some(before), Some(after)) = (before, machine::load_average()) {
        println!("Load average of the machine before: {before}; after: {after}.");
    }
}

/// Makes businesses in somebody's database, and tells how to get at the one.
async fn make(into: &str, master_key: &str, wanted: Wanted) -> anyhow::Result<()> {
    let options = into.parse().context("--into is no address of a database")?;
    let database = Database::at("made", into.to_owned(), options, master_key).await?;
    let made = million::make(&database, wanted.bookings).await?;
    million::make_others(&database, wanted.others, wanted.each).await?;
    million::analyse(&database).await?;
    database.close().await;
    println!(
        "{}",
        serde_json::json!({
            "business": made.business,
            "slug": made.slug,
            "api_key": made.api_key,
            "email": made.email,
            "password": million::PASSWORD,
            "bookings": made.bookings,
            "events": made.events,
        })
    );
    Ok(())
}
