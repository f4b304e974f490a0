//! Who came back.

use std::collections::HashSet;

use domain::booking::Status;
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    asked::{Asked, Told, rate},
    pieces::{Pieces, booked, clients, first_booked, first_came},
};

/// Who booked in a period and who came, and who of them had before.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Returning {
    /// Clients with at least one booking that starts in the period, whatever became of it.
    pub clients: i64,
    /// Those of them whose first booking of all starts in the period.
    pub new_clients: i64,
    /// Those of them who had a booking, with anybody, that starts before the period.
    pub returning_clients: i64,
    /// The returning ones by all of them. 0 to 1.
    pub returning_rate: f64,
    /// Clients who came: with at least one completed booking in the period.
    pub visitors: i64,
    /// Those of them who had come before: with a completed booking, with anybody, that starts before the period.
    pub returning_visitors: i64,
    /// The returning ones by all of them. 0 to 1.
    pub visitor_return_rate: f64,
}

/// Who came back, in the whole period and in its groups. Somebody who comes in two groups is one of the whole.
///
/// # Errors
/// When the database does not answer.
pub async fn find(db: &PgPool, asked: &Asked) -> Result<Told<Returning>, sqlx::Error> {
    let periods = asked.whole_and_groups();
    let pieces = Pieces::of(&periods);
    let (booked, new, newly_came) = tokio::try_join!(
        booked(db, asked, &pieces),
        first_booked(db, asked, asked.whole),
        first_came(db, asked, asked.whole)
    )?;
    let each = periods.iter().zip(booked.periods());
    let told = each.map(|(period, booked)| {
        let booked = || booked.iter().flatten();
        let booking = clients(booked());
        let visiting = clients(booked().filter(|stood| stood.status == Status::Completed));
        // Who had none before has the first of all here.
        Returning::of(
            (&booking, new.among(&booking, *period)),
            (&visiting, newly_came.among(&visiting, *period)),
        )
    });
    Told::of_whole_and_groups(told.collect())
}

impl Returning {
    fn of(
        (clients, new_clients): (&HashSet<Uuid>, i64),
        (visitors, new_visitors): (&HashSet<Uuid>, i64),
    ) -> Self {
        let count = |who: &HashSet<Uuid>| i64::try_from(who.len()).unwrap_or(i64::MAX);
        let (clients, visitors) = (count(clients), count(visitors));
        let returning_clients = clients - new_clients;
        let returning_visitors = visitors - new_visitors;
        Self {
            clients,
            new_clients,
            returning_clients,
            returning_rate: rate(returning_clients, clients),
            visitors,
            returning_visitors,
            visitor_return_rate: rate(returning_visitors, visitors),
        }
    }
}
