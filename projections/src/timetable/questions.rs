//! What is asked of the timetable.

use jiff::civil::DateTime;
use jiff_sqlx::ToSqlx;
use sqlx::PgPool;

use super::rows::{Away, BusinessRow, DeskRow, ServiceRow, StaffRow};
use crate::Scope;

/// The house, with its opening hours; none until it is opened.
///
/// # Errors
/// When the database does not answer.
pub async fn business(db: &PgPool, scope: &Scope) -> Result<Option<BusinessRow>, sqlx::Error> {
    sqlx::query_as("select * from timetable_business where business_id = $1")
        .bind(scope.business().0)
        .fetch_optional(db)
        .await
}

/// All services by name, withdrawn ones too.
///
/// # Errors
/// When the database does not answer.
pub async fn services(db: &PgPool, scope: &Scope) -> Result<Vec<ServiceRow>, sqlx::Error> {
    sqlx::query_as(
        "select * from timetable_service where business_id = $1 order by name, service_id",
    )
    .bind(scope.business().0)
    .fetch_all(db)
    .await
}

/// All staff members by name, with their hours, those who left too.
///
/// # Errors
/// When the database does not answer.
pub async fn staff(db: &PgPool, scope: &Scope) -> Result<Vec<StaffRow>, sqlx::Error> {
    sqlx::query_as("select * from timetable_staff where business_id = $1 order by name, staff_id")
        .bind(scope.business().0)
        .fetch_all(db)
        .await
}

/// All desks by name, with their hours, retired ones too.
///
/// # Errors
/// When the database does not answer.
pub async fn desks(db: &PgPool, scope: &Scope) -> Result<Vec<DeskRow>, sqlx::Error> {
    sqlx::query_as(
        "select * from timetable_desk where business_id = $1 order by name, number, desk_id",
    )
    .bind(scope.business().0)
    .fetch_all(db)
    .await
}

/// Absences, holidays and closures with a part in the wall-clock readings `[from, to)`, by their start.
///
/// # Errors
/// When the database does not answer.
pub async fn away_between(
    db: &PgPool,
    scope: &Scope,
    from: DateTime,
    to: DateTime,
) -> Result<Vec<Away>, sqlx::Error> {
    sqlx::query_as(
        "select * from timetable_away
          where business_id = $1 and from_local < $3 and to_local > $2
          order by from_local, away_id",
    )
    .bind(scope.business().0)
    .bind(from.to_sqlx())
    .bind(to.to_sqlx())
    .fetch_all(db)
    .await
}
