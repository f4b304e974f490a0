//! Databases for tests: fresh, migrated, one for each.

use sqlx::Connection;

#[tokio::test]
async fn two_tests_get_different_databases() {
    let (one, other) = tokio::join!(testbed::database(), testbed::database());
    assert_ne!(one.name(), other.name());
    let (one_db, other_db) = (one.owner_pool().await, other.owner_pool().await);
    sqlx::raw_sql("create table only_here (id int)")
        .execute(&one_db)
        .await
        .unwrap();
    let there: bool = sqlx::query_scalar("select to_regclass('only_here') is not null")
        .fetch_one(&other_db)
        .await
        .unwrap();
    assert!(!there);
}

#[tokio::test]
async fn the_addresses_lead_to_the_database() {
    let database = testbed::database().await;
    for url in [&database.owner_url, &database.service_url] {
        let mut db = sqlx::PgConnection::connect(url).await.unwrap();
        let name: String = sqlx::query_scalar("select current_database()")
            .fetch_one(&mut db)
            .await
            .unwrap();
        assert_eq!(name, database.name());
    }
}

#[tokio::test]
async fn the_service_works_under_its_own_role() {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    let (role, made): (String, bool) = sqlx::query_as(
        "select current_user::text, exists (select from pg_roles where rolname = $1)",
    )
    .bind(testbed::SERVICE_ROLE)
    .fetch_one(&db)
    .await
    .unwrap();
    // Until a migration makes the role, the service's address is the owner's.
    assert_eq!(role == testbed::SERVICE_ROLE, made);
}

#[tokio::test]
async fn a_database_is_gone_when_its_test_is_over() {
    let witness = testbed::database().await;
    let gone = testbed::database().await;
    let name = gone.name().to_owned();
    // An open pool does not stand in the way.
    let _pool = gone.owner_pool().await;
    drop(gone);
    let there: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(&name)
            .fetch_one(&witness.owner_pool().await)
            .await
            .unwrap();
    assert!(!there);
}

#[tokio::test]
async fn every_migration_is_applied() {
    let database = testbed::database().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ops/migrations");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let files = files
        .filter(|name| name.to_string_lossy().ends_with(".sql"))
        .count();
    let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations where success")
        .fetch_one(&database.owner_pool().await)
        .await
        .unwrap();
    assert_eq!(usize::try_from(applied).unwrap(), files);
}
