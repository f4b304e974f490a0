//! Stretches on the line of time, in whole seconds.
//!
//! Every start that can be offered falls on a whole second (zones shift clocks by whole seconds, the rest is minutes).
//! So whatever stands in the way of one may be widened to whole seconds without changing a single answer, and the
//! finder compares plain integers.

use jiff::Timestamp;

use crate::time::Span;

/// Seconds since 1970 in UTC; or, of a wall-clock reading, since its 1970.
pub(super) type Sec = i64;

/// Before everything.
pub(super) const EVER: Sec = -(1 << 40);
/// The last second that can be written, in the year 9999: no service ends after it.
pub(super) fn end_of_time() -> Sec {
    Timestamp::MAX.as_second()
}

/// `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stretch {
    pub(super) start: Sec,
    pub(super) end: Sec,
}

impl Stretch {
    pub(super) const fn new(start: Sec, end: Sec) -> Self {
        Self { start, end }
    }

    pub(super) const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    pub(super) fn intersect(self, other: Self) -> Option<Self> {
        let both = Self::new(self.start.max(other.start), self.end.min(other.end));
        (!both.is_empty()).then_some(both)
    }

    /// The whole seconds that hold `span`; nothing, if it holds no instant.
    pub(super) fn around(span: Span) -> Option<Self> {
        (!span.is_empty()).then(|| Self::new(floor(span.start()), ceil(span.end())))
    }

    /// The span of this stretch, cut at the edges of what can be written.
    pub(super) fn to_span(self) -> Span {
        let (start, end) = (timestamp(self.start), timestamp(self.end));
        Span::new(start, end)
            .or_else(|_| Span::new(start, start))
            .expect("a span may be empty")
    }
}

/// The second in which `instant` lies.
pub(super) fn floor(instant: Timestamp) -> Sec {
    instant.as_second() - Sec::from(instant.subsec_nanosecond() < 0)
}

/// The first whole second not before `instant`.
pub(super) fn ceil(instant: Timestamp) -> Sec {
    instant.as_second() + Sec::from(instant.subsec_nanosecond() > 0)
}

/// The instant, or the edge of what can be written.
pub(super) fn timestamp(second: Sec) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(if second < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// Time that is not to be had: stretches in order that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken(Vec<Stretch>);

impl Taken {
    /// Whatever order the stretches come in, and however they overlap; in order is fastest.
    pub(super) fn of(stretches: impl IntoIterator<Item = Stretch>) -> Self {
        let stretches = stretches.into_iter();
        let mut all: Vec<Stretch> =
            Vec::with_capacity(stretches.size_hint().1.unwrap_or(0).min(1_024));
        let mut in_order = true;
        for next in stretches.filter(|stretch| !stretch.is_empty()) {
            match all.last_mut() {
                Some(last) if last.start <= next.start && next.start <= last.end => {
                    last.end = last.end.max(next.end);
                }
                last => {
                    in_order &= last.is_none_or(|last| last.end < next.start);
                    all.push(next);
                }
            }
        }
        if !in_order {
            all.sort_unstable();
            return Self::of(all);
        }
        Self(all)
    }

    /// Where at least `depth` of the stretches lie on top of each other.
    pub(super) fn where_as_deep_as(
        depth: u16,
        stretches: impl IntoIterator<Item = Stretch>,
    ) -> Self {
        match depth {
            0 => return Self(vec![Stretch::new(EVER, end_of_time())]),
            1 => return Self::of(stretches),
            _ => {}
        }
        let mut edges: Vec<(Sec, i32)> = stretches
            .into_iter()
            .filter(|stretch| !stretch.is_empty())
            .flat_map(|stretch| [(stretch.start, 1), (stretch.end, -1)])
            .collect();
        // At one second who leaves goes before who comes: seats are taken `[start, end)`.
        edges.sort_unstable();
        let (mut seated, mut full_since) = (0, None);
        let mut full = Vec::new();
        for (at, change) in edges {
            seated += change;
            if seated >= i32::from(depth) {
                full_since.get_or_insert(at);
            } else if let Some(since) = full_since.take() {
                full.push(Stretch::new(since, at));
            }
        }
        Self::of(full)
    }

    /// All the time that is not in here.
    pub(super) fn rest(&self) -> Self {
        let starts = std::iter::once(EVER).chain(self.0.iter().map(|stretch| stretch.end));
        let ends = self
            .0
            .iter()
            .map(|stretch| stretch.start)
            .chain(std::iter::once(end_of_time()));
        Self(
            starts
                .zip(ends)
                .map(|(start, end)| Stretch::new(start, end))
                .filter(|rest| !rest.is_empty())
                .collect(),
        )
    }

    /// The stretches, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Stretch> {
        self.0.iter().copied()
    }

    /// This and the other together.
    pub(super) fn and(&self, other: impl IntoIterator<Item = Stretch>) -> Self {
        Self::of(self.0.iter().copied().chain(other))
    }

    /// The first stretch that shares an instant with `range`.
    pub(super) fn clash(&self, range: Stretch) -> Option<Stretch> {
        let behind = self.0.partition_point(|taken| taken.end <= range.start);
        let ahead = self.0.get(behind)?;
        (ahead.start < range.end && !range.is_empty()).then_some(*ahead)
    }

    /// The first stretch that ends after `second`. `cursor` begins at 0 and remembers what lies behind: the seconds
    /// asked about may only grow.
    pub(super) fn ahead(&self, second: Sec, cursor: &mut usize) -> Option<Stretch> {
        while self.0.get(*cursor).is_some_and(|taken| taken.end <= second) {
            *cursor += 1;
        }
        self.0.get(*cursor).copied()
    }

    /// How many seconds of `within` are taken.
    pub(super) fn seconds_within(&self, within: Stretch) -> Sec {
        let first = self.0.partition_point(|taken| taken.end <= within.start);
        self.0[first..]
            .iter()
            .map_while(|taken| taken.intersect(within))
            .map(|both| both.end - both.start)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(stretches: &[(Sec, Sec)]) -> Taken {
        Taken::of(
            stretches
                .iter()
                .map(|&(start, end)| Stretch::new(start, end)),
        )
    }

    #[test]
    fn what_touches_is_one_and_what_is_empty_is_nothing() {
        assert_eq!(
            taken(&[(5, 7), (1, 3), (3, 4), (2, 3), (9, 9), (12, 11)]).0,
            taken(&[(1, 4), (5, 7)]).0
        );
        assert_eq!(taken(&[(1, 4), (5, 7)]).0.len(), 2);
    }

    #[test]
    fn an_empty_range_clashes_with_nothing() {
        assert_eq!(taken(&[(1, 4)]).clash(Stretch::new(2, 2)), None);
        assert_eq!(taken(&[(1, 4)]).clash(Stretch::new(4, 6)), None);
        assert_eq!(
            taken(&[(1, 4)]).clash(Stretch::new(3, 6)),
            Some(Stretch::new(1, 4))
        );
    }

    #[test]
    fn a_desk_of_two_is_full_where_two_overlap() {
        let seats =
            [(0, 10), (5, 15), (15, 20), (10, 12)].map(|(start, end)| Stretch::new(start, end));
        assert_eq!(Taken::where_as_deep_as(2, seats).0, taken(&[(5, 12)]).0);
        assert_eq!(Taken::where_as_deep_as(3, seats), Taken::default());
        assert!(
            Taken::where_as_deep_as(0, [])
                .clash(Stretch::new(3, 4))
                .is_some()
        );
    }

    #[test]
    fn the_rest_of_the_rest_is_the_same() {
        let some = taken(&[(1, 4), (5, 7)]);
        assert_eq!(some.rest().rest(), some);
        assert_eq!(
            some.rest().clash(Stretch::new(2, 5)),
            Some(Stretch::new(4, 5))
        );
        assert_eq!(some.seconds_within(Stretch::new(3, 6)), 2);
    }

    #[test]
    fn parts_of_a_second_widen_what_is_taken() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let span = |start, end| Span::new(at(start), at(end)).unwrap();
        let around = |start, end| Stretch::around(span(start, end));
        assert_eq!(
            around("1970-01-01T00:00:01.2Z", "1970-01-01T00:00:02.1Z"),
            Some(Stretch::new(1, 3))
        );
        assert_eq!(
            around("1969-12-31T23:59:58.5Z", "1969-12-31T23:59:59.5Z"),
            Some(Stretch::new(-2, 0))
        );
        assert_eq!(
            around("1970-01-01T00:00:01.2Z", "1970-01-01T00:00:01.2Z"),
            None
        );
    }
}
