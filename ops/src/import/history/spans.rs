//! Which bookings stood where at a moment of the replay, to see which really did overlap.

use std::collections::{BTreeMap, HashMap};

use domain::{booking::Booking, id::Id, staff::Staff, time::Span};
use jiff::{SignedDuration, Timestamp};

/// Live bookings by staff member.
#[derive(Debug, Default)]
pub(super) struct Spans(HashMap<Id<Staff>, OfStaff>);

#[derive(Debug, Default)]
struct OfStaff {
    /// By start: several may begin at once.
    live: BTreeMap<(Timestamp, Id<Booking>), Timestamp>,
    /// No span is longer, so that none that began earlier than this before a start can reach it.
    longest: SignedDuration,
}

impl Spans {
    pub(super) fn add(&mut self, staff: Id<Staff>, booking: Id<Booking>, span: Span) {
        if span.is_empty() {
            return;
        }
        let of = self.0.entry(staff).or_default();
        of.longest = of.longest.max(span.end().duration_since(span.start()));
        of.live.insert((span.start(), booking), span.end());
    }

    pub(super) fn remove(&mut self, staff: Id<Staff>, booking: Id<Booking>, span: Span) {
        if let Some(of) = self.0.get_mut(&staff) {
            of.live.remove(&(span.start(), booking));
        }
    }

    /// Whether a booking of somebody else stands there.
    pub(super) fn meets(&self, staff: Id<Staff>, booking: Id<Booking>, span: Span) -> bool {
        let Some(of) = self.0.get(&staff).filter(|_| !span.is_empty()) else {
            return false;
        };
        let earliest = span
            .start()
            .saturating_sub(of.longest)
            .unwrap_or(Timestamp::MIN);
        of.live
            .range((earliest, Id::new(uuid::Uuid::nil()))..)
            .take_while(|((start, _), _)| *start < span.end())
            .any(|((_, other), end)| *other != booking && *end > span.start())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn span(from: &str, to: &str) -> Span {
        let at = |time: &str| format!("2026-05-04T{time}:00Z").parse().unwrap();
        Span::new(at(from), at(to)).unwrap()
    }

    #[test]
    fn one_may_begin_when_the_other_ends() {
        let (eva, a, b) = (
            Id::new(Uuid::now_v7()),
            Id::new(Uuid::now_v7()),
            Id::new(Uuid::now_v7()),
        );
        let mut spans = Spans::default();
        spans.add(eva, a, span("10:00", "11:00"));
        spans.add(eva, Id::new(Uuid::now_v7()), span("07:00", "07:05"));
        assert!(!spans.meets(eva, b, span("11:00", "12:00")));
        assert!(!spans.meets(eva, b, span("09:00", "10:00")));
        assert!(spans.meets(eva, b, span("10:59", "12:00")));
        assert!(spans.meets(eva, b, span("10:15", "10:30")), "inside");
        assert!(spans.meets(eva, b, span("09:00", "12:00")), "around");
        assert!(!spans.meets(eva, a, span("10:30", "11:30")), "not itself");
        assert!(
            !spans.meets(Id::new(Uuid::now_v7()), b, span("10:00", "11:00")),
            "somebody else's"
        );
        assert!(
            !spans.meets(eva, b, span("10:30", "10:30")),
            "no time at all"
        );
        spans.remove(eva, a, span("10:00", "11:00"));
        assert!(!spans.meets(eva, b, span("10:00", "11:00")));
    }
}
