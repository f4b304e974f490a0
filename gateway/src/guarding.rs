//! Times that must be free of bookings before they are closed: absences, closures, shorter hours, retirements.
//!
//! What is looked at is what lies ahead. A rule that goes on for ever (hours of each week) is looked at as far as
//! bookings may lie ahead at most.

use domain::{
    hours::WorkingHours,
    id::Id,
    slots::open_spans,
    time::{LocalSpan, Span, Zone},
};
use jiff::{Timestamp, ToSpan as _};
use ledger::{BusinessId, Guard, GuardHit};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    problem::{Problem, bookings_affected},
};

/// As far as a business's horizon may reach (`domain::business::Policy`).
const HORIZON_DAYS: i64 = 730;

/// No booking may lie in any of `ranges` on any of `resources` (none: on all). No guard at all where nothing is left.
pub(crate) fn must_be_free(resources: Vec<Uuid>, ranges: Vec<ledger::Span>) -> Vec<Guard> {
    if ranges.is_empty() {
        return vec![];
    }
    vec![Guard { resources, ranges }]
}

/// From now on, without end.
pub(crate) fn from_now_on(now: Timestamp) -> Vec<ledger::Span> {
    vec![ledger::Span::from(now)]
}

/// The instants of wall-clock spans that still lie ahead.
pub(crate) fn ahead<'a>(
    spans: impl IntoIterator<Item = &'a LocalSpan>,
    zone: &Zone,
    now: Timestamp,
) -> Vec<ledger::Span> {
    let instants = spans.into_iter().filter_map(|span| {
        // At a change of the clocks rather an hour too much than too little: from the first instant that can be
        // meant up to the last one.
        let start = zone.tz().to_ambiguous_timestamp(span.from());
        let end = zone.tz().to_ambiguous_timestamp(span.to());
        let start = start.earlier().unwrap_or(Timestamp::MIN);
        let end = end.later().unwrap_or(Timestamp::MAX);
        (now < end).then(|| ledger::Span::new(start.max(now), end))
    });
    instants.collect()
}

/// Hours, where none may be set.
#[derive(Clone, Copy)]
pub(crate) enum Open<'a> {
    /// At all times.
    Always,
    /// In these hours.
    In(&'a WorkingHours),
    /// Never.
    Never,
}

/// The times ahead that were open and are to be closed.
pub(crate) fn no_longer_open(
    before: Open<'_>,
    after: Open<'_>,
    zone: &Zone,
    now: Timestamp,
) -> Vec<ledger::Span> {
    let first = zone.date_of(now);
    let last = first.saturating_add(HORIZON_DAYS.days());
    let Some(all) = zone.days(first, last) else {
        return vec![];
    };
    let spans = |open| match open {
        Open::Always => vec![all],
        Open::In(hours) => open_spans(hours, zone, first, last),
        Open::Never => vec![],
    };
    let closed = difference(&spans(before), &spans(after));
    let ahead = closed.into_iter().filter(|(_, end)| now < *end);
    ahead
        .map(|(start, end)| ledger::Span::new(start.max(now), end))
        .collect()
}

/// What of `these` is not in `others`; both in order and apart.
fn difference(these: &[Span], others: &[Span]) -> Vec<(Timestamp, Timestamp)> {
    let mut left = vec![];
    let mut others = others.iter().peekable();
    for this in these {
        let mut from = this.start();
        while let Some(other) = others.peek() {
            if other.end() <= from {
                others.next();
                continue;
            }
            if this.end() <= other.start() {
                break;
            }
            if from < other.start() {
                left.push((from, other.start()));
            }
            from = other.end();
            if this.end() <= from {
                break;
            }
        }
        if from < this.end() {
            left.push((from, this.end()));
        }
    }
    left
}

/// A booking that lies in time that is closed: it is to be moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AffectedBooking {
    id: Uuid,
    /// `booking`, or `session`: of a class, with whoever has a seat in it.
    kind: &'static str,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    end: Option<Timestamp>,
}

impl AffectedBooking {
    /// Which.
    pub(crate) const fn id(&self) -> Uuid {
        self.id
    }
}

impl App {
    /// A desk may serve fewer at a time: nowhere ahead more of them meet at it.
    ///
    /// # Errors
    /// 409 `bookings_affected` with those that do.
    pub(crate) async fn must_fit(
        &self,
        business: BusinessId,
        desk: Uuid,
        capacity: u16,
    ) -> Result<(), Problem> {
        let now = self.now();
        let ahead = ledger::Span::from(now);
        let mut busy = self.ledger().busy(business, &[desk], ahead).await?;
        busy.retain(|taken| taken.hold_until.is_none());
        busy.sort_by_key(|taken| taken.during.start);
        let known = self.catalogue(business).await?;
        let mut hits: Vec<GuardHit> = vec![];
        let mut meeting: Vec<&ledger::Busy> = vec![];
        for taken in &busy {
            let ended = |other: &ledger::Busy| {
                other
                    .during
                    .end
                    .is_some_and(|end| end <= taken.during.start)
            };
            meeting.retain(|other| !ended(other));
            meeting.push(taken);
            // A session of a class takes all places of its desk; it is one guest all the same.
            let mut owners: Vec<_> = meeting.iter().map(|taken| taken.owner).collect();
            owners.sort_unstable();
            owners.dedup();
            if owners.len() > usize::from(capacity) {
                hits.extend(meeting.iter().map(|taken| GuardHit {
                    owner: taken.owner,
                    resource: taken.resource,
                    body: taken.body,
                }));
            }
        }
        if hits.is_empty() {
            return Ok(());
        }
        let sessions = &known.catalogue.sessions;
        Err(bookings_affected(&hits, |owner| {
            sessions.contains_key(&Id::new(owner))
        }))
    }

    /// The bookings that lie in these times now.
    pub(crate) async fn affected(
        &self,
        business: BusinessId,
        resources: &[Uuid],
        ranges: &[ledger::Span],
    ) -> Result<Vec<AffectedBooking>, Problem> {
        let Some(start) = ranges.iter().map(|range| range.start).min() else {
            return Ok(vec![]);
        };
        let end = ranges
            .iter()
            .map(|range| range.end)
            .collect::<Option<Vec<_>>>();
        let within = ledger::Span {
            start,
            end: end.and_then(|ends| ends.into_iter().max()),
        };
        let busy = self.ledger().busy(business, resources, within).await?;
        let known = self.catalogue(business).await?;
        let sessions = &known.catalogue.sessions;
        let mut affected: Vec<AffectedBooking> = vec![];
        for taken in busy {
            let inside = ranges.iter().any(|range| range.meets(&taken.body));
            let known = affected.iter().any(|booking| booking.id == taken.owner);
            if inside && !known && taken.hold_until.is_none() {
                affected.push(AffectedBooking {
                    id: taken.owner,
                    kind: if sessions.contains_key(&Id::new(taken.owner)) {
                        "session"
                    } else {
                        "booking"
                    },
                    start: taken.body.start,
                    end: taken.body.end,
                });
            }
        }
        affected.sort_by_key(|booking| (booking.start, booking.id));
        Ok(affected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(json: &str) -> WorkingHours {
        serde_json::from_str(json).unwrap()
    }

    fn closed(before: Open<'_>, after: Open<'_>) -> Vec<String> {
        let zone = Zone::named("Europe/Warsaw").unwrap();
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        no_longer_open(before, after, &zone, now)
            .iter()
            .map(|span| format!("{} {}", span.start, span.end.unwrap()))
            .collect()
    }

    #[test]
    fn shorter_hours_close_what_they_no_longer_hold() {
        let long = hours(r#"{"weekly":[{"weekday":"mon","from":"09:00","to":"17:00"}]}"#);
        let short = hours(r#"{"weekly":[{"weekday":"mon","from":"11:00","to":"15:00"}]}"#);
        let closed = closed(Open::In(&long), Open::In(&short));
        assert_eq!(
            closed[..3],
            [
                // Today it is ten o'clock already.
                "2026-11-23T09:00:00Z 2026-11-23T10:00:00Z",
                "2026-11-23T14:00:00Z 2026-11-23T16:00:00Z",
                "2026-11-30T08:00:00Z 2026-11-30T10:00:00Z",
            ]
        );
    }

    #[test]
    fn longer_hours_close_nothing() {
        let long = hours(r#"{"weekly":[{"weekday":"mon","from":"09:00","to":"17:00"}]}"#);
        let short = hours(r#"{"weekly":[{"weekday":"mon","from":"11:00","to":"15:00"}]}"#);
        assert!(closed(Open::In(&short), Open::In(&long)).is_empty());
        assert!(closed(Open::Never, Open::In(&long)).is_empty());
        assert!(closed(Open::In(&long), Open::Always).is_empty());
    }

    #[test]
    fn hours_where_there_were_none_close_all_the_rest() {
        let monday = hours(r#"{"weekly":[{"weekday":"mon","from":"00:00","to":"24:00"}]}"#);
        let closed = closed(Open::Always, Open::In(&monday));
        assert_eq!(closed[0], "2026-11-23T23:00:00Z 2026-11-29T23:00:00Z");
    }
}
