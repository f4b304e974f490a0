//! In which order bookings are told, and where a page of them ended.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    find::{FindError, Page, Row},
    front::Front,
};
use crate::Scope;

/// What bookings are sorted by, the booking's id last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum By {
    /// When they begin.
    #[default]
    Start,
    /// When they were made.
    Created,
    /// When they changed last, by the ledger's positions.
    Changed,
    /// What they cost.
    Price,
    /// What was paid.
    Paid,
    /// Their client's name; who has none comes last.
    Client,
    /// Where they stand, in the order of a booking's life.
    Status,
    /// Where they came from.
    Source,
    /// What people call them by.
    Reference,
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: By,
    /// The greatest first.
    pub descending: bool,
}

impl Default for Sort {
    /// The latest first.
    fn default() -> Self {
        Self {
            by: By::Start,
            descending: true,
        }
    }
}

/// Where a page ended. Clients are told by their ids: it stands in addresses, where names have no place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The last booking's value of what is sorted by …
    at: At,
    /// … and its id.
    id: Uuid,
    /// It was found among the misspelt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) misspelt: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    Start(Timestamp),
    Created(Timestamp),
    Changed(i64),
    Price(Decimal),
    Paid(Decimal),
    Client(Option<Uuid>),
    Status(i32),
    Source(String),
    Reference(String),
}

/// The name that a client `c` is sorted by, as it is searched for; after all others if there is none.
macro_rules! name_of {
    () => {
        "coalesce(nullif(split_part(c.words, E'\\n', 1), ''), E'\\uFFFF') collate \"C\""
    };
}

/// The order of a booking's life.
const LIFE: &str = "array_position(array['requested', 'confirmed', 'completed', 'no_show', 'cancelled'], b.status)";

impl Sort {
    /// What rows are compared by.
    const fn key(self) -> &'static str {
        match self.by {
            By::Start => "b.starts",
            By::Created => "b.created_at",
            By::Changed => "b.position",
            By::Price => "b.price",
            By::Paid => "b.paid",
            By::Client => name_of!(),
            By::Status => LIFE,
            By::Source => "b.source collate \"C\"",
            By::Reference => "b.reference collate \"C\"",
        }
    }

    /// Pushes the order.
    pub(super) fn order(self, query: &mut QueryBuilder<'_, Postgres>) {
        let direction = if self.descending { "desc" } else { "asc" };
        let key = self.key();
        query.push(format!(
            " order by {key} {direction}, b.booking_id {direction}"
        ));
    }

    /// Pushes what comes after a cursor.
    ///
    /// # Errors
    /// When it comes from another order.
    pub(super) fn after(
        self,
        query: &mut QueryBuilder<'_, Postgres>,
        scope: &Scope,
        cursor: &Cursor,
    ) -> Result<(), FindError> {
        let beyond = if self.descending { "<" } else { ">" };
        let key = self.key();
        query.push(format!(" and ({key}, b.booking_id) {beyond} ("));
        match (&cursor.at, self.by) {
            (At::Start(at), By::Start) | (At::Created(at), By::Created) => {
                query.push_bind(at.to_sqlx());
            }
            (At::Changed(position), By::Changed) => {
                query.push_bind(*position);
            }
            (At::Price(amount), By::Price) | (At::Paid(amount), By::Paid) => {
                query.push_bind(*amount);
            }
            (At::Client(None), By::Client) => {
                query.push("E'\\uFFFF'");
            }
            (At::Client(Some(id)), By::Client) => {
                query
                    .push(concat!(
                        "coalesce((select ",
                        name_of!(),
                        " from history_client c where c.business_id = "
                    ))
                    .push_bind(scope.business().0)
                    .push(" and c.client_id = ")
                    .push_bind(*id)
                    .push("), E'\\uFFFF')");
            }
            (At::Status(n), By::Status) => {
                query.push_bind(*n);
            }
            (At::Source(text), By::Source) | (At::Reference(text), By::Reference) => {
                query.push_bind(text.replace('\0', ""));
            }
            (
                At::Start(_)
                | At::Created(_)
                | At::Changed(_)
                | At::Price(_)
                | At::Paid(_)
                | At::Client(_)
                | At::Status(_)
                | At::Source(_)
                | At::Reference(_),
                _,
            ) => return Err(FindError::Cursor),
        }
        query.push(", ").push_bind(cursor.id).push(")");
        Ok(())
    }

    /// What stands at the front of a page's list, where an index tells by what it is sorted.
    pub(super) fn front(self, page: &Page) -> Option<Front> {
        let after = match page.after.as_ref() {
            None => None,
            Some(Cursor {
                at: At::Start(at),
                id,
                ..
            }) => Some((*at, *id)),
            // Of another order, which is refused.
            Some(_) => return None,
        };
        (self.by == By::Start).then(|| Front {
            descending: self.descending,
            after,
            // One more than wanted tells whether there is a next page.
            many: i64::from(page.limit) + 1,
        })
    }

    /// Where a page ends that ends with this row.
    pub(super) fn cursor(self, last: &Row, misspelt: bool) -> Cursor {
        let at = match self.by {
            By::Start => At::Start(last.starts.to_jiff()),
            By::Created => At::Created(last.created_at.to_jiff()),
            By::Changed => At::Changed(last.position),
            By::Price => At::Price(last.price),
            By::Paid => At::Paid(last.paid),
            By::Client => At::Client(last.client_id),
            By::Status => At::Status(last.in_life),
            By::Source => At::Source(last.source.clone()),
            By::Reference => At::Reference(last.reference.clone()),
        };
        Cursor {
            at,
            id: last.booking_id,
            misspelt,
        }
    }
}

/// For `select`: where a booking `b` stands in its life.
pub(super) const IN_LIFE: &str = LIFE;
