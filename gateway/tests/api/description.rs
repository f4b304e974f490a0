//! The description of the API: a golden file, so that a change of the contract shows in the diff.

use std::{fs, path::Path};

use gateway::problem::Code;
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
            let open = operation["security"].as_array().is_some_and(Vec::is_empty);
            if path.starts_with("/api/v1/") && !open {
                assert!(operation["responses"]["401"].is_object(), "{at} has no 401");
            }
            let json = &operation["requestBody"]["content"]["application/json"];
            assert!(
                json.is_null() || !json["example"].is_null(),
                "{at} has no example: give `{id}` one in gateway/src/openapi/examples.json"
            );
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
async fn every_list_is_cut_into_pages_alike() {
    let salon = Salon::open().await;
    let told: Value = salon.server.get("/api/v1/openapi.json").await.json();
    let schemas = &told["components"]["schemas"];
    let mut lists = 0;
    for (path, item) in told["paths"].as_object().unwrap() {
        let content = &item["get"]["responses"]["200"]["content"]["application/json"];
        let name = content["schema"]["$ref"].as_str().unwrap_or_default();
        let name = name.rsplit('/').next().unwrap();
        if !schemas[name]["properties"]["items"].is_object() {
            continue;
        }
        lists += 1;
        let taken: Vec<_> = item["get"]["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .collect();
        for wanted in ["limit", "after", "count"] {
            let takes = taken.iter().any(|taken| taken["name"] == wanted);
            assert!(takes, "GET {path} takes no {wanted}");
        }
    }
    assert!(lists > 20, "{lists}");
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

#[tokio::test]
async fn every_problem_is_listed_with_what_to_do() {
    let salon = Salon::open().await;
    let told: Value = salon.server.get("/api/v1/openapi.json").await.json();
    let listed = told["info"]["x-problems"].as_array().unwrap();
    assert_eq!(listed.len(), Code::ALL.len());
    for (problem, code) in listed.iter().zip(&Code::ALL) {
        assert_eq!(problem["code"], code.as_str());
        for part in ["title", "when", "what_to_do"] {
            assert!(problem[part].as_str().is_some_and(|text| text.len() > 10));
        }
        if *code == Code::MethodNotAllowed {
            continue;
        }
        // Each with an example among the answers of its status.
        let status = code.status().as_u16();
        let response = &told["components"]["responses"][format!("Problem{status}")];
        let content = &response["content"]["application/problem+json"];
        let example = &content["examples"][code.as_str()]["value"];
        assert_eq!(example["code"], code.as_str());
        assert_eq!(
            example["type"],
            format!("/api/docs#problem-{}", code.as_str())
        );
    }
    // The page makes a place for each of them, named as `type` says.
    let page = salon.server.get("/api/docs").await.text();
    assert!(page.contains(r#"id: "problem-" + told.code"#));
}
