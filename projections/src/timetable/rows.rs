//! The rows of the timetable, and their way out of the database and back.

use std::collections::{BTreeMap, BTreeSet};

use domain::{desk::Desk, hours::WorkingHours, id::Id, service::Service, staff::Staff};
use jiff::civil::DateTime;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::{FromRow, PgConnection, postgres::PgRow, types::Json};
use uuid::Uuid;

use super::fold::Touched;

/// The house.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct BusinessRow {
    pub(super) business_id: Uuid,
    /// What it is called.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// Where its clocks stand (IANA).
    pub time_zone: String,
    /// What it charges in (ISO 4217).
    pub currency: String,
    /// The hours that bound everyone's; none: unbounded.
    pub hours: Option<Json<WorkingHours>>,
}

/// A service, withdrawn ones too.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct ServiceRow {
    pub(super) business_id: Uuid,
    /// Which.
    #[sqlx(try_from = "Uuid")]
    pub service_id: Id<Service>,
    /// What it is called.
    pub name: String,
    /// How long it takes.
    pub duration_min: i64,
    /// Kept free before it.
    pub buffer_before_min: i64,
    /// Kept free after it.
    pub buffer_after_min: i64,
    /// When the client begins to wait; none: never.
    pub processing_after_min: Option<i64>,
    /// How long the client waits.
    pub processing_for_min: Option<i64>,
    /// What it costs, in `currency`.
    pub price: Decimal,
    /// ISO 4217.
    pub currency: String,
    /// Who may book it: `active`, `internal`, `disabled`.
    pub state: String,
    /// Its colour in the calendar.
    pub color: Option<String>,
    /// What the booking page says of it.
    pub description: Option<String>,
    /// It left the price list.
    pub withdrawn: bool,
}

/// A staff member, those who left too.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct StaffRow {
    pub(super) business_id: Uuid,
    /// Who.
    #[sqlx(try_from = "Uuid")]
    pub staff_id: Id<Staff>,
    /// What they are called; none: erased.
    pub name: Option<String>,
    /// What they do.
    pub service_ids: Vec<Uuid>,
    /// Minutes from one start to the next.
    pub slot_interval_min: i64,
    /// What the steps count from: `interval`, `clock`.
    pub slot_grid: String,
    /// When they work; none: the hours of the house.
    pub hours: Option<Json<WorkingHours>>,
    /// They no longer take bookings.
    pub gone: bool,
}

/// A desk, retired ones too.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct DeskRow {
    pub(super) business_id: Uuid,
    /// Which.
    #[sqlx(try_from = "Uuid")]
    pub desk_id: Id<Desk>,
    /// What it is called.
    pub name: String,
    /// Its number.
    pub number: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// How many it serves at a time.
    pub capacity: i32,
    /// What is done at it.
    pub service_ids: Vec<Uuid>,
    /// Who alone works it.
    pub operator_id: Option<Uuid>,
    /// When it serves; none: whenever somebody works.
    pub hours: Option<Json<WorkingHours>>,
    /// It is out of use until it is opened again.
    pub closed: bool,
    /// It was taken away for good.
    pub retired: bool,
}

/// Somebody or something that is away, or the whole house.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct Away {
    pub(super) business_id: Uuid,
    /// The absence, holiday or closure.
    pub away_id: Uuid,
    /// Which of them: `vacation`, `sick`, `other` of a staff member, `holiday` of a desk, `closure` of the house.
    pub kind: String,
    /// The staff member who is absent.
    pub staff_id: Option<Uuid>,
    /// The desk that is out of use.
    pub desk_id: Option<Uuid>,
    /// The first reading of the wall clock.
    #[sqlx(try_from = "jiff_sqlx::DateTime")]
    pub from_local: DateTime,
    /// The first reading that no longer belongs to it.
    #[sqlx(try_from = "jiff_sqlx::DateTime")]
    pub to_local: DateTime,
    /// A closure's name.
    pub name: Option<String>,
    /// What was noted about an absence; none also: erased.
    pub note: Option<String>,
}

/// A row that is found by its business and one id.
pub(super) trait Row: Serialize + Send + Unpin + for<'r> FromRow<'r, PgRow> {
    /// Reads the rows of `$1::uuid[]` (businesses) and `$2::uuid[]` (ids).
    const LOAD: &'static str;
    /// Writes the rows in `$1` (JSON), new or not.
    const STORE: &'static str;

    fn key(&self) -> Key;
}

/// Business and id.
pub(super) type Key = (Uuid, Uuid);

macro_rules! row {
    ($row:ty, $table:literal, $id:tt, |$this:ident| $key:expr, [$($column:literal),+]) => {
        impl Row for $row {
            const LOAD: &'static str = concat!(
                "select t.* from unnest($1::uuid[], $2::uuid[]) as w (business, id) join ", $table,
                " t on t.business_id = w.business and t.", $id, " = w.id"
            );
            const STORE: &'static str = concat!(
                "insert into ", $table, " select * from jsonb_populate_recordset(null::", $table, ", $1)",
                " on conflict (", row!(@key $id), ") do update set ",
                row!(@set $($column),+)
            );
            fn key(&self) -> Key {
                let $this = self;
                $key
            }
        }
    };
    (@key "business_id") => { "business_id" };
    (@key $id:tt) => { concat!("business_id, ", $id) };
    (@set $first:literal $(, $column:literal)*) => {
        concat!($first, " = excluded.", $first $(, ", ", $column, " = excluded.", $column)*)
    };
}

row!(
    BusinessRow,
    "timetable_business",
    "business_id",
    |r| (r.business_id, r.business_id),
    ["name", "slug", "time_zone", "currency", "hours"]
);
row!(
    ServiceRow,
    "timetable_service",
    "service_id",
    |r| (r.business_id, r.service_id.uuid()),
    [
        "name",
        "duration_min",
        "buffer_before_min",
        "buffer_after_min",
        "processing_after_min",
        "processing_for_min",
        "price",
        "currency",
        "state",
        "color",
        "description",
        "withdrawn"
    ]
);
row!(
    StaffRow,
    "timetable_staff",
    "staff_id",
    |r| (r.business_id, r.staff_id.uuid()),
    [
        "name",
        "service_ids",
        "slot_interval_min",
        "slot_grid",
        "hours",
        "gone"
    ]
);
row!(
    DeskRow,
    "timetable_desk",
    "desk_id",
    |r| (r.business_id, r.desk_id.uuid()),
    [
        "name",
        "number",
        "description",
        "capacity",
        "service_ids",
        "operator_id",
        "hours",
        "closed",
        "retired"
    ]
);
row!(
    Away,
    "timetable_away",
    "away_id",
    |r| (r.business_id, r.away_id),
    [
        "kind",
        "staff_id",
        "desk_id",
        "from_local",
        "to_local",
        "name",
        "note"
    ]
);

/// The rows that a batch touches.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) businesses: BTreeMap<Key, BusinessRow>,
    pub(super) services: BTreeMap<Key, ServiceRow>,
    pub(super) staff: BTreeMap<Key, StaffRow>,
    pub(super) desks: BTreeMap<Key, DeskRow>,
    pub(super) away: BTreeMap<Key, Away>,
    pub(super) back: BTreeSet<Key>,
}

impl Tables {
    pub(super) async fn load(
        db: &mut PgConnection,
        touched: &Touched,
    ) -> Result<Self, sqlx::Error> {
        Ok(Self {
            businesses: load(db, &touched.businesses).await?,
            services: load(db, &touched.services).await?,
            staff: load(db, &touched.staff).await?,
            desks: load(db, &touched.desks).await?,
            away: load(db, &touched.away).await?,
            back: BTreeSet::new(),
        })
    }

    pub(super) async fn store(self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        store(db, self.businesses).await?;
        store(db, self.services).await?;
        store(db, self.staff).await?;
        store(db, self.desks).await?;
        store(db, self.away).await?;
        if !self.back.is_empty() {
            let (businesses, ids): (Vec<Uuid>, Vec<Uuid>) = self.back.into_iter().unzip();
            sqlx::query(
                "delete from timetable_away t using unnest($1::uuid[], $2::uuid[]) as w (business, id)
                  where t.business_id = w.business and t.away_id = w.id",
            )
            .bind(businesses)
            .bind(ids)
            .execute(db)
            .await?;
        }
        Ok(())
    }
}

async fn load<R: Row>(
    db: &mut PgConnection,
    keys: &BTreeSet<Key>,
) -> Result<BTreeMap<Key, R>, sqlx::Error> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (businesses, ids): (Vec<Uuid>, Vec<Uuid>) = keys.iter().copied().unzip();
    let rows: Vec<R> = sqlx::query_as(R::LOAD)
        .bind(businesses)
        .bind(ids)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.key(), row)).collect())
}

async fn store<R: Row>(db: &mut PgConnection, rows: BTreeMap<Key, R>) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<R> = rows.into_values().collect();
    sqlx::query(R::STORE).bind(Json(rows)).execute(db).await?;
    Ok(())
}
