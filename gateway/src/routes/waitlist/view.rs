//! A request as the API shows it.

use std::collections::BTreeSet;

use domain::{
    hours::DayInterval,
    id::Id,
    sealed::Sealed,
    text::FreeText,
    time::Weekday,
    waitlist::{Made, Offer, Request, Standing},
};
use jiff::{Timestamp, civil::Date};
use ledger::{BusinessId, Version};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    command::{Done, Loaded},
    problem::Problem,
    routes::bookings::{Named, Names},
    schema,
};

/// Somebody who waits for time to come free.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WaitlistRequest)]
pub(crate) struct RequestView {
    id: Uuid,
    /// `waiting`, `offered`, `converted`, `withdrawn` or `expired`.
    state: &'static str,
    client: Named,
    /// For what, one after another.
    services: Vec<Named>,
    /// By one of these; none: by anyone.
    staff: Vec<Named>,
    /// The first local date.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The last one; null: whenever.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// On these days of the week; none: on any.
    #[schema(value_type = Vec<schema::Weekday>)]
    weekdays: Vec<Weekday>,
    /// Wholly within one of these local hours; none: at any.
    #[schema(value_type = Vec<schema::DayInterval>)]
    hours: Vec<DayInterval>,
    /// Null also once it was erased.
    comment: Option<String>,
    /// Where it came from, in the business's words.
    source: String,
    #[schema(value_type = String, format = DateTime)]
    requested_at: Timestamp,
    /// What is held for them now.
    offer: Option<OfferView>,
    /// What it became; of a visit its first booking.
    booking_id: Option<Uuid>,
    /// What it became; of a visit all its bookings, in their order.
    booking_ids: Vec<Uuid>,
    /// When it was converted, withdrawn or expired.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// Why it was withdrawn; null also once it was erased.
    withdraw_reason: Option<String>,
    /// As in its `ETag`.
    version: i64,
}

/// A slot that is held for somebody.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WaitlistOffer)]
struct OfferView {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// Of a seat: in which session of a class.
    session_id: Option<Uuid>,
    /// Each service in its turn.
    services: Vec<OfferedService>,
    /// Since when it is held.
    #[schema(value_type = String, format = DateTime)]
    offered_at: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

/// One service of an offer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WaitlistOfferedService)]
struct OfferedService {
    service: Option<Named>,
    staff: Option<Named>,
    desk: Option<Named>,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
}

impl RequestView {
    /// Shows a request. It must be opened.
    pub(super) fn of(id: Id<Request>, version: Version, made: &Made, names: &Names<'_>) -> Self {
        let text = |sealed: &Option<Sealed<FreeText>>| {
            let value = sealed.as_ref().and_then(Sealed::value);
            value.map(ToString::to_string)
        };
        let wishes = &made.wishes;
        let (booking_ids, ended_at, withdraw_reason) = match &made.standing {
            Standing::Waiting | Standing::Offered(_) => (vec![], None, None),
            Standing::Converted { booking_ids, at } => {
                let ids = booking_ids.iter().map(|id| id.uuid()).collect();
                (ids, Some(*at), None)
            }
            Standing::Withdrawn { at, reason } => (vec![], Some(*at), text(reason)),
            Standing::Expired { at } => (vec![], Some(*at), None),
        };
        Self {
            id: id.uuid(),
            state: made.standing.state().as_str(),
            client: names.client(made.client_id),
            services: wishes
                .service_ids
                .iter()
                .map(|id| names.service(*id))
                .collect(),
            staff: wishes.staff_ids.iter().map(|id| names.staff(*id)).collect(),
            from: wishes.from,
            to: wishes.to,
            weekdays: wishes.weekdays.clone(),
            hours: wishes.hours.clone(),
            comment: text(&made.comment),
            source: made.source.as_str().to_owned(),
            requested_at: made.requested_at,
            offer: made.offered().and_then(|offer| OfferView::of(offer, names)),
            booking_id: booking_ids.first().copied(),
            booking_ids,
            ended_at,
            withdraw_reason,
            version: version.0,
        }
    }
}

impl OfferView {
    fn of(offer: &Offer, names: &Names<'_>) -> Option<Self> {
        let span = offer.span()?;
        let services = offer.plans.iter().map(|plan| OfferedService {
            service: plan.service_id.map(|id| names.service(id)),
            staff: plan.staff_id.map(|id| names.staff(id)),
            desk: plan.desk_id.map(|id| names.desk(id)),
            start: plan.start,
            end: plan.end(),
        });
        Some(Self {
            start: span.start(),
            end: span.end(),
            session_id: offer
                .plans
                .first()
                .and_then(|plan| plan.session_id)
                .map(Id::uuid),
            services: services.collect(),
            offered_at: offer.at,
            until: offer.until,
        })
    }
}

impl App {
    /// A request as it is shown. `after`: in the answer to a command.
    pub(super) async fn request_view(
        &self,
        business: BusinessId,
        id: Id<Request>,
        loaded: &Loaded<Request>,
        after: Option<&Done>,
    ) -> Result<RequestView, Problem> {
        let made = loaded.state.made()?;
        let known = self.catalogue(business).await?;
        let clients = BTreeSet::from([made.client_id]);
        let clients = self.client_names(business, &clients, after).await?;
        let names = Names::around(&known, clients);
        Ok(RequestView::of(id, loaded.version, made, &names))
    }
}
