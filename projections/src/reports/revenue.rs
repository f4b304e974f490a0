//! What was taken and given back: when, how, for which services, by whose work.

use domain::{id::Id, money::Money, service::Service, staff::Staff};
use rust_decimal::Decimal;
use sqlx::PgPool;
use uuid::Uuid;

use super::asked::{Asked, Told, rows};

/// Money, less what was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takings {
    /// Taken. Imported payments below zero are in it.
    pub taken: Money,
    /// Given back.
    pub refunded: Money,
    /// What is left: the revenue.
    pub net: Money,
}

/// The revenue of a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Revenue {
    /// Of the whole and of its groups.
    pub takings: Told<Takings>,
    /// By how it was paid; of a refund, by how what it gives back was paid. None: nothing says how.
    pub by_method: Vec<(Option<String>, Takings)>,
    /// By the service of the booking as it stands now, or of the sale.
    pub by_service: Vec<(Option<Id<Service>>, Takings)>,
    /// By the staff member of the booking as it stands now, or of the sale.
    pub by_staff: Vec<(Option<Id<Staff>>, Takings)>,
}

/// What was taken and given back. The parts of each split come by what they brought in, the most first.
///
/// # Errors
/// When the database does not answer.
pub async fn find(db: &PgPool, asked: &Asked) -> Result<Revenue, sqlx::Error> {
    // Of each payment once, then of the few that are left five ways.
    let mut query = asked.statement(
        ", cell as (
             select p.n, m.method, m.service_id, m.staff_id,
                    sum(m.amount) filter (where not m.refund) as taken, -sum(m.amount) filter (where m.refund) as refunded",
    );
    asked.payments(&mut query);
    query.push(
        " group by p.n, m.method, m.service_id, m.staff_id)
         select grouping(n, method, service_id, staff_id) as of, n, method, service_id, staff_id,
                coalesce(sum(taken), 0) as taken, coalesce(sum(refunded), 0) as refunded
           from cell
          group by grouping sets ((), (n), (method), (service_id), (staff_id))
          order by coalesce(sum(taken), 0) - coalesce(sum(refunded), 0) desc, method, service_id, staff_id",
    );
    let rows: Vec<Row> = rows(db, query).await?;
    let (mut parts, mut whole) = (vec![], Sums::default());
    let (mut by_method, mut by_service, mut by_staff) = (vec![], vec![], vec![]);
    for row in rows {
        let sums = Sums {
            taken: row.taken,
            refunded: row.refunded,
        };
        // A bit for each column that the row does not speak of.
        match row.of {
            0b0111 => parts.extend(row.n.map(|n| (n, sums))),
            0b1011 => by_method.push((row.method, sums.told(asked)?)),
            0b1101 => by_service.push((row.service_id.map(Id::new), sums.told(asked)?)),
            0b1110 => by_staff.push((row.staff_id.map(Id::new), sums.told(asked)?)),
            _ => whole = sums,
        }
    }
    if !asked.groups.is_empty() {
        parts.push((0, whole));
    }
    Ok(Revenue {
        takings: Told::of(asked, parts)?.try_map(|sums| sums.told(asked))?,
        by_method,
        by_service,
        by_staff,
    })
}

#[derive(sqlx::FromRow)]
struct Row {
    of: i32,
    n: Option<i64>,
    method: Option<String>,
    service_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    taken: Decimal,
    refunded: Decimal,
}

/// Sums as they come from the database.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) taken: Decimal,
    pub(super) refunded: Decimal,
}

impl Sums {
    pub(super) fn told(self, asked: &Asked) -> Result<Takings, sqlx::Error> {
        Ok(Takings {
            taken: asked.money(self.taken)?,
            refunded: asked.money(self.refunded)?,
            net: asked.money(self.taken - self.refunded)?,
        })
    }
}
