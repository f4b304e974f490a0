//! A stretch of time between two instants.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Minutes;

/// The instants from `start` up to, and without, `end`: two spans that touch do not overlap.
///
/// `end` is never before `start`. A span of no length holds no instant and overlaps nothing.
/// In JSON `{"start": "2026-03-29T01:00:00Z", "end": "2026-03-29T02:00:00Z"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Unchecked")]
pub struct Span {
    start: Timestamp,
    end: Timestamp,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Unchecked {
    start: Timestamp,
    end: Timestamp,
}

/// Two instants, or an instant and a length, that make no span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSpan {
    /// The end lies before the start.
    #[error("`end` {end} must not be before `start` {start}")]
    EndBeforeStart {
        /// The start given.
        start: Timestamp,
        /// The end given.
        end: Timestamp,
    },
    /// The end would lie past the last instant that can be written (the year 9999).
    #[error("{length} from {start} reaches past the end of time")]
    PastTheEndOfTime {
        /// The start given.
        start: Timestamp,
        /// The length given.
        length: Minutes,
    },
}

impl Span {
    /// The span `[start, end)`.
    ///
    /// # Errors
    /// When `end` lies before `start`.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, BadSpan> {
        if end < start {
            return Err(BadSpan::EndBeforeStart { start, end });
        }
        Ok(Self { start, end })
    }

    /// The span that begins at `start` and lasts `length`.
    ///
    /// # Errors
    /// When it would end past the year 9999.
    pub fn lasting(start: Timestamp, length: Minutes) -> Result<Self, BadSpan> {
        let end = start
            .checked_add(length.to_duration())
            .map_err(|_| BadSpan::PastTheEndOfTime { start, length })?;
        Ok(Self { start, end })
    }

    /// The first instant.
    pub const fn start(self) -> Timestamp {
        self.start
    }

    /// The first instant that no longer belongs to it.
    pub const fn end(self) -> Timestamp {
        self.end
    }

    /// Whether it holds no instant at all.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// How long it lasts, in whole minutes; a begun minute at the end is not counted.
    pub fn minutes(self) -> Minutes {
        let minutes = self.end.duration_since(self.start).as_mins();
        Minutes::try_from(minutes).unwrap_or(Minutes::new(u32::MAX))
    }

    /// Whether `instant` lies in `[start, end)`.
    pub fn contains(self, instant: Timestamp) -> bool {
        self.start <= instant && instant < self.end
    }

    /// Whether all of `other` lies inside this span.
    pub fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether some instant belongs to both; touching is not overlapping, and no length overlaps nothing.
    pub fn overlaps(self, other: Self) -> bool {
        self.intersect(other).is_some()
    }

    /// The instants that belong to both, if there are any.
    pub fn intersect(self, other: Self) -> Option<Self> {
        let start = self.start.max(other.start);
        let end = self.end.min(other.end);
        (start < end).then_some(Self { start, end })
    }
}

impl TryFrom<Unchecked> for Span {
    type Error = BadSpan;

    fn try_from(span: Unchecked) -> Result<Self, BadSpan> {
        Self::new(span.start, span.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: &str, end: &str) -> Span {
        let at = |time: &str| format!("2026-05-04T{time}:00Z").parse().unwrap();
        Span::new(at(start), at(end)).unwrap()
    }

    #[test]
    fn one_may_begin_when_the_other_ends() {
        assert!(!span("10:00", "11:00").overlaps(span("11:00", "12:00")));
        assert!(span("10:00", "11:01").overlaps(span("11:00", "12:00")));
        assert_eq!(
            span("10:00", "11:30").intersect(span("11:00", "12:00")),
            Some(span("11:00", "11:30"))
        );
    }

    #[test]
    fn of_no_length_overlaps_nothing_not_even_from_the_middle() {
        let nothing = span("10:30", "10:30");
        assert!(nothing.is_empty());
        assert!(!nothing.overlaps(span("10:00", "11:00")));
        assert!(!nothing.contains(nothing.start()));
        assert!(span("10:00", "11:00").covers(nothing));
    }

    #[test]
    fn never_ends_before_it_starts() {
        let json = r#"{"start":"2026-05-04T11:00:00Z","end":"2026-05-04T10:59:59Z"}"#;
        let refusal = serde_json::from_str::<Span>(json).unwrap_err().to_string();
        assert!(refusal.contains("`end`"), "{refusal}");
    }

    #[test]
    fn is_written_in_utc_and_read_in_any_offset() {
        let read: Span = serde_json::from_str(
            r#"{"start":"2026-05-04T12:00:00+02:00","end":"2026-05-04T11:00:00Z"}"#,
        )
        .unwrap();
        assert_eq!(read, span("10:00", "11:00"));
        assert_eq!(
            serde_json::to_string(&read).unwrap(),
            r#"{"start":"2026-05-04T10:00:00Z","end":"2026-05-04T11:00:00Z"}"#
        );
    }

    #[test]
    fn a_length_past_the_year_9999_is_refused() {
        let length = Minutes::new(u32::MAX);
        assert!(matches!(
            Span::lasting(Timestamp::MAX, length),
            Err(BadSpan::PastTheEndOfTime { .. })
        ));
        let whole = Span::new(Timestamp::MIN, Timestamp::MAX).unwrap();
        assert_eq!(
            whole.minutes(),
            Minutes::new(u32::MAX),
            "longer than can be counted: the most there is"
        );
    }
}
