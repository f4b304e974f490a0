//! What the door itself costs: a read with its caller known, and passwords checked beside bookings.

use std::time::{Duration, Instant};

use anyhow::ensure;
use futures::future::try_join_all;
use hyper::{Method, StatusCode};
use projections::{BusinessId, Scope, clients};
use serde_json::json;
use uuid::Uuid;

use crate::{
    line::{Line, Shot, Took},
    scene::{Database, House},
};

/// How many sign in at once.
pub(crate) const SIGN_INS: usize = 50;

/// One client of a business, by the query that `GET /clients` makes, and nothing else.
pub(crate) async fn bare_reads(
    database: &Database,
    house: &House,
    length: Duration,
) -> anyhow::Result<Took> {
    let scope = Scope::whole(BusinessId(house.id));
    let page = clients::Page {
        after: None,
        limit: 1,
        count: false,
    };
    let (begun, mut each) = (Instant::now(), Vec::new());
    while begun.elapsed() < length {
        let asked = Instant::now();
        let found = clients::find(&database.owner, &scope, None, page).await?;
        each.push(asked.elapsed());
        ensure!(found.items.len() == 1, "a house without a client");
    }
    Ok(Took {
        whole: begun.elapsed(),
        each,
    })
}

/// So many sign in at once, each as nobody: that takes as long as for somebody. Their tries were never counted before.
pub(crate) async fn sign_ins(database: &Database, address: &str) -> anyhow::Result<()> {
    sqlx::query("delete from sign_in_try")
        .execute(&database.owner)
        .await?;
    let pouring = (0..SIGN_INS).map(|_| async {
        let email = format!("{}@example.com", Uuid::now_v7());
        let shot = Shot {
            method: Method::POST,
            path: "/api/v1/sign-in".to_owned(),
            key: String::new(),
            body: json!({"email": email, "password": "a wrong one"}).to_string(),
            wanted: StatusCode::UNAUTHORIZED,
        };
        let (status, _) = Line::open(address).await?.answer(shot).await?;
        // Whom the queue has no place for is sent away.
        let fair = [StatusCode::UNAUTHORIZED, StatusCode::SERVICE_UNAVAILABLE];
        ensure!(fair.contains(&status), "a sign-in was answered {status}");
        anyhow::Ok(())
    });
    try_join_all(pouring).await.map(drop)
}
