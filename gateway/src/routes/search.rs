//! One box to search in: bookings, clients, and what the house is made of.

use std::sync::Arc;

use axum::extract::State;
use domain::{access::Right, client::Client, id::Id};
use jiff::Timestamp;
use projections::{
    clients,
    folding::{Term, distance, fold, terms},
    history::{self, Entry, Filter, Sort},
    segments,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    bookings::{Named, Names},
    history::{client_of, not_found, question},
};
use crate::{
    access::Caller,
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Ask},
    problem::Problem,
    texts::Message,
};

/// Of each kind, where nothing is asked.
const USUAL: u16 = 5;
/// The most of each kind.
const MOST: u16 = 50;
/// The segments that are looked through.
const SEGMENTS: u16 = 500;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search))
}

/// What is searched for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SearchQuery {
    /// What somebody types: a name, any part of a phone, a reference, words.
    #[param(example = "kowalska")]
    q: String,
    /// Of each kind: 5, at most 50.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<u16>,
}

/// What was found, kind by kind.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = Search)]
struct SearchView {
    /// The one whose reference it is first, then the latest first.
    bookings: Vec<BookingFound>,
    /// The closest first; none for who may not see clients.
    clients: Vec<ClientFound>,
    staff: Vec<ThingFound>,
    services: Vec<ThingFound>,
    desks: Vec<ThingFound>,
    /// None for who may not work with them.
    segments: Vec<ThingFound>,
}

/// A booking in a line; `GET /bookings/{id}` tells more.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct BookingFound {
    id: Uuid,
    reference: String,
    status: &'static str,
    deleted: bool,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    hour_unknown: bool,
    service: Option<Named>,
    staff: Option<Named>,
    client: Option<Named>,
}

/// A client in a line.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ClientFound {
    id: Uuid,
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
}

/// Something of the house.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ThingFound {
    id: Uuid,
    name: String,
    /// It is still offered, works, or is in use.
    active: bool,
}

/// Searches everything at once: bookings by reference, client, words and status, as `GET /history` finds them; clients
/// by any part of name, phone, e-mail or fiscal code; staff, services, desks and segments by name. Where nothing is
/// called so, what would be but for a slip in the spelling. Staff members find their own bookings and the clients of
/// those.
#[utoipa::path(get, path = "/search", tag = "search", params(SearchQuery),
    responses((status = 200, body = SearchView)))]
async fn search(
    State(app): State<App>,
    ask: Ask<SearchQuery>,
) -> Result<Answer<SearchView>, Problem> {
    let (caller, q) = (&ask.caller, ask.query.q.as_str());
    let limit = ask.query.limit()?;
    let terms = terms(q);
    let known = app.catalogue_now(caller.business()).await?;
    if terms.is_empty() {
        return Ok(Answer::ok(SearchView::default()));
    }
    app.wait_for(
        &ask,
        &[
            &history::READ_MODEL,
            &clients::READ_MODEL,
            &segments::READ_MODEL,
        ],
    )
    .await?;
    let (bookings, clients, segments) = tokio::try_join!(
        app.bookings_found(caller, &known, q, limit),
        app.clients_found(caller, q, limit),
        app.segments_found(caller, &known, &terms, limit),
    )?;
    let catalogue = &known.catalogue;
    let staff = catalogue.staff.iter().filter_map(|(id, staff)| {
        let name = staff.member.as_ref()?.name.value()?;
        Some((id.uuid(), name.to_string(), staff.working().is_ok()))
    });
    let services = catalogue.services.iter().filter_map(|(id, service)| {
        let offer = service.offer.as_ref()?;
        Some((id.uuid(), offer.name.to_string(), !service.withdrawn))
    });
    let desks = catalogue.desks.iter().filter_map(|(id, desk)| {
        let place = desk.place.as_ref()?;
        Some((id.uuid(), place.name.to_string(), desk.standing().is_ok()))
    });
    Ok(Answer::ok(SearchView {
        bookings,
        clients,
        staff: called(&terms, staff, limit),
        services: called(&terms, services, limit),
        desks: called(&terms, desks, limit),
        segments,
    }))
}

impl SearchQuery {
    fn limit(&self) -> Result<u16, Problem> {
        let mut checks = Checks::default();
        question(&mut checks, "q", Some(&self.q));
        let limit = self.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            let range = Message::new("violation-out-of-range")
                .with_number("least", 1)
                .with_number("most", i64::from(MOST));
            checks.fault("limit", range);
        }
        checks.done()?;
        Ok(limit)
    }
}

/// Those of these that are called so, active ones first; where none is, those that would be but for a slip in the
/// spelling.
fn called(
    terms: &[Term],
    things: impl Iterator<Item = (Uuid, String, bool)>,
    limit: u16,
) -> Vec<ThingFound> {
    let mut found: Vec<_> = things
        .filter_map(|(id, name, active)| Some((distance(terms, &fold(&name))?, id, name, active)))
        .collect();
    let as_spelt = found.iter().any(|(far, ..)| *far == 0);
    found.retain(|(far, ..)| !as_spelt || *far == 0);
    found.sort_by(
        |(far, _, name, active), (other_far, _, other, other_active)| {
            (far, !active, fold(name)).cmp(&(other_far, !other_active, fold(other)))
        },
    );
    let found = found.into_iter().take(usize::from(limit));
    found
        .map(|(_, id, name, active)| ThingFound { id, name, active })
        .collect()
}

impl App {
    async fn bookings_found(
        &self,
        caller: &Caller,
        known: &Arc<Known>,
        q: &str,
        limit: u16,
    ) -> Result<Vec<BookingFound>, Problem> {
        let exactly = Filter {
            reference: Some(q.trim().to_owned()),
            ..Filter::default()
        };
        let by_words = Filter {
            q: Some(q.to_owned()),
            ..Filter::default()
        };
        let mut entries = self.entries(caller, &exactly, limit).await?;
        for entry in self.entries(caller, &by_words, limit).await? {
            if entries.iter().all(|e| e.booking_id != entry.booking_id) {
                entries.push(entry);
            }
        }
        entries.truncate(usize::from(limit));
        let names = Names::around(known, entries.iter().filter_map(client_of).collect());
        Ok(entries
            .iter()
            .filter_map(|entry| BookingFound::of(entry, &names))
            .collect())
    }

    async fn entries(
        &self,
        caller: &Caller,
        filter: &Filter,
        limit: u16,
    ) -> Result<Vec<Entry>, Problem> {
        let page = history::Page {
            after: None,
            limit,
            count: false,
        };
        let scope = caller.scope();
        let found = history::find(self.pool(), &scope, filter, Sort::default(), &page);
        Ok(found.await.map_err(not_found)?.items)
    }

    async fn clients_found(
        &self,
        caller: &Caller,
        q: &str,
        limit: u16,
    ) -> Result<Vec<ClientFound>, Problem> {
        if !caller.may(Right::SeeClients) {
            return Ok(vec![]);
        }
        let among: Option<Vec<Id<Client>>> = self.clients_of(caller).await?;
        let page = clients::Page {
            after: None,
            limit,
            count: false,
        };
        let scope = caller.scope();
        let found = clients::find_among(self.pool(), &scope, among.as_deref(), Some(q), page);
        let found = found.await?.items.into_iter();
        Ok(found.filter_map(|entry| ClientFound::of(&entry)).collect())
    }

    async fn segments_found(
        &self,
        caller: &Caller,
        known: &Known,
        terms: &[Term],
        limit: u16,
    ) -> Result<Vec<ThingFound>, Problem> {
        let on = known.settings()?.modules.marketing;
        if !on || !caller.may(Right::ManageMarketing) {
            return Ok(vec![]);
        }
        let page = segments::Page {
            after: None,
            limit: SEGMENTS,
            count: false,
        };
        let found = segments::find(self.pool(), &caller.scope(), page).await?;
        let found = found.items.iter().filter_map(|entry| {
            let saying = entry.segment.saying.as_ref()?;
            Some((entry.segment_id.uuid(), saying.name.to_string(), true))
        });
        Ok(called(terms, found, limit))
    }
}

impl BookingFound {
    fn of(entry: &Entry, names: &Names<'_>) -> Option<Self> {
        let held = entry.booking.held().ok()?;
        let plan = &held.plan;
        Some(Self {
            id: entry.booking_id.uuid(),
            reference: held.reference.to_string(),
            status: held.status.as_str(),
            deleted: held.deleted,
            start: plan.start,
            end: plan.end(),
            hour_unknown: plan.hour_unknown,
            service: plan.service_id.map(|id| names.service(id)),
            staff: plan.staff_id.map(|id| names.staff(id)),
            client: held.client_id.map(|id| names.client(id)),
        })
    }
}

impl ClientFound {
    fn of(entry: &clients::Entry) -> Option<Self> {
        let card = entry.client.known().ok()?;
        let phone = card.phone.as_ref().and_then(|phone| phone.value());
        let email = card.email.as_ref().and_then(|email| email.value());
        Some(Self {
            id: entry.client_id.uuid(),
            name: card.name.value().map(ToString::to_string),
            phone: phone.map(|phone| phone.as_str().to_owned()),
            email: email.map(|email| email.as_str().to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(q: &str) -> Vec<String> {
        let names = ["Włosy długie", "Wlosy krótkie", "Broda", "Brody i wąsy"];
        let things = names.into_iter().enumerate().map(|(n, name)| {
            let id = Uuid::from_u128(n as u128);
            (id, name.to_owned(), n != 2)
        });
        let found = called(&terms(q), things, 10).into_iter();
        found.map(|thing| thing.name).collect()
    }

    #[test]
    fn what_is_called_so_is_found_active_ones_first() {
        assert_eq!(found("WLOSY"), ["Włosy długie", "Wlosy krótkie"]);
        assert_eq!(found("brod"), ["Brody i wąsy", "Broda"]);
        assert_eq!(found("wąsy brod"), ["Brody i wąsy"]);
        assert_eq!(found("paznokcie"), [""; 0]);
    }

    #[test]
    fn what_is_misspelt_is_found_where_nothing_is_called_so() {
        assert_eq!(found("wlsoy długie"), ["Włosy długie"]);
        assert_eq!(found("brdoa"), ["Broda"]);
    }
}
