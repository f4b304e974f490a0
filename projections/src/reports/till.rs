//! The till: what was taken and given back, day by day and method by method.

use rust_decimal::Decimal;
use sqlx::PgPool;

use super::{
    asked::{Asked, Told, rows},
    revenue::{Sums, Takings},
};

/// What came into the till.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Till {
    /// By all methods together.
    pub takings: Takings,
    /// How many entries that is: payments, sales and refunds.
    pub entries: i64,
    /// By each, in the order of their names; none: of a refund of what nothing was paid for.
    pub methods: Vec<Method>,
}

/// What came into the till by one method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// As it was called when the money was taken.
    pub method: Option<String>,
    /// What came in.
    pub takings: Takings,
    /// How many entries that is.
    pub entries: i64,
}

/// What came into the till, in the whole period and in its groups.
///
/// # Errors
/// When the database does not answer.
pub async fn find(db: &PgPool, asked: &Asked) -> Result<Told<Till>, sqlx::Error> {
    let mut query = asked.statement(
        "select coalesce(p.n, 0) as n, m.method, count(*) as entries,
                coalesce(sum(m.amount) filter (where not m.refund), 0)  as taken,
                coalesce(-sum(m.amount) filter (where m.refund), 0)     as refunded",
    );
    asked.payments(&mut query);
    query.push(if asked.groups.is_empty() {
        " group by p.n, m.method"
    } else {
        " group by grouping sets ((p.n, m.method), (m.method))"
    });
    query.push(" order by n, m.method");
    let rows: Vec<Row> = rows(db, query).await?;
    let mut parts: Vec<(i64, Vec<Row>)> = vec![];
    for row in rows {
        match parts.last_mut() {
            Some((n, methods)) if *n == row.n => methods.push(row),
            _ => parts.push((row.n, vec![row])),
        }
    }
    Told::of(asked, parts)?.try_map(|methods: Vec<Row>| {
        let all = methods.iter().fold(Sums::default(), |all, row| Sums {
            taken: all.taken + row.taken,
            refunded: all.refunded + row.refunded,
        });
        let entries = methods.iter().map(|row| row.entries).sum();
        let methods: Result<_, sqlx::Error> = methods
            .into_iter()
            .map(|row| {
                let sums = Sums {
                    taken: row.taken,
                    refunded: row.refunded,
                };
                Ok(Method {
                    method: row.method,
                    takings: sums.told(asked)?,
                    entries: row.entries,
                })
            })
            .collect();
        Ok(Till {
            takings: all.told(asked)?,
            entries,
            methods: methods?,
        })
    })
}

#[derive(Debug, Clone, sqlx::FromRow)]
struct Row {
    n: i64,
    method: Option<String>,
    entries: i64,
    taken: Decimal,
    refunded: Decimal,
}
