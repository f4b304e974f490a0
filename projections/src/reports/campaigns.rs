//! What campaigns led to.

use domain::{campaign::Campaign, id::Id, money::Money};
use jiff::Timestamp;
use rust_decimal::Decimal;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{
    Asked, asked,
    notifications::{COUNTS, Counts},
};

/// What one campaign led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Which.
    pub campaign_id: Id<Campaign>,
    /// What the house calls it.
    pub name: String,
    /// How far it came.
    pub stage: String,
    /// When it was launched.
    pub launched_at: Timestamp,
    /// How many clients its segment held then.
    pub audience: i64,
    /// Its messages.
    pub counts: Counts,
    /// Whom one of them was sent to and did not fail.
    pub reached: i64,
    /// Bookings that those made within so many days after it, but for cancelled ones (unless it is those that are asked for).
    pub bookings: i64,
    /// Who of them did.
    pub clients: i64,
    /// What was paid for these bookings so far, less what was given back.
    pub revenue: Money,
}

#[derive(FromRow)]
struct Row {
    campaign_id: Uuid,
    name: String,
    stage: String,
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    launched_at: Timestamp,
    audience: i64,
    #[sqlx(flatten)]
    counts: Counts,
    reached: i64,
    bookings: i64,
    clients: i64,
    revenue: Decimal,
}

/// The campaigns launched in the period, in the order in which they were.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    db: &PgPool,
    asked: &Asked,
    within_days: u16,
) -> Result<Vec<Effect>, sqlx::Error> {
    let business = asked.scope.business().0;
    let mut query = asked.statement_on(
        &[asked.whole],
        ", launched as (
           select c.campaign_id, c.name, c.stage, c.launched_at, c.clients as audience
             from period p join report_campaign c on c.launched_at >= p.starts and c.launched_at < p.ends
            where c.business_id = ",
    );
    query
        .push_bind(business)
        .push(
            "),
             message as (
               select m.* from launched join report_notification m using (campaign_id) where m.business_id = ",
        )
        .push_bind(business);
    asked.reached(&mut query);
    query.push(format_args!(
        "),
         told as (select m.campaign_id, {COUNTS} from message m group by 1),
         reached as (
           select campaign_id, client_id, min(sent_at) as since
             from message where sent_at is not null and outcome <> 'failed'
            group by 1, 2
         ),
         after as (
           select r.campaign_id, count(*) as bookings, count(distinct b.client_id) as clients, sum(b.paid) as revenue
             from reached r
             join report_booking b on b.client_id = r.client_id and b.created_at >= r.since and b.created_at < r.since + "
    ));
    query
        .push("make_interval(days => ")
        .push_bind(i32::from(within_days))
        .push(") where b.business_id = ")
        .push_bind(business)
        .push(" and not b.deleted");
    if asked.filter.statuses.is_empty() {
        query.push(" and b.status <> 'cancelled'");
    }
    asked.narrow(&mut query, "b");
    query.push(
        " group by 1)
         select l.*, coalesce(t.messages, 0) as messages, coalesce(t.scheduled, 0) as scheduled,
                coalesce(t.sent, 0) as sent, coalesce(t.delivered, 0) as delivered, coalesce(t.failed, 0) as failed,
                coalesce(t.suppressed, 0) as suppressed,
                (select count(*) from reached r where r.campaign_id = l.campaign_id) as reached,
                coalesce(a.bookings, 0) as bookings, coalesce(a.clients, 0) as clients,
                coalesce(a.revenue, 0) as revenue
           from launched l
           left join told t using (campaign_id)
           left join after a using (campaign_id)
          order by l.launched_at, l.campaign_id",
    );
    let rows: Vec<Row> = asked::rows(db, query).await?;
    let effect = |row: Row| {
        Ok(Effect {
            campaign_id: Id::new(row.campaign_id),
            name: row.name,
            stage: row.stage,
            launched_at: row.launched_at,
            audience: row.audience,
            counts: row.counts,
            reached: row.reached,
            bookings: row.bookings,
            clients: row.clients,
            revenue: asked.money(row.revenue)?,
        })
    };
    rows.into_iter().map(effect).collect()
}

impl Asked {
    /// ` and …`: narrows messages `m` to those to the clients asked for and, for a staff member, to clients of theirs.
    fn reached(&self, query: &mut asked::Query<'_>) {
        self.recipients(query);
        if let Some(staff) = self.scope.staff() {
            query
                .push(
                    " and exists (
                      select from report_booking b
                       where b.business_id = m.business_id and b.client_id = m.client_id and not b.deleted
                         and b.staff_id = ",
                )
                .push_bind(staff.uuid())
                .push(")");
        }
    }
}
