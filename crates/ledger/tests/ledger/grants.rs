//! Append-only is a grant.

use sqlx::Executor as _;

use crate::trade::{a_business, append, count, id};

#[tokio::test]
async fn the_service_can_add_events_and_do_nothing_else_to_them() {
    let db = testbed::database().await;
    let service = db.service_pool().await;
    let ledger = ledger::Ledger::new(service.clone(), vec![]);
    append(&ledger, count(a_business(), id(), 0)).await;

    for forbidden in [
        "update events set payload = '{}'",
        "update events set position = position + 1",
        "delete from events",
        "truncate events",
        "drop table events",
        "alter table events disable trigger all",
        "alter table events drop constraint events_position",
        "create rule forget as on insert to events do instead nothing",
        "delete from person_key",
        "update claimed_resource set number = 0",
        "update command_key set answer = '{}'",
    ] {
        let error = service.execute(forbidden).await.unwrap_err();
        let code = error.as_database_error().and_then(|error| error.code());
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
    }
    let events: i64 = sqlx::query_scalar("select count(*) from events where position = 1")
        .fetch_one(&service)
        .await
        .unwrap();
    assert_eq!(events, 1);
}

#[tokio::test]
async fn the_services_connections_have_its_role_and_idle_transactions_end() {
    let db = testbed::database().await;
    let pool = sqlx::postgres::PgPoolOptions::new()
        .connect_with(ledger::connect_options(db.owner_options()))
        .await
        .unwrap();
    let (role, idle): (String, String) = sqlx::query_as(
        "select current_user::text, current_setting('idle_in_transaction_session_timeout')",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(
        (role.as_str(), idle.as_str()),
        (testbed::SERVICE_ROLE, "10s")
    );
}
