//! When people would like to come.

use super::*;

impl Life<'_> {
    /// Strews wishes over the days on which people have them: fewer on Sundays, more before holidays.
    pub(super) fn let_people_wish(&mut self, first: Date, today: Date) {
        let mut day = first;
        while day <= today {
            let busy = match day.month() {
                12 => 1.35,
                5 | 6 => 1.15,
                1 | 2 | 8 => 0.8,
                _ => 1.0,
            };
            let sunday = if Weekday::of(day) == Weekday::Sun {
                0.4
            } else {
                1.0
            };
            #[expect(clippy::cast_precision_loss, reason = "six staff members")]
            let expected = self.house.wishes_a_day * self.house.staff.len() as f64 * busy * sunday;
            for _ in 0..self.about(expected) {
                let walk_in = self.rng.random_bool(self.house.walk_in);
                let at = self.moment_of(day, if walk_in { 10..18 } else { 7..23 });
                self.plan_step(at, Step::Wish { walk_in });
            }
            if self.rng.random_bool(0.2) {
                let at = self.moment_of(day, 10..18);
                self.plan_step(at, Step::Sell);
            }
            day += 1.day();
        }
    }

    /// A whole number around `expected`, as unlike events come (Poisson, by Knuth's product of chances).
    pub(super) fn about(&mut self, expected: f64) -> u32 {
        let (limit, mut product, mut count) = ((-expected).exp(), 1.0, 0);
        loop {
            product *= self.rng.random::<f64>();
            if product <= limit {
                return count;
            }
            count += 1;
        }
    }

    pub(super) fn moment_of(&mut self, day: Date, hours: std::ops::Range<i8>) -> Timestamp {
        let (hour, minute, second) = (
            self.rng.random_range(hours),
            self.rng.random_range(0..60),
            self.rng.random_range(0..60),
        );
        let local = day.at(hour, minute, second, 0);
        self.zone.instant(local).unwrap_or(self.began)
    }
}
