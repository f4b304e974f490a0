//! How events become requests: they are folded as the domain folds them.

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use domain::{
    event::AnyEvent,
    hours::DayInterval,
    sealed::Sealed,
    waitlist::{Request, WaitlistEvent},
};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    ApplyError, Projected,
    folding::fold,
    rows::{self, Key, touched},
};

pub(super) async fn apply(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let mut requests = load(db, touched(batch, of_request)).await?;
    for projected in batch {
        if let Some((key, event)) = of_request(projected) {
            let standing = requests.entry(key).or_insert_with(|| Standing {
                request: Request::default(),
                position: projected.position.0,
                version: 0,
            });
            standing.request.apply(event.clone());
            standing.version = projected.version.0;
        }
    }
    let rows: Vec<_> = requests.iter().filter_map(Row::of).collect();
    rows::store(
        db,
        "insert into waitlist_request (business_id, request_id, client_id, standing, requested_at, position,
                                       service_ids, staff_ids, first_day, last_day, weekdays, hours, offered_until,
                                       words, state, version)
         select business_id, request_id, client_id, standing, requested_at, position, service_ids, staff_ids,
                first_day, last_day, weekdays, hours, offered_until, words, state, version
           from json_to_recordset($1::json)
             as r (business_id uuid, request_id uuid, client_id uuid, standing text, requested_at timestamptz,
                   position bigint, service_ids uuid[], staff_ids uuid[], first_day date, last_day date,
                   weekdays smallint[], hours int4multirange, offered_until timestamptz, words text, state jsonb,
                   version bigint)
             on conflict (business_id, request_id) do update
            set (standing, service_ids, staff_ids, first_day, last_day, weekdays, hours, offered_until, words, state,
                 version)
              = (excluded.standing, excluded.service_ids, excluded.staff_ids, excluded.first_day, excluded.last_day,
                 excluded.weekdays, excluded.hours, excluded.offered_until, excluded.words, excluded.state,
                 excluded.version)",
        &rows,
    )
    .await
}

/// Which request an event tells of, and what.
fn of_request(projected: &Projected) -> Option<(Key, &WaitlistEvent)> {
    match &projected.event {
        AnyEvent::Waitlist(id, event) => Some(((projected.business.0, id.uuid()), event)),
        AnyEvent::Business(..)
        | AnyEvent::Service(..)
        | AnyEvent::Staff(..)
        | AnyEvent::Desk(..)
        | AnyEvent::Class(..)
        | AnyEvent::Session(..)
        | AnyEvent::Client(..)
        | AnyEvent::Booking(..)
        | AnyEvent::Access(..)
        | AnyEvent::Webhook(..)
        | AnyEvent::Segment(..)
        | AnyEvent::Campaign(..)
        | AnyEvent::Notification(..) => None,
    }
}

/// A request, where it began, and how far its stream has been taken in.
struct Standing {
    request: Request,
    position: i64,
    version: i64,
}

async fn load(
    db: &mut PgConnection,
    keys: (Vec<Uuid>, Vec<Uuid>),
) -> Result<BTreeMap<Key, Standing>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, Json<Request>, i64)> = rows::load(
        db,
        "select r.business_id, r.request_id, r.state, r.position
           from unnest($1::uuid[], $2::uuid[]) as t (business_id, request_id)
           join waitlist_request r using (business_id, request_id)",
        keys,
    )
    .await?;
    let rows = rows.into_iter().map(|(business, id, request, position)| {
        let standing = Standing {
            request: request.0,
            position,
            version: 0,
        };
        ((business, id), standing)
    });
    Ok(rows.collect())
}

#[derive(Serialize)]
struct Row<'a> {
    business_id: Uuid,
    request_id: Uuid,
    client_id: Uuid,
    standing: &'static str,
    requested_at: Timestamp,
    position: i64,
    service_ids: Vec<Uuid>,
    staff_ids: Vec<Uuid>,
    first_day: Date,
    last_day: Option<Date>,
    weekdays: Vec<u8>,
    hours: String,
    offered_until: Option<Timestamp>,
    words: String,
    state: &'a Request,
    version: i64,
}

impl<'a> Row<'a> {
    /// None for a stream that does not begin with `requested`.
    fn of((key, standing): (&Key, &'a Standing)) -> Option<Self> {
        let made = standing.request.made().ok()?;
        let wishes = &made.wishes;
        let comment = made.comment.as_ref().and_then(Sealed::value);
        Some(Self {
            business_id: key.0,
            request_id: key.1,
            client_id: made.client_id.uuid(),
            standing: made.standing.state().as_str(),
            requested_at: made.requested_at,
            position: standing.position,
            service_ids: wishes.service_ids.iter().map(|id| id.uuid()).collect(),
            staff_ids: wishes.staff_ids.iter().map(|id| id.uuid()).collect(),
            first_day: wishes.from,
            last_day: wishes.to,
            weekdays: wishes.weekdays.iter().map(|day| day.number()).collect(),
            hours: multirange(&wishes.hours),
            offered_until: made.offered().map(|offer| offer.until),
            words: comment.map(|text| fold(text.as_str())).unwrap_or_default(),
            state: &standing.request,
            version: standing.version,
        })
    }
}

/// As PostgreSQL reads it: `{[540,720),[1080,1440)}`.
fn multirange(hours: &[DayInterval]) -> String {
    let ranges = hours.iter().filter(|hours| hours.from < hours.to);
    let ranges: Vec<String> = ranges
        .map(|hours| format!("[{},{})", hours.from.minutes(), hours.to.minutes()))
        .collect();
    format!("{{{}}}", ranges.join(","))
}
