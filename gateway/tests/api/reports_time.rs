//! Reports about time and worth: what they answer, to whom, and as which file.

use axum::http::Method;
use axum_test::TestResponse;
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Salon, header, id_of};

/// The week in question, from Monday to Sunday.
const WEEK: &str = "from=2026-11-23&to=2026-11-29";

/// A week later: Mia was booked twice and Ola once, Mia's second one was missed. 120.00 were paid to each.
struct Week {
    salon: Salon,
    cut: Uuid,
    mia: Uuid,
    ola: Uuid,
}

impl Week {
    async fn passed() -> Self {
        let salon = Salon::open().await;
        let cut = salon.service("Cut").await;
        let nine_to_five = |days: &[&str]| {
            let weekly = days
                .iter()
                .map(|day| json!({"weekday": day, "from": "09:00", "to": "17:00"}));
            json!({"weekly": weekly.collect::<Vec<_>>()})
        };
        let mia = nine_to_five(&["tue", "wed", "thu"]);
        let mia = salon.staff("Mia", &[cut], &mia).await;
        let ola = salon.staff("Ola", &[cut], &nine_to_five(&["tue"])).await;
        let client = id_of(&salon.post("/clients", &json!({"name": "Ada"})).await);
        let mut booked = vec![];
        for (staff, start) in [
            (mia, "2026-11-24T10:00:00+01:00"),
            (mia, "2026-11-25T09:30:00+01:00"),
            (ola, "2026-11-24T10:15:00+01:00"),
        ] {
            let body =
                json!({"service_id": cut, "staff_id": staff, "client_id": client, "start": start});
            booked.push(id_of(&salon.post("/bookings", &body).await));
        }
        salon.hands.forward(SignedDuration::from_hours(24 * 6));
        for (booking, became) in [(0, "complete"), (1, "no-show"), (2, "complete")] {
            let path = format!("/bookings/{}/{became}", booked[booking]);
            salon.post(&path, &json!({})).await.assert_status_ok();
        }
        for booking in [0, 2] {
            let path = format!("/bookings/{}/payments", booked[booking]);
            let paid = json!({"amount": "120.00", "method": "cash", "at": "2026-11-24T12:00:00Z"});
            assert!(salon.post(&path, &paid).await.status_code().is_success());
        }
        Self {
            salon,
            cut,
            mia,
            ola,
        }
    }

    async fn answer(&self, key: &str, asked: &str) -> TestResponse {
        let (name, value) = header("daybook-min-position", &self.salon.head().await.to_string());
        self.salon
            .bare(Method::GET, &format!("/reports/{asked}"))
            .authorization_bearer(key)
            .add_header(name, value)
            .await
    }

    /// What the owner is told.
    async fn report(&self, asked: &str) -> Value {
        let answer = self.answer(&self.salon.opened.api_key, asked).await;
        assert_eq!(answer.status_code(), 200, "{}", answer.text());
        answer.json()
    }

    async fn key(&self, wanted: Value) -> String {
        let issued = self.salon.post("/api-keys", &wanted).await;
        id_of(&issued);
        issued.json::<Value>()["api_key"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

#[tokio::test]
async fn loads_are_told_of_everybody_and_of_each() {
    let week = Week::passed().await;
    let told = week.report(&format!("staff-load?{WEEK}")).await;
    assert_eq!(
        (&told["from"], &told["to"]),
        (&json!("2026-11-23"), &json!("2026-11-29"))
    );
    assert_eq!(
        told["staff"],
        json!([
            {"staff": {"id": week.mia, "name": "Mia"}, "available_min": 1440, "booked_min": 90, "outside_min": 0, "load": 0.0625},
            {"staff": {"id": week.ola, "name": "Ola"}, "available_min": 480, "booked_min": 45, "outside_min": 0, "load": 0.09375},
        ])
    );
    assert_eq!(
        (&told["available_min"], &told["booked_min"]),
        (&json!(1920), &json!(135))
    );
    assert_eq!(told.get("groups"), None);

    let days = week
        .report(&format!(
            "staff-load?{WEEK}&group_by=day&staff_id={}",
            week.mia
        ))
        .await;
    assert_eq!(days["staff"].as_array().unwrap().len(), 1);
    let booked: Vec<_> = days["staff"][0]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| day["booked_min"].as_i64().unwrap())
        .collect();
    assert_eq!(booked, [0, 45, 45, 0, 0, 0, 0]);

    let body = json!({"kind": "sick", "from": "2026-11-26T09:00", "to": "2026-11-26T17:00"});
    let path = format!("/staff/{}/absences", week.mia);
    id_of(&week.salon.post(&path, &body).await);
    let told = week.report(&format!("staff-load?{WEEK}")).await;
    assert_eq!(told["staff"][0]["available_min"], 960, "ill on Thursday");
}

#[tokio::test]
async fn a_class_takes_time_whether_anybody_comes_or_not() {
    let week = Week::passed().await;
    let class = json!({
        "service_id": week.cut, "staff_id": week.ola, "capacity": 4,
        "timetable": {"rrule": "FREQ=DAILY;COUNT=1", "start": "2026-12-01T09:00", "duration_min": 60},
    });
    id_of(&week.salon.post("/classes", &class).await);
    let asked = "staff-load?from=2026-12-01&to=2026-12-01";
    let told = week.report(asked).await;
    let ola = &told["staff"][1];
    assert_eq!(
        (&ola["available_min"], &ola["booked_min"]),
        (&json!(480), &json!(60)),
        "{told}"
    );
    let told = week.report(&format!("{asked}&source=phone")).await;
    assert_eq!(told["booked_min"], 0, "a class has no source");
}

#[tokio::test]
async fn the_hours_of_the_week_name_the_fullest_and_the_emptiest() {
    let week = Week::passed().await;
    let told = week.report(&format!("peak-hours?{WEEK}")).await;
    assert_eq!(
        told["peak"][0],
        json!({
            "weekday": "tue", "hour": 10, "bookings": 2, "share": 2.0 / 3.0,
            "available_min": 120, "booked_min": 90, "outside_min": 0, "load": 0.75,
        })
    );
    assert_eq!(told["hours"].as_array().unwrap().len(), 24);
    assert_eq!(
        (
            &told["idle"][0]["weekday"],
            &told["idle"][0]["hour"],
            &told["idle"][0]["available_min"]
        ),
        (&json!("tue"), &json!(9), &json!(120))
    );
    assert_eq!(told["hour_unknown"], 0);
}

#[tokio::test]
async fn services_and_staff_are_told_by_what_they_bring() {
    let week = Week::passed().await;
    let told = week.report(&format!("services?{WEEK}")).await;
    assert_eq!(
        told["services"],
        json!([{
            "service": {"id": week.cut, "name": "Cut"},
            "bookings": 3,
            "by_status": {"requested": 0, "confirmed": 0, "completed": 2, "no_show": 1, "cancelled": 0},
            "clients": 1, "booked_min": 135, "revenue": "240.00", "revenue_per_hour": "106.67",
            "cancellation_rate": 0.0, "no_show_rate": 1.0 / 3.0, "return_rate": 0.0, "share": 1.0,
            "bookings_before": 0, "bookings_change_rate": null, "revenue_before": "0.00", "revenue_change_rate": null,
        }])
    );
    let told = week.report(&format!("staff?{WEEK}")).await;
    let mia = &told["staff"][0];
    assert_eq!(
        (
            &mia["revenue"],
            &mia["revenue_per_hour"],
            &mia["average_receipt"]
        ),
        (&json!("120.00"), &json!("5.00"), &json!("120.00"))
    );
    assert_eq!(
        (&mia["no_show_rate"], &mia["load"]),
        (&json!(0.5), &json!(0.0625))
    );
    assert_eq!(told["staff"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn time_saved_is_reckoned_with_what_the_house_says() {
    let week = Week::passed().await;
    let told = week.report(&format!("time-saved?{WEEK}")).await;
    assert_eq!(
        (&told["staff_bookings"], &told["staff_min"]),
        (&json!(3), &json!(15))
    );
    assert_eq!(
        (&told["staff_cost"], &told["cost_per_hour"]),
        (&Value::Null, &Value::Null)
    );

    let rules = json!({"minutes_per_phone_booking": 8, "cost_per_hour": "50"});
    let set = week.salon.put("/settings/reports", &rules).await;
    set.assert_status_ok();
    let expected = json!({"minutes_per_phone_booking": 8, "cost_per_hour": "50.00", "return_within_days": 90,
        "campaign_effect_days": 30});
    assert_eq!(set.json::<Value>(), expected);
    let shown: Value = week.salon.get("/settings/reports").await.json();
    assert_eq!(shown, expected);
    assert_eq!(
        week.salon.get("/settings").await.json::<Value>()["reports"],
        expected
    );
    let told = week
        .report(&format!("time-saved?{WEEK}&group_by=day"))
        .await;
    assert_eq!(
        (&told["staff_min"], &told["staff_cost"]),
        (&json!(24), &json!("20.00"))
    );
    assert_eq!(told["groups"][1]["staff_min"], 16);
    assert_eq!(told["online_bookings"], 0);

    for (field, wrong) in [
        ("minutes_per_phone_booking", json!(241)),
        ("cost_per_hour", json!("-1")),
        ("cost_per_hour", json!("1.005")),
        ("return_within_days", json!(0)),
        ("campaign_effect_days", json!(0)),
    ] {
        let answer = week
            .salon
            .put("/settings/reports", &json!({field: wrong}))
            .await;
        assert_eq!(answer.status_code(), 422, "{field}");
        assert_eq!(answer.json::<Value>()["violations"][0]["field"], field);
    }
}

#[tokio::test]
async fn a_staff_member_is_told_of_themselves_alone() {
    let week = Week::passed().await;
    let wanted = json!({"name": "Ola's", "role": "staff", "staff_id": week.ola});
    let ola = week.key(wanted).await;
    for (name, list) in [("staff-load", "staff"), ("staff", "staff")] {
        let told: Value = week.answer(&ola, &format!("{name}?{WEEK}")).await.json();
        let staff = told[list].as_array().unwrap();
        assert_eq!(staff.len(), 1, "{name}: {told}");
        assert_eq!(staff[0]["staff"]["id"], json!(week.ola));
    }
    let told: Value = week.answer(&ola, &format!("services?{WEEK}")).await.json();
    assert_eq!(told["services"][0]["revenue"], "120.00", "her own");
    let told: Value = week
        .answer(&ola, &format!("peak-hours?{WEEK}"))
        .await
        .json();
    assert_eq!(told["hours"].as_array().unwrap().len(), 8);
    let told: Value = week
        .answer(&ola, &format!("time-saved?{WEEK}"))
        .await
        .json();
    assert_eq!(told["staff_bookings"], 1);
    let asked = format!("staff-load?{WEEK}&staff_id={}", week.mia);
    let told: Value = week.answer(&ola, &asked).await.json();
    assert_eq!(
        (&told["staff"], &told["booked_min"]),
        (&json!([]), &json!(0)),
        "as if Mia were not there"
    );
    let file = week.answer(&ola, &format!("staff?{WEEK}&format=csv")).await;
    assert_eq!(file.status_code(), 403, "she may not take lists away");
}

#[tokio::test]
async fn who_may_not_see_money_sees_none() {
    let week = Week::passed().await;
    let rules = json!({"cost_per_hour": "50"});
    week.salon
        .put("/settings/reports", &rules)
        .await
        .assert_status_ok();
    let wanted = json!({"name": "screen", "role": "manager", "scopes": ["see_reports", "export"]});
    let screen = week.key(wanted).await;
    for (asked, path) in [
        ("services", "/services/0/revenue"),
        ("services", "/services/0/revenue_per_hour"),
        ("services", "/services/0/revenue_before"),
        ("staff", "/staff/0/revenue"),
        ("staff", "/staff/0/revenue_per_hour"),
        ("staff", "/staff/0/average_receipt"),
        ("time-saved", "/staff_cost"),
        ("time-saved", "/cost_per_hour"),
    ] {
        let asked = format!("{asked}?{WEEK}");
        let told: Value = week.answer(&screen, &asked).await.json();
        assert_eq!(told.pointer(path), Some(&Value::Null), "{path} of {told}");
        assert_ne!(
            week.report(&asked).await.pointer(path),
            Some(&Value::Null),
            "{path}"
        );
    }
    let file = week
        .answer(&screen, &format!("staff?{WEEK}&format=csv"))
        .await
        .text();
    let (header, mia) = (file.lines().next().unwrap(), file.lines().nth(1).unwrap());
    let at = header
        .split(',')
        .position(|column| column == "revenue")
        .unwrap();
    assert_eq!(mia.split(',').nth(at), Some(""), "{file}");
}

#[tokio::test]
async fn each_can_be_had_as_a_file_with_the_rows_of_the_screen() {
    let week = Week::passed().await;
    let key = week.salon.opened.api_key.clone();
    for (name, rows, by_day) in [
        ("staff-load", 2, 14),
        ("peak-hours", 24, 24),
        ("services", 1, 7),
        ("staff", 2, 14),
        ("time-saved", 1, 7),
    ] {
        let csv = week
            .answer(&key, &format!("{name}?{WEEK}&format=csv"))
            .await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
        let file = format!("attachment; filename=\"{name}.csv\"");
        assert_eq!(csv.header("content-disposition"), file.as_str());
        let text = csv.text();
        assert_eq!(text.lines().count(), rows + 1, "{name}: {text}");
        let columns: Vec<_> = text.lines().map(|line| line.split(',').count()).collect();
        assert!(columns.iter().all(|n| *n == columns[0]), "{name}: {text}");
        let days = week
            .answer(&key, &format!("{name}?{WEEK}&format=csv&group_by=day"))
            .await;
        assert_eq!(days.text().lines().count(), by_day + 1, "{name}");
        let book = week
            .answer(&key, &format!("{name}?{WEEK}&format=xlsx"))
            .await;
        assert!(
            book.as_bytes().starts_with(b"PK"),
            "{name}: a spreadsheet is a zip"
        );
    }
}

#[tokio::test]
async fn a_period_that_cannot_be_is_told() {
    let salon = Salon::open().await;
    for name in [
        "staff-load",
        "peak-hours",
        "staff",
        "services",
        "time-saved",
    ] {
        for (asked, status) in [
            ("from=2026-11-24&to=2026-11-23", 422),
            ("from=2026-11-24", 422),
            ("from=2016-11-24&to=2026-11-23", 200),
            ("from=2026-11-23&to=2026-11-24&colour=red", 422),
            ("from=2026-11-23&to=2026-11-24&status=asleep", 422),
            ("from=2016-11-24&to=2026-11-23&group_by=day", 422),
        ] {
            let answer = salon.get(&format!("/reports/{name}?{asked}")).await;
            assert_eq!(
                answer.status_code(),
                status,
                "{name} {asked}: {}",
                answer.text()
            );
        }
    }
    for name in ["staff-load", "peak-hours", "staff"] {
        let answer = salon
            .get(&format!("/reports/{name}?from=1950-01-01&to=2150-12-31"))
            .await;
        assert_eq!(answer.status_code(), 422, "{name}: longer than ten years");
    }
}
