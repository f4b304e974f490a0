//! A business with a million bookings, and what it is to look at it.

mod copying;
mod exporting;
mod house;
mod lives;
mod measuring;
mod people;
mod screens;
#[cfg(test)]
mod specs;
mod writing;

use anyhow::Context as _;
use domain::contact::Email;
use gateway::access::{NewBusiness, create_business};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ledger::BusinessId;
use secrecy::SecretString;
use uuid::Uuid;

pub(crate) use self::measuring::{Much, run};
use self::{
    house::{Address, House},
    lives::Lives,
    writing::Written,
};
use crate::scene::Database;

/// What its owner signs in with.
pub(crate) const PASSWORD: &str = "a million bookings";

/// What is to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Bookings of the one business, about.
    pub(crate) bookings: u64,
    /// Other businesses.
    pub(crate) others: usize,
    /// Bookings of each of those, about.
    pub(crate) each: u64,
}

/// A business that was made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) business: Uuid,
    pub(crate) slug: String,
    pub(crate) email: String,
    pub(crate) api_key: String,
    pub(crate) bookings: u64,
    pub(crate) events: u64,
}

/// Makes the one business. Nothing else may work on the database meanwhile.
pub(crate) async fn make(database: &Database, bookings: u64) -> anyhow::Result<Made> {
    let slug = format!("million-{}", &Uuid::now_v7().simple().to_string()[20..]);
    let address = Address::of(&slug)?;
    let email = format!("owner@{slug}.example");
    let opened = create_business(
        &database.app,
        NewBusiness {
            name: address.name.clone(),
            slug: address.slug.clone(),
            time_zone: address.zone.clone(),
            currency: address.currency,
            country: None,
            owner_email: Email::parse(&email)?,
            owner_password: SecretString::from(PASSWORD),
        },
    )
    .await?;
    let business = opened.business_id.uuid();
    // Between 20 and 40 people at the sizes that matter, fewer where that would make a history of a few days.
    let staff = usize::try_from(bookings / 25_000)?.clamp(4, 40);
    let after = database.app.ledger().head(BusinessId(business)).await?.0;
    let (house, set_up) = House::set_up(&address, staff, Uuid::now_v7)?;
    let lives = Lives::begin(house, set_up, bookings, Timestamp::now(), 7)?;
    // It opened when its history begins, not just now.
    for table in ["events", "ledger_head"] {
        sqlx::query(&format!(
            "update {table} set recorded_at = $2 where business_id = $1"
        ))
        .bind(business)
        .bind(lives.began().to_sqlx())
        .execute(&database.owner)
        .await?;
    }
    let told = |events: u64| {
        if events % 200_000 < 20_000 {
            eprintln!("{events} events");
        }
    };
    let written = writing::write(
        &database.owner,
        database.app.vault(),
        BusinessId(business),
        after,
        lives,
        told,
    )
    .await?;
    let Written {
        position, bookings, ..
    } = written;
    Ok(Made {
        business,
        slug,
        email,
        api_key: opened.api_key,
        bookings,
        events: u64::try_from(position)?,
    })
}

/// Makes other businesses, which nobody has a key to.
pub(crate) async fn make_others(
    database: &Database,
    many: usize,
    bookings: u64,
) -> anyhow::Result<u64> {
    let mut events = 0;
    for number in 0..many {
        let business = Uuid::now_v7();
        let address = Address::of(&format!("other-{}", business.simple()))?;
        let mut set_up = address.opened(business)?;
        let (house, of_house) = House::set_up(&address, 3, Uuid::now_v7)?;
        set_up.extend(of_house);
        let seed = u64::try_from(number)?;
        let lives = Lives::begin(house, set_up, bookings, Timestamp::now(), seed)?;
        let vault = database.app.vault();
        let business = BusinessId(business);
        let written = writing::write(&database.owner, vault, business, 0, lives, |_| ()).await?;
        events += u64::try_from(written.position)?;
    }
    Ok(events)
}

/// Tells the planner what is there, as autovacuum would by and by.
pub(crate) async fn analyse(database: &Database) -> anyhow::Result<()> {
    sqlx::query("vacuum analyze")
        .execute(&database.owner)
        .await
        .context("the tables could not be analysed")?;
    Ok(())
}
