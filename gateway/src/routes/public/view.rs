//! A booking as the visitor who made it sees it. Of whom it is told nothing: whoever has the link knows, or need not.

use cqrs_es::Aggregate as _;
use domain::{
    actor::{ActorKind, Source},
    booking::{Booking, BookingEvent, Held, Status},
    id::Id,
    money::Money,
};
use jiff::Timestamp;
use ledger::{BusinessId, StreamId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    times::local,
    token::{Link, Subject},
    visitor::Visitor,
};
use crate::{
    access::{actor_word, source_word},
    app::App,
    catalogue::Known,
    command::{Answer, Done, Loaded},
    problem::Problem,
    routes::bookings::{Named, Names},
};

/// A booking with its stream.
pub(super) type Part = (Id<Booking>, Loaded<Booking>);

/// What a visitor booked: one service, or several in a row.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VisitorBooking {
    /// Of the booking; of a visit, the visit's.
    id: Uuid,
    /// What people call it by, over the phone; of a visit, its first booking's.
    #[schema(example = "7K3M-92QX")]
    reference: String,
    /// `requested`, `confirmed`, `completed`, `no_show` or `cancelled`; of a visit, of what is still to come of it.
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// By the business's clock.
    #[schema(example = "2026-11-24T10:00")]
    local_start: String,
    /// By the business's clock.
    #[schema(example = "2026-11-24T10:45")]
    local_end: String,
    /// The business's.
    time_zone: String,
    /// In their order.
    services: Vec<BookedService>,
    /// What was agreed, in all.
    #[schema(example = "120.00")]
    price: String,
    /// ISO 4217.
    currency: String,
    /// The language in which it was booked.
    language: Option<String>,
    /// While it waits for its visitor to confirm it: until when.
    #[schema(value_type = Option<String>, format = DateTime)]
    confirm_by: Option<Timestamp>,
    /// It can be moved by its link now.
    can_reschedule: bool,
    /// It can be cancelled by its link now.
    can_cancel: bool,
    /// It can be reviewed by its link now.
    can_review: bool,
    /// The last moment to move or cancel it.
    #[schema(value_type = String, format = DateTime)]
    change_until: Timestamp,
    /// The house changed it since the link was given out that it is looked at with: that link does nothing more, the
    /// token told here does.
    pub(super) superseded: bool,
    /// What manages it from now on.
    manage_token: String,
    /// The page that does, below the service's address.
    manage_path: String,
}

/// One service of what was booked.
#[derive(Debug, Serialize, ToSchema)]
struct BookedService {
    reference: String,
    status: &'static str,
    service: Option<Named>,
    staff: Option<Named>,
    /// It is a seat in this session of a class.
    session_id: Option<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    #[schema(example = "120.00")]
    price: String,
}

/// What was booked, as a visitor's link finds it.
pub(super) struct Booked {
    pub(super) subject: Subject,
    /// In their order; never empty.
    pub(super) parts: Vec<Part>,
}

impl Booked {
    /// Counts what has changed of it.
    pub(super) fn edition(&self) -> u32 {
        self.held()
            .fold(0, |sum, held| sum.saturating_add(held.edition))
    }

    fn held(&self) -> impl Iterator<Item = &Held> {
        self.parts
            .iter()
            .filter_map(|(_, loaded)| loaded.state.held().ok())
    }

    /// What is still to come of it.
    pub(super) fn open(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|(_, loaded)| {
            let held = loaded.state.held();
            held.is_ok_and(|held| held.status.is_open() && !held.deleted)
        })
    }

    /// When it begins: what is still to come of it, else the whole.
    pub(super) fn start(&self) -> Timestamp {
        let open = self.held().filter(|held| held.status.is_open());
        let open = open.map(|held| held.plan.start).min();
        let all = self.held().map(|held| held.plan.start).min();
        open.or(all).unwrap_or_default()
    }

    /// After it, nothing of it can be changed by a link.
    pub(super) fn change_until(&self, known: &Known) -> Timestamp {
        let window = known.catalogue.business.policy.cancellation_window_min;
        let start = self.start();
        start
            .saturating_sub(window.to_duration())
            .unwrap_or(Timestamp::MIN)
    }

    /// Some of it was called off, and nothing is still to come.
    pub(super) fn is_off(&self) -> bool {
        let open = self.open().next().is_some();
        !open && self.held().any(|held| held.status == Status::Cancelled)
    }

    fn is_deleted(&self) -> bool {
        self.held().all(|held| held.deleted)
    }
}

impl App {
    /// What a token speaks of. 404 for any that is none, whatever is wrong with it.
    pub(super) async fn by_link(
        &self,
        business: BusinessId,
        token: &str,
    ) -> Result<(Link, Booked), Problem> {
        let link = self
            .manage_link(business, token)
            .ok_or_else(Problem::not_found)?;
        let booked = self.booked(business, link.subject).await?;
        Ok((link, booked))
    }

    /// Its bookings as they stand, sealed.
    pub(super) async fn booked(
        &self,
        business: BusinessId,
        subject: Subject,
    ) -> Result<Booked, Problem> {
        let ids = match subject {
            Subject::Booking(id) => vec![id],
            Subject::Visit(id) => self.ids_of_visit(business, id.uuid()).await?,
        };
        let loading = ids.into_iter().map(|id| async move {
            let loaded = self.ledger().load::<Booking>(business, id.uuid()).await?;
            Ok::<_, Problem>((id, loaded))
        });
        let parts = futures::future::try_join_all(loading).await?;
        let booked = Booked { subject, parts };
        if booked.held().count() == 0 || booked.is_deleted() {
            return Err(Problem::not_found());
        }
        Ok(booked)
    }

    /// Whether what is booked was changed since a link was given out, by anybody but whoever has its links: of their
    /// own changes the holder knows. Whoever it was stands beside the events.
    pub(super) async fn is_news(
        &self,
        business: BusinessId,
        link: Link,
        booked: &Booked,
    ) -> Result<bool, Problem> {
        if booked.edition() == link.edition {
            return Ok(false);
        }
        let mut changes = vec![];
        for (id, _) in &booked.parts {
            let stream = StreamId::new(Booking::TYPE, id.uuid());
            for recorded in self.ledger().events_of(business, &stream).await? {
                let event: BookingEvent =
                    serde_json::from_str(recorded.payload.get()).map_err(Problem::internal)?;
                if event.changes_what_was_agreed() {
                    let by = recorded.metadata;
                    let by_link = by.actor.kind == actor_word(ActorKind::Client)
                        && by.source == source_word(Source::PublicPage);
                    changes.push((recorded.position, by_link));
                }
            }
        }
        changes.sort_unstable();
        let seen = usize::try_from(link.edition).unwrap_or(usize::MAX);
        let mut since = changes.into_iter().skip(seen);
        Ok(since.any(|(_, by_link)| !by_link))
    }

    /// The answer to a visitor's command: what was booked as the command left it.
    pub(super) async fn show_booked(
        &self,
        visitor: &Visitor,
        done: &Done,
        subject: Subject,
    ) -> Result<Answer<VisitorBooking>, Problem> {
        let business = visitor.business;
        let mut booked = self.booked(business, subject).await?;
        // As the command left them: a replay shows the same.
        for (id, loaded) in &mut booked.parts {
            let version = done.versions.iter().find(|(s, _)| s.id == id.uuid());
            if let Some((_, version)) = version {
                *loaded = self
                    .after::<Booking>(business, done, id.uuid(), *version)
                    .await?;
            }
        }
        let known = self.catalogue(business).await?;
        let view = self.visitor_view(visitor, &known, &booked)?;
        let location = format!(
            "/api/v1/public/{}/bookings/manage?token={}",
            visitor.slug, view.manage_token
        );
        let answer = Answer::to(done, view);
        Ok(if done.outcome.status == 201 {
            answer.location(location)
        } else {
            answer
        })
    }

    /// What was booked, with the link of its present edition.
    pub(super) fn visitor_view(
        &self,
        visitor: &Visitor,
        known: &Known,
        booked: &Booked,
    ) -> Result<VisitorBooking, Problem> {
        let settings = known.settings()?;
        let names = Names::around(known, std::collections::BTreeMap::new());
        let (zone, now) = (&settings.time_zone, self.now());
        let held: Vec<_> = booked.held().collect();
        let shown: Vec<_> = held.iter().filter(|held| held.status.is_open()).collect();
        let shown = if shown.is_empty() {
            held.iter().collect()
        } else {
            shown
        };
        let first = shown.first().ok_or_else(Problem::not_found)?;
        let until = booked.change_until(known);
        let can_change = booked.open().next().is_some() && now <= until;
        let link = Link {
            subject: booked.subject,
            edition: booked.edition(),
        };
        let token = self.manage_token(visitor.business, link);
        let path = format!("/b/{}/manage#token={token}", visitor.slug);
        let price = shown
            .iter()
            .try_fold(Money::zero(first.plan.price.currency()), |sum, held| {
                sum.plus(held.plan.price)
            });
        let end = shown.iter().map(|held| held.plan.end()).max();
        let (start, end) = (booked.start(), end.unwrap_or_else(|| first.plan.end()));
        let online = held.iter().find_map(|held| held.online.as_ref());
        Ok(VisitorBooking {
            id: link.subject.id(),
            reference: held
                .first()
                .map(|held| held.reference.to_string())
                .unwrap_or_default(),
            status: first.status.as_str(),
            start,
            end,
            local_start: local(zone, start),
            local_end: local(zone, end),
            time_zone: zone.name().to_owned(),
            services: held
                .iter()
                .map(|held| BookedService {
                    reference: held.reference.to_string(),
                    status: held.status.as_str(),
                    service: held.plan.service_id.map(|id| names.service(id)),
                    staff: held.plan.staff_id.map(|id| names.staff(id)),
                    session_id: held.plan.session_id.map(Id::uuid),
                    start: held.plan.start,
                    end: held.plan.end(),
                    price: held.plan.price.to_string(),
                })
                .collect(),
            price: price.map_err(Problem::internal)?.to_string(),
            currency: settings.currency.code().to_owned(),
            language: online.map(|online| online.language.as_str().to_owned()),
            confirm_by: online
                .and_then(|online| online.confirm_by)
                .filter(|_| first.status == Status::Requested),
            can_reschedule: can_change,
            can_cancel: can_change,
            can_review: held.iter().any(|h| h.status == Status::Completed),
            change_until: until,
            superseded: false,
            manage_token: token,
            manage_path: path,
        })
    }
}
