//! Reports over HTTP: what is asked of them, what each tells, who sees what of it.

use std::io::Cursor;

use axum::http::Method;
use axum_test::TestResponse;
use calamine::{Data, DataType as _, Reader as _, Xlsx, open_workbook_from_rs};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Salon, header, id_of};

/// The reports of money and clients, with the members of their answers, and the first columns of their files.
const NAMES: [(&str, &[&str], &str); 8] = [
    (
        "summary",
        &["bookings", "by_status", "revenue"],
        "from,to,bookings,requested,",
    ),
    (
        "revenue",
        &[
            "taken",
            "refunded",
            "revenue",
            "by_method",
            "by_service",
            "by_staff",
        ],
        "from,to,taken,",
    ),
    (
        "pending",
        &["pending_amount", "overdue_amount", "upcoming_amount"],
        "from,to,pending_amount,",
    ),
    ("clients", &["items"], "name,bookings,visits,"),
    (
        "retention",
        &["clients", "months", "cohorts"],
        "from,to,clients,month_1,",
    ),
    (
        "returning",
        &["clients", "new_clients", "visitors"],
        "from,to,clients,new_clients,",
    ),
    (
        "trends",
        &[
            "bookings",
            "clients",
            "revenue",
            "before",
            "year_before",
            "seasons",
        ],
        "from,to,bookings,",
    ),
    (
        "till",
        &["taken", "refunded", "net", "methods", "groups"],
        "from,to,method,taken,",
    ),
];

/// The rows of its first sheet, the header among them.
fn spreadsheet(mut book: Xlsx<Cursor<Vec<u8>>>) -> Vec<Vec<Data>> {
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    sheet.rows().map(<[_]>::to_vec).collect()
}

/// Once everything is taken in.
async fn get_as(salon: &Salon, key: &str, path: &str) -> TestResponse {
    let (name, value) = header("daybook-min-position", &salon.head().await.to_string());
    let request = salon.bare(Method::GET, path).authorization_bearer(key);
    request.add_header(name, value).await
}

async fn get(salon: &Salon, path: &str) -> Value {
    let answer = get_as(salon, &salon.opened.api_key, path).await;
    assert_eq!(answer.status_code(), 200, "{path}: {}", answer.text());
    answer.json()
}

async fn text(salon: &Salon, path: &str) -> String {
    let answer = get_as(salon, &salon.opened.api_key, path).await;
    assert_eq!(answer.status_code(), 200, "{path}: {}", answer.text());
    answer.text()
}

async fn key(salon: &Salon, body: &Value) -> String {
    let answer = salon.post("/api-keys", body).await;
    assert_eq!(answer.status_code(), 201, "{}", answer.text());
    answer.json::<Value>()["api_key"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn does(salon: &Salon, path: &str, body: &Value) {
    let answer = salon.post(path, body).await;
    assert!(
        answer.status_code().is_success(),
        "{path}: {}",
        answer.text()
    );
}

struct World {
    salon: Salon,
    ola: Uuid,
    iga: Uuid,
    ada: Uuid,
}

/// On Monday Ola did something for Ada (120.00, cash), Iga for Bea (120.00, card, of which 20.00 was given back); on
/// Tuesday Iga will for Ada, who paid 50.00 for it, and bought something for 9.99.
async fn world() -> World {
    let salon = Salon::open().await;
    let on = json!({"modules": {"marketing": true}});
    assert_eq!(salon.patch("/business", &on).await.status_code(), 200);
    let service = salon.service("Cut").await;
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let days = days.map(|day| json!({"weekday": day, "from": "00:00", "to": "24:00"}));
    let hours = json!({"weekly": days, "overrides": []});
    let ola = salon.staff("Ola", &[service], &hours).await;
    let iga = salon.staff("Iga", &[service], &hours).await;
    let ada = id_of(&salon.post("/clients", &json!({"name": "=Ada"})).await);
    let bea = id_of(
        &salon
            .post("/clients", &json!({"name": "Bea", "tags": ["vip"]}))
            .await,
    );
    let book = async |staff: Uuid, client: Uuid, start: &str| {
        let body =
            json!({"service_id": service, "staff_id": staff, "client_id": client, "start": start});
        format!("/bookings/{}", id_of(&salon.post("/bookings", &body).await))
    };
    let first = book(ola, ada, "2026-11-23T10:00:00Z").await;
    let second = book(iga, bea, "2026-11-23T10:00:00Z").await;
    let third = book(iga, ada, "2026-11-24T10:00:00Z").await;
    for (path, body) in [
        (format!("{first}/complete"), json!({})),
        (
            format!("{first}/payments"),
            json!({"amount": "120.00", "method": "cash"}),
        ),
        (
            format!("{second}/payments"),
            json!({"amount": "120.00", "method": "card"}),
        ),
        (format!("{second}/complete"), json!({})),
        (format!("{second}/refunds"), json!({"amount": "20.00"})),
        (
            format!("{third}/payments"),
            json!({"amount": "50.00", "method": "card"}),
        ),
        (
            format!("/clients/{ada}/payments"),
            json!({"amount": "9.99", "method": "cash", "text": "shampoo"}),
        ),
    ] {
        does(&salon, &path, &body).await;
    }
    World {
        salon,
        ola,
        iga,
        ada,
    }
}

#[tokio::test]
async fn a_summary_covers_any_period_and_tells_so_many_parts_of_it() {
    let salon = Salon::open().await;
    for (asked, status) in [
        ("from=1950-01-01&to=2150-12-31", 200),
        ("from=2026-01-01&to=2027-01-01&group_by=day", 200),
        ("from=2026-01-01&to=2027-01-02&group_by=day", 422),
        ("from=2020-01-01&to=2026-12-31&group_by=week", 200),
        ("from=2000-01-01&to=2026-12-31&group_by=month", 200),
        ("from=1950-01-01&to=2150-12-31&group_by=month", 422),
        ("from=0001-01-01&to=9999-12-31&group_by=day", 422),
        ("from=2026-01-02&to=2026-01-01", 422),
    ] {
        let answer = salon.get(&format!("/reports/summary?{asked}")).await;
        assert_eq!(answer.status_code(), status, "{asked}: {}", answer.text());
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_told_at_its_place() {
    let salon = Salon::open().await;
    let year = "from=2026-01-01&to=2026-12-31";
    for (asked, field, code) in [
        (
            "summary?from=2026-01-02&to=2026-01-01",
            "to",
            "end_not_after_start",
        ),
        ("summary?from=2026-02-30&to=2026-03-01", "from", "form"),
        (
            &*format!("revenue?{year}&colour=red"),
            "colour",
            "unknown_field",
        ),
        (
            &*format!("pending?{year}&group_by=year"),
            "group_by",
            "form",
        ),
        (
            &*format!("returning?{year}&status=lost"),
            "status[0]",
            "form",
        ),
        (
            "trends?from=2020-01-01&to=2026-12-31&group_by=day",
            "group_by",
            "too_many_groups",
        ),
        ("trends?from=1990-01-01&to=2026-12-31", "to", "too_many"),
        ("retention?from=1990-01-01&to=2026-12-31", "to", "too_many"),
        (
            "till?from=2020-01-01&to=2026-12-31",
            "group_by",
            "too_many_groups",
        ),
        (&*format!("clients?{year}&sort=beauty"), "sort", "form"),
        (&*format!("clients?{year}&limit=0"), "limit", "out_of_range"),
        (&*format!("clients?{year}&after=x"), "after", "cursor"),
        (&*format!("summary?{year}&format=pdf"), "format", "form"),
    ] {
        let answer = salon.get(&format!("/reports/{asked}")).await;
        assert_eq!(answer.status_code(), 422, "{asked}: {}", answer.text());
        let violation = &answer.json::<Value>()["violations"][0];
        assert_eq!(
            (&violation["field"], &violation["code"]),
            (&json!(field), &json!(code)),
            "{asked}: {violation}"
        );
    }
    let gone = format!("/reports/summary?{year}&segment_id={}", Uuid::now_v7());
    does(
        &salon,
        "/segments",
        &json!({"name": "All", "filter": {"all": []}}),
    )
    .await;
    assert_eq!(salon.get(&gone).await.status_code(), 404);
}

#[tokio::test]
async fn each_report_can_be_asked_everything_and_had_as_a_file() {
    let World {
        salon, ola, ada, ..
    } = world().await;
    let all = format!(
        "from=2026-11-23&to=2026-11-24&staff_id={ola}&client_id={ada}&status=completed&status=confirmed&source=panel&group_by=day"
    );
    for (name, members, columns) in NAMES {
        let plain = format!("/reports/{name}?from=2026-11-23&to=2026-11-24");
        let told = get(&salon, &plain).await;
        for member in members {
            assert!(!told[member].is_null(), "{name} has {member}: {told}");
        }
        get(&salon, &format!("/reports/{name}?{all}")).await;

        let csv = text(&salon, &format!("{plain}&format=csv")).await;
        let csv = csv.trim_start_matches('\u{feff}');
        assert!(csv.starts_with(columns), "{name}: {csv}");
        let widths: Vec<_> = csv.lines().map(|line| line.split(',').count()).collect();
        assert!(
            widths.len() > 1 && widths.iter().all(|w| *w == widths[0]),
            "{name}: {csv}"
        );
        let book = get_as(
            &salon,
            &salon.opened.api_key,
            &format!("{plain}&format=xlsx"),
        )
        .await;
        let book: Xlsx<_> = open_workbook_from_rs(Cursor::new(book.as_bytes().to_vec())).unwrap();
        let rows = spreadsheet(book);
        for (at, header) in rows[0].iter().enumerate() {
            let is_typed = match header.as_string().unwrap().as_str() {
                "from" | "to" | "last_visit" => matches!(rows[1][at], Data::DateTime(_)),
                "name" | "id" | "method" => matches!(rows[1][at], Data::String(_)),
                _ => matches!(rows[1][at], Data::Float(_) | Data::Empty),
            };
            assert!(is_typed, "{name}: {header} is {:?}", rows[1][at]);
        }
    }
}

#[tokio::test]
async fn money_is_told_by_day_method_service_and_staff_member() {
    let World { salon, .. } = world().await;
    let both = "from=2026-11-23&to=2026-11-24";
    let told = get(&salon, &format!("/reports/revenue?{both}&group_by=day")).await;
    assert_eq!(
        (&told["taken"], &told["refunded"], &told["revenue"]),
        (&json!("299.99"), &json!("20.00"), &json!("279.99"))
    );
    assert_eq!(
        told["by_method"][0],
        json!({"method": "card", "taken": "170.00", "refunded": "20.00", "revenue": "150.00"})
    );
    let names = |of: &str| -> Vec<(Value, Value)> {
        let parts = told[of].as_array().unwrap().iter();
        parts
            .map(|part| (part["name"].clone(), part["revenue"].clone()))
            .collect()
    };
    assert_eq!(
        names("by_service"),
        [
            (json!("Cut"), json!("270.00")),
            (Value::Null, json!("9.99"))
        ]
    );
    assert_eq!(
        names("by_staff"),
        [
            (json!("Iga"), json!("150.00")),
            (json!("Ola"), json!("120.00")),
            (Value::Null, json!("9.99"))
        ]
    );
    let days: Vec<_> = told["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| (&day["from"], &day["revenue"]))
        .collect();
    assert_eq!(
        days,
        [
            (&json!("2026-11-23"), &json!("279.99")),
            (&json!("2026-11-24"), &json!("0.00"))
        ]
    );

    let pending = get(&salon, &format!("/reports/pending?{both}")).await;
    assert_eq!(
        (&pending["pending_amount"], &pending["upcoming_bookings"]),
        (&json!("70.00"), &json!(1))
    );
    assert_eq!(pending["overdue_amount"], "0.00");

    let till = get(&salon, &format!("/reports/till?{both}")).await;
    let payments = get(&salon, &format!("/payments?{both}")).await;
    let methods = till["groups"][0]["methods"].as_array().unwrap();
    let totals = payments["totals"].as_array().unwrap();
    assert_eq!(methods.len(), totals.len());
    for (method, total) in methods.iter().zip(totals) {
        assert_eq!(method["method"], total["method"]);
        assert_eq!(
            (&method["taken"], &method["refunded"], &method["net"]),
            (&total["taken"], &total["refunded"], &total["total"])
        );
        assert_eq!(method["entries"], total["payments"]);
    }

    let trends = get(&salon, &format!("/reports/trends?{both}&group_by=day")).await;
    assert_eq!(
        trends["before"],
        json!({"from": "2026-11-21", "to": "2026-11-22"})
    );
    assert_eq!(trends["groups"][1]["bookings"]["change"], -1);
    assert_eq!(trends["groups"][1]["bookings"]["change_rate"], -0.5);
    assert_eq!(
        trends["seasons"]["weekdays"][0],
        json!({"weekday": "mon", "days": 1, "bookings": 2.0, "revenue": "279.99"})
    );
}

#[tokio::test]
async fn clients_are_told_with_what_they_brought_in_a_page_at_a_time() {
    let World { salon, .. } = world().await;
    let address = "/reports/clients?from=2026-11-23&to=2026-11-24";
    let first = get(&salon, &format!("{address}&limit=1&count=true")).await;
    assert_eq!(first["total"], 2);
    let ada = &first["items"][0];
    let id = ada["id"].clone();
    let expected = json!({
        "id": id, "name": "=Ada", "bookings": 2, "visits": 1, "last_visit": "2026-11-23T10:00:00Z",
        "cancellations": 0, "no_shows": 0, "revenue": "179.99", "average_receipt": "60.00",
    });
    assert_eq!(*ada, expected);
    let next = first["next"].as_str().unwrap();
    let second = get(&salon, &format!("{address}&after={next}")).await;
    assert_eq!(
        (&second["items"][0]["name"], &second["next"]),
        (&json!("Bea"), &Value::Null)
    );
    let least = get(&salon, &format!("{address}&sort=revenue")).await;
    assert_eq!(least["items"][0]["name"], "Bea");

    let csv = text(&salon, &format!("{address}&format=csv&limit=1")).await;
    assert_eq!(csv.lines().count(), 3, "all of them: {csv}");
    assert!(
        csv.contains("'=Ada,2,1,2026-11-23T11:00:00+01:00,0,0,179.99,60.00,"),
        "{csv}"
    );
}

#[tokio::test]
async fn a_segment_narrows_to_its_clients() {
    let World { salon, .. } = world().await;
    let vip = json!({"name": "VIP", "filter": {"field": "tags", "any_of": ["vip"]}});
    let vip = id_of(&salon.post("/segments", &vip).await);
    let asked = format!("from=2026-11-23&to=2026-11-24&segment_id={vip}");
    let summary = get(&salon, &format!("/reports/summary?{asked}")).await;
    assert_eq!(
        (&summary["clients"], &summary["revenue"]),
        (&json!(1), &json!("100.00"))
    );

    let other = key(
        &salon,
        &json!({"name": "k", "role": "manager", "scopes": ["see_reports"]}),
    )
    .await;
    let refused = get_as(&salon, &other, &format!("/reports/summary?{asked}")).await;
    assert_eq!(
        refused.status_code(),
        403,
        "who has nothing to do with segments"
    );
    does(
        &salon,
        "/segments",
        &json!({"name": "x", "filter": {"all": []}}),
    )
    .await;
    let off = json!({"modules": {"marketing": false}});
    assert_eq!(salon.patch("/business", &off).await.status_code(), 200);
    let refused = salon.get(&format!("/reports/summary?{asked}")).await;
    assert_eq!(refused.json::<Value>()["code"], "module_off");
}

#[tokio::test]
async fn staff_members_are_told_of_their_own_bookings_alone() {
    let World {
        salon, ola, iga, ..
    } = world().await;
    let of_ola = key(
        &salon,
        &json!({"name": "k", "role": "staff", "staff_id": ola}),
    )
    .await;
    let both = "from=2026-11-23&to=2026-11-24";
    let told = async |path: &str| -> Value {
        let answer = get_as(&salon, &of_ola, path).await;
        assert_eq!(answer.status_code(), 200, "{path}: {}", answer.text());
        answer.json()
    };
    for (name, figure, expected) in [
        ("summary", "revenue", json!("120.00")),
        ("summary", "bookings", json!(1)),
        ("revenue", "taken", json!("120.00")),
        ("pending", "pending_amount", json!("0.00")),
        ("retention", "clients", json!(1)),
        ("returning", "visitors", json!(1)),
        ("till", "net", json!("120.00")),
    ] {
        let report = told(&format!("/reports/{name}?{both}")).await;
        assert_eq!(report[figure], expected, "{name}: {report}");
        // Nor by asking for somebody else.
        let report = told(&format!("/reports/{name}?{both}&staff_id={iga}")).await;
        assert_ne!(report[figure], json!("150.00"), "{name}: {report}");
    }
    let trends = told(&format!("/reports/trends?{both}")).await;
    assert_eq!(trends["revenue"]["value"], "120.00");
    let clients = told(&format!("/reports/clients?{both}")).await;
    let clients: Vec<_> = clients["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (&c["name"], &c["revenue"]))
        .collect();
    assert_eq!(clients, [(&json!("=Ada"), &json!("120.00"))]);
    let by_staff = told(&format!("/reports/revenue?{both}")).await["by_staff"].clone();
    assert_eq!(by_staff.as_array().unwrap().len(), 1, "{by_staff}");
    let file = get_as(
        &salon,
        &of_ola,
        &format!("/reports/summary?{both}&format=csv"),
    )
    .await;
    assert_eq!(file.status_code(), 403, "staff take no files away");
}

#[tokio::test]
async fn a_file_holds_what_its_reader_may_see_on_the_screen() {
    let World { salon, ola, .. } = world().await;
    let mia = salon.somebody("staff", Some(ola)).await;
    let right = format!("/users/{}/rights/export", mia.id);
    assert_eq!(salon.put(&right, &json!({})).await.status_code(), 200);
    let screen: Value = get_as(&salon, &mia.token, "/clients").await.json();
    assert_eq!(screen["items"].as_array().unwrap().len(), 1, "{screen}");
    let file = get_as(&salon, &mia.token, "/clients/export").await.text();
    assert_eq!(file.lines().count(), 2, "Ola's clients: {file}");
    assert!(file.contains("'=Ada"), "{file}");

    let takes_away = json!({"name": "k", "role": "manager", "scopes": ["export"]});
    let takes_away = key(&salon, &takes_away).await;
    for path in ["/clients/export", "/history/export"] {
        let refused = get_as(&salon, &takes_away, path).await;
        assert_eq!(refused.status_code(), 403, "{path}");
    }
}

#[tokio::test]
async fn who_may_not_see_amounts_sees_none_in_answers_and_files() {
    let World { salon, .. } = world().await;
    let scopes = ["see_reports", "export"];
    let blind = key(
        &salon,
        &json!({"name": "k", "role": "manager", "scopes": scopes}),
    )
    .await;
    for (name, ..) in NAMES {
        let path = format!("/reports/{name}?from=2026-11-23&to=2026-11-24");
        for path in [path.clone(), format!("{path}&format=csv")] {
            let told = get_as(&salon, &blind, &path).await;
            assert_eq!(told.status_code(), 200, "{path}: {}", told.text());
            let text = told.text();
            for amount in [
                "120.00", "279.99", "179.99", "299.99", "150.00", "9.99", "70.00", "20.00",
            ] {
                assert!(!text.contains(amount), "{path} tells {amount}: {text}");
            }
        }
    }
    let by_revenue = "/reports/clients?from=2026-11-23&to=2026-11-24&sort=-revenue";
    let refused = get_as(&salon, &blind, by_revenue).await;
    assert_eq!(
        refused.status_code(),
        403,
        "who brought in more is told by the order, too"
    );
}

#[tokio::test]
async fn who_does_not_see_clients_learns_no_names() {
    let World { salon, .. } = world().await;
    for (scopes, named) in [
        (vec!["see_reports", "export", "see_clients"], true),
        (vec!["see_reports", "export"], false),
    ] {
        let wanted = json!({"name": "k", "role": "manager", "scopes": scopes});
        let key = key(&salon, &wanted).await;
        for format in ["json", "csv"] {
            let path = format!("/reports/clients?from=2026-11-23&to=2026-11-24&format={format}");
            let told = get_as(&salon, &key, &path).await;
            assert_eq!(told.status_code(), 200, "{path}: {}", told.text());
            assert_eq!(told.text().contains("Bea"), named, "{path}: {scopes:?}");
        }
    }
}

#[tokio::test]
async fn a_summary_can_be_had_as_a_file_with_a_row_for_each_part() {
    let salon = Salon::open().await;
    let asked = "/reports/summary?from=2026-11-23&to=2026-11-24&format=csv";
    let whole = salon.get(asked).await;
    assert_eq!(whole.header("content-type"), "text/csv; charset=utf-8");
    let text = whole.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("\u{feff}from,to,bookings,requested,"));
    assert!(lines[1].starts_with("2026-11-23,2026-11-24,0,0,"));
    let days = salon.get(&format!("{asked}&group_by=day")).await.text();
    assert_eq!(days.lines().count(), 3, "{days}");

    let book = salon.get(&asked.replace("csv", "xlsx")).await;
    assert_eq!(book.status_code(), 200);
    assert!(book.as_bytes().starts_with(b"PK"), "a spreadsheet is a zip");
}

#[tokio::test]
async fn history_is_exported_with_the_rows_of_the_screen() {
    let salon = Salon::open().await;
    let csv = salon.get("/history/export").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let name = csv.header("content-disposition");
    assert_eq!(name, "attachment; filename=\"history.csv\"");
    let text = csv.text();
    assert!(text.starts_with("\u{feff}reference,status,deleted,start,"));
    assert!(text.ends_with("\r\n"), "lines end as RFC 4180 says");
    for (path, status) in [
        ("/history?format=csv", 422),
        ("/history/export?limit=5", 200),
        ("/history/export?status=confirmed&format=csv", 200),
    ] {
        assert_eq!(salon.get(path).await.status_code(), status, "{path}");
    }
    let book = salon.get("/history/export?format=xlsx").await;
    assert!(book.as_bytes().starts_with(b"PK"), "a spreadsheet is a zip");
}
