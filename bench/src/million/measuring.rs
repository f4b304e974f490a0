//! What is measured of a business with a million bookings.

use std::{
    fmt::Write as _,
    fs,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde_json::Value;
use sqlx::PgPool;
use testbed::Postgres;
use tokio::time::sleep;
use uuid::Uuid;

use super::{
    Made, Wanted, analyse,
    exporting::exports,
    lives::DAYS_AHEAD,
    make, make_others,
    screens::{Answered, Screen, screens},
};
use crate::{
    line::{Took, count, load},
    scene::{Database, House, Known},
    service::{Program, Service},
};

const DATABASE: &str = "million";
const ROLES: &str = "api,projector";
/// A read model that writes a row for each event, one that writes one for each booking, two that write one for each client.
const ALONE: [&str; 4] = ["changes", "history", "client_card", "clients"];
/// How often the lag is looked at while others book.
const LOOKS: Duration = Duration::from_millis(20);

/// How much of everything.
#[derive(Debug, Clone)]
pub(crate) struct Much {
    pub(crate) wanted: Wanted,
    /// How long each question is asked.
    pub(crate) length: Duration,
    /// Where plans are written to, if anywhere.
    pub(crate) plans: Option<PathBuf>,
}

/// Makes it, measures it, and tells of it as Markdown.
pub(crate) async fn run(
    server: &Postgres,
    program: &Program,
    much: &Much,
) -> anyhow::Result<String> {
    let database = Database::new(server, program, DATABASE).await?;
    let mut told = String::new();
    let begun = Instant::now();
    let made = make(&database, much.wanted.bookings).await?;
    let seconds = begun.elapsed().as_secs_f64();
    writeln!(
        told,
        "{} bookings, {} events; made in {seconds:.0} s ({:.0} events a second).\n",
        made.bookings,
        made.events,
        figure(made.events) / seconds
    )?;
    eprintln!("{told}");
    analyse(&database).await?;
    told += &rebuilds(&database, program, &made).await?;
    eprintln!("{told}");
    analyse(&database).await?;

    let service = program.serve(DATABASE, &database.url, ROLES).await?;
    let screens = screens(&database.owner, made.business).await?;
    let alone = ask_all(&screens, &service, &made, much.length).await?;
    told += &booked_meanwhile(&database, &service, &made, much.length).await?;
    told += &exports(&service, &made).await?;
    eprintln!("{told}");

    let others = much.wanted.others;
    let events = make_others(&database, others, much.wanted.each).await?;
    caught_up(&database).await?;
    analyse(&database).await?;
    eprintln!("{others} other businesses, {events} events");
    let among = ask_all(&screens, &service, &made, much.length).await?;
    told += &table(&screens, &alone, &among, others)?;
    service.stop().await?;
    if let Some(file) = &much.plans {
        fs::write(
            file,
            plans(server, &database, program, &screens, &made).await?,
        )?;
        writeln!(told, "Plans: {}", file.display())?;
    }
    database.close().await;
    Ok(told)
}

/// How fast read models are built from nothing, next to what PostgreSQL does by itself with as many rows.
async fn rebuilds(database: &Database, program: &Program, made: &Made) -> anyhow::Result<String> {
    let mut told =
        String::from("| rebuild | events a second | of the pure SQL |\n| --- | ---: | ---: |\n");
    let begun = Instant::now();
    pure(&database.owner).await?;
    let pure = figure(made.events) / begun.elapsed().as_secs_f64();
    writeln!(
        told,
        "| pure SQL: `insert … select` of a row for each event, primary key after | {pure:.0} | 1.00 |"
    )?;
    let mut row = async |what: &str, arguments: &[&str]| {
        let begun = Instant::now();
        let said = program.run(DATABASE, &database.url, arguments).await?;
        let took = begun.elapsed().as_secs_f64();
        let report: Value = serde_json::from_str(said.lines().last().unwrap_or_default())?;
        anyhow::ensure!(report["parked"] == 0, "a read model is parked: {report}");
        let events = report["events"].as_u64().context("no report")?;
        let rate = figure(events) / took;
        eprintln!("rebuilt {what}: {rate:.0} events a second");
        writeln!(told, "| {what} | {rate:.0} | {:.2} |", rate / pure)?;
        anyhow::Ok(())
    };
    row("all read models", &["rebuild"]).await?;
    for model in ALONE {
        row(
            &format!("`{model}` alone"),
            &["rebuild", "--read-model", model],
        )
        .await?;
    }
    Ok(told + "\n")
}

/// A row for each event, as SQL alone would make it.
async fn pure(owner: &PgPool) -> anyhow::Result<()> {
    sqlx::raw_sql(
        "create table pure (business_id uuid not null, position bigint not null, at timestamptz not null,
                            subject_id uuid not null, action text not null, payload jsonb not null);
         insert into pure
         select business_id, position, recorded_at, aggregate_id::uuid, event_type, payload::jsonb from events;
         alter table pure add primary key (business_id, position);",
    )
    .execute(owner)
    .await?;
    sqlx::raw_sql("drop table pure").execute(owner).await?;
    Ok(())
}

async fn ask_all(
    screens: &[Screen],
    service: &Service,
    made: &Made,
    length: Duration,
) -> anyhow::Result<Vec<Answered>> {
    let mut all = Vec::new();
    for screen in screens {
        let answered = screen.ask(service.address()?, made, length).await?;
        match &answered {
            Answered::In(took) => eprintln!(
                "{}: p50 {:.1} ms, p99 {:.1} ms",
                screen.what,
                took.percentile(50).unwrap_or_default(),
                took.percentile(99).unwrap_or_default()
            ),
            Answered::Absent => eprintln!("{}: not there", screen.what),
            Answered::Refused(status, said) => eprintln!("{}: {status} {said}", screen.what),
        }
        all.push(answered);
    }
    Ok(all)
}

fn table(
    screens: &[Screen],
    alone: &[Answered],
    among: &[Answered],
    others: usize,
) -> anyhow::Result<String> {
    let mut told = format!(
        "| screen | aim: p99 ms | p50 alone | p99 alone | p50 among {others} others | p99 among {others} others | |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | --- |\n"
    );
    for ((screen, alone), among) in screens.iter().zip(alone).zip(among) {
        let (Answered::In(alone), Answered::In(among)) = (alone, among) else {
            let why = match (alone, among) {
                (Answered::Refused(status, _), _) | (_, Answered::Refused(status, _)) => {
                    format!("answered {status}")
                }
                _ => "not there".to_owned(),
            };
            writeln!(
                told,
                "| {} | {:.0} | | | | | {why} |",
                screen.what, screen.aim
            )?;
            continue;
        };
        let at = |took: &Took, share| took.percentile(share).unwrap_or_default();
        let met = at(alone, 99).max(at(among, 99)) <= screen.aim;
        writeln!(
            told,
            "| {} | {:.0} | {:.1} | {:.1} | {:.1} | {:.1} | {} |",
            screen.what,
            screen.aim,
            at(alone, 50),
            at(alone, 99),
            at(among, 50),
            at(among, 99),
            if met { "met" } else { "**missed**" }
        )?;
    }
    Ok(told + "\n")
}

/// How late the read models are while the house is booked as fast as it goes.
async fn booked_meanwhile(
    database: &Database,
    service: &Service,
    made: &Made,
    length: Duration,
) -> anyhow::Result<String> {
    let (db, business) = (&database.owner, made.business);
    let known = known(db, business).await?;
    // Past what was booked before.
    let house = House::made(&made.api_key, known, DAYS_AHEAD + 5);
    let mut told = String::from(
        "| booked into the same house | clients | bookings a second | p50 ms | p99 ms | read models behind: p50 ms | p99 ms |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for clients in [1, 8, 32] {
        let over = AtomicBool::new(false);
        let booking = async {
            let took = load(service.address()?, clients, length, || house.booking()).await;
            over.store(true, Ordering::Relaxed);
            took
        };
        let (took, late) = tokio::try_join!(booking, lateness(db, business, &over))?;
        caught_up(database).await?;
        let ms = |took: &Took, share| took.percentile(share).unwrap_or_default();
        writeln!(
            told,
            "| over HTTP, API and projector | {clients} | {:.0} | {:.1} | {:.1} | {:.1} | {:.1} |",
            took.per_second(),
            ms(&took, 50),
            ms(&took, 99),
            ms(&late, 50),
            ms(&late, 99)
        )?;
    }
    Ok(told + "\n")
}

async fn known(db: &PgPool, business: Uuid) -> anyhow::Result<Known> {
    let service: Uuid = sqlx::query_scalar(
        "select service_id from timetable_service where business_id = $1 and duration_min = 30 limit 1",
    )
    .bind(business)
    .fetch_one(db)
    .await?;
    let staff = sqlx::query_scalar(
        "select staff_id from timetable_staff where business_id = $1 and $2 = any (service_ids)",
    )
    .bind(business)
    .bind(service)
    .fetch_all(db)
    .await?;
    let client = sqlx::query_scalar("select client_id from client where business_id = $1 limit 1")
        .bind(business)
        .fetch_one(db)
        .await?;
    Ok(Known {
        id: business,
        service,
        staff,
        client,
    })
}

/// From when an event lies in the ledger until all read models have taken it in, again and again.
async fn lateness(db: &PgPool, business: Uuid, over: &AtomicBool) -> anyhow::Result<Took> {
    let mut took = Took::default();
    while !over.load(Ordering::Relaxed) {
        let head: i64 =
            sqlx::query_scalar("select position from ledger_head where business_id = $1")
                .bind(business)
                .fetch_one(db)
                .await?;
        let seen = Instant::now();
        loop {
            let reached: i64 = sqlx::query_scalar(
                "select least(c.position, (select min(a.position) from projection_apart a where a.business_id = $1))
                   from projection_checkpoint c where c.business_id = $1",
            )
            .bind(business)
            .fetch_one(db)
            .await?;
            if reached >= head {
                break;
            }
            sleep(Duration::from_millis(1)).await;
        }
        took.each.push(seen.elapsed());
        sleep(LOOKS).await;
    }
    Ok(took)
}

async fn caught_up(database: &Database) -> anyhow::Result<()> {
    while database.behind().await?.0 > 0 {
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// How PostgreSQL answered each screen's first question.
async fn plans(
    server: &Postgres,
    database: &Database,
    program: &Program,
    screens: &[Screen],
    made: &Made,
) -> anyhow::Result<String> {
    let settings = [
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = '1ms'",
        "auto_explain.log_analyze = on",
        "auto_explain.log_buffers = on",
    ];
    // Whoever connects from now on.
    sqlx::raw_sql("load 'auto_explain'")
        .execute(&database.owner)
        .await?;
    for setting in settings {
        let set = format!("alter database {DATABASE} set {setting}");
        sqlx::raw_sql(&set).execute(&database.owner).await?;
    }
    let service = program.serve(DATABASE, &database.url, "api").await?;
    let mut told = String::new();
    for screen in screens {
        let before = logged(server)?.len();
        screen.ask_once(service.address()?, made).await?;
        // Written by another process.
        sleep(Duration::from_millis(100)).await;
        writeln!(told, "## {}\n", screen.what)?;
        let logged = logged(server)?;
        told += logged.get(before..).unwrap_or_default();
        told.push('\n');
    }
    service.stop().await?;
    Ok(told)
}

fn logged(server: &Postgres) -> anyhow::Result<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(server.log_dir())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        // Not the one that the server begins in: what comes later would stand before it.
        .filter(|path| {
            path.file_stem()
                .is_some_and(|name| name.to_string_lossy().starts_with("postgres-"))
        })
        .collect();
    files.sort();
    let read = files
        .iter()
        .map(|file| anyhow::Ok(String::from_utf8_lossy(&fs::read(file)?).into_owned()));
    read.collect()
}

fn figure(number: u64) -> f64 {
    count(usize::try_from(number).unwrap_or(usize::MAX))
}
