//! The ledger itself over HTTP: as it lies there, without a gap, nothing personal open.

use serde_json::{Value, json};

use crate::{
    bookings::refused,
    support::{Salon, header, id_of},
};

#[tokio::test]
async fn the_log_is_the_ledger_as_it_lies_there() {
    let salon = Salon::open().await;
    let ada = json!({"name": "Zofia Kowalska", "phone": "600 100 200", "note": "likes tea"});
    let client = id_of(&salon.post("/clients", &ada).await);
    let whole = salon.get("/log?count=true").await;
    whole.assert_status_ok();
    for secret in ["Zofia", "600100200", "likes tea"] {
        assert!(!whole.text().contains(secret), "{secret}");
    }
    let whole: Value = whole.json();
    let items = whole["items"].as_array().unwrap();
    let head = salon.head().await;
    assert_eq!(
        (&whole["total"], &whole["next"]),
        (&json!(head), &Value::Null)
    );
    let positions: Vec<_> = items
        .iter()
        .map(|e| e["position"].as_i64().unwrap())
        .collect();
    assert_eq!(positions, (1..=head).collect::<Vec<_>>());
    let registered = items.iter().find(|e| e["type"] == "registered").unwrap();
    assert_eq!(
        registered["stream"],
        json!({"kind": "client", "id": client})
    );
    assert_eq!(
        (&registered["version"], &registered["event_version"]),
        (&json!(1), &json!("1.0.0"))
    );
    assert!(
        registered["payload"]["registered"]["name"]["$sealed"].is_object(),
        "{registered}"
    );
    assert_eq!(registered["metadata"]["actor"]["kind"], "api_key");
    assert_eq!(registered["recorded_at"], registered["occurred_at"]);

    let mut read = vec![];
    let mut path = "/log?from_position=2&limit=2".to_owned();
    loop {
        let page: Value = salon.get(&path).await.json();
        read.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/log?from_position=2&limit=2&after={next}");
    }
    assert_eq!(read, items[1..]);
    let beyond: Value = salon
        .get(&format!("/log?from_position={}&count=true", head + 10))
        .await
        .json();
    assert_eq!(beyond, json!({"items": [], "next": null, "total": 0}));
    for bad in ["from_position=0", "limit=501", "after=x", "to=7"] {
        refused(&salon.get(&format!("/log?{bad}")).await, 422, "invalid");
    }
    // Of an old position nothing has to be waited for.
    let (name, value) = header("daybook-min-position", "1");
    salon
        .get("/log")
        .add_header(name, value)
        .await
        .assert_status_ok();
}
