//! Bookings in time that is closed: where each could go, and how they are moved.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    bookings::refused,
    support::{Salon, header, id_of},
};

/// A salon in which Bea and Ewa cut on Mondays and Tuesdays from ten to six. Next Monday Bea has a client at ten and one at
/// eleven, Ewa one at ten; and Bea is ill.
struct Day {
    salon: Salon,
    cut: Uuid,
    ewa: Uuid,
    ten: Uuid,
    eleven: Uuid,
    absence: Uuid,
}

const TEN: &str = "2026-11-30T09:00:00Z";
const ELEVEN: &str = "2026-11-30T10:00:00Z";
/// The first starts once she is well again.
const TUESDAY: [&str; 2] = ["2026-12-01T09:00:00Z", "2026-12-01T09:45:00Z"];

impl Day {
    async fn begin() -> Self {
        let salon = Salon::open().await;
        let cut = salon.service("Cut").await;
        let weekly: Vec<_> = ["mon", "tue"]
            .iter()
            .map(|day| json!({"weekday": day, "from": "10:00", "to": "18:00"}))
            .collect();
        let hours = json!({"weekly": weekly});
        let bea = salon.staff("Bea", &[cut], &hours).await;
        let ewa = salon.staff("Ewa", &[cut], &hours).await;
        let book = async |staff: Uuid, start: &str| {
            let body = json!({"service_id": cut, "staff_id": staff, "client": {"name": "Zofia"}, "start": start});
            id_of(&salon.post("/bookings", &body).await)
        };
        let (ten, eleven) = (book(bea, TEN).await, book(bea, ELEVEN).await);
        book(ewa, TEN).await;
        let ill = json!({"kind": "sick", "from": "2026-11-30T00:00", "to": "2026-12-01T00:00", "keep_bookings": true});
        let absence = id_of(&salon.post(&format!("/staff/{bea}/absences"), &ill).await);
        Self {
            salon,
            cut,
            ewa,
            ten,
            eleven,
            absence,
        }
    }

    async fn affected(&self) -> Value {
        let path = format!("/absences/{}/affected", self.absence);
        self.salon.get(&path).await.json()
    }

    async fn moved(&self, body: Value) -> Value {
        let path = format!("/absences/{}/move-bookings", self.absence);
        let moved = self.salon.post(&path, &body).await;
        assert_eq!(moved.status_code(), 200, "{}", moved.text());
        moved.json()
    }

    async fn to_be_moved(&self) -> Value {
        let (name, value) = header("daybook-min-position", &self.salon.head().await.to_string());
        let path = "/calendar?from=2026-11-30&to=2026-12-01";
        let calendar: Value = self.salon.get(path).add_header(name, value).await.json();
        calendar["to_be_moved"].clone()
    }
}

/// Of each: which, what became of it, where it went, why not.
fn verdicts(moved: &Value) -> Vec<(Uuid, String, Option<String>, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let told = |one: &Value| {
        let id = one["booking"]["id"].as_str().unwrap().parse().unwrap();
        let verdict = text(&one["verdict"]).unwrap();
        (id, verdict, text(&one["to"]["start"]), text(&one["why"]))
    };
    moved["bookings"]
        .as_array()
        .unwrap()
        .iter()
        .map(told)
        .collect()
}

fn told(
    id: Uuid,
    verdict: &str,
    to: Option<&str>,
    why: Option<&str>,
) -> (Uuid, String, Option<String>, Option<String>) {
    (
        id,
        verdict.to_owned(),
        to.map(str::to_owned),
        why.map(str::to_owned),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn each_booking_in_an_absence_is_told_with_where_it_could_go() {
    let day = Day::begin().await;
    let affected = day.affected().await;
    let bookings = affected["bookings"].as_array().unwrap();
    let ids: Vec<_> = bookings
        .iter()
        .map(|b| b["booking"]["id"].clone())
        .collect();
    assert_eq!(ids, [json!(day.ten), json!(day.eleven)]);
    assert_eq!(affected["sessions"], json!([]));
    // A page at a time.
    let mut seen = vec![];
    let mut after = String::new();
    while seen.len() < 3 {
        let path = format!(
            "/absences/{}/affected?limit=1&count=true{after}",
            day.absence
        );
        let page: Value = day.salon.get(&path).await.json();
        assert_eq!(page["total"], 2);
        seen.extend(page["bookings"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(&seen, bookings);
    for booking in bookings {
        assert_eq!(booking["next_free"].as_array().unwrap().len(), 3);
        assert_eq!(booking["next_free"][0]["start"], TUESDAY[0], "{booking}");
    }
    // At ten Ewa has a client of her own.
    assert_eq!(bookings[0]["same_time"], json!([]));
    let same_time = bookings[1]["same_time"].as_array().unwrap();
    assert_eq!(same_time.len(), 1);
    assert_eq!(
        (&same_time[0]["start"], &same_time[0]["staff_id"]),
        (&json!(ELEVEN), &json!(day.ewa))
    );
    assert_eq!(day.to_be_moved().await, json!([day.ten, day.eleven]));
    refused(
        &day.salon
            .get(&format!("/absences/{}/affected", Uuid::now_v7()))
            .await,
        404,
        "not_found",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn told_one_by_one_all_are_moved_or_none() {
    let day = Day::begin().await;
    let path = format!("/absences/{}/move-bookings", day.absence);
    let head = day.salon.head().await;
    // The second one finds the time of the first one taken.
    let clash = json!({"moves": [
        {"booking_id": day.eleven, "staff_id": day.ewa},
        {"booking_id": day.ten, "staff_id": day.ewa, "start": ELEVEN},
    ]});
    let told_so = refused(&day.salon.post(&path, &clash).await, 409, "slot_taken");
    assert_eq!(told_so["booking_id"], json!(day.ten));
    assert!(!told_so["next_free"].as_array().unwrap().is_empty());
    let away = json!({"moves": [{"booking_id": day.ten, "start": "2026-11-30T12:00:00Z"}]});
    let told_so = refused(&day.salon.post(&path, &away).await, 422, "invalid");
    assert_eq!(told_so["violations"][0]["code"], "staff_away", "{told_so}");
    assert_eq!(told_so["violations"][0]["field"], "moves[0].start");
    assert_eq!(day.salon.head().await, head);

    let moves = json!({"moves": [
        {"booking_id": day.ten, "start": TUESDAY[0]},
        {"booking_id": day.eleven, "staff_id": day.ewa},
    ]});
    let (name, key) = header("idempotency-key", "once");
    let first = day
        .salon
        .post(&path, &moves)
        .add_header(name.clone(), key.clone())
        .await;
    first.assert_status_ok();
    let first: Value = first.json();
    assert_eq!(
        verdicts(&first),
        [
            told(day.ten, "moved", Some(TUESDAY[0]), None),
            told(day.eleven, "moved", Some(ELEVEN), None),
        ]
    );
    assert_eq!(first["bookings"][1]["booking"]["staff"]["name"], "Ewa");
    assert_eq!(day.salon.head().await, head + 2);
    let again: Value = day
        .salon
        .post(&path, &moves)
        .add_header(name, key)
        .await
        .json();
    assert_eq!(again, first);
    assert_eq!(day.affected().await["bookings"], json!([]));
    assert_eq!(day.to_be_moved().await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn by_one_rule_those_are_moved_that_it_fits() {
    let day = Day::begin().await;
    let head = day.salon.head().await;
    let to_ewa = json!({"to_staff_id": day.ewa});
    let preview = day.moved(json!({"all": to_ewa, "preview": true})).await;
    assert_eq!(preview["preview"], true);
    assert_eq!(
        verdicts(&preview),
        [
            told(day.ten, "stuck", None, Some("slot_taken")),
            told(day.eleven, "movable", Some(ELEVEN), None),
        ]
    );
    assert_eq!(day.salon.head().await, head);
    let moved = day.moved(json!({"all": to_ewa})).await;
    assert_eq!(
        verdicts(&moved),
        [
            told(day.eleven, "moved", Some(ELEVEN), None),
            told(day.ten, "stuck", None, Some("slot_taken")),
        ]
    );
    assert_eq!(day.to_be_moved().await, json!([day.ten]));
    let stranger = day
        .moved(json!({"all": {"to_staff_id": Uuid::now_v7()}}))
        .await;
    assert_eq!(
        verdicts(&stranger),
        [told(day.ten, "stuck", None, Some("not_found"))]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_free_start_of_one_is_not_that_of_the_next() {
    let day = Day::begin().await;
    let moved = day.moved(json!({"all": {"next_free": true}})).await;
    assert_eq!(
        verdicts(&moved),
        [
            told(day.ten, "moved", Some(TUESDAY[0]), None),
            told(day.eleven, "moved", Some(TUESDAY[1]), None),
        ]
    );
    // Nothing is left to be done.
    assert_eq!(
        verdicts(&day.moved(json!({"all": {"next_free": true}})).await),
        []
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn closures_and_desks_holidays_are_left_alike() {
    let day = Day::begin().await;
    let closure =
        json!({"from": "2026-11-30T00:00", "to": "2026-12-01T00:00", "keep_bookings": true});
    let closure = id_of(&day.salon.post("/business/closures", &closure).await);
    let path = format!("/business/closures/{closure}");
    let affected: Value = day.salon.get(&format!("{path}/affected")).await.json();
    assert_eq!(affected["bookings"].as_array().unwrap().len(), 3);
    let all = json!({"all": {"next_free": true}});
    let moved: Value = day
        .salon
        .post(&format!("{path}/move-bookings"), &all)
        .await
        .json();
    assert!(
        verdicts(&moved)
            .iter()
            .all(|(_, verdict, _, _)| verdict == "moved"),
        "{moved}"
    );

    let one = json!({"name": "Chair one", "service_ids": [day.cut]});
    let (one, two) = (
        id_of(&day.salon.post("/desks", &one).await),
        id_of(
            &day.salon
                .post(
                    "/desks",
                    &json!({"name": "Chair two", "service_ids": [day.cut]}),
                )
                .await,
        ),
    );
    let start = "2026-12-08T09:00:00Z";
    let at_one =
        json!({"service_id": day.cut, "desk_id": one, "client": {"name": "Zofia"}, "start": start});
    let booking = id_of(&day.salon.post("/bookings", &at_one).await);
    let holiday =
        json!({"from": "2026-12-08T00:00", "to": "2026-12-09T00:00", "keep_bookings": true});
    let holiday = id_of(
        &day.salon
            .post(&format!("/desks/{one}/holidays"), &holiday)
            .await,
    );
    let path = format!("/desks/{one}/holidays/{holiday}");
    let affected: Value = day.salon.get(&format!("{path}/affected")).await.json();
    assert_eq!(
        affected["bookings"][0]["same_time"][0]["desk_id"],
        json!(two)
    );
    let to_two = json!({"all": {"to_desk_id": two}});
    let moved: Value = day
        .salon
        .post(&format!("{path}/move-bookings"), &to_two)
        .await
        .json();
    assert_eq!(
        verdicts(&moved),
        [told(booking, "moved", Some(start), None)]
    );
    assert_eq!(moved["bookings"][0]["booking"]["desk"]["name"], "Chair two");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_told() {
    let day = Day::begin().await;
    let path = format!("/absences/{}/move-bookings", day.absence);
    let both =
        json!({"moves": [{"booking_id": day.ten, "start": ELEVEN}], "all": {"next_free": true}});
    for (body, field, code) in [
        (json!({}), "moves", "missing"),
        (both, "all", "one_of_these"),
        (json!({"all": {}}), "all", "one_of_these"),
        (
            json!({"all": {"next_free": true, "to_staff_id": day.ewa}}),
            "all",
            "one_of_these",
        ),
        (json!({"moves": []}), "moves", "empty"),
        (
            json!({"moves": [{"booking_id": day.ten}]}),
            "moves[0].start",
            "missing",
        ),
        (
            json!({"moves": [{"booking_id": Uuid::now_v7(), "start": ELEVEN}]}),
            "moves[0].booking_id",
            "not_affected",
        ),
    ] {
        let told = refused(&day.salon.post(&path, &body).await, 422, "invalid");
        let first = &told["violations"][0];
        assert_eq!(
            (&first["field"], &first["code"]),
            (&json!(field), &json!(code)),
            "{body}"
        );
    }
}
