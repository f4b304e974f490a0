//! A house's history into the ledger, past the append: the rows that it would have written, by COPY.
//!
//! Two kinds of rows are left out. Command keys are kept for thirty days and answer nobody but who asks again, and the
//! names of phones are claimed by visitors alone, who find them in the read models as well.

use anyhow::Context as _;
use domain::{
    booking::{BookingEvent, Claim},
    event::AnyEvent,
};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ledger::{BusinessId, Command, EventId};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use tokio::{sync::mpsc, task::JoinHandle};
use uuid::Uuid;
use vault::{PersonKeys, Vault};

use super::{
    copying::Rows,
    lives::{Claimed, Fact, Lives},
};

/// Where a ledger ends, and what it took to get there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Written {
    /// The last position.
    pub(super) position: i64,
    /// The last position at which the catalogue moved.
    pub(super) catalogue: i64,
    pub(super) bookings: u64,
}

/// Writes all that happened after this position. `owner` may write past the append; nobody else writes to the ledger
/// meanwhile.
pub(super) async fn write(
    owner: &PgPool,
    vault: &Vault,
    business: BusinessId,
    after: i64,
    lives: Lives,
    progress: impl Fn(u64),
) -> anyhow::Result<Written> {
    let (facts, mut told) = mpsc::channel::<Vec<Fact>>(2);
    // Made up on a processor of its own, while the last batch is written.
    let living: JoinHandle<anyhow::Result<Lives>> = tokio::task::spawn_blocking(move || {
        let mut lives = lives;
        loop {
            let batch = lives.next()?;
            if batch.is_empty() || facts.blocking_send(batch).is_err() {
                return Ok(lives);
            }
        }
    });
    let mut written = Written {
        position: after,
        ..Written::default()
    };
    let mut copying: Option<JoinHandle<anyhow::Result<()>>> = None;
    while let Some(facts) = told.recv().await {
        let batch = Batch::of(vault, business, &mut written, facts).await?;
        // Keys first: what follows is sealed under them.
        batch.store_keys(owner, business).await?;
        if let Some(copying) = copying.take() {
            copying.await??;
        }
        progress(u64::try_from(written.position)?);
        let owner = owner.clone();
        copying = Some(tokio::spawn(
            async move { batch.copy(&owner, business).await },
        ));
    }
    if let Some(copying) = copying {
        copying.await??;
    }
    let lives = living.await??;
    written.bookings = lives.bookings;
    store_claims(owner, business, &lives.claimed).await?;
    Ok(written)
}

/// Rows of some facts.
struct Batch {
    events: Vec<u8>,
    names: Vec<u8>,
    keys: PersonKeys,
    head: Written,
    until: Timestamp,
}

impl Batch {
    async fn of(
        vault: &Vault,
        business: BusinessId,
        written: &mut Written,
        facts: Vec<Fact>,
    ) -> anyhow::Result<Self> {
        let mut payloads: Vec<(Uuid, Value)> = Vec::with_capacity(facts.len());
        for fact in &facts {
            payloads.push((fact.event_id, fact.event.payload()?));
        }
        let keys = vault.seal(business.0, &mut payloads).await?;
        let (mut events, mut names) = (Rows::of(11), Rows::of(4));
        let until = facts.last().context("a batch of nothing")?.at;
        for (fact, (_, payload)) in facts.into_iter().zip(payloads) {
            written.position += 1;
            if fact.event.moves_catalogue() {
                written.catalogue = written.position;
            }
            if let AnyEvent::Booking(id, BookingEvent::Placed(placement)) = &fact.event {
                let names = names.row().uuid(business.0).text("reference");
                names.text(placement.reference.as_str()).uuid(id.uuid());
            }
            let stream = fact.event.stream();
            let (kind, name) = (fact.event.kind(), fact.event.event_type());
            let metadata = Command {
                id: fact.command_id,
                caller: String::new(),
                key: String::new(),
                fingerprint: [0; 32],
                actor: fact.by,
                source: fact.source.to_owned(),
                correlation_id: fact.command_id,
                causation_id: None,
                reverts: None,
                answer: Value::Null,
            }
            .metadata(business, EventId(fact.event_id));
            events
                .row()
                .text(kind)
                .text(&stream.to_string())
                .number(fact.version)
                .text(name)
                .text(domain::event::VERSION)
                .text(&payload.to_string())
                .text(&serde_json::to_string(&metadata)?)
                .uuid(business.0)
                .number(written.position)
                .uuid(fact.event_id)
                .instant(fact.at);
        }
        Ok(Self {
            events: events.finish(),
            names: names.finish(),
            keys,
            head: *written,
            until,
        })
    }

    async fn store_keys(&self, owner: &PgPool, business: BusinessId) -> anyhow::Result<()> {
        let mut keys = Rows::of(4);
        for (key, wrapped) in &self.keys.made {
            let row = keys.row().uuid(business.0).uuid(*key);
            row.bytes(wrapped).instant(self.until);
        }
        let into = "person_key (business_id, key_id, wrapped, made_at)";
        copy(&mut *owner.acquire().await?, into, keys.finish()).await
    }

    async fn copy(self, owner: &PgPool, business: BusinessId) -> anyhow::Result<()> {
        let mut transaction = owner.begin().await?;
        sqlx::query(
            "insert into ledger_head (business_id, position, catalogue, recorded_at) values ($1, $2, $3, $4)
                 on conflict (business_id) do update
                set position = excluded.position, recorded_at = excluded.recorded_at,
                    catalogue = greatest(ledger_head.catalogue, excluded.catalogue)",
        )
        .bind(business.0)
        .bind(self.head.position)
        .bind(self.head.catalogue)
        .bind(self.until.to_sqlx())
        .execute(&mut *transaction)
        .await?;
        let columns = "events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                               business_id, position, event_id, recorded_at)";
        copy(&mut transaction, columns, self.events).await?;
        let columns = "claimed_name (business_id, kind, name, owner_id)";
        copy(&mut transaction, columns, self.names).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn copy(db: &mut PgConnection, into: &str, rows: Vec<u8>) -> anyhow::Result<()> {
    let statement = format!("copy {into} from stdin (format binary)");
    let mut copy = db.copy_in_raw(&statement).await?;
    copy.send(rows).await?;
    copy.finish().await?;
    Ok(())
}

/// What is still taken. Nothing meets in time here, so that each claim has the first seat.
async fn store_claims(
    owner: &PgPool,
    business: BusinessId,
    claimed: &[Claimed],
) -> anyhow::Result<()> {
    let all = || {
        claimed.iter().flat_map(|of| {
            (0_i16..)
                .zip(&of.claims)
                .map(move |(place, claim)| (of.booking, place, claim))
        })
    };
    let owners: Vec<Uuid> = all().map(|(owner, ..)| owner).collect();
    let ordinals: Vec<i16> = all().map(|(_, place, _)| place).collect();
    let resources: Vec<Uuid> = all().map(|(.., claim)| claim.resource.uuid()).collect();
    let edge = |of: fn(&Claim) -> Timestamp| -> Vec<_> {
        all().map(|(.., claim)| of(claim).to_sqlx()).collect()
    };
    sqlx::query(
        "insert into claimed_resource (business_id, resource_id, number)
         select $1, r.id, row_number() over (order by r.id) from (select distinct unnest($2::uuid[]) as id) r
             on conflict do nothing",
    )
    .bind(business.0)
    .bind(&resources)
    .execute(owner)
    .await?;
    sqlx::query(
        "insert into claim (business_id, owner_id, ordinal, resource, seat, during, body)
         select $1, c.owner, c.ordinal, r.number, 0, tstzrange(c.starts, c.ends), tstzrange(c.body_from, c.body_to)
           from unnest($2::uuid[], $3::smallint[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
                       $8::timestamptz[]) as c (owner, ordinal, resource, starts, ends, body_from, body_to)
           join claimed_resource r on r.business_id = $1 and r.resource_id = c.resource",
    )
    .bind(business.0)
    .bind(owners)
    .bind(ordinals)
    .bind(resources)
    .bind(edge(|claim| claim.during.start()))
    .bind(edge(|claim| claim.during.end()))
    .bind(edge(|claim| claim.body.start()))
    .bind(edge(|claim| claim.body.end()))
    .execute(owner)
    .await?;
    Ok(())
}
