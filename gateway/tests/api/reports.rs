//! Reports: which periods they cover.

use crate::support::Salon;

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
        ("from=2026-01-02&to=2026-01-01", 422),
    ] {
        let answer = salon.get(&format!("/reports/summary?{asked}")).await;
        assert_eq!(answer.status_code(), status, "{asked}: {}", answer.text());
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
    assert!(lines[0].starts_with("from,to,bookings,requested,"));
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
    assert!(csv.text().starts_with("reference,status,deleted,start,"));
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
