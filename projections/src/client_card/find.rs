//! What is asked of cards.

use domain::{booking::Booking, client::Client, id::Id, service::Service};
use sqlx::{PgPool, types::Json};
use uuid::Uuid;

use super::{Book, Facts};
use crate::Scope;

/// What these clients (one, and those merged into them) booked, by its start. Sales stand in their own streams.
///
/// # Errors
/// When the database does not answer.
pub async fn of_clients(
    db: &PgPool,
    scope: &Scope,
    clients: &[Id<Client>],
) -> Result<Book, sqlx::Error> {
    let rows: Vec<(Uuid, Json<Facts>)> = sqlx::query_as(
        "select booking_id, facts from client_card_booking
          where business_id = $1 and client_id = any($2) and ($3::uuid is null or staff_id = $3)
          order by starts, booking_id",
    )
    .bind(scope.business().0)
    .bind(uuids(clients))
    .bind(scope.staff().map(Id::uuid))
    .fetch_all(db)
    .await?;
    let rows = rows.into_iter();
    Ok(Book {
        bookings: rows.map(|(id, facts)| (Id::new(id), facts.0)).collect(),
        sales: vec![],
    })
}

/// Every booking that was ever made for these clients, whoever's it is now: whose streams are to be folded to see their
/// card as it was.
///
/// # Errors
/// When the database does not answer.
pub async fn bookings_ever(
    db: &PgPool,
    scope: &Scope,
    clients: &[Id<Client>],
) -> Result<Vec<Id<Booking>>, sqlx::Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select booking_id from client_card_booking
          where business_id = $1 and client_id = any($2)
          order by booking_id",
    )
    .bind(scope.business().0)
    .bind(uuids(clients))
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(Id::new).collect())
}

/// What clients like this one take: of those who lately had `had`, so many took `took`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recommendation {
    /// What this client had, as those others did.
    pub had: Id<Service>,
    /// What this client never had.
    pub took: Id<Service>,
    /// How many others are looked at.
    pub others: i64,
    /// How many of them took it.
    pub takers: i64,
}

/// What these clients may like next, the likeliest first. Looked at are the three services that they had most, and the
/// others who had one of those in its last 400 served bookings; two at least must have taken what is recommended.
///
/// # Errors
/// When the database does not answer.
pub async fn recommended(
    db: &PgPool,
    scope: &Scope,
    clients: &[Id<Client>],
) -> Result<Vec<Recommendation>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, i64, i64)> = sqlx::query_as(include_str!("recommended.sql"))
        .bind(scope.business().0)
        .bind(uuids(clients))
        .bind(scope.staff().map(Id::uuid))
        .fetch_all(db)
        .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(had, took, others, takers)| Recommendation {
            had: Id::new(had),
            took: Id::new(took),
            others,
            takers,
        })
        .collect())
}

fn uuids(clients: &[Id<Client>]) -> Vec<Uuid> {
    clients.iter().map(|id| id.uuid()).collect()
}
