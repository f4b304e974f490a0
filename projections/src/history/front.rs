//! The bookings that a page of a list may begin with, when it is known whose they are.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::filter::Filter;
use crate::Scope;

/// The next of a list by start, however many follow: no more of any part of it come to stand on the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Front {
    /// The latest first.
    pub descending: bool,
    /// After this one; none: from the first.
    pub after: Option<(Timestamp, Uuid)>,
    /// At most so many.
    pub many: i64,
}

/// Pushes the bookings of these clients, so far as an index tells which: at the front of the list, or all.
pub(super) fn of_clients(
    query: &mut QueryBuilder<'_, Postgres>,
    scope: &Scope,
    filter: &Filter,
    clients: Vec<Uuid>,
    front: Option<&Front>,
) {
    query
        .push(
            "(select b.booking_id from (select b.booking_id, b.starts from history_booking b where b.business_id = ",
        )
        .push_bind(scope.business().0)
        .push(" and b.client_id = any(")
        .push_bind(clients)
        .push(")");
    filter.narrow_by_clients(query);
    // Client by client, from the index alone: along the days it may be far to the next booking of one of them.
    query.push(" offset 0) b");
    if let Some(front) = front {
        front.push(query);
    }
    query.push(")");
}

impl Front {
    fn push(&self, query: &mut QueryBuilder<'_, Postgres>) {
        let (beyond, direction) = if self.descending {
            ("<", "desc")
        } else {
            (">", "asc")
        };
        if let Some((at, id)) = self.after {
            query
                .push(format!(" where (b.starts, b.booking_id) {beyond} ("))
                .push_bind(at.to_sqlx())
                .push(", ")
                .push_bind(id)
                .push(")");
        }
        query
            .push(format!(
                " order by b.starts {direction}, b.booking_id {direction} limit "
            ))
            .push_bind(self.many);
    }
}
