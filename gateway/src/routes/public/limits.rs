//! How many bookings a client may make online, as the booking policy says.
//!
//! Each booking made online takes one of so many places, and a place is a name in the ledger: two requests at once
//! cannot have the same one, so a limit is never passed. A place whose booking is called off, over, or on another
//! date is anybody's again; nothing has to give it back.

use domain::{
    booking::{Booking, Held, Status},
    business::Policy,
    client::Client,
    id::Id,
    time::Zone,
};
use jiff::{Timestamp, civil::Date};
use ledger::{BusinessId, NameClaim};
use uuid::Uuid;

use crate::{
    app::App,
    command::Decision,
    problem::{Code, Problem},
};

const AHEAD: &str = "booked ahead";
const A_DAY: &str = "booked a day";

/// What is to take its places.
pub(super) struct Taking {
    /// For whom.
    pub(super) client: Id<Client>,
    /// The booking; of a visit, its first.
    pub(super) booking: Uuid,
    /// When it begins, or is to begin.
    pub(super) start: Timestamp,
}

/// 409, the same for everybody whom the house does not let book online, whatever its reason.
pub(super) fn not_online() -> Problem {
    Problem::new(Code::NotOnline)
}

impl App {
    /// Takes the places that a booking needs.
    ///
    /// # Errors
    /// When there is none left.
    pub(super) async fn take_places(
        &self,
        business: BusinessId,
        decision: &mut Decision,
        taking: &Taking,
        policy: &Policy,
        zone: &Zone,
    ) -> Result<(), Problem> {
        let (client, now) = (taking.client, self.now());
        let date = zone.date_of(taking.start);
        if let Some(most) = policy.most_ahead_per_client {
            let names = places(&client.to_string(), most);
            let is_used = |held: &Held| is_ahead(held, client, now);
            self.take_place(business, decision, AHEAD, names, taking.booking, is_used)
                .await?;
        }
        if let Some(most) = policy.most_a_day_per_client {
            let names = places(&format!("{client} {date}"), most);
            let is_used = |held: &Held| is_on(held, client, date, zone);
            self.take_place(business, decision, A_DAY, names, taking.booking, is_used)
                .await?;
        }
        Ok(())
    }

    async fn take_place(
        &self,
        business: BusinessId,
        decision: &mut Decision,
        kind: &'static str,
        names: Vec<String>,
        booking: Uuid,
        is_used: impl Fn(&Held) -> bool,
    ) -> Result<(), Problem> {
        let owners = self.ledger().name_owners(business, kind, &names).await?;
        // Who has a place keeps it.
        if owners.iter().any(|(_, owner)| *owner == booking) {
            return Ok(());
        }
        for name in names {
            let owner = owners.iter().find(|(taken, _)| *taken == name);
            let claim = |owner| NameClaim {
                kind,
                name: name.clone(),
                owner,
            };
            if let Some((_, owner)) = owner {
                let loaded = self.ledger().load::<Booking>(business, *owner).await?;
                if loaded.state.held().is_ok_and(&is_used) {
                    continue;
                }
                decision.released_names.push(claim(*owner));
            }
            decision.names.push(claim(booking));
            return Ok(());
        }
        Err(not_online())
    }
}

fn places(of: &str, most: u16) -> Vec<String> {
    (0..most).map(|number| format!("{of} {number}")).collect()
}

fn is_ahead(held: &Held, client: Id<Client>, now: Timestamp) -> bool {
    held.client_id == Some(client)
        && held.status.is_open()
        && !held.deleted
        && now < held.plan.start
}

fn is_on(held: &Held, client: Id<Client>, date: Date, zone: &Zone) -> bool {
    held.client_id == Some(client)
        && held.status != Status::Cancelled
        && !held.deleted
        && zone.date_of(held.plan.start) == date
}
