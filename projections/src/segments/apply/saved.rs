//! How segments' events become rows: they are folded as the domain folds them.

use std::collections::BTreeMap;

use cqrs_es::Aggregate as _;
use domain::{
    event::AnyEvent,
    segment::{Segment, SegmentEvent},
};
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    ApplyError, Projected,
    folding::fold,
    rows::{self, Key, touched},
};

pub(super) async fn apply(db: &mut PgConnection, batch: &[Projected]) -> Result<(), ApplyError> {
    let mut segments = load(db, batch).await?;
    for projected in batch {
        if let Some((key, event)) = of_segment(projected) {
            let standing = segments.entry(key).or_insert_with(|| Standing {
                segment: Segment::default(),
                version: 0,
            });
            standing.segment.apply(event.clone());
            standing.version = projected.version.0;
        }
    }
    let gone = segments
        .iter()
        .filter(|(_, standing)| standing.segment.dropped);
    let (businesses, ids): (Vec<Uuid>, Vec<Uuid>) = gone.map(|(key, _)| *key).unzip();
    let rows: Vec<_> = segments.iter().filter_map(Row::of).collect();
    rows::store(
        db,
        "insert into segment (business_id, segment_id, name, sort_name, state, version)
         select business_id, segment_id, name, sort_name, state, version
           from json_to_recordset($1::json)
             as r (business_id uuid, segment_id uuid, name text, sort_name text, state jsonb,
                   version bigint)
             on conflict (business_id, segment_id) do update
            set (name, sort_name, state, version)
              = (excluded.name, excluded.sort_name, excluded.state, excluded.version)",
        &rows,
    )
    .await?;
    if !ids.is_empty() {
        sqlx::query(
            "delete from segment s using unnest($1::uuid[], $2::uuid[]) as t (business_id, segment_id)
              where s.business_id = t.business_id and s.segment_id = t.segment_id",
        )
        .bind(businesses)
        .bind(ids)
        .execute(db)
        .await?;
    }
    Ok(())
}

/// Which segment an event tells of, and what.
fn of_segment(projected: &Projected) -> Option<(Key, &SegmentEvent)> {
    match &projected.event {
        AnyEvent::Segment(id, event) => Some(((projected.business.0, id.uuid()), event)),
        AnyEvent::Business(..)
        | AnyEvent::Service(..)
        | AnyEvent::Staff(..)
        | AnyEvent::Desk(..)
        | AnyEvent::Class(..)
        | AnyEvent::Session(..)
        | AnyEvent::Client(..)
        | AnyEvent::Booking(..)
        | AnyEvent::Access(..)
        | AnyEvent::Waitlist(..)
        | AnyEvent::Webhook(..)
        | AnyEvent::Campaign(..)
        | AnyEvent::Notification(..) => None,
    }
}

struct Standing {
    segment: Segment,
    version: i64,
}

async fn load(
    db: &mut PgConnection,
    batch: &[Projected],
) -> Result<BTreeMap<Key, Standing>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, Json<Segment>, i64)> = rows::load(
        db,
        "select s.business_id, s.segment_id, s.state, s.version
           from unnest($1::uuid[], $2::uuid[]) as t (business_id, segment_id)
           join segment s using (business_id, segment_id)",
        touched(batch, of_segment),
    )
    .await?;
    let rows = rows.into_iter().map(|(business, id, segment, version)| {
        let standing = Standing {
            segment: segment.0,
            version,
        };
        ((business, id), standing)
    });
    Ok(rows.collect())
}

#[derive(Serialize)]
struct Row<'a> {
    business_id: Uuid,
    segment_id: Uuid,
    name: &'a str,
    sort_name: String,
    state: &'a Segment,
    version: i64,
}

impl<'a> Row<'a> {
    /// None for what was dropped, and for a stream that does not begin with `saved`.
    fn of((key, standing): (&Key, &'a Standing)) -> Option<Self> {
        let saying = standing.segment.standing().ok()?;
        Some(Self {
            business_id: key.0,
            segment_id: key.1,
            name: saying.name.as_str(),
            sort_name: fold(saying.name.as_str()),
            state: &standing.segment,
            version: standing.version,
        })
    }
}
