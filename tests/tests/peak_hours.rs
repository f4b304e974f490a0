//! A real salon's hours of the week come out the same over HTTP and in a few lines of independent code.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::PathBuf,
};

use jiff::{ToSpan as _, civil::DateTime};
use serde_json::{Value, json};
use tests::{DataDir, Service, Shop, daybook};

/// The weekday, Monday first, and the hour.
type Hour = (i8, i8);

/// What stands in the file: how many bookings start in each hour, and how many minutes of it are booked, those that
/// are booked twice with somebody counted once.
fn hours(text: &str) -> (BTreeMap<Hour, u64>, BTreeMap<Hour, u64>) {
    let mut booked: BTreeMap<String, (String, String, i64)> = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("each line is JSON");
        let field = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        match line["kind"].as_str().expect("a kind") {
            "booked" => {
                let minutes = line["duration_min"].as_i64().unwrap_or(0);
                let with = (field("staff_ref"), field("start"), minutes);
                booked.insert(field("booking_ref"), with);
            }
            "cancelled" => {
                booked.remove(&field("booking_ref"));
            }
            _ => {}
        }
    }
    let (mut starts, mut minutes) = (BTreeMap::new(), BTreeSet::new());
    let hour = |at: DateTime| (at.weekday().to_monday_zero_offset(), at.hour());
    for (staff, start, length) in booked.into_values() {
        let start: DateTime = start.parse().expect("who came had an hour");
        *starts.entry(hour(start)).or_default() += 1;
        minutes.extend((0..length).map(|minute| (staff.clone(), start + minute.minutes())));
    }
    let mut of_each = BTreeMap::new();
    for (_, at) in minutes {
        *of_each.entry(hour(at)).or_default() += 1;
    }
    (starts, of_each)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_salons_hours_agree() {
    let folder = env::var_os("DAYBOOK_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join("salon_2018-03_05.ndjson");
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: salon_2018-03_05.ndjson is not there (DAYBOOK_SHARED_DATA)");
        return;
    };
    let (starts, minutes) = hours(&text);

    let dir = DataDir::new();
    let key = Shop::create(&dir);
    let path = path.to_string_lossy();
    let words = ["import-history", "--business", Shop::SLUG, "--json", &*path];
    let report = daybook(&dir, &words).well().json();
    assert_eq!(report["skipped"], json!([]));
    let service = Service::start(&dir);
    let api = service.api(&key);
    let position = api
        .post("/clients", json!({"name": "Last"}))
        .await
        .position();
    let asked = "/reports/peak-hours?from=2018-03-01&to=2018-05-31";
    let told = api.get_after(position, asked).await.body_of(200);

    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let (mut told_starts, mut told_minutes) = (BTreeMap::new(), BTreeMap::new());
    for hour in told["hours"].as_array().expect("a list") {
        let day = days.iter().position(|day| hour["weekday"] == *day);
        let day = i8::try_from(day.expect("a weekday")).expect("one of seven");
        let at = (
            day,
            i8::try_from(hour["hour"].as_i64().expect("an hour")).expect("one of 24"),
        );
        let count = |name: &str| hour[name].as_u64().filter(|count| *count > 0);
        told_starts.extend(count("bookings").map(|count| (at, count)));
        told_minutes.extend(count("booked_min").map(|count| (at, count)));
    }
    assert_eq!(told_starts, starts);
    assert_eq!(told_minutes, minutes);

    // As docs/reports.md shows them.
    let peak: Vec<_> = told["peak"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|hour| {
            (
                hour["weekday"].clone(),
                hour["hour"].clone(),
                hour["booked_min"].clone(),
                hour["bookings"].clone(),
            )
        })
        .collect();
    let expected = [
        ("sat", 14, 1_200, 21),
        ("thu", 17, 1_150, 25),
        ("thu", 13, 1_140, 20),
        ("thu", 15, 1_110, 24),
        ("tue", 10, 1_100, 24),
    ]
    .map(|(day, hour, minutes, bookings)| {
        (json!(day), json!(hour), json!(minutes), json!(bookings))
    });
    assert_eq!(peak, expected);
}
