//! The reports on a real salon's three months are what a few lines of independent code find in its file.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::PathBuf,
};

use serde_json::{Value, json};
use tests::{DataDir, Service, Shop, daybook};

/// What the file tells of a booking.
struct Booked {
    client: Option<String>,
    start: String,
    status: String,
}

/// What the file tells: its bookings by their number, and the cents paid on each day.
#[derive(Default)]
struct File {
    bookings: BTreeMap<String, Booked>,
    cents: BTreeMap<String, i64>,
}

impl File {
    fn read(text: &str) -> Self {
        let mut file = Self::default();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).expect("each line is JSON");
            let word = |field: &str| line[field].as_str().map(str::to_owned);
            let kind = word("kind").expect("a kind");
            if kind == "paid" {
                let day = word("at").expect("a time")[..10].to_owned();
                *file.cents.entry(day).or_default() += cents(&line["amount"]);
            } else {
                let booking = word("booking_ref").expect("a booking");
                let booked = file.bookings.entry(booking).or_insert_with(|| Booked {
                    client: word("client_ref"),
                    start: word("start").expect("a start"),
                    status: String::new(),
                });
                booked.status = kind;
            }
        }
        file
    }

    /// Of a period of dates, by what they begin with.
    fn of(&self, dates: &str) -> impl Iterator<Item = &Booked> {
        let all = self.bookings.values();
        all.filter(move |booked| booked.start.starts_with(dates))
    }

    fn clients(&self, dates: &str, status: Option<&str>) -> BTreeSet<&str> {
        let those = self
            .of(dates)
            .filter(|b| status.is_none_or(|status| b.status == status));
        those
            .filter_map(|booked| booked.client.as_deref())
            .collect()
    }

    /// Of these clients, those who had a booking (of this status) before the first of a month.
    fn before(&self, of: &BTreeSet<&str>, month: &str, status: Option<&str>) -> usize {
        let had = |client: &&&str| {
            self.bookings.values().any(|b| {
                b.client.as_deref() == Some(**client)
                    && b.start.as_str() < month
                    && status.is_none_or(|status| b.status == status)
            })
        };
        of.iter().filter(had).count()
    }

    fn paid(&self, dates: &str) -> String {
        let days = self.cents.iter().filter(|(day, _)| day.starts_with(dates));
        let cents: i64 = days.map(|(_, cents)| cents).sum();
        format!("{}.{:02}", cents / 100, cents % 100)
    }
}

fn cents(amount: &Value) -> i64 {
    let amount = amount.to_string();
    let (whole, rest) = amount.split_once('.').expect("a float");
    let rest: i64 = format!("{rest:0<2}").parse().expect("two decimals at most");
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    whole.parse::<i64>().expect("a number") * 100 + sign * rest
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_salons_reports_are_what_its_file_tells() {
    let folder = env::var_os("DAYBOOK_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join("salon_2018-03_05.ndjson");
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: salon_2018-03_05.ndjson is not there (DAYBOOK_SHARED_DATA)");
        return;
    };
    let file = File::read(&text);
    let dir = DataDir::new();
    let key = Shop::create(&dir);
    let words = ["import-history", "--business", Shop::SLUG, "--json"];
    let path = path.to_string_lossy();
    let words = [&words[..], &[&*path]].concat();
    let imported = daybook(&dir, &words);
    let imported = imported.well().json();
    assert_eq!(imported["skipped"], json!([]));
    let service = Service::start(&dir);
    let api = service.api(&key);
    let position = api
        .post("/clients", json!({"name": "Last"}))
        .await
        .position();
    let report = async |name: &str| {
        let path = format!("/reports/{name}?from=2018-01-01&to=2018-12-31&group_by=month");
        api.get_after(position, &path).await.body_of(200)
    };
    let [summary, revenue, pending, returning, retention, till] = [
        report("summary").await,
        report("revenue").await,
        report("pending").await,
        report("returning").await,
        report("retention").await,
        report("till").await,
    ];

    let is = |status: &str| file.of("2018").filter(|b| b.status == status).count();
    let (missed, done) = (is("no_show"), is("completed"));
    assert_eq!(
        summary["no_show_rate"],
        missed as f64 / (missed + done) as f64
    );
    assert_eq!(summary["clients"], file.clients("2018", None).len());
    // Each of its bookings ended: nothing is left to be paid.
    assert_eq!(missed + done + is("cancelled"), file.bookings.len());
    assert_eq!(
        (&pending["pending_amount"], &pending["bookings"]),
        (&json!("0.00"), &json!(0))
    );
    assert_eq!(revenue["revenue"], file.paid("2018"));
    assert_eq!(till["net"], file.paid("2018"));

    for (n, month) in (0_usize..12).map(|n| (n, format!("2018-{:02}", n + 1))) {
        let clients = file.clients(&month, None);
        let before = file.before(&clients, &month, None);
        let came = file.clients(&month, Some("completed"));
        let came_before = file.before(&came, &month, Some("completed"));
        let told = &returning["groups"][n];
        assert_eq!(told["clients"], clients.len(), "{month}");
        assert_eq!(told["returning_clients"], before, "{month}");
        assert_eq!(
            (&told["visitors"], &told["returning_visitors"]),
            (&json!(came.len()), &json!(came_before)),
            "{month}"
        );
        assert_eq!(
            summary["groups"][n]["new_clients"],
            clients.len() - before,
            "{month}"
        );
        assert_eq!(
            summary["groups"][n]["bookings"],
            file.of(&month).count(),
            "{month}"
        );
        assert_eq!(
            revenue["groups"][n]["revenue"],
            file.paid(&month),
            "{month}"
        );

        let new: BTreeSet<_> = clients
            .iter()
            .filter(|client| file.before(&[**client].into(), &month, None) == 0)
            .copied()
            .collect();
        let cohort = &retention["cohorts"][n];
        assert_eq!(cohort["clients"], new.len(), "{month}");
        let next = format!("2018-{:02}", n + 2);
        let again = file
            .clients(&next, Some("completed"))
            .intersection(&new)
            .count();
        assert_eq!(cohort["months"][0]["clients"], again, "{month}");
    }
    let march = &retention["cohorts"][2];
    println!(
        "revenue {}, no-show rate {}, March's cohort {march}, May {}",
        revenue["revenue"], summary["no_show_rate"], returning["groups"][4]
    );
}
