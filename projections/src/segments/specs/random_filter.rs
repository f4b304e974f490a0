//! Filters by chance: each field, with each of its parameters now and then.

use domain::{segment::Filter, time::Zone};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::{super::members::Asked, naive::World};

/// Chance that can be repeated (SplitMix64).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn of_these<T: Clone>(&mut self, list: &[T]) -> T {
        let place = usize::try_from(self.below(list.len() as u64)).unwrap();
        list[place].clone()
    }

    fn some<T: Clone>(&mut self, list: &[T]) -> Vec<T> {
        let many = self.below(2) + 1;
        (0..many).map(|_| self.of_these(list)).collect()
    }

    /// A filter, asked in one of three zones at some moment around what happened.
    pub(super) fn asked(&mut self, world: &World) -> Asked {
        let zones = ["Europe/Warsaw", "America/Havana", "Pacific/Auckland"];
        let json = self.filter(world, 0);
        let hours = i64::try_from(self.below(24 * 60)).unwrap() - 24 * 20;
        Asked {
            filter: Filter::read(&json).unwrap_or_else(|faults| panic!("{json}: {faults:?}")),
            zone: Zone::named(self.of_these(&zones)).unwrap(),
            now: world.last + SignedDuration::from_hours(hours),
        }
    }

    fn filter(&mut self, world: &World, level: u32) -> Value {
        match self.below(if level < 3 { 6 } else { 3 }) {
            3 => {
                json!({"all": (0..self.below(4)).map(|_| self.filter(world, level + 1)).collect::<Vec<_>>()})
            }
            4 => {
                json!({"any": (0..=self.below(3)).map(|_| self.filter(world, level + 1)).collect::<Vec<_>>()})
            }
            5 => json!({"not": self.filter(world, level + 1)}),
            _ => self.condition(world),
        }
    }

    fn condition(&mut self, world: &World) -> Value {
        let fields = [
            "bookings",
            "bookings",
            "bookings",
            "cancellations",
            "late_cancellations",
            "no_shows",
            "moves",
            "online_share",
            "lead_time",
            "spent",
            "spent",
            "average_receipt",
            "frequency",
            "interval_overdue",
            "absent",
            "lapsed",
            "first_visit",
            "last_visit",
            "preferred_service",
            "preferred_staff",
            "registered",
            "source",
            "tags",
            "language",
            "birthday",
            "consent",
            "text",
        ];
        let field = self.of_these(&fields);
        let mut of = Map::from_iter([("field".to_owned(), json!(field))]);
        let mut put = |name: &str, value: Value| {
            of.insert(name.to_owned(), value);
        };
        match field {
            "bookings" => {
                self.count(&mut put);
                self.period(&mut put, false);
                if self.one_in(3) {
                    put("service_ids", json!(self.some(&world.services)));
                }
                if self.one_in(3) {
                    put("staff_ids", json!(self.some(&world.staff)));
                }
                if self.one_in(2) {
                    let all = [
                        "requested",
                        "confirmed",
                        "completed",
                        "no_show",
                        "cancelled",
                    ];
                    put("statuses", json!(self.some(&all)));
                }
                if self.one_in(4) {
                    put("sources", json!(self.some(&["phone", "panel", "walk-in"])));
                }
                if self.one_in(5) {
                    put("online", json!(self.one_in(2)));
                }
                if self.one_in(3) {
                    put(
                        "weekdays",
                        json!(self.some(&["mon", "wed", "fri", "sat", "sun"])),
                    );
                }
                if self.one_in(3) {
                    let to = self.of_these(&["09:30", "12:00", "18:15", "24:00"]);
                    put(
                        "hours",
                        json!({"from": self.of_these(&["00:00", "07:45", "09:00"]), "to": to}),
                    );
                }
            }
            "cancellations" | "no_shows" | "moves" => {
                self.count(&mut put);
                self.period(&mut put, false);
            }
            "late_cancellations" => {
                self.count(&mut put);
                self.period(&mut put, false);
                put("hours_before", json!(self.below(720) + 1));
            }
            "online_share" => {
                self.bounds(&mut put, "at_least_percent", "at_most_percent", 101);
                self.period(&mut put, false);
            }
            "lead_time" => {
                self.bounds(&mut put, "at_least_hours", "at_most_hours", 600);
                self.period(&mut put, false);
            }
            "spent" => {
                if self.one_in(3) {
                    put("top_percent", json!(self.below(100) + 1));
                } else {
                    self.amounts(&mut put);
                }
                self.period(&mut put, false);
                if self.one_in(4) {
                    put("service_ids", json!(self.some(&world.services)));
                }
                if self.one_in(4) {
                    put("staff_ids", json!(self.some(&world.staff)));
                }
            }
            "average_receipt" => {
                self.amounts(&mut put);
                self.period(&mut put, false);
            }
            "frequency" => self.bounds(&mut put, "at_least_days", "at_most_days", 30),
            "interval_overdue" => put("by_days", json!(self.below(20))),
            "absent" => put("days", json!(self.below(40) + 1)),
            "lapsed" | "first_visit" | "last_visit" | "registered" => self.period(&mut put, true),
            "preferred_service" => {
                put("service_ids", json!(self.some(&world.services)));
                put("by", json!(self.of_these(&["said", "visits", "either"])));
            }
            "preferred_staff" => {
                put("staff_ids", json!(self.some(&world.staff)));
                put("by", json!(self.of_these(&["said", "visits", "either"])));
            }
            "source" => put(
                "sources",
                json!(self.some(&["phone", "instagram", "walk-in"])),
            ),
            "tags" => {
                let names = ["any_of", "all_of", "none_of"];
                put(self.of_these(&names), json!(self.some(&world.tags)));
            }
            "language" => put("languages", json!(self.some(&["pl", "uk", "en", "fr"]))),
            "birthday" => match self.one_in(2) {
                true => put("within_days", json!(self.below(367))),
                false => put(
                    "month",
                    self.of_these(&[json!("this"), json!("next"), json!(5)]),
                ),
            },
            "consent" => {
                let all = ["data_processing", "reminders", "marketing", "photos"];
                put("consents", json!(self.some(&all)));
                put("given", json!(self.one_in(2)));
            }
            _ => {
                let words = [
                    "henna",
                    "FONSTERPLATS",
                    "zadow",
                    "дуже",
                    "100%",
                    "_under_",
                    "a",
                    "ci to",
                ];
                put("words", json!(self.some(&words).join(" ")));
            }
        }
        Value::Object(of)
    }

    fn count(&mut self, put: &mut impl FnMut(&str, Value)) {
        let least = self.below(4);
        match self.below(4) {
            0 => put("at_least", json!(least)),
            1 => put("at_most", json!(least)),
            2 => {
                put("at_least", json!(least));
                put("at_most", json!(least + self.below(3)));
            }
            _ => {}
        }
    }

    fn bounds(
        &mut self,
        put: &mut impl FnMut(&str, Value),
        least_name: &str,
        most_name: &str,
        limit: u64,
    ) {
        let least = self.below(limit);
        match self.below(3) {
            0 => put(least_name, json!(least)),
            1 => put(most_name, json!(least)),
            _ => {
                put(least_name, json!(least));
                put(most_name, json!(least + self.below(limit - least)));
            }
        }
    }

    fn amounts(&mut self, put: &mut impl FnMut(&str, Value)) {
        let amount = |cents: u64| json!(format!("{}.{:02}", cents / 100, cents % 100));
        let least = self.below(20_000);
        match self.below(3) {
            0 => put("at_least", amount(least)),
            1 => put("at_most", amount(least)),
            _ => {
                put("at_least", amount(least));
                put("at_most", amount(least + self.below(20_000)));
            }
        }
    }

    /// One that begins somewhere, if it must be there.
    fn period(&mut self, put: &mut impl FnMut(&str, Value), must: bool) {
        let date = |days: u64| {
            let first = jiff::civil::date(2025, 12, 1);
            let date = first.saturating_add(jiff::Span::new().days(i64::try_from(days).unwrap()));
            json!(date.to_string())
        };
        let from = self.below(80);
        match self.below(if must { 4 } else { 7 }) {
            0 => put("from", date(from)),
            1 => {
                put("from", date(from));
                put("to", date(from + self.below(30)));
            }
            2 => put("within_days", json!(self.below(40) + 1)),
            3 => put("next_days", json!(self.below(40) + 1)),
            4 => put("to", date(from)),
            _ => {}
        }
    }
}
