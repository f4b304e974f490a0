//! The ledger: heads that agree with their events, and the constraint that no double booking passes.

use sqlx::PgConnection;

use super::checkup::Checkup;

/// So many claims past keeping, and nobody sweeps.
const UNSWEPT: i64 = 100_000;

pub(super) async fn look(db: &mut PgConnection, checkup: &mut Checkup) -> anyhow::Result<()> {
    heads(db, checkup).await?;
    claims(db, checkup).await
}

/// The last number given out is that of the last event. (That none is missing before it is `daybook verify`'s.)
async fn heads(db: &mut PgConnection, checkup: &mut Checkup) -> anyhow::Result<()> {
    let (businesses, events, wrong): (i64, i64, i64) = sqlx::query_as(
        "select count(*), coalesce(sum(h.position), 0)::bigint,
                count(*) filter (where h.position <> coalesce(e.position, 0))
         from ledger_head h
         left join lateral (
             select position from events where business_id = h.business_id order by position desc limit 1
         ) e on true",
    )
    .fetch_one(db)
    .await?;
    let found = format!("{events} events of {businesses} businesses");
    if wrong == 0 {
        checkup.ok("ledger", found);
    } else {
        checkup.fail(
            "ledger",
            format!("{found}; in {wrong} the last event is not the last one recorded"),
            "events were removed or added past the ledger: restore from a backup, and find out who",
        );
    }
    Ok(())
}

async fn claims(db: &mut PgConnection, checkup: &mut Checkup) -> anyhow::Result<()> {
    let (in_force, claims, unswept): (bool, i64, i64) = sqlx::query_as(
        "select exists (select from pg_constraint c join pg_index i on i.indexrelid = c.conindid
                        where c.conname = 'claim_seat_free' and c.conrelid = 'claim'::regclass
                          and c.contype = 'x' and i.indisvalid and i.indisready),
                count(*),
                count(*) filter (where upper(during) < now() - interval '37 days')
         from claim",
    )
    .fetch_one(db)
    .await?;
    let found = format!("{claims} claims stand");
    if !in_force {
        checkup.fail(
            "claims",
            "the constraint claim_seat_free is gone or not valid: time could be taken twice",
            "stop the service and restore the schema; find out who dropped it",
        );
    } else if unswept > UNSWEPT {
        checkup.warn(
            "claims",
            format!("{found}, {unswept} of them long over"),
            "see the log for why they are not swept: `daybook serve` does it once a day",
        );
    } else {
        checkup.ok("claims", found);
    }
    Ok(())
}
