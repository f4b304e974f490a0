//! Rules as people write them, and a walk from day to day beside them.

use jiff::{ToSpan as _, civil::Weekday};
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> DateTime {
    text.parse().unwrap()
}

fn warsaw() -> Zone {
    Zone::named("Europe/Warsaw").unwrap()
}

fn dates(rule: &str, start: &str, to: &str) -> Vec<String> {
    let rule = Rule::parse(rule).unwrap();
    rule.dates(at(start), &warsaw(), at(start), at(to), 1_000)
        .iter()
        .map(|date| date.strftime("%Y-%m-%d %H:%M").to_string())
        .collect()
}

#[test]
fn tuesdays_and_thursdays_at_the_same_hour_across_the_change_of_the_clocks() {
    assert_eq!(
        dates(
            "FREQ=WEEKLY;BYDAY=TU,TH",
            "2026-03-24T18:00",
            "2026-04-02T23:00"
        ),
        [
            "2026-03-24 18:00",
            "2026-03-26 18:00",
            "2026-03-31 18:00",
            "2026-04-02 18:00"
        ]
    );
}

#[test]
fn ends_by_count_or_by_the_last_moment() {
    let far = "2030-01-01T00:00";
    assert_eq!(
        dates("RRULE:FREQ=DAILY;COUNT=3", "2026-12-01T09:00", far).len(),
        3
    );
    let until = |until: &str| {
        dates(
            &format!("freq=daily;until={until}"),
            "2026-12-01T09:00",
            far,
        )
        .len()
    };
    assert_eq!(until("20261203T090000"), 3);
    assert_eq!(until("20261203T085959"), 2);
    // A date lets its whole day in; an instant is read off the clock on the wall: 9:00 in Warsaw is 8:00 in UTC.
    assert_eq!(until("20261203"), 3);
    assert_eq!(until("20261203T080000Z"), 3);
    assert_eq!(until("20261203T075959Z"), 2);
}

#[test]
fn the_first_monday_of_each_month_and_the_last_day() {
    assert_eq!(
        dates(
            "FREQ=MONTHLY;BYDAY=1MO",
            "2026-12-01T10:00",
            "2027-02-28T00:00"
        ),
        ["2026-12-07 10:00", "2027-01-04 10:00", "2027-02-01 10:00"]
    );
    assert_eq!(
        dates(
            "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2",
            "2027-01-31T10:00",
            "2028-01-01T00:00"
        ),
        ["2027-01-31 10:00", "2027-02-28 10:00"]
    );
}

#[test]
fn a_rule_that_says_nothing_sensible_is_told_so() {
    for (text, bad) in [
        ("", BadRule::Part(String::new())),
        ("weekly", BadRule::Part("WEEKLY".into())),
        ("FREQ=SOMETIMES", BadRule::Frequency),
        ("FREQ=SECONDLY", BadRule::Frequency),
        ("BYDAY=MO", BadRule::Frequency),
        ("FREQ=WEEKLY;BYDAY=XX", BadRule::Part("BYDAY=XX".into())),
        ("FREQ=WEEKLY;BYDAY=", BadRule::Part("BYDAY=".into())),
        ("FREQ=WEEKLY;BYHOUR=24", BadRule::Part("BYHOUR=24".into())),
        ("FREQ=WEEKLY;INTERVAL=0", BadRule::Part("INTERVAL=0".into())),
        ("FREQ=WEEKLY;COUNT=-1", BadRule::Part("COUNT=-1".into())),
        ("FREQ=WEEKLY;COUNT=1001", BadRule::Part("COUNT=1001".into())),
        ("FREQ=WEEKLY;UNTIL=soon", BadRule::Part("UNTIL=SOON".into())),
        (
            "FREQ=WEEKLY;UNTIL=20261331",
            BadRule::Part("UNTIL=20261331".into()),
        ),
        ("FREQ=WEEKLY;FREQ=DAILY", BadRule::Part("FREQ=DAILY".into())),
        ("FREQ=WEEKLY;COLOR=RED", BadRule::Part("COLOR=RED".into())),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20261231", BadRule::CountAndUntil),
        ("FREQ=DAILY\r\nRRULE:FREQ=DAILY", BadRule::Frequency),
    ] {
        assert_eq!(Rule::parse(text), Err(bad), "{text}");
    }
    assert_eq!(Rule::parse(&"A".repeat(501)), Err(BadRule::TooLong));
}

#[test]
fn a_rule_without_any_date_ends_its_search() {
    assert!(
        dates(
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "2026-01-01T10:00",
            "2040-01-01T00:00"
        )
        .is_empty()
    );
}

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

proptest! {
    /// A weekly rule is what a walk from day to day finds, across changes of the clocks.
    #[test]
    fn weekly_is_a_walk_from_day_to_day(
        days in proptest::collection::btree_set(0_usize..7, 1..5),
        weeks in 1_i32..4,
        begins in 0_i64..700,
        hour in 0_i8..24,
        lasts in 1_i64..200,
    ) {
        let first: Date = "2026-01-01".parse().unwrap();
        let first = first.saturating_add(begins.days());
        let start = first.at(hour, 30, 0, 0);
        let to = first.saturating_add(lasts.days()).at(hour, 30, 0, 0);
        let names: Vec<_> = days.iter().map(|day| DAYS[*day]).collect();
        let rule = format!("FREQ=WEEKLY;INTERVAL={weeks};BYDAY={}", names.join(","));
        let found = Rule::parse(&rule).unwrap().dates(start, &warsaw(), start, to, 1_000);
        let monday = |date: Date| {
            let back = i64::from(date.weekday().since(Weekday::Monday));
            date.saturating_sub(back.days())
        };
        let walked: Vec<_> = first
            .series(1.day())
            .take_while(|date| *date <= to.date())
            .filter(|date| {
                let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap();
                let apart = monday(first).until(monday(*date)).unwrap().get_days() / 7;
                days.contains(&weekday) && apart % weeks == 0
            })
            .map(|date| date.at(hour, 30, 0, 0))
            .collect();
        prop_assert_eq!(found, walked);
    }

    /// Whatever is written, reading it ends and panics not; what is read can be asked.
    #[test]
    fn no_text_breaks_it(text in "[A-Z0-9=;,+:-]{0,60}|FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY);BY(DAY|MONTHDAY|SETPOS|WEEKNO|YEARDAY)=-?[0-9]{1,3}(MO|TU)?") {
        if let Ok(rule) = Rule::parse(&text) {
            let dates = rule.dates(at("2026-12-01T10:00"), &warsaw(), at("2026-12-01T10:00"), at("2027-12-01T10:00"), 50);
            prop_assert!(dates.len() <= 50 && dates.is_sorted());
        }
    }
}
