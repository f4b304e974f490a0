//! Time that is taken, and by whom.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

use crate::{BusinessId, Ledger, ReadError};

/// The instants from `start` up to, not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first instant.
    pub start: Timestamp,
    /// The first instant after; none: without end.
    pub end: Option<Timestamp>,
}

impl Span {
    /// From `start` up to `end`.
    pub fn new(start: Timestamp, end: Timestamp) -> Self {
        Self {
            start,
            end: Some(end),
        }
    }

    /// From `start` on, without end.
    pub fn from(start: Timestamp) -> Self {
        Self { start, end: None }
    }

    /// Whether no instant lies in it.
    pub fn is_empty(&self) -> bool {
        self.end.is_some_and(|end| end <= self.start)
    }

    /// Whether some instant lies in both.
    pub fn meets(&self, other: &Self) -> bool {
        !self.is_empty()
            && !other.is_empty()
            && other.end.is_none_or(|end| self.start < end)
            && self.end.is_none_or(|end| other.start < end)
    }

    /// The shortest span that both lie in.
    pub(crate) fn hull(&self, other: &Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.zip(other.end).map(|(one, two)| one.max(two)),
        }
    }
}

/// Time to be taken on one resource. Seats of a resource are interchangeable and are dealt by the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Whose time.
    pub resource: Uuid,
    /// How many claims the resource bears at one instant. 1..=10_000.
    pub capacity: u16,
    /// The time held, with what is kept free around the thing itself. An empty one claims nothing.
    pub during: Span,
    /// The thing itself. Guards look at the span from an owner's first body on a resource to the last,
    /// so that a gap in the middle is guarded too.
    pub body: Span,
    /// Brought in from elsewhere: may stand above the capacity, and counts as busy there.
    pub overlaps: bool,
}

/// Time that is taken: a claim as it stands. Holds whose time is up are not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Busy {
    /// Whose claim.
    pub owner: Uuid,
    /// On what.
    pub resource: Uuid,
    /// The seat it stands on at the moment; at or above the capacity: imported, overlapping.
    pub seat: i16,
    /// The time held.
    pub during: Span,
    /// From the owner's first instant on this resource to the last, without what is kept free around.
    pub body: Span,
    /// Not none: only a hold, until then.
    pub hold_until: Option<Timestamp>,
}

type BusyRow = (
    Uuid,
    Uuid,
    i16,
    jiff_sqlx::Timestamp,
    Option<jiff_sqlx::Timestamp>,
    Option<jiff_sqlx::Timestamp>,
    Option<jiff_sqlx::Timestamp>,
    Option<jiff_sqlx::Timestamp>,
);

impl Ledger {
    /// What is taken on these resources at some instant of `within`, by resource, then start.
    /// Give `Span::from(instant)` for all that is still ahead.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn busy(
        &self,
        business: BusinessId,
        resources: &[Uuid],
        within: Span,
    ) -> Result<Vec<Busy>, ReadError> {
        let rows: Vec<BusyRow> = sqlx::query_as(
            "select c.owner_id, r.resource_id, c.seat,
                    lower(c.during), upper(c.during), lower(c.body), upper(c.body), c.hold_until
             from claimed_resource r
             cross join lateral (
                 select * from claim c
                 where c.business_id = $1 and c.resource = r.number and c.during && tstzrange($3, $4)
                   and (c.hold_until is null or c.hold_until > clock_timestamp())
                 offset 0 -- kept apart, or resource is not looked for in the index
             ) c
             where r.business_id = $1
               and r.resource_id = any ($2)
             order by r.resource_id, lower(c.during), c.owner_id",
        )
        .bind(business.0)
        .bind(resources)
        .bind(within.start.to_sqlx())
        .bind(within.end.map(|end| end.to_sqlx()))
        .fetch_all(self.pool())
        .await?;
        Ok(rows.into_iter().map(busy).collect())
    }

    /// The claims that these owners hold now, holds that are past included, by owner, then start.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claims_of(
        &self,
        business: BusinessId,
        owners: &[Uuid],
    ) -> Result<Vec<Busy>, ReadError> {
        let rows: Vec<BusyRow> = sqlx::query_as(
            "select c.owner_id, r.resource_id, c.seat,
                    lower(c.during), upper(c.during), lower(c.body), upper(c.body), c.hold_until
             from claim c
             join claimed_resource r on r.business_id = $1 and r.number = c.resource
             where c.business_id = $1
               and c.owner_id = any ($2)
             order by c.owner_id, lower(c.during), c.ordinal",
        )
        .bind(business.0)
        .bind(owners)
        .fetch_all(self.pool())
        .await?;
        Ok(rows.into_iter().map(busy).collect())
    }

    /// Who holds this name, if anybody does.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn name_owner(
        &self,
        business: BusinessId,
        kind: &str,
        name: &str,
    ) -> Result<Option<Uuid>, ReadError> {
        Ok(sqlx::query_scalar(
            "select owner_id from claimed_name where business_id = $1 and kind = $2 and name = $3",
        )
        .bind(business.0)
        .bind(kind)
        .bind(name)
        .fetch_optional(self.pool())
        .await?)
    }

    /// Those of these names that are held, each with its owner, in no particular order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn name_owners(
        &self,
        business: BusinessId,
        kind: &str,
        names: &[String],
    ) -> Result<Vec<(String, Uuid)>, ReadError> {
        Ok(sqlx::query_as(
            "select name, owner_id from claimed_name
             where business_id = $1 and kind = $2 and name = any ($3)",
        )
        .bind(business.0)
        .bind(kind)
        .bind(names)
        .fetch_all(self.pool())
        .await?)
    }
}

fn busy((owner, resource, seat, start, end, body_start, body_end, hold_until): BusyRow) -> Busy {
    let during = Span {
        start: start.to_jiff(),
        end: end.map(jiff_sqlx::Timestamp::to_jiff),
    };
    Busy {
        owner,
        resource,
        seat,
        during,
        // A body of no length is stored as the empty range, which has no bounds.
        body: body_start.map_or(Span::new(during.start, during.start), |start| Span {
            start: start.to_jiff(),
            end: body_end.map(jiff_sqlx::Timestamp::to_jiff),
        }),
        hold_until: hold_until.map(jiff_sqlx::Timestamp::to_jiff),
    }
}
