//! What was told to clients, over what, and what became of it.

use domain::notification::Channel;
use sqlx::{FromRow, PgPool};

use super::{Asked, Filter, Told, asked, asked::in_order};

/// How many messages of a period came how far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Counts {
    /// Due in the period, whatever became of them.
    pub messages: i64,
    /// That wait.
    pub scheduled: i64,
    /// That a channel took, whatever became of them then.
    pub sent: i64,
    /// That arrived, as far as the channel says.
    pub delivered: i64,
    /// That were given up.
    pub failed: i64,
    /// That were left be.
    pub suppressed: i64,
}

/// The counts of everything, and of each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Notifications {
    /// All channels together.
    pub all: Told<Counts>,
    /// Each of them.
    pub channels: Vec<(Channel, Told<Counts>)>,
}

#[derive(FromRow)]
struct Row {
    n: i64,
    channel: String,
    #[sqlx(flatten)]
    counts: Counts,
}

/// What is counted of some rows `m`.
pub(super) const COUNTS: &str = "count(*) as messages,
     count(*) filter (where m.outcome = 'scheduled')  as scheduled,
     count(*) filter (where m.sent_at is not null)    as sent,
     count(*) filter (where m.outcome = 'delivered')  as delivered,
     count(*) filter (where m.outcome = 'failed')     as failed,
     count(*) filter (where m.outcome = 'suppressed') as suppressed";

/// The messages due in the period, and in each of its groups.
///
/// # Errors
/// When the database does not answer.
pub async fn find(db: &PgPool, asked: &Asked) -> Result<Notifications, sqlx::Error> {
    let mut query = asked.statement(&format!("select p.n, m.channel, {COUNTS}"));
    query
        .push(
            " from period p join report_notification m on m.due_at >= p.starts and m.due_at < p.ends
             where m.business_id = ",
        )
        .push_bind(asked.scope.business().0);
    asked.messages(&mut query);
    query.push(" group by p.n, m.channel");
    let rows: Vec<Row> = asked::rows(db, query).await?;
    let parts = asked.parts().len();
    let mut all = vec![Counts::default(); parts];
    let mut channels = vec![];
    for channel in Channel::ALL {
        let of_channel = rows.iter().filter(|row| row.channel == channel.as_str());
        let counts = in_order(parts, of_channel.map(|row| (row.n, row.counts)))?;
        for (sum, part) in all.iter_mut().zip(&counts) {
            *sum = sum.plus(part);
        }
        channels.push((channel, asked.told(counts)));
    }
    Ok(Notifications {
        all: asked.told(all),
        channels,
    })
}

impl Counts {
    const fn plus(self, other: &Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            scheduled: self.scheduled + other.scheduled,
            sent: self.sent + other.sent,
            delivered: self.delivered + other.delivered,
            failed: self.failed + other.failed,
            suppressed: self.suppressed + other.suppressed,
        }
    }
}

impl Asked {
    /// Of each part, and of all of them together.
    fn told(&self, parts: Vec<Counts>) -> Told<Counts> {
        let add = |sum: Counts, part: &Counts| sum.plus(part);
        let whole = parts.iter().fold(Counts::default(), add);
        let groups = if self.groups.is_empty() {
            vec![]
        } else {
            parts
        };
        Told { whole, groups }
    }

    /// ` and …`: narrows messages `m` to those to the clients asked for.
    pub(super) fn recipients(&self, query: &mut asked::Query<'_>) {
        let filter = &self.filter;
        if let Some(client) = filter.client_id {
            query.push(" and m.client_id = ").push_bind(client.uuid());
        }
        if let Some(clients) = &filter.clients {
            query
                .push(" and m.client_id = any (")
                .push_bind(clients.clone())
                .push(")");
        }
    }

    /// The same and, where anything else is asked of bookings, to those that tell of such a one.
    fn messages(&self, query: &mut asked::Query<'_>) {
        self.recipients(query);
        if !self.asks_of_bookings() {
            return;
        }
        query.push(
            " and exists (
              select from report_booking b
               where b.business_id = m.business_id and b.booking_id = m.booking_id",
        );
        self.narrow(query, "b");
        query.push(")");
    }

    /// Whether what is asked, or may be seen, depends on bookings, and not on clients alone.
    fn asks_of_bookings(&self) -> bool {
        let Filter {
            staff_id,
            service_id,
            desk_id,
            client_id: _,
            clients: _,
            statuses,
            source,
        } = &self.filter;
        self.scope.staff().is_some()
            || staff_id.is_some()
            || service_id.is_some()
            || desk_id.is_some()
            || !statuses.is_empty()
            || source.is_some()
    }
}
