//! Files brought in, on a real database, and what the ledger then holds.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a spec looks at the events that it is about"
)]

mod again;
mod lives;
mod real_files;

use std::path::PathBuf;

use domain::{
    booking::{Booking, BookingEvent},
    business::BusinessEvent,
    client::ClientEvent,
    contact::Country,
    event::AnyEvent,
    money::Currency,
    text::{Label, Slug},
    time::Zone,
};
use jiff::Timestamp;
use ledger::{
    ActorRef, Append, Command, EventId, Expected, NewEvent, Position, Recorded, StreamId,
    StreamWrite, Version,
};
use sqlx::PgPool;
use uuid::Uuid;
use vault::MasterKey;

use super::*;

/// A business with nothing in its book.
struct Salon {
    books: Books,
    business: BusinessId,
    pool: PgPool,
    _database: testbed::Database,
}

/// An event of the ledger, opened.
struct Opened {
    recorded: Recorded,
    event: AnyEvent,
}

impl Salon {
    async fn new() -> Self {
        Self::at("America/Vancouver", Currency::CAD, "CA").await
    }

    async fn at(zone: &str, currency: Currency, country: &str) -> Self {
        let database = testbed::database().await;
        let pool = database.service_pool().await;
        let salon = Self {
            books: Books {
                ledger: Ledger::new(pool.clone(), domain::event::upcasters()),
                vault: Vault::new(&MasterKey::generate(), pool.clone()),
            },
            business: BusinessId(Uuid::now_v7()),
            pool,
            _database: database,
        };
        let opened = BusinessEvent::Opened {
            name: Label::parse("Salon").unwrap(),
            slug: Slug::parse("salon").unwrap(),
            time_zone: Zone::named(zone).unwrap(),
            currency,
            country: Country::parse(country).unwrap(),
        };
        let id = salon.business.0;
        salon
            .append(StreamId::new("business", id), 0, &opened)
            .await;
        salon
    }

    /// Something that is written here, by the panel.
    async fn append<E: cqrs_es::DomainEvent>(&self, stream: StreamId, version: i64, event: &E) {
        let event = NewEvent::of(EventId(Uuid::now_v7()), event).unwrap();
        let mut append = self.command();
        append.streams.push(StreamWrite {
            stream,
            expected: Expected::Version(Version(version)),
            events: vec![event],
        });
        self.books.ledger.append(append).await.unwrap();
    }

    fn command(&self) -> Append {
        let id = Uuid::now_v7();
        let command = Command {
            id,
            caller: "panel".to_owned(),
            key: id.to_string(),
            fingerprint: [0; 32],
            actor: ActorRef {
                kind: "user".to_owned(),
                id: None,
                role: None,
            },
            source: "panel".to_owned(),
            correlation_id: id,
            causation_id: None,
            reverts: None,
            answer: serde_json::Value::Null,
        };
        Append::new(self.business, command)
    }

    async fn import(&self, lines: &[&str]) -> Report {
        self.import_text(&lines.join("\n")).await
    }

    async fn import_text(&self, text: &str) -> Report {
        run(&self.books, self.business, text.as_bytes(), &mut ())
            .await
            .unwrap()
    }

    async fn head(&self) -> i64 {
        self.books.ledger.head(self.business).await.unwrap().0
    }

    /// All events, opened, the business's own opening left out.
    async fn events(&self) -> Vec<Opened> {
        let ledger = &self.books.ledger;
        let mut recorded: Vec<Recorded> = vec![];
        loop {
            let after = recorded.last().map_or(Position(1), |event| event.position);
            let next = ledger.read(self.business, after, 2_000).await.unwrap();
            if next.is_empty() {
                break;
            }
            recorded.extend(next);
        }
        let mut payloads: Vec<_> = (recorded.iter())
            .map(|event| (event.business.0, event.event_id.0, event.payload.clone()))
            .collect();
        self.books.vault.open_raw(&mut payloads).await.unwrap();
        let decode =
            |(recorded, (_, _, payload)): (Recorded, (_, _, Box<serde_json::value::RawValue>))| {
                let stream = &recorded.stream;
                let event = AnyEvent::decode(&stream.kind, stream.id, payload.get()).unwrap();
                Opened { recorded, event }
            };
        recorded.into_iter().zip(payloads).map(decode).collect()
    }

    async fn booking_events(&self) -> Vec<BookingEvent> {
        let events = self.events().await.into_iter();
        events
            .filter_map(|opened| match opened.event {
                AnyEvent::Booking(_, event) => Some(event),
                _ => None,
            })
            .collect()
    }

    async fn client_events(&self) -> Vec<ClientEvent> {
        let events = self.events().await.into_iter();
        events
            .filter_map(|opened| match opened.event {
                AnyEvent::Client(_, event) => Some(event),
                _ => None,
            })
            .collect()
    }

    /// The id of the stream that a ref of the file stands for.
    async fn id_of(&self, kind: &str, told: &str) -> Uuid {
        let naming = Naming {
            vault: &self.books.vault,
            business: self.business.0,
        };
        let name = naming.of(kind, told.as_bytes());
        let owner = self
            .books
            .ledger
            .name_owner(self.business, kind, &name)
            .await;
        owner.unwrap().expect("the ref is known")
    }

    async fn booking(&self, told: &str) -> (Booking, Version) {
        let id = self.id_of(identity::BOOKING, told).await;
        let loaded = self
            .books
            .ledger
            .load::<Booking>(self.business, id)
            .await
            .unwrap();
        (loaded.state, loaded.version)
    }
}

/// A line of the file, from its kind, booking and whatever else.
fn line(at: &str, kind: &str, booking: &str, rest: &str) -> String {
    let rest = if rest.is_empty() {
        String::new()
    } else {
        format!(",{rest}")
    };
    format!(r#"{{"at":"{at}","kind":"{kind}","booking_ref":"{booking}"{rest}}}"#)
}

/// A booking of Eva's for C1, a half-hour's cut.
fn booked(booking: &str, start: &str) -> String {
    let rest = format!(
        r#""client_ref":"C1","staff_ref":"EVA","service":"CUT","start":"{start}","duration_min":30"#
    );
    line("2018-03-01T10:00:00", "booked", booking, &rest)
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn refused(report: &Report) -> Vec<(u64, &str)> {
    report
        .skipped
        .iter()
        .map(|s| (s.line, s.reason.as_str()))
        .collect()
}

/// A file of real booking data; none, and a line that says so, where it is absent.
fn shared(name: &str) -> Option<String> {
    let folder = std::env::var_os("DAYBOOK_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(_) => {
            println!(
                "skipped: {} is not there (DAYBOOK_SHARED_DATA)",
                path.display()
            );
            None
        }
    }
}
