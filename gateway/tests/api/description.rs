//! The description of the API: a golden file, so that a change of the contract shows in the diff.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::Salon;

#[tokio::test]
async fn the_description_is_the_one_that_was_agreed() {
    let salon = Salon::open().await;
    let told = salon.server.get("/api/v1/openapi.json").await;
    told.assert_status_ok();
    let told = told.text() + "\n";
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &told).unwrap();
    }
    let agreed = fs::read_to_string(&golden).unwrap();
    let first = told
        .lines()
        .zip(agreed.lines())
        .position(|(now, then)| now != then);
    assert!(
        told == agreed,
        "gateway/openapi.json differs from line {}: look at it, then run `UPDATE_GOLDEN=1 cargo test -p gateway description`",
        first.map_or(0, |line| line + 1)
    );
}

#[tokio::test]
async fn every_operation_is_described_whole() {
    let salon = Salon::open().await;
    let told: Value = salon.server.get("/api/v1/openapi.json").await.json();
    assert_eq!(told["openapi"], "3.1.0");
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in told["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{at} has no summary");
            assert!(operation["tags"][0].is_string(), "{at} has no tag");
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{at}: {id} names two operations");
            let open = operation["x-daybook-rights"]["needs"] == "nothing";
            if path.starts_with("/api/v1/") && !open {
                assert!(operation["security"].is_array(), "{at} is open");
                assert!(operation["responses"]["401"].is_object(), "{at} has no 401");
            }
        }
    }
    // Of the schemas among themselves too: a generator of clients stops at the first that is missing.
    for name in told.to_string().split("#/components/schemas/").skip(1) {
        let name = name.split('"').next().unwrap();
        let schema = &told["components"]["schemas"][name];
        assert!(schema.is_object(), "{name} is referred to and not there");
    }
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let salon = Salon::open().await;
    let page = salon.server.get("/api/docs").await;
    page.assert_status_ok();
    let html = page.text();
    for outside in ["http://", "https://", "//cdn", "@import"] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("/api/v1/openapi.json"));
}
