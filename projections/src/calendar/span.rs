//! The spans that bookings ever stood on, each with the positions between which they did.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::booking::Key;
use crate::Position;

/// What a batch does to spans.
#[derive(Default)]
pub(super) struct Spans {
    /// Bookings that left the span on which the batch found them, and where.
    left: BTreeMap<Key, Position>,
    /// Spans that the batch put bookings on, in order.
    new: BTreeMap<Key, Vec<New>>,
}

struct New {
    from: Position,
    until: Option<Position>,
    starts: Timestamp,
    ends: Timestamp,
}

impl Spans {
    /// From this position on a booking stands on another span, or for the first time on any.
    pub(super) fn moves(
        &mut self,
        key: Key,
        position: Position,
        stood_before: bool,
        (starts, ends): (Timestamp, Timestamp),
    ) {
        let new = self.new.entry(key).or_default();
        match new.last_mut() {
            Some(last) => last.until = Some(position),
            None if stood_before => {
                self.left.insert(key, position);
            }
            None => {}
        }
        new.push(New {
            from: position,
            until: None,
            starts,
            ends,
        });
    }
}

pub(super) async fn store(db: &mut PgConnection, spans: Spans) -> Result<(), sqlx::Error> {
    if !spans.left.is_empty() {
        let (keys, positions): (Vec<Key>, Vec<i64>) =
            spans.left.into_iter().map(|(key, at)| (key, at.0)).unzip();
        let (businesses, bookings): (Vec<Uuid>, Vec<Uuid>) = keys.into_iter().unzip();
        sqlx::query(
            "update calendar_span s set until_position = l.position
               from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as l (business, booking, position)
              where s.business_id = l.business and s.booking_id = l.booking and s.until_position is null",
        )
        .bind(businesses)
        .bind(bookings)
        .bind(positions)
        .execute(&mut *db)
        .await?;
    }
    let new: Vec<(Key, New)> = spans
        .new
        .into_iter()
        .flat_map(|(key, spans)| spans.into_iter().map(move |span| (key, span)))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into calendar_span (business_id, booking_id, from_position, until_position, starts, ends)
         select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[])",
    )
    .bind(new.iter().map(|((business, _), _)| *business).collect::<Vec<_>>())
    .bind(new.iter().map(|((_, booking), _)| *booking).collect::<Vec<_>>())
    .bind(new.iter().map(|(_, s)| s.from.0).collect::<Vec<_>>())
    .bind(new.iter().map(|(_, s)| s.until.map(|p| p.0)).collect::<Vec<_>>())
    .bind(new.iter().map(|(_, s)| s.starts.to_sqlx()).collect::<Vec<_>>())
    .bind(new.iter().map(|(_, s)| s.ends.to_sqlx()).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}
