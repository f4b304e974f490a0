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
