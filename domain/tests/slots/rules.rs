//! The rules of API §8 and the table of LESSONS §2, one by one, as reception would say them.
//!
//! Most are in Warsaw on Monday, 4 May 2026 (two hours ahead of UTC), where nothing happens to the clocks.

use domain::slots::scenario::{self, Scenario};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A Monday of an hour's services every half hour, 9 to 12, with what the case is about put in.
fn scenario(changes: Value) -> Scenario {
    let mut scenario = json!({
        "timezone": "Europe/Warsaw", "date_from": "2026-05-04", "date_to": "2026-05-04",
        "duration_min": 60, "slot_interval_min": 30, "now": "2026-01-01T00:00:00Z",
        "working_hours": [{"weekday": "mon", "from": "09:00", "to": "12:00"}],
    });
    for (field, value) in changes.as_object().unwrap() {
        scenario[field] = value.clone();
    }
    serde_json::from_value(scenario).unwrap()
}

/// The starts as the wall shows them, with their day where it is another than the first.
fn offered(changes: Value) -> Vec<String> {
    let scenario = scenario(changes);
    let shown = |start: Timestamp| {
        let shown = scenario.timezone.local(start);
        let time = shown.strftime("%H:%M").to_string();
        if shown.date() == scenario.date_from {
            time
        } else {
            format!("{} {time}", shown.date())
        }
    };
    scenario.starts().unwrap().into_iter().map(shown).collect()
}

pub(crate) fn hours(intervals: &[(&str, &str, &str)]) -> Value {
    intervals
        .iter()
        .map(|(weekday, from, to)| json!({"weekday": weekday, "from": from, "to": to}))
        .collect()
}

fn always() -> Value {
    hours(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(|day| (day, "00:00", "24:00")))
}

#[test]
fn the_last_one_ends_when_we_close() {
    assert_eq!(
        offered(json!({})),
        ["09:00", "09:30", "10:00", "10:30", "11:00"]
    );
    assert_eq!(
        offered(json!({"duration_min": 61})),
        ["09:00", "09:30", "10:00", "10:30"]
    );
    assert_eq!(offered(json!({"duration_min": 180})), ["09:00"]);
    assert!(offered(json!({"duration_min": 181})).is_empty());
}

#[test]
fn nothing_before_the_first_date_nor_after_the_last() {
    let days = json!({"date_from": "2026-05-05", "date_to": "2026-05-10"});
    assert!(offered(days).is_empty());
    assert!(offered(json!({"date_from": "2026-05-05", "date_to": "2026-05-04"})).is_empty());
    assert_eq!(offered(json!({"date_to": "2026-05-11"})).len(), 10);
}

#[test]
fn hours_that_end_before_they_begin_are_no_hours() {
    assert!(
        offered(
            json!({"working_hours": hours(&[("mon", "12:00", "09:00"), ("mon", "10:00", "10:00")])})
        )
        .is_empty()
    );
}

#[test]
fn a_date_of_its_own_replaces_the_week() {
    let on = |intervals: Value| json!({"date_overrides": [{"date": "2026-05-04", "intervals": intervals}]});
    assert!(offered(on(json!([]))).is_empty());
    assert_eq!(offered(on(json!([["14:00", "15:00"]]))), ["14:00"]);
    let sunday = json!({"date_from": "2026-05-03", "date_overrides": [{"date": "2026-05-03", "intervals": [["20:00", "21:00"]]}]});
    assert_eq!(offered(sunday)[0], "20:00");
}

#[test]
fn hours_that_overlap_are_one_and_hours_that_touch_are_two() {
    let overlapping = hours(&[("mon", "09:00", "10:20"), ("mon", "10:10", "11:30")]);
    assert_eq!(
        offered(json!({"working_hours": overlapping})),
        ["09:00", "09:30", "10:00", "10:30"]
    );
    let touching = hours(&[("mon", "09:00", "10:20"), ("mon", "10:20", "11:30")]);
    assert_eq!(
        offered(json!({"working_hours": touching})),
        ["09:00", "10:20"]
    );
}

#[test]
fn a_night_goes_on_after_midnight_on_its_own_grid() {
    let night = json!({"date_to": "2026-05-05", "slot_interval_min": 50,
        "working_hours": hours(&[("mon", "21:30", "24:00"), ("tue", "00:00", "02:00")])});
    assert_eq!(
        offered(night.clone()),
        [
            "21:30",
            "22:20",
            "23:10",
            "2026-05-05 00:00",
            "2026-05-05 00:50"
        ]
    );
    let mut tuesday = night;
    tuesday["date_from"] = "2026-05-05".into();
    assert_eq!(offered(tuesday), ["00:00", "00:50"]);
    let up_to_midnight = hours(&[("mon", "22:00", "24:00")]);
    assert_eq!(
        offered(json!({"working_hours": up_to_midnight})),
        ["22:00", "22:30", "23:00"]
    );
}

#[test]
fn round_the_clock_begins_anew_each_midnight() {
    let days =
        json!({"date_to": "2026-05-05", "slot_interval_min": 500, "working_hours": always()});
    let starts = [
        "00:00",
        "08:20",
        "16:40",
        "2026-05-05 00:00",
        "2026-05-05 08:20",
        "2026-05-05 16:40",
    ];
    assert_eq!(offered(days), starts);
    // A service may well run over the midnight at which the grid begins anew.
    assert_eq!(
        offered(
            json!({"duration_min": 10_000, "slot_interval_min": 1_440, "working_hours": always()})
        ),
        ["00:00"]
    );
}

#[test]
fn a_closed_day_moves_no_start_round_the_clock() {
    let closed = |dates: &[&str]| {
        let overrides: Value = dates
            .iter()
            .map(|date| json!({"date": date, "intervals": []}))
            .collect();
        offered(
            json!({"date_to": "2026-05-05", "slot_interval_min": 500, "working_hours": always(), "date_overrides": overrides}),
        )
    };
    let each_midnight = [
        "00:00",
        "08:20",
        "16:40",
        "2026-05-05 00:00",
        "2026-05-05 08:20",
        "2026-05-05 16:40",
    ];
    assert_eq!(closed(&["2026-05-03"]), each_midnight, "open without end");
    assert_eq!(closed(&["2026-05-07"]), each_midnight, "open for ever");
    // Between two closed days the hours have a beginning, and the grid counts from it.
    let counted_on = [
        "00:00",
        "08:20",
        "16:40",
        "2026-05-05 01:00",
        "2026-05-05 09:20",
        "2026-05-05 17:40",
    ];
    assert_eq!(closed(&["2026-05-03", "2026-05-07"]), counted_on);
}

#[test]
fn where_midnight_is_skipped_the_day_begins_at_one() {
    let cairo = json!({"timezone": "Africa/Cairo", "date_from": "2026-04-24", "date_to": "2026-04-24",
        "slot_interval_min": 420, "working_hours": always()});
    assert_eq!(offered(cairo), ["01:00", "08:00", "15:00", "22:00"]);
    let friday = json!({"timezone": "Africa/Cairo", "date_from": "2026-04-24", "date_to": "2026-04-24",
        "working_hours": hours(&[("fri", "00:00", "03:00")])});
    assert_eq!(offered(friday), ["01:00", "01:30", "02:00"]);
}

#[test]
fn what_is_taken_moves_no_start() {
    let busy = |from: &str, to: &str| json!({"busy": [{"start": format!("2026-05-04T{from}:00+02:00"), "end": format!("2026-05-04T{to}:00+02:00")}]});
    assert_eq!(offered(busy("09:40", "09:50")), ["10:00", "10:30", "11:00"]);
    assert_eq!(offered(busy("10:00", "10:30")), ["09:00", "10:30", "11:00"]);
    assert_eq!(
        offered(busy("10:10", "10:10")).len(),
        5,
        "a range of no length blocks nothing"
    );
    assert_eq!(
        offered(busy("08:00", "09:00")).len(),
        5,
        "one may begin when the other ends"
    );
}

#[test]
fn buffers_are_the_new_ones_and_may_lie_outside_hours() {
    let busy = json!([{"start": "2026-05-04T10:00:00+02:00", "end": "2026-05-04T10:30:00+02:00"}]);
    assert_eq!(
        offered(json!({"buffer_before_min": 30, "buffer_after_min": 30})).len(),
        5
    );
    assert_eq!(
        offered(json!({"buffer_before_min": 1, "busy": busy})),
        ["09:00", "11:00"]
    );
    assert_eq!(
        offered(json!({"buffer_before_min": 30, "busy": busy})),
        ["09:00", "11:00"]
    );
    assert_eq!(
        offered(json!({"buffer_before_min": 31, "busy": busy})),
        ["09:00"]
    );
    assert_eq!(
        offered(json!({"buffer_after_min": 1, "busy": busy})),
        ["10:30", "11:00"]
    );
    let before_opening =
        json!([{"start": "2026-05-04T08:50:00+02:00", "end": "2026-05-04T08:51:00+02:00"}]);
    assert_eq!(
        offered(json!({"buffer_before_min": 10, "busy": before_opening}))[0],
        "09:30"
    );
    assert_eq!(
        offered(json!({"buffer_before_min": 9, "busy": before_opening}))[0],
        "09:00"
    );
}

#[test]
fn an_absence_is_by_the_wall_and_buffers_may_lie_in_it() {
    let away = |from: &str, to: &str| json!({"buffer_after_min": 20, "absences": [{"from": from, "to": to}]});
    assert_eq!(
        offered(away("2026-05-04T10:00", "2026-05-04T10:30")),
        ["09:00", "10:30", "11:00"]
    );
    assert_eq!(
        offered(away("2026-05-04T10:00", "2026-05-04T10:30:01")),
        ["09:00", "11:00"]
    );
    assert!(offered(away("2026-05-01T00:00", "2026-05-10T24:00")).is_empty());
    assert_eq!(
        offered(away("2026-05-04T10:00", "2026-05-04T10:00")).len(),
        5
    );
}

#[test]
fn just_enough_notice_is_enough() {
    let notice = |now: &str| offered(json!({"min_notice_min": 60, "now": now}));
    assert_eq!(notice("2026-05-04T10:00:00+02:00"), ["11:00"]);
    assert!(notice("2026-05-04T10:00:01+02:00").is_empty());
    assert!(notice("2026-05-04T10:00:00.000000001+02:00").is_empty());
}

#[test]
fn while_the_client_waits_another_may_be_served() {
    let busy = |from: &str, to: &str| {
        json!({
        "duration_min": 120, "processing": {"after_min": 30, "for_min": 60}, "buffer_before_min": 5, "buffer_after_min": 5,
        "busy": [{"start": format!("2026-05-04T{from}:00+02:00"), "end": format!("2026-05-04T{to}:00+02:00")}]})
    };
    assert_eq!(offered(busy("09:30", "10:30")), ["09:00"]);
    assert_eq!(offered(busy("09:29", "10:30")), [""; 0]);
    assert_eq!(offered(busy("09:30", "10:31")), [""; 0]);
    assert_eq!(
        offered(busy("11:00", "11:05")),
        ["10:00"],
        "at 09:30 they would be wanted again at 11:00"
    );
}

#[test]
fn by_the_clock_the_first_start_is_a_round_one() {
    let clock = |from: &str, step: u32| {
        let hours = hours(&[("mon", from, "13:00")]);
        offered(json!({"grid": "clock", "slot_interval_min": step, "working_hours": hours}))
    };
    assert_eq!(clock("09:10", 60), ["10:00", "11:00", "12:00"]);
    assert_eq!(clock("09:10", 120), ["10:00", "12:00"]);
    assert_eq!(
        clock("09:10", 30),
        ["09:30", "10:00", "10:30", "11:00", "11:30", "12:00"]
    );
    assert_eq!(clock("09:30", 30)[0], "09:30");
    // 25 does not divide the hour: from 09:25 on every 25 minutes; after 09:50 the next round one is 10:00.
    assert_eq!(clock("09:10", 25)[..3], ["09:25", "09:50", "10:15"]);
    assert_eq!(clock("09:51", 25)[0], "10:00");
    assert_eq!(clock("09:10", 90)[..2], ["10:00", "11:30"]);
}

#[test]
fn when_clocks_go_forward_the_hour_left_out_has_no_start() {
    let night = json!({"date_from": "2026-03-29", "date_to": "2026-03-29",
        "working_hours": hours(&[("sun", "01:00", "04:00")])});
    assert_eq!(offered(night), ["01:00", "01:30", "03:00"]);
    let inside = json!({"date_from": "2026-03-29", "date_to": "2026-03-29", "slot_interval_min": 20,
        "working_hours": hours(&[("sun", "02:30", "04:20")])});
    assert_eq!(
        offered(inside),
        ["03:00", "03:20"],
        "the grid begins where the interval does, at 03:00"
    );
    let lost = json!({"date_from": "2026-03-29", "date_to": "2026-03-29", "working_hours": hours(&[("sun", "02:00", "03:00")])});
    assert!(offered(lost).is_empty());
}

#[test]
fn when_clocks_go_back_the_hour_that_comes_twice_is_worked_twice() {
    let night = json!({"date_from": "2026-10-25", "date_to": "2026-10-25",
        "working_hours": hours(&[("sun", "01:00", "03:00")])});
    assert_eq!(
        offered(night),
        ["01:00", "01:30", "02:00", "02:30", "02:00"]
    );
    let half = json!({"date_from": "2026-10-25", "date_to": "2026-10-25", "duration_min": 20, "slot_interval_min": 20,
        "working_hours": hours(&[("sun", "02:00", "02:30")])});
    // Two pieces of half an hour; the second's grid goes on from the first's.
    assert_eq!(offered(half), ["02:00", "02:00"]);
    let away = json!({"date_from": "2026-10-25", "date_to": "2026-10-25", "duration_min": 30,
        "working_hours": hours(&[("sun", "01:00", "03:00")]),
        "absences": [{"from": "2026-10-25T02:00", "to": "2026-10-25T02:30"}]});
    assert_eq!(
        offered(away),
        ["01:00", "01:30", "02:30", "02:30"],
        "away both times"
    );
}

#[test]
fn two_shifts_that_meet_in_the_hour_that_comes_twice_take_turns() {
    // 01:00 to 02:30, 02:30 to 03:00, then 02:00 to 02:30 once more, and 02:30 to 04:00: two intervals of two pieces.
    let night = json!({"date_from": "2026-10-25", "date_to": "2026-10-25", "duration_min": 30,
        "working_hours": hours(&[("sun", "01:00", "02:30"), ("sun", "02:30", "04:00")])});
    assert_eq!(
        offered(night),
        [
            "01:00", "01:30", "02:00", "02:30", "02:00", "02:30", "03:00", "03:30"
        ]
    );
    let longer = json!({"date_from": "2026-10-25", "date_to": "2026-10-25", "duration_min": 45,
        "working_hours": hours(&[("sun", "01:00", "02:30"), ("sun", "02:30", "04:00")])});
    assert_eq!(offered(longer), ["01:00", "01:30", "02:30", "03:00"]);
}

#[test]
fn a_date_that_a_zone_left_out_has_no_slots_and_joins_its_neighbours() {
    let apia = json!({"timezone": "Pacific/Apia", "date_from": "2011-12-29", "date_to": "2011-12-31",
        "now": "2011-01-01T00:00:00Z", "duration_min": 240, "slot_interval_min": 720, "working_hours": always()});
    assert_eq!(
        offered(apia),
        ["00:00", "12:00", "2011-12-31 00:00", "2011-12-31 12:00"]
    );
}

#[test]
fn sixty_two_days_across_a_change_of_clocks_are_as_the_oracle_has_them() {
    let week = ["mon", "tue", "wed", "fri", "sat", "sun"];
    let day = week
        .iter()
        .flat_map(|day| [(*day, "08:40", "12:30"), (*day, "13:00", "24:00")]);
    let nights = [("tue", "00:00", "02:20"), ("sun", "00:00", "05:00")];
    let hours = hours(&day.chain(nights).collect::<Vec<_>>());
    let busy: Value = (0..900)
        .map(|n| {
            let start = "2026-09-20T06:00:00Z".parse::<Timestamp>().unwrap()
                + jiff::SignedDuration::from_mins(n * 101);
            json!({"start": start, "end": start + jiff::SignedDuration::from_mins(n * 7 % 70)})
        })
        .collect();
    crate::scenarios::agree(&scenario(json!({
        "date_from": "2026-09-20", "date_to": "2026-11-20", "duration_min": 45, "slot_interval_min": 25, "grid": "clock",
        "buffer_after_min": 5, "now": "2026-09-25T09:13:00Z", "min_notice_min": 90,
        "working_hours": hours, "busy": busy,
        "date_overrides": [{"date": "2026-10-25", "intervals": [["01:10", "02:40"], ["02:20", "09:00"]]}, {"date": "2026-11-11", "intervals": []}],
        "absences": [{"from": "2026-10-05T12:00", "to": "2026-10-09T14:10"}, {"from": "2026-10-25T02:15", "to": "2026-10-25T02:20"}],
    })));
}

#[test]
fn mistakes_are_told_with_their_field() {
    let told = |changes: Value| {
        let mut json = serde_json::to_value(scenario(json!({}))).unwrap();
        for (field, value) in changes.as_object().unwrap() {
            json[field] = value.clone();
        }
        let alone = scenario::answer(&json.to_string(), false)
            .unwrap_err()
            .to_string();
        let good = serde_json::to_value(scenario(json!({}))).unwrap();
        let second = scenario::answer(&json!([good, json]).to_string(), true)
            .unwrap_err()
            .to_string();
        assert!(second.starts_with("[1]"), "{second}");
        alone
    };
    for (changes, field) in [
        (json!({"slot_interval_min": 0}), "slot_interval_min: "),
        (json!({"slot_interval_min": -15}), "slot_interval_min: "),
        (json!({"duration_min": 0}), "duration_min: "),
        (
            json!({"processing": {"after_min": 30, "for_min": 31}}),
            "processing: ",
        ),
        (
            json!({"working_hours": [{"weekday": "mon", "from": "9:00", "to": "12:00"}]}),
            "working_hours[0].from: ",
        ),
        (
            json!({"working_hours": [{"weekday": "Monday", "from": "09:00", "to": "12:00"}]}),
            "working_hours[0].weekday: ",
        ),
        (
            json!({"date_overrides": [{"date": "2026-02-30", "intervals": []}]}),
            "date_overrides[0].date: ",
        ),
        (json!({"timezone": "Europe/Warszawa"}), "timezone: "),
        (
            json!({"busy": [{"start": "2026-05-04T10:00:00Z", "end": "2026-05-04T09:00:00Z"}]}),
            "busy[0]: ",
        ),
        (
            json!({"absences": [{"from": "2026-05-04T10:00:00Z", "to": "2026-05-05T10:00:00Z"}]}),
            "absences[0].from: ",
        ),
        (json!({"date_to": "9999-12-31"}), "date_to: "),
        (json!({"buffer_before": 5}), "buffer_before: "),
    ] {
        let told = told(changes);
        assert!(told.starts_with(field), "{field} in {told}");
    }
    for no_scenario in ["", "[", "{}", "nonsense", "{} {}", "[{}]", "null", "[[]]"] {
        assert!(
            scenario::answer(no_scenario, false).is_err(),
            "{no_scenario}"
        );
    }
    assert_eq!(scenario::answer(" [] ", false).unwrap(), [""; 0]);
}

#[test]
fn huge_numbers_are_answered_not_suffered() {
    let most = u32::MAX;
    assert!(offered(json!({"duration_min": most})).is_empty());
    assert_eq!(offered(json!({"slot_interval_min": most})), ["09:00"]);
    assert!(offered(json!({"min_notice_min": most, "now": "9999-12-30T00:00:00Z"})).is_empty());
    assert_eq!(
        offered(json!({"buffer_before_min": most, "buffer_after_min": most})).len(),
        5
    );
    let forever =
        json!({"duration_min": most, "working_hours": always(), "slot_interval_min": most});
    assert!(
        offered(forever).is_empty(),
        "it would end after the year 9999"
    );
    let century = json!({"date_from": "1990-01-01", "date_to": "2089-12-31", "slot_interval_min": 1, "working_hours": always()});
    assert!(
        scenario(century)
            .starts()
            .unwrap_err()
            .to_string()
            .starts_with("date_to: ")
    );
    for (first, last) in [("0001-01-01", "0001-01-03"), ("9999-12-29", "9999-12-31")] {
        let edge = json!({"date_from": first, "date_to": last, "working_hours": always(), "slot_interval_min": 720, "now": "0001-01-01T00:00:00Z"});
        let _ = offered(edge);
    }
}

#[test]
fn each_start_that_is_not_offered_says_why() {
    let json = serde_json::to_string(&scenario(json!({
        "min_notice_min": 10, "now": "2026-05-04T08:55:00+02:00",
        "absences": [{"from": "2026-05-04T09:45", "to": "2026-05-04T09:50"}],
        "busy": [{"start": "2026-05-04T11:00:00+02:00", "end": "2026-05-04T11:05:00+02:00"}],
    })))
    .unwrap();
    assert_eq!(
        scenario::answer(&json, false).unwrap(),
        [r#"{"starts":["2026-05-04T08:00:00Z"]}"#]
    );
    let told: Value = serde_json::from_str(&scenario::answer(&json, true).unwrap()[0]).unwrap();
    let busy =
        json!({"reason": "busy", "start": "2026-05-04T09:00:00Z", "end": "2026-05-04T09:05:00Z"});
    let expected = json!({
        "starts": ["2026-05-04T08:00:00Z"],
        "refused": [
            {"start": "2026-05-04T07:00:00Z", "why": [
                {"reason": "notice", "earliest": "2026-05-04T07:05:00Z"},
                {"reason": "absence", "from": "2026-05-04T09:45", "to": "2026-05-04T09:50"}]},
            {"start": "2026-05-04T07:30:00Z", "why": [
                {"reason": "absence", "from": "2026-05-04T09:45", "to": "2026-05-04T09:50"}]},
            {"start": "2026-05-04T08:30:00Z", "why": [busy]},
            {"start": "2026-05-04T09:00:00Z", "why": [busy]},
            {"start": "2026-05-04T09:30:00Z", "why": [{"reason": "hours", "until": "2026-05-04T10:00:00Z"}]},
        ],
    });
    assert_eq!(told, expected);
}
