//! How events become lines.

use std::collections::BTreeMap;

use cqrs_es::{Aggregate, DomainEvent};
use domain::{event::AnyEvent, id::Id};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{FieldChange, of_access, of_booking::Standing, of_client, tell};
use crate::{
    ApplyError, Projected,
    rows::{self, Key, touched},
};

pub(super) async fn apply(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let mut bookings = load_bookings(db, touched(batch, Projected::of_booking)).await?;
    let mut lines = Vec::with_capacity(batch.len());
    for projected in batch {
        let mut none = None;
        let standing = match projected.of_booking() {
            Some((key, _)) => bookings.entry(key).or_default(),
            None => &mut none,
        };
        lines.push(line(projected, standing));
    }
    store_lines(db, &lines).await?;
    store_bookings(db, &bookings).await?;
    store_actors(db, batch).await
}

/// A row of `change`.
#[derive(Serialize)]
struct Line<'a> {
    business_id: Uuid,
    position: i64,
    at: Timestamp,
    recorded_at: Timestamp,
    actor_kind: &'a str,
    actor_id: Option<Uuid>,
    actor_role: Option<&'a str>,
    source: &'a str,
    subject_type: &'static str,
    subject_id: Uuid,
    booking_id: Option<Uuid>,
    client_id: Option<Uuid>,
    action: String,
    changes: Vec<FieldChange>,
    reason: Option<String>,
    reason_under: Option<Uuid>,
    reverts: Option<i64>,
}

fn line<'a>(projected: &'a Projected, booking: &mut Option<Standing>) -> Line<'a> {
    let told = tell(&projected.event, booking);
    let subject = Subject::of(&projected.event);
    let client_id = subject.client_id.or(booking
        .as_ref()
        .and_then(|b| b.client_id)
        .map(|id| id.uuid()));
    let metadata = &projected.metadata;
    Line {
        business_id: projected.business.0,
        position: projected.position.0,
        at: projected.occurred_at,
        recorded_at: projected.recorded_at,
        actor_kind: &metadata.actor.kind,
        actor_id: metadata.actor.id,
        actor_role: metadata.actor.role.as_deref(),
        source: &metadata.source,
        subject_type: subject.kind,
        subject_id: subject.id,
        booking_id: subject.booking_id,
        client_id,
        action: format!("{}.{}", subject.kind, subject.event_type),
        changes: told.changes,
        reason: told.reason,
        reason_under: told.reason_under,
        reverts: metadata.reverts.map(|position| position.0),
    }
}

/// What was changed, and by what event.
struct Subject {
    kind: &'static str,
    id: Uuid,
    event_type: String,
    booking_id: Option<Uuid>,
    client_id: Option<Uuid>,
}

impl Subject {
    fn of(event: &AnyEvent) -> Self {
        match event {
            AnyEvent::Business(id, event) => Self::new(*id, event),
            AnyEvent::Service(id, event) => Self::new(*id, event),
            AnyEvent::Staff(id, event) => Self::new(*id, event),
            AnyEvent::Desk(id, event) => Self::new(*id, event),
            AnyEvent::Class(id, event) => Self::new(*id, event),
            AnyEvent::Session(id, event) => Self::new(*id, event),
            AnyEvent::Client(id, event) => Self {
                client_id: Some(id.uuid()),
                ..Self::new(*id, event)
            },
            AnyEvent::Booking(id, event) => Self {
                booking_id: Some(id.uuid()),
                ..Self::new(*id, event)
            },
            AnyEvent::Access(id, event) => Self::new(*id, event),
            AnyEvent::Waitlist(id, event) => Self::new(*id, event),
            AnyEvent::Webhook(id, event) => Self::new(*id, event),
            AnyEvent::Segment(id, event) => Self::new(*id, event),
            AnyEvent::Campaign(id, event) => Self::new(*id, event),
            AnyEvent::Notification(id, event) => Self {
                booking_id: event.about().booking_id.map(Id::uuid),
                client_id: Some(event.about().client_id.uuid()),
                ..Self::new(*id, event)
            },
        }
    }

    fn new<A: Aggregate>(id: Id<A>, event: &A::Event) -> Self {
        Self {
            kind: A::TYPE,
            id: id.uuid(),
            event_type: event.event_type(),
            booking_id: None,
            client_id: None,
        }
    }
}

async fn store_lines(db: &mut PgConnection, lines: &[Line<'_>]) -> Result<(), ApplyError> {
    rows::store(
        db,
        "insert into change (business_id, position, at, recorded_at, actor_kind, actor_id, actor_role, source,
                             subject_type, subject_id, booking_id, client_id, action, changes, reason, reason_under,
                             reverts)
         select business_id, position, at, recorded_at, actor_kind, actor_id, actor_role, source,
                subject_type, subject_id, booking_id, client_id, action, changes, reason, reason_under, reverts
           from json_to_recordset($1::json)
             as r (business_id uuid, position bigint, at timestamptz, recorded_at timestamptz, actor_kind text,
                   actor_id uuid, actor_role text, source text, subject_type text, subject_id uuid, booking_id uuid,
                   client_id uuid, action text, changes jsonb, reason text, reason_under uuid, reverts bigint)",
        lines,
    )
    .await
}

async fn load_bookings(
    db: &mut PgConnection,
    keys: (Vec<Uuid>, Vec<Uuid>),
) -> Result<BTreeMap<Key, Option<Standing>>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, Json<Standing>)> = rows::load(
        db,
        "select b.business_id, b.booking_id, b.standing
           from unnest($1::uuid[], $2::uuid[]) as t (business_id, booking_id)
           join change_booking b using (business_id, booking_id)",
        keys,
    )
    .await?;
    let rows = rows.into_iter();
    Ok(rows.map(|(b, id, s)| ((b, id), Some(s.0))).collect())
}

#[derive(Serialize)]
struct BookingRow<'a> {
    business_id: Uuid,
    booking_id: Uuid,
    staff_id: Option<Uuid>,
    standing: &'a Standing,
}

async fn store_bookings(
    db: &mut PgConnection,
    bookings: &BTreeMap<Key, Option<Standing>>,
) -> Result<(), ApplyError> {
    let rows = bookings.iter().filter_map(|(key, standing)| {
        let standing = standing.as_ref()?;
        Some(BookingRow {
            business_id: key.0,
            booking_id: key.1,
            staff_id: standing.staff_id.map(|id| id.uuid()),
            standing,
        })
    });
    let rows: Vec<_> = rows.collect();
    rows::store(
        db,
        "insert into change_booking (business_id, booking_id, staff_id, standing)
         select business_id, booking_id, staff_id, standing
           from json_to_recordset($1::json) as r (business_id uuid, booking_id uuid, staff_id uuid, standing jsonb)
             on conflict (business_id, booking_id) do update
            set (staff_id, standing) = (excluded.staff_id, excluded.standing)",
        &rows,
    )
    .await
}

/// What the actor that an event is about is called from then on, if it says so.
fn actor(event: &AnyEvent) -> Option<(Uuid, Option<&str>)> {
    match event {
        AnyEvent::Access(id, event) => Some((id.uuid(), of_access::name(event)?)),
        AnyEvent::Client(id, event) => {
            let name = of_client::name(event)?.value();
            Some((id.uuid(), name.map(|n| n.as_str())))
        }
        AnyEvent::Business(..)
        | AnyEvent::Service(..)
        | AnyEvent::Staff(..)
        | AnyEvent::Desk(..)
        | AnyEvent::Class(..)
        | AnyEvent::Session(..)
        | AnyEvent::Booking(..)
        | AnyEvent::Waitlist(..)
        | AnyEvent::Webhook(..)
        | AnyEvent::Segment(..)
        | AnyEvent::Campaign(..)
        | AnyEvent::Notification(..) => None,
    }
}

async fn store_actors(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let mut names: BTreeMap<Key, Option<&str>> = BTreeMap::new();
    for projected in batch {
        if let Some((id, name)) = actor(&projected.event) {
            names.insert((projected.business.0, id), name);
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    let (keys, names): (Vec<Key>, Vec<Option<&str>>) = names.into_iter().unzip();
    let (businesses, actors): (Vec<Uuid>, Vec<Uuid>) = keys.into_iter().unzip();
    sqlx::query(
        "insert into change_actor (business_id, actor_id, name)
         select business_id, actor_id, name
           from unnest($1::uuid[], $2::uuid[], $3::text[]) as r (business_id, actor_id, name)
             on conflict (business_id, actor_id) do update set name = excluded.name",
    )
    .bind(businesses)
    .bind(actors)
    .bind(names)
    .execute(db)
    .await?;
    Ok(())
}
