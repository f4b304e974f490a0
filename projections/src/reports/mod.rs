//! Reports: what a period came to, counted and added up.
//! Its tables: `report_booking`, `report_payment`, `report_client`, `report_merged` (migration 0060), `report_staff` (0061),
//! `report_notification`, `report_campaign` (0062).
//!
//! `docs/reports.md` says what each figure is, with an example computed by hand.
//!
//! # Adding a report
//! A report is one module here and one in the gateway's `routes/reports`:
//!
//! ```ignore
//! /// What was counted.
//! pub async fn find(db: &PgPool, asked: &Asked) -> Result<Told<Figures>, sqlx::Error> {
//!     let mut query = asked.statement("select p.n, count(*) as bookings");
//!     asked.bookings(&mut query);        // from period p join report_booking b … where …, narrowed as asked
//!     query.push(" group by p.n");
//!     let rows: Vec<Row> = asked::rows(db, query).await?;
//! ```
//!
//! [`Asked`] knows whose rows may be seen, which are wanted, and the periods that are told one by one; each row says
//! by its `n` of which it is (the first is 1; [`Asked::part`]). What is added up of all groups is the whole's;
//! clients are not: somebody who comes in two months is one client of the year.

mod apply;
mod asked;
pub mod campaigns;
pub mod clients;
mod messages;
pub mod notifications;
pub mod peak_hours;
pub mod pending;
mod pieces;
pub mod retention;
pub mod returning;
pub mod revenue;
pub mod services;
pub mod staff;
pub mod staff_load;
mod stretches;
pub mod summary;
pub mod till;
pub mod time_saved;
pub mod trends;
mod worked;
mod worth;

#[cfg(test)]
mod specs;

pub(crate) use self::asked::rate;
pub use self::{
    asked::{Asked, Filter, Told},
    messages::{Message, of_bookings},
    summary::ByStatus,
    worked::{Held, Load, Timesheet},
};
use crate::ReadModel;

/// Reports, as they are fed and rebuilt.
pub const READ_MODEL: ReadModel = ReadModel {
    name: "reports",
    version: 1,
    tables: &[
        "report_booking",
        "report_payment",
        "report_client",
        "report_merged",
        "report_staff",
        "report_notification",
        "report_campaign",
    ],
    late_indexes: &[
        "report_booking_starts",
        "report_payment_at",
        "report_client_first_booking",
        "report_notification_due",
        "report_notification_campaign",
        "report_notification_booking",
    ],
    apply: |db, batch, _| Box::pin(apply::apply(db, batch)),
    sum_up: None,
};
