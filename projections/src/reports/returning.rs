//! Who came back.

use jiff_sqlx::ToSqlx as _;
use sqlx::PgPool;

use super::asked::{Asked, Told, rate, rows};

/// Who booked in a period and who came, and who of them had before.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Returning {
    /// Clients with at least one booking that starts in the period, whatever became of it.
    pub clients: i64,
    /// Those of them whose first booking of all starts in the period.
    pub new_clients: i64,
    /// Those of them who had a booking, with anybody, that starts before the period.
    pub returning_clients: i64,
    /// The returning ones by all of them. 0 to 1.
    pub returning_rate: f64,
    /// Clients who came: with at least one completed booking in the period.
    pub visitors: i64,
    /// Those of them who had come before: with a completed booking, with anybody, that starts before the period.
    pub returning_visitors: i64,
    /// The returning ones by all of them. 0 to 1.
    pub visitor_return_rate: f64,
}

/// Who came back, in the whole period and in its groups. Somebody who comes in two groups is one of the whole.
///
/// # Errors
/// When the database does not answer.
pub async fn find(db: &PgPool, asked: &Asked) -> Result<Told<Returning>, sqlx::Error> {
    let business = asked.scope.business().0;
    let mut query = asked.statement(
        ", seen as (select p.n, p.starts, b.client_id, bool_or(b.status = 'completed') as came",
    );
    asked.bookings(&mut query);
    query
        .push(
            " and b.client_id is not null group by p.n, p.starts, b.client_id)
             select s.n, count(*) as clients,
                    count(*) filter (where c.first_booking < s.starts)          as returning_clients,
                    count(*) filter (where came)                                as visitors,
                    count(*) filter (where came and c.first_visit < s.starts)   as returning_visitors
               from seen s
               left join report_client c on c.client_id = s.client_id and c.business_id = ",
        )
        .push_bind(business)
        .push(" group by s.n");
    if !asked.groups.is_empty() {
        let begins = asked.whole.span.start().to_sqlx();
        query
            .push(" union all select 0, count(*), count(*) filter (where c.first_booking < ")
            .push_bind(begins)
            .push(
                "), count(*) filter (where came), count(*) filter (where came and c.first_visit < ",
            )
            .push_bind(begins)
            .push(
                ") from (select client_id, bool_or(came) as came from seen group by client_id) s
                   left join report_client c on c.client_id = s.client_id and c.business_id = ",
            )
            .push_bind(business);
    }
    let rows: Vec<Row> = rows(db, query).await?;
    Told::of(asked, rows.into_iter().map(|row| (row.n, row.into())))
}

#[derive(sqlx::FromRow)]
struct Row {
    n: i64,
    clients: i64,
    returning_clients: i64,
    visitors: i64,
    returning_visitors: i64,
}

impl From<Row> for Returning {
    fn from(row: Row) -> Self {
        Self {
            clients: row.clients,
            new_clients: row.clients - row.returning_clients,
            returning_clients: row.returning_clients,
            returning_rate: rate(row.returning_clients, row.clients),
            visitors: row.visitors,
            returning_visitors: row.returning_visitors,
            visitor_return_rate: rate(row.returning_visitors, row.visitors),
        }
    }
}
