//! Which bookings are asked for.

use domain::{
    booking::Status,
    client::Client,
    desk::Desk,
    id::{self, Id},
    service::Service,
    staff::Staff,
};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use rust_decimal::Decimal;
use sqlx::{Postgres, QueryBuilder};

use super::{front::Front, words::Words};
use crate::{Scope, folding::fold, rows::asked};

/// Fewer letters are no reference.
const SHORTEST_REFERENCE: usize = 4;

/// Which bookings; what is none or empty bounds nothing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Starting at or after.
    pub from: Option<Timestamp>,
    /// Starting before.
    pub to: Option<Timestamp>,
    /// Whose client is found by all of these words: any part of name, phone, e-mail, fiscal code.
    pub client: Option<String>,
    /// Of this client.
    pub client_id: Option<Id<Client>>,
    /// By this staff member.
    pub staff_id: Option<Id<Staff>>,
    /// This service.
    pub service_id: Option<Id<Service>>,
    /// At this desk.
    pub desk_id: Option<Id<Desk>>,
    /// Of this visit.
    pub visit_id: Option<Id<id::Visit>>,
    /// Of one of these statuses.
    pub statuses: Vec<Status>,
    /// That came from here, in the business's words.
    pub source: Option<String>,
    /// Found by all of these words, each any part of the client's name, phones, e-mail, fiscal code, of a comment
    /// (in any of its word forms, where there is a dictionary) or of the reference, or meaning the status in any of
    /// our languages.
    pub q: Option<String>,
    /// Called by this, with or without its hyphen.
    pub reference: Option<String>,
    /// Deleted ones alone, or none of them; none: both.
    pub deleted: Option<bool>,
    /// Only those that can be brought back: deleted or cancelled.
    pub gone: bool,
    /// Costing at least this.
    pub min_price: Option<Decimal>,
    /// Costing at most this.
    pub max_price: Option<Decimal>,
}

impl Filter {
    /// The `where` of a filter, over `history_booking b`; its words as they were looked up. Of those at the front of the
    /// list alone, where a page of it is wanted.
    pub(super) fn narrow(
        &self,
        query: &mut QueryBuilder<'_, Postgres>,
        scope: &Scope,
        words: &Words,
        front: Option<&Front>,
    ) {
        let business = scope.business().0;
        query.push(" where b.business_id = ").push_bind(business);
        let ids = [
            ("staff_id", scope.staff().map(Id::uuid)),
            ("client_id", self.client_id.map(Id::uuid)),
            ("staff_id", self.staff_id.map(Id::uuid)),
            ("service_id", self.service_id.map(Id::uuid)),
            ("desk_id", self.desk_id.map(Id::uuid)),
            ("visit_id", self.visit_id.map(Id::uuid)),
        ];
        for (column, id) in ids {
            if let Some(id) = id {
                query.push(format!(" and b.{column} = ")).push_bind(id);
            }
        }
        self.narrow_by_start(query);
        if !self.statuses.is_empty() {
            is_one_of(query.push(" and "), &self.statuses);
        }
        if let Some(source) = &self.source {
            // As `Origin` keeps it.
            query
                .push(" and b.source = ")
                .push_bind(asked(source).to_lowercase());
        }
        if let Some(reference) = &self.reference {
            let plain: String = fold(reference)
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect();
            if plain.len() < SHORTEST_REFERENCE {
                query.push(" and false");
            } else {
                // It stands first among a booking's words, where an index finds it.
                query
                    .push(" and b.words like ")
                    .push_bind(format!("{plain}\n%"));
            }
        }
        if let Some(deleted) = self.deleted {
            query.push(" and b.deleted = ").push_bind(deleted);
        }
        if self.gone {
            is_one_of(query.push(" and (b.deleted or "), &[Status::Cancelled]);
            query.push(")");
        }
        if let Some(least) = self.min_price {
            query.push(" and b.price >= ").push_bind(least);
        }
        if let Some(most) = self.max_price {
            query.push(" and b.price <= ").push_bind(most);
        }
        let front = front.filter(|_| self.is_of_clients(scope));
        words.narrow(query, scope, self, front);
    }

    /// Pushes what of it the index of clients' bookings tells, over `history_booking b`.
    pub(super) fn narrow_by_clients(&self, query: &mut QueryBuilder<'_, Postgres>) {
        if let Some(service) = self.service_id {
            query.push(" and b.service_id = ").push_bind(service.uuid());
        }
        self.narrow_by_start(query);
    }

    /// Pushes from when to when.
    pub(super) fn narrow_by_start(&self, query: &mut QueryBuilder<'_, Postgres>) {
        if let Some(from) = self.from {
            query.push(" and b.starts >= ").push_bind(from.to_sqlx());
        }
        if let Some(to) = self.to {
            query.push(" and b.starts < ").push_bind(to.to_sqlx());
        }
    }

    /// Whether [`Self::narrow_by_clients`] tells all of it but its words.
    fn is_of_clients(&self, scope: &Scope) -> bool {
        // Named one by one, so that whoever adds another decides.
        let Self {
            from: _,
            to: _,
            client: _,
            client_id,
            staff_id,
            service_id: _,
            desk_id,
            visit_id,
            statuses,
            source,
            q: _,
            reference,
            deleted,
            gone,
            min_price,
            max_price,
        } = self;
        let other_ids = client_id.is_none()
            && scope.staff().is_none()
            && staff_id.is_none()
            && desk_id.is_none()
            && visit_id.is_none();
        let words = source.is_none() && reference.is_none();
        let standing = statuses.is_empty() && deleted.is_none() && !gone;
        other_ids && words && standing && min_price.is_none() && max_price.is_none()
    }
}

/// That the status is one of these.
pub(super) fn is_one_of(query: &mut QueryBuilder<'_, Postgres>, statuses: &[Status]) {
    let names: Vec<_> = statuses.iter().map(|s| s.as_str()).collect();
    query.push("b.status = any(").push_bind(names).push(")");
}
