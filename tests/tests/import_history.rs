//! Another system's history is brought in on the command line, while the service runs and before it ever did; a real
//! salon's figures come out the same in the report, over HTTP, and in a few lines of independent code.

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use serde_json::{Value, json};
use tests::{DataDir, Service, Shop, daybook};

/// A line for each event, as a file of this folder.
fn file(dir: &DataDir, lines: &[Value]) -> String {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let path = dir.path().join("history.ndjson");
    fs::write(&path, text).expect("there is room for a file");
    path.to_string_lossy().into_owned()
}

fn import(dir: &DataDir, file: &str) -> Value {
    let words = ["import-history", "--business", Shop::SLUG, "--json", file];
    let done = daybook(dir, &words).well();
    assert_eq!(
        done.stdout.lines().count(),
        1,
        "nothing but the report: {}",
        done.stdout
    );
    done.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn history_comes_in_while_the_service_runs() {
    let dir = DataDir::new();
    let service = Service::start(&dir);
    let shop = Shop::open(&dir, &service).await;
    let booked = json!({
        "at": "2026-01-02T09:12:00", "kind": "booked", "booking_ref": "B17", "client_ref": "C3",
        "client": {"name": "Ada Byron", "phone": "600 100 200"}, "staff_ref": "S1", "staff_name": "Eva",
        "service": "DYE", "service_name": "Dye", "start": "2026-01-05T15:30:00", "duration_min": 45,
        "amount": 56.0, "note": "by phone",
    });
    let at = "2026-01-05T16:15:00";
    let lines = [
        booked,
        json!({"at": at, "kind": "completed", "booking_ref": "B17"}),
        json!({"at": at, "kind": "completed", "booking_ref": "B18"}),
        json!({"at": at, "kind": "paid", "booking_ref": "B17", "amount": 60, "method": "card"}),
        json!({"at": at, "kind": "commented", "booking_ref": "B17", "text": "likes tea"}),
    ];

    let first = import(&dir, &file(&dir, &lines[..3]));
    assert_eq!(first["imported"], 2);
    let skipped = json!([{"line": 3, "reason": "B18 was not booked before this line"}]);
    assert_eq!(first["skipped"], skipped);

    let longer = import(&dir, &file(&dir, &lines));
    assert_eq!(longer["imported"], 2, "what is new");
    assert_eq!(longer["already_there"], 2);
    let again = import(&dir, &file(&dir, &lines));
    assert_eq!(again["imported"], 0);
    let figures = json!({
        "lines": 5, "imported": 0, "skipped": skipped, "already_there": 4,
        "bookings": 1, "clients": 1, "staff": 1, "services": 1,
        "by_status": {"requested": 0, "confirmed": 0, "completed": 1, "no_show": 0, "cancelled": 0},
        "overlaps": 0, "paid": "60.00",
    });
    assert_eq!(again, figures);

    // A command of the service's own comes after them all in the ledger.
    let tag = shop
        .api
        .post("/clients", json!({"name": "Last"}))
        .await
        .position();
    let history = shop
        .api
        .get_after(tag, "/history?client=byron")
        .await
        .body_of(200);
    let [shown] = history["items"].as_array().expect("a list").as_slice() else {
        panic!("{history:#}")
    };
    assert_eq!(shown["status"], "completed");
    assert_eq!(
        shown["start"], "2026-01-05T14:30:00Z",
        "the business's own clock"
    );
    assert_eq!(shown["created_at"], "2026-01-02T08:12:00Z");
    assert_eq!(
        (&shown["price"], &shown["paid"]),
        (&json!("56.00"), &json!("60.00"))
    );
    assert_eq!(
        (&shown["staff"]["name"], &shown["service"]["name"]),
        (&json!("Eva"), &json!("Dye"))
    );
    assert_eq!(shown["comments"][0]["text"], "likes tea");
    assert_eq!(shown["comments"][0]["actor"]["kind"], "import");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_salons_figures_agree() {
    let folder = env::var_os("DAYBOOK_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join("salon_2018-03_05.ndjson");
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: salon_2018-03_05.ndjson is not there (DAYBOOK_SHARED_DATA)");
        return;
    };
    let mut cents = 0_i64;
    let mut status: BTreeMap<String, String> = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("each line is JSON");
        let kind = line["kind"].as_str().expect("a kind");
        if kind == "paid" {
            let amount = line["amount"].to_string();
            let (whole, rest) = amount.split_once('.').expect("a float");
            let sign = if whole.starts_with('-') { -1 } else { 1 };
            let rest: i64 = format!("{rest:0<2}").parse().expect("two decimals at most");
            cents += whole.parse::<i64>().expect("a number") * 100 + sign * rest;
        } else {
            let booking = line["booking_ref"].as_str().expect("a booking");
            status.insert(booking.to_owned(), kind.to_owned());
        }
    }
    let standing = |kind: &str| status.values().filter(|status| *status == kind).count();
    let paid = format!("{}.{:02}", cents / 100, cents % 100);

    let dir = DataDir::new();
    let key = Shop::create(&dir);
    let report = import(&dir, &path.to_string_lossy());
    assert_eq!(
        (&report["lines"], &report["skipped"]),
        (&json!(text.lines().count()), &json!([]))
    );
    assert_eq!(
        (&report["bookings"], &report["paid"]),
        (&json!(status.len()), &json!(paid))
    );
    assert_eq!(report["overlaps"], 35);

    let service = Service::start(&dir);
    let api = service.api(&key);
    let position = api
        .post("/clients", json!({"name": "Last"}))
        .await
        .position();
    let summary = "/reports/summary?from=2018-01-01&to=2018-12-31";
    let summary = api.get_after(position, summary).await.body_of(200);
    assert_eq!(summary["bookings"], status.len());
    assert_eq!(summary["revenue"], paid);
    for kind in ["completed", "no_show", "cancelled"] {
        assert_eq!(summary["by_status"][kind], standing(kind), "{kind}");
        assert_eq!(report["by_status"][kind], standing(kind), "{kind}");
    }
}
