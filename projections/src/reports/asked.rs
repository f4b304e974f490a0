//! What a report is asked, and how that is said in SQL.

use domain::{
    booking::Status,
    client::Client,
    desk::Desk,
    id::Id,
    money::{Currency, Money, decimals},
    service::Service,
    staff::Staff,
    time::Zone,
};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use rust_decimal::{Decimal, RoundingStrategy};
use sqlx::{FromRow, PgPool, Postgres, QueryBuilder, postgres::PgRow};
use uuid::Uuid;

use crate::{
    GroupBy, Period, Scope,
    rows::{asked, decoded},
};

/// A statement that is being written.
pub(super) type Query<'a> = QueryBuilder<'a, Postgres>;

/// Of which bookings; what is none or empty bounds nothing. Of sales without a booking those that fit: they have a
/// client, perhaps a staff member and a service, and never a desk, a status or a source.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// By this staff member.
    pub staff_id: Option<Id<Staff>>,
    /// This service.
    pub service_id: Option<Id<Service>>,
    /// At this desk.
    pub desk_id: Option<Id<Desk>>,
    /// Of this client.
    pub client_id: Option<Id<Client>>,
    /// Of one of these clients.
    pub clients: Option<Vec<Uuid>>,
    /// Of one of these statuses.
    pub statuses: Vec<Status>,
    /// That came from here, in the business's words.
    pub source: Option<String>,
}

/// What a report is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whose rows may be seen.
    pub scope: Scope,
    /// Which of them are wanted.
    pub filter: Filter,
    /// The whole period.
    pub whole: Period,
    /// By what it is grouped; none: not at all.
    pub by: Option<GroupBy>,
    /// The days, weeks or months that it consists of, where each is told by itself too; else none.
    pub groups: Vec<Period>,
    /// Where clocks are as in the house.
    pub zone: Zone,
    /// Now.
    pub now: Timestamp,
    /// What the business counts its money in.
    pub currency: Currency,
}

/// What was counted of the whole period and, where that was asked, of each of its groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Told<T> {
    /// Of all of it.
    pub whole: T,
    /// Of each group, in their order.
    pub groups: Vec<T>,
}

impl Asked {
    /// The periods that are told one by one: the groups, or the whole where there are none.
    pub(super) fn parts(&self) -> &[Period] {
        if self.groups.is_empty() {
            std::slice::from_ref(&self.whole)
        } else {
            &self.groups
        }
    }

    /// The whole period, and after it its groups, if any.
    pub(super) fn whole_and_groups(&self) -> Vec<Period> {
        let groups = self.groups.iter().copied();
        std::iter::once(self.whole).chain(groups).collect()
    }

    /// Begins a statement on the [parts](Self::parts). `select` is what comes before `from`.
    pub(super) fn statement(&self, select: &str) -> Query<'_> {
        self.statement_on(self.parts(), select)
    }

    /// Begins a statement on any periods.
    pub(super) fn statement_on(&self, periods: &[Period], select: &str) -> Query<'_> {
        let mut query = QueryBuilder::new("with period as not materialized (");
        if let [period] = periods {
            // Said so, the planner knows how much of the table that is.
            query
                .push("select 1::bigint as n, ")
                .push_bind(period.span.start().to_sqlx())
                .push("::timestamptz as starts, ")
                .push_bind(period.span.end().to_sqlx())
                .push("::timestamptz as ends");
        } else {
            let starts: Vec<_> = periods.iter().map(|p| p.span.start().to_sqlx()).collect();
            let ends: Vec<_> = periods.iter().map(|p| p.span.end().to_sqlx()).collect();
            query
                .push("select n, starts, ends from unnest(")
                .push_bind(starts)
                .push("::timestamptz[], ")
                .push_bind(ends)
                .push("::timestamptz[]) with ordinality as t (starts, ends, n)");
        }
        query.push(") ").push(select);
        query
    }

    /// ` from period p join report_booking b … where …`: the bookings that start in each period, narrowed as asked.
    /// Deleted ones are not among them.
    pub(super) fn bookings(&self, query: &mut Query<'_>) {
        query
            .push(" from period p join report_booking b on b.starts >= p.starts and b.starts < p.ends where b.business_id = ")
            .push_bind(self.scope.business().0)
            .push(" and not b.deleted");
        self.narrow(query, "b");
    }

    /// ` from period p join report_payment m … where …`: the money that was taken and given back in each period,
    /// narrowed as asked. What was paid for a booking that is deleted now is among it: the money was there.
    pub(super) fn payments(&self, query: &mut Query<'_>) {
        query
            .push(" from period p join report_payment m on m.at >= p.starts and m.at < p.ends where m.business_id = ")
            .push_bind(self.scope.business().0);
        self.narrow(query, "m");
    }

    /// What is asked of a booking, and of a payment as of its booking.
    pub(super) fn narrow(&self, query: &mut Query<'_>, table: &str) {
        let mut is = |column: &str, id: Option<Uuid>| {
            if let Some(id) = id {
                query
                    .push(format_args!(" and {table}.{column} = "))
                    .push_bind(id);
            }
        };
        let filter = &self.filter;
        is("staff_id", self.scope.staff().map(Id::uuid));
        is("staff_id", filter.staff_id.map(Id::uuid));
        is("service_id", filter.service_id.map(Id::uuid));
        is("desk_id", filter.desk_id.map(Id::uuid));
        is("client_id", filter.client_id.map(Id::uuid));
        if let Some(clients) = &filter.clients {
            query
                .push(format_args!(" and {table}.client_id = any ("))
                .push_bind(clients.clone())
                .push(")");
        }
        if !filter.statuses.is_empty() {
            let statuses: Vec<_> = filter.statuses.iter().map(|s| s.as_str()).collect();
            query
                .push(format_args!(" and {table}.status = any ("))
                .push_bind(statuses)
                .push(")");
        }
        if let Some(source) = &filter.source {
            // As `Origin` keeps it.
            query
                .push(format_args!(" and {table}.source = "))
                .push_bind(asked(source).to_lowercase());
        }
    }

    /// A sum as money, rounded half up to what the currency has.
    pub(super) fn money(&self, amount: Decimal) -> Result<Money, sqlx::Error> {
        let half_up = RoundingStrategy::MidpointAwayFromZero;
        let amount = amount.round_dp_with_strategy(decimals(self.currency), half_up);
        Money::new(amount, self.currency).map_err(decoded)
    }
}

/// The rows of a statement. It is planned anew each time: the best way depends on how long the periods are.
pub(super) async fn rows<R>(db: &PgPool, mut query: Query<'_>) -> Result<Vec<R>, sqlx::Error>
where
    R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let mut transaction = db.begin().await?;
    // A year of a large house is grouped in memory.
    sqlx::query("set local work_mem = '64MB'")
        .execute(&mut *transaction)
        .await?;
    let rows = query
        .build_query_as()
        .persistent(false)
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(rows)
}

/// What rows say of each of so many periods, in their order; of which no row speaks, nothing was counted.
pub(super) fn in_order<T: Default + Clone>(
    periods: usize,
    rows: impl IntoIterator<Item = (i64, T)>,
) -> Result<Vec<T>, sqlx::Error> {
    let mut all = vec![T::default(); periods];
    for (n, row) in rows {
        let place = n.checked_sub(1).and_then(|n| usize::try_from(n).ok());
        let at = place.and_then(|place| all.get_mut(place));
        *at.ok_or_else(|| decoded(format!("no period {n}")))? = row;
    }
    Ok(all)
}

impl<T: Default + Clone> Told<T> {
    /// From rows of the [parts](Asked::parts) and, where there are groups, of the whole: that one has the number 0.
    pub(super) fn of(
        asked: &Asked,
        rows: impl IntoIterator<Item = (i64, T)>,
    ) -> Result<Self, sqlx::Error> {
        let mut whole = T::default();
        let mut parts = vec![];
        for (n, row) in rows {
            if n == 0 || asked.groups.is_empty() {
                whole = row;
            } else {
                parts.push((n, row));
            }
        }
        Ok(Self {
            whole,
            groups: in_order(asked.groups.len(), parts)?,
        })
    }
}

impl<T> Told<T> {
    /// What was counted of the [whole and its groups](Asked::whole_and_groups).
    pub(super) fn of_whole_and_groups(mut told: Vec<T>) -> Result<Self, sqlx::Error> {
        if told.is_empty() {
            return Err(decoded("nothing of the whole period"));
        }
        let groups = told.split_off(1);
        let whole = told.pop();
        whole
            .map(|whole| Self { whole, groups })
            .ok_or_else(|| decoded("nothing of the whole period"))
    }

    /// The same of each.
    pub(super) fn try_map<U, E>(self, each: impl Fn(T) -> Result<U, E>) -> Result<Told<U>, E> {
        let groups: Result<_, E> = self.groups.into_iter().map(&each).collect();
        Ok(Told {
            whole: each(self.whole)?,
            groups: groups?,
        })
    }
}

/// A part of a whole, 0 to 1. None of none is zero.
pub(crate) fn rate(part: i64, whole: i64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
