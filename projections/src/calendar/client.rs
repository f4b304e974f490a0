//! What clients are called.

use std::collections::BTreeMap;

use domain::{client::ClientEvent, event::AnyEvent, sealed::Sealed, text::PersonName};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Projected, folding::fold};

pub(super) async fn apply(db: &mut PgConnection, batch: &[Projected]) -> Result<(), sqlx::Error> {
    let mut names: BTreeMap<(Uuid, Uuid), Option<&PersonName>> = BTreeMap::new();
    for projected in batch {
        let AnyEvent::Client(id, event) = &projected.event else {
            continue;
        };
        if let Some(name) = told_name(event) {
            names.insert((projected.business.0, id.uuid()), name.value());
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    let (mut businesses, mut ids, mut plain, mut folded) = (vec![], vec![], vec![], vec![]);
    for ((business, id), name) in names {
        businesses.push(business);
        ids.push(id);
        plain.push(name.map(|name| name.as_str().to_owned()));
        folded.push(name.map(|name| fold(name.as_str())));
    }
    sqlx::query(
        "insert into calendar_client (business_id, client_id, name, folded)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
         on conflict (business_id, client_id) do update set name = excluded.name, folded = excluded.folded",
    )
    .bind(businesses)
    .bind(ids)
    .bind(plain)
    .bind(folded)
    .execute(db)
    .await?;
    Ok(())
}

/// The name that an event tells, if it tells one.
fn told_name(event: &ClientEvent) -> Option<&Sealed<PersonName>> {
    match event {
        ClientEvent::Registered(card) => Some(&card.name),
        ClientEvent::ContactChanged(changed) => changed.name.as_ref().map(|change| &change.to),
        ClientEvent::PreferencesChanged { .. }
        | ClientEvent::Tagged { .. }
        | ClientEvent::Untagged { .. }
        | ClientEvent::Noted(_)
        | ClientEvent::ConsentGiven { .. }
        | ClientEvent::ConsentWithdrawn { .. }
        | ClientEvent::Blocked { .. }
        | ClientEvent::Unblocked {}
        | ClientEvent::SoldWithoutBooking(_)
        | ClientEvent::Retracted {}
        | ClientEvent::TookIn(_)
        | ClientEvent::Merged { .. } => None,
    }
}
