//! Reports as an owner would check them by hand, and against a naive reading of the raw events.

mod as_told;
mod by_hand;
mod messages;
mod naive;
mod summary;
mod time;

use domain::{booking::BookingCommand, money::Currency, time::Zone};
use jiff::civil::{Date, date};
use sqlx::PgPool;

use super::{Asked, Filter, READ_MODEL};
use crate::{
    GroupBy, Period, Scope,
    story::{Story, at, id, placement, take_in},
};

fn zone() -> Zone {
    Zone::named("Europe/Warsaw").unwrap()
}

fn period(first: Date, last: Date) -> Period {
    Period::new(&zone(), first, last).unwrap()
}

/// What is asked of some dates of a business in Warsaw, on the twentieth of May 2026.
fn asked(scope: Scope, first: Date, last: Date) -> Asked {
    Asked {
        scope,
        filter: Filter::default(),
        whole: period(first, last),
        by: None,
        groups: vec![],
        zone: zone(),
        now: at("2026-05-20T10:00:00Z"),
        currency: Currency::EUR,
    }
}

fn of_may(story: &Story) -> Asked {
    asked(story.scope(), date(2026, 5, 1), date(2026, 5, 31))
}

impl Asked {
    fn by(mut self, by: GroupBy) -> Self {
        self.by = Some(by);
        self.groups = self.whole.by(&self.zone, by);
        self
    }

    fn of(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }
}

/// The n-th booking, for a client, at a start.
fn book(story: &mut Story, n: u128, client: Option<u128>, start: &str) {
    let mut placement = placement(start);
    placement.client_id = client.map(id);
    story.booking(id(n), BookingCommand::Place(Box::new(placement)));
}

/// A database of one's own, in which the read model has taken a story in.
async fn told(story: &mut Story) -> (testbed::Database, PgPool) {
    let database = testbed::database().await;
    let db = database.service_pool().await;
    take_in(&db, &READ_MODEL, &story.take()).await;
    (database, db)
}
