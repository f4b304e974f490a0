//! `daybook log tail`: events as they were recorded, a JSON line each. What is sealed stays sealed.

use std::io::Write;

use jiff::Timestamp;
use ledger::{BusinessId, Ledger, Metadata, Position, ReadError, Recorded, Wakeup};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    books::Books, failure::Remedy, interrupt::Interrupts, output::Output, settings::Settings,
};

/// Events read at a time.
const SIP: usize = 500;

/// Prints events as NDJSON: position, event_id, stream, type, version, recorded_at, occurred_at, payload, metadata.
///
/// What is sealed stays sealed. Ends with exit code 0 at Ctrl-C, or when nobody reads its output any more.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Slug of the business.
    #[arg(long, value_name = "SLUG")]
    business: String,
    /// The first position to print.
    #[arg(long, value_name = "POSITION", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..))]
    from: i64,
    /// Go on with what is recorded from now on.
    #[arg(long, short)]
    follow: bool,
}

/// An event as it is printed.
#[derive(Serialize)]
struct Line<'e> {
    position: Position,
    event_id: Uuid,
    stream: Stream<'e>,
    r#type: &'e str,
    /// Its place in its stream.
    version: i64,
    /// The version of the payload's format.
    event_version: &'e str,
    recorded_at: Timestamp,
    occurred_at: Timestamp,
    payload: &'e RawValue,
    metadata: &'e Metadata,
}

#[derive(Serialize)]
struct Stream<'e> {
    kind: &'e str,
    id: Uuid,
}

impl<'e> Line<'e> {
    fn of(event: &'e Recorded) -> Self {
        Self {
            position: event.position,
            event_id: event.event_id.0,
            stream: Stream {
                kind: &event.stream.kind,
                id: event.stream.id,
            },
            r#type: &event.event_type,
            version: event.version.0,
            event_version: &event.event_version,
            recorded_at: event.recorded_at,
            occurred_at: event.occurred_at.unwrap_or(event.recorded_at),
            payload: &event.payload,
            metadata: &event.metadata,
        }
    }
}

pub(crate) async fn run(
    arguments: &Arguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut interrupts = Interrupts::listen()?;
    let books = Books::open(settings).await?;
    let printed = tokio::select! {
        printed = print(arguments, &books, output) => printed,
        _ = interrupts.next() => Ok(()),
    };
    books.close().await;
    printed
}

async fn print(arguments: &Arguments, books: &Books, output: &mut Output) -> anyhow::Result<()> {
    let business = books.business(&arguments.business).await?;
    // Before the first read: what comes in between is not missed.
    let mut wakeups = books.ledger.subscribe();
    let mut after = Position(arguments.from - 1);
    let whole = print_all(&books.ledger, business, &mut after, output).await?;
    whole.remedy(
        "the ledger could not be read",
        "see that the database is up, and run it again",
    )?;
    if !arguments.follow {
        return Ok(());
    }
    loop {
        match wakeups.next().await {
            Wakeup::Moved(other, _) if other != business => continue,
            Wakeup::Moved(..) | Wakeup::Look => {}
        }
        if let Err(error) = print_all(&books.ledger, business, &mut after, output).await? {
            // The database comes back, or somebody stops us; nothing is skipped meanwhile.
            tracing::warn!(%error, "the ledger cannot be read at the moment");
        }
    }
}

/// Prints what there is after `after`, and moves it on. The outer error is of the output, the inner of the ledger.
async fn print_all(
    ledger: &Ledger,
    business: BusinessId,
    after: &mut Position,
    output: &mut Output,
) -> anyhow::Result<Result<(), ReadError>> {
    loop {
        let events = match ledger.read(business, *after, SIP).await {
            Ok(events) => events,
            Err(error) => return Ok(Err(error)),
        };
        let Some(last) = events.last() else {
            return Ok(Ok(()));
        };
        let mut lines = Vec::new();
        for event in &events {
            serde_json::to_writer(&mut lines, &Line::of(event))?;
            lines.write_all(b"\n")?;
        }
        output.text(&lines)?;
        *after = last.position;
    }
}
