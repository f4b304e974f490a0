//! Two clients who turn out to be one person, over HTTP.

use axum_test::TestResponse;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    bookings::{Day, refused},
    support::{Salon, header, id_of},
};

/// A query that sees all that was done.
async fn get(salon: &Salon, path: &str) -> Value {
    let (name, value) = header("daybook-min-position", &salon.head().await.to_string());
    let answer = salon.get(path).add_header(name, value).await;
    assert_eq!(answer.status_code(), 200, "{path}: {}", answer.text());
    answer.json()
}

async fn merge(salon: &Salon, into: Uuid, duplicate: Uuid) -> TestResponse {
    let body = json!({"duplicate_id": duplicate});
    salon.post(&format!("/clients/{into}/merge"), &body).await
}

async fn book(day: &Day, client: Uuid, start: &str) -> Uuid {
    let wish =
        json!({"service_id": day.cut, "staff_id": day.bea, "client_id": client, "start": start});
    id_of(&day.salon.post("/bookings", &wish).await)
}

/// Ada is known twice, with a booking and a purchase as each.
async fn twice_known() -> (Day, Uuid, [Uuid; 2]) {
    let day = Day::begin().await;
    let twin = json!({"name": "Augusta King", "phone": "600 100 201", "email": "ada@example.org", "tags": ["vip"]});
    let twin = id_of(&day.salon.post("/clients", &twin).await);
    let hers = book(&day, day.ada, "2026-11-23T10:00:00Z").await;
    let twins = book(&day, twin, "2026-11-23T11:00:00Z").await;
    for (client, amount) in [(day.ada, "1.00"), (twin, "2.00")] {
        let sold = json!({"amount": amount, "method": "cash"});
        id_of(
            &day.salon
                .post(&format!("/clients/{client}/payments"), &sold)
                .await,
        );
    }
    (day, twin, [hers, twins])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_the_others_is_found_under_who_stays() {
    let (day, twin, [hers, twins]) = twice_known().await;
    let (salon, ada) = (&day.salon, day.ada);
    let before = salon.head().await;
    let merged = merge(salon, ada, twin).await;
    assert_eq!(merged.status_code(), 200, "{}", merged.text());
    let client: Value = merged.json();
    assert_eq!(client["id"], json!(ada));
    assert_eq!(client["name"], "Ada Lovelace");
    assert_eq!(client["email"], "ada@example.org");
    assert_eq!(client["phones"][0]["number"], "+48600100201");
    assert_eq!(client["tags"], json!(["vip"]));
    assert_eq!(client["merged"][0]["name"], "Augusta King");
    assert_eq!(get(salon, &format!("/clients/{ada}")).await, client);

    let named = json!({"id": ada, "name": "Ada Lovelace"});
    assert_eq!(
        get(salon, &format!("/bookings/{twins}")).await["client"],
        named
    );
    for asked in [ada, twin] {
        let found = get(salon, &format!("/history?client_id={asked}&sort=start")).await;
        let items = found["items"].as_array().unwrap();
        assert_eq!(items.len(), 2, "{found}");
        assert!(items.iter().all(|item| item["client"] == named), "{found}");
        let report = format!("/reports/summary?from=2026-11-01&to=2026-11-30&client_id={asked}");
        assert_eq!(get(salon, &report).await["bookings"], 2);
    }
    let by_name = get(salon, "/history?client=augusta").await;
    assert_eq!(
        by_name["items"].as_array().unwrap().len(),
        2,
        "by the former name"
    );
    let report = get(salon, "/reports/summary?from=2026-11-01&to=2026-11-30").await;
    assert_eq!(report["clients"], 1);
    let calendar = get(salon, "/calendar?from=2026-11-23&to=2026-11-23").await;
    let bookings = calendar["bookings"].as_array().unwrap();
    assert!(
        bookings.iter().all(|booking| booking["client"] == named),
        "{calendar}"
    );
    let past = get(
        salon,
        &format!("/calendar?from=2026-11-23&to=2026-11-23&as_of={before}"),
    )
    .await;
    assert_eq!(past["bookings"].as_array().unwrap().len(), 2);

    let card = get(salon, &format!("/clients/{ada}/card")).await;
    assert_eq!(
        (&card["bookings"], &card["revenue"]),
        (&json!(2), &json!("3.00"))
    );
    let sales = get(salon, &format!("/clients/{ada}/payments")).await;
    assert_eq!(sales["items"].as_array().unwrap().len(), 2);
    let till = get(salon, "/payments?from=2026-11-23&to=2026-11-23").await;
    let till = till["items"].as_array().unwrap();
    assert!(
        till.iter().all(|entry| entry["client_id"] == json!(ada)),
        "{till:?}"
    );
    let changes = get(salon, &format!("/changes?subject_id={ada}")).await;
    let actions: Vec<_> = changes["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["action"].as_str().unwrap())
        .collect();
    for action in ["client.took_in", "client.merged"] {
        assert!(actions.contains(&action), "{actions:?}");
    }
    let registered = actions
        .iter()
        .filter(|action| **action == "client.registered");
    assert_eq!(registered.count(), 2, "of both");

    let list = get(salon, "/clients?q=augusta&count=true").await;
    assert_eq!(
        (&list["total"], &list["items"][0]["id"]),
        (&json!(1), &json!(ada))
    );
    let then = get(salon, &format!("/clients/{twin}/card?as_of={before}")).await;
    assert_eq!(
        (&then["name"], &then["bookings"]),
        (&json!("Augusta King"), &json!(1))
    );
    let then = get(salon, &format!("/clients/{ada}/card?as_of={before}")).await;
    assert_eq!(then["bookings"], 1);
    assert_eq!(
        get(salon, &format!("/bookings/{hers}")).await["client"],
        named
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_merged_ones_address_names_who_they_are() {
    let (day, twin, _) = twice_known().await;
    let (salon, ada) = (&day.salon, day.ada);
    merge(salon, ada, twin).await.assert_status_ok();
    let home = format!("/clients/{twin}");
    for path in ["", "/card", "/payments"] {
        let gone = salon.get(&format!("{home}{path}")).await;
        let problem = refused(&gone, 410, "merged");
        assert_eq!(problem["merged_into"], json!(ada));
        let there = gone.header("location");
        assert_eq!(there, format!("/api/v1/clients/{ada}").as_str());
    }
    let renamed = salon.patch(&home, &json!({"name": "Ada"})).await;
    refused(&renamed, 410, "merged");
    // Programs that remember the other id still book for the same person.
    let late = book(&day, twin, "2026-11-23T12:00:00Z").await;
    let named = json!({"id": ada, "name": "Ada Lovelace"});
    assert_eq!(
        get(salon, &format!("/bookings/{late}")).await["client"],
        named
    );
    let found = get(salon, &format!("/history?client_id={ada}")).await;
    assert_eq!(found["items"].as_array().unwrap().len(), 3);
    let done = day.step(late, "cancel", json!({})).await;
    assert_eq!(done.json::<Value>()["client"], named);
    let card = get(salon, &format!("/clients/{ada}/card")).await;
    assert_eq!(
        (&card["bookings"], &card["cancellations"]),
        (&json!(3), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_merged_is_told_and_what_is_done_is_done() {
    let (day, twin, _) = twice_known().await;
    let (salon, ada) = (&day.salon, day.ada);
    let oneself = refused(&merge(salon, ada, ada).await, 422, "invalid");
    assert_eq!(oneself["violations"][0]["code"], "themselves");
    let nobody = refused(&merge(salon, ada, Uuid::nil()).await, 404, "not_found");
    assert_eq!(nobody["violations"][0]["field"], "duplicate_id");
    refused(&merge(salon, Uuid::nil(), twin).await, 404, "not_found");

    let key = || header("idempotency-key", "once");
    let body = json!({"duplicate_id": twin});
    let path = format!("/clients/{ada}/merge");
    let (name, value) = key();
    let first = salon.post(&path, &body).add_header(name, value).await;
    let head = salon.head().await;
    let (name, value) = key();
    let again = salon.post(&path, &body).add_header(name, value).await;
    assert_eq!(again.json::<Value>(), first.json::<Value>());
    let anew = merge(salon, ada, twin).await;
    assert_eq!(
        anew.json::<Value>(),
        first.json::<Value>(),
        "it is as it was asked to be"
    );
    assert_eq!(salon.head().await, head, "nothing was written twice");

    let third = id_of(&salon.post("/clients", &json!({"name": "Third"})).await);
    let taken = refused(&merge(salon, third, twin).await, 409, "wrong_state");
    assert_eq!(taken["merged_into"], json!(ada));
    refused(&merge(salon, twin, third).await, 410, "merged");
    merge(salon, third, ada).await.assert_status_ok();
    let gone = salon.get(&format!("/clients/{twin}")).await;
    assert_eq!(refused(&gone, 410, "merged")["merged_into"], json!(third));
    let card = get(salon, &format!("/clients/{third}/card")).await;
    assert_eq!(
        (&card["bookings"], &card["revenue"]),
        (&json!(2), &json!("3.00"))
    );
    let stale = salon
        .post(
            &format!("/clients/{third}/merge"),
            &json!({"duplicate_id": third}),
        )
        .add_header("if-match", "\"1\"")
        .await;
    assert_eq!(stale.status_code(), 412);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_be_one_person_is_listed_until_they_are() {
    let day = Day::begin().await;
    let salon = &day.salon;
    let make = async |body: Value| id_of(&salon.post("/clients", &body).await);
    let same_phone =
        make(json!({"name": "A", "phones": [{"kind": "home", "number": "600100200"}]})).await;
    let born =
        make(json!({"name": "Zoë", "birthday": "2000-01-02", "email": "z@example.org"})).await;
    let again =
        make(json!({"name": "zoe", "birthday": "2000-01-02", "email": "Z@example.org"})).await;
    make(json!({"name": "Zoë", "birthday": "2000-01-03"})).await;

    let list = get(salon, "/clients/duplicates").await;
    let told: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            json!([
                item["by"],
                item["clients"][0]["id"],
                item["clients"][1]["id"]
            ])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!(["email", born, again]),
            json!(["name_and_birthday", born, again]),
            json!(["phone", day.ada, same_phone]),
        ]
    );
    let first = get(salon, "/clients/duplicates?limit=2").await;
    let next = first["next"].as_str().unwrap();
    let rest = get(salon, &format!("/clients/duplicates?limit=2&after={next}")).await;
    assert_eq!(rest["items"], json!([list["items"][2]]));
    assert_eq!(rest["next"], Value::Null);
    merge(salon, born, again).await.assert_status_ok();
    let left = get(salon, "/clients/duplicates").await;
    assert_eq!(left["items"], json!([list["items"][2]]));
}
