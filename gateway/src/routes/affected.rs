//! Bookings that lie in time that is closed now: in an absence, a closure of the house, a desk's holiday. What each
//! could be moved to, and moving them, one by one or together.

mod moving;

use axum::extract::State;
use domain::{
    booking::{Booking, Status},
    id::Id,
    planning::Move,
    slots::Freedom,
    time::LocalSpan,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use ledger::BusinessId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use self::moving::{MovedView, MovesFields};
use super::bookings::{BookingView, show_all};
use crate::{
    access::Caller,
    app::App,
    catalogue::Known,
    command::{Answer, Ask, At, Call, Loaded},
    guarding::{AffectedBooking, ahead},
    page::{PageQuery, limit},
    problem::Problem,
    timekeeping::{SlotView, Terms},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(of_absence))
        .routes(routes!(of_closure))
        .routes(routes!(of_holiday))
        .routes(routes!(move_of_absence))
        .routes(routes!(move_of_closure))
        .routes(routes!(move_of_holiday))
}

/// How many later starts of each booking are told.
const NEXT_FREE: usize = 3;
/// Bookings loaded at a time.
const LOADED_AT_ONCE: usize = 8;

/// What lies in time that is closed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Affected)]
struct AffectedView {
    /// Bookings that are to be moved, by start.
    bookings: Vec<ToBeMoved>,
    /// Sessions of classes that are to be moved or called off, with all their seats; on each page all of them.
    sessions: Vec<AffectedBooking>,
    /// To be given as `after` for the next page of bookings; null on the last one.
    next: Option<String>,
    /// How many bookings there are on all pages; only where `count=true` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

/// A booking that is to be moved, and where it could go.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ToBeMoved {
    booking: BookingView,
    /// The next free starts with the same staff member, once it is over.
    next_free: Vec<SlotView>,
    /// At the same time: by others who do it, or at another desk.
    same_time: Vec<SlotView>,
}

type Told = Result<Answer<AffectedView>, Problem>;
type Moved = Result<Answer<MovedView>, Problem>;

/// The bookings that lie in an absence, with what each could be moved to.
#[utoipa::path(get, path = "/absences/{id}/affected", tag = "staff", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = AffectedView)))]
async fn of_absence(State(app): State<App>, At(id): At<Uuid>, ask: Ask<PageQuery>) -> Told {
    app.affected_by(&ask, Closed::Absence(id)).await
}

/// The bookings that lie in a closure, with what each could be moved to.
#[utoipa::path(get, path = "/business/closures/{id}/affected", tag = "business", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = AffectedView)))]
async fn of_closure(State(app): State<App>, At(id): At<Uuid>, ask: Ask<PageQuery>) -> Told {
    app.affected_by(&ask, Closed::House(id)).await
}

/// The bookings that lie in a desk's holiday, with what each could be moved to.
#[utoipa::path(get, path = "/desks/{id}/holidays/{holiday_id}/affected", tag = "desks",
    params(("id" = Uuid, Path), ("holiday_id" = Uuid, Path), PageQuery), responses((status = 200, body = AffectedView)))]
async fn of_holiday(
    State(app): State<App>,
    At((desk, holiday)): At<(Uuid, Uuid)>,
    ask: Ask<PageQuery>,
) -> Told {
    let closed = Closed::Desk { desk, holiday };
    app.affected_by(&ask, closed).await
}

/// Moves bookings out of an absence: each as it is told, all or none; or all of them by one rule, those that can be.
#[utoipa::path(post, path = "/absences/{id}/move-bookings", tag = "staff", params(("id" = Uuid, Path)),
    request_body = MovesFields, responses((status = 200, body = MovedView)))]
async fn move_of_absence(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<MovesFields>,
) -> Moved {
    app.move_affected(&call, Closed::Absence(id)).await
}

/// Moves bookings out of a closure: each as it is told, all or none; or all of them by one rule, those that can be.
#[utoipa::path(post, path = "/business/closures/{id}/move-bookings", tag = "business", params(("id" = Uuid, Path)),
    request_body = MovesFields, responses((status = 200, body = MovedView)))]
async fn move_of_closure(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<MovesFields>,
) -> Moved {
    app.move_affected(&call, Closed::House(id)).await
}

/// Moves bookings out of a desk's holiday: each as it is told, all or none; or all of them by one rule, those that can be.
#[utoipa::path(post, path = "/desks/{id}/holidays/{holiday_id}/move-bookings", tag = "desks",
    params(("id" = Uuid, Path), ("holiday_id" = Uuid, Path)), request_body = MovesFields,
    responses((status = 200, body = MovedView)))]
async fn move_of_holiday(
    State(app): State<App>,
    At((desk, holiday)): At<(Uuid, Uuid)>,
    call: Call<MovesFields>,
) -> Moved {
    let closed = Closed::Desk { desk, holiday };
    app.move_affected(&call, closed).await
}

/// What is closed, by which plan.
#[derive(Debug, Clone, Copy)]
enum Closed {
    Absence(Uuid),
    House(Uuid),
    Desk { desk: Uuid, holiday: Uuid },
}

/// Whose time is closed, and when.
struct Gap {
    resources: Vec<Uuid>,
    ranges: Vec<ledger::Span>,
    /// The first instant after it.
    end: Timestamp,
}

impl Closed {
    /// Of what is there. Of somebody with own bookings alone: their own absences, and all that is the house's.
    fn gap(self, known: &Known, caller: &Caller, now: Timestamp) -> Result<Gap, Problem> {
        let staff = &known.catalogue.staff;
        let found: Option<(Vec<Uuid>, LocalSpan)> = match self {
            Self::Absence(id) => staff.iter().find_map(|(staff, member)| {
                let absence = member.absences.get(&Id::new(id))?;
                let theirs = caller.own().is_none_or(|own| own == *staff);
                theirs.then(|| (vec![staff.uuid()], absence.span))
            }),
            Self::House(id) => {
                let closure = known.catalogue.business.closures.get(&Id::new(id));
                closure.map(|closure| (known.resources().collect(), closure.span))
            }
            Self::Desk { desk, holiday } => {
                let found = known.catalogue.desks.get(&Id::new(desk));
                let span = found.and_then(|found| found.holidays.get(&Id::new(holiday)));
                span.map(|span| (vec![desk], *span))
            }
        };
        let (resources, span) = found.ok_or_else(Problem::not_found)?;
        let ranges = ahead([&span], &known.settings()?.time_zone, now);
        Ok(Gap {
            resources,
            end: ranges
                .iter()
                .filter_map(|range| range.end)
                .max()
                .unwrap_or(now),
            ranges,
        })
    }
}

/// A booking in the gap.
type Inside = (Id<Booking>, Loaded<Booking>);

impl App {
    async fn affected_by(&self, ask: &Ask<PageQuery>, closed: Closed) -> Told {
        let (caller, query) = (&ask.caller, &ask.query);
        let business = caller.business();
        let limit = limit(query.limit)?;
        let after: Option<(Timestamp, Uuid)> = ask.list().place(query.after.as_deref())?;
        self.wait_for_bookings(ask, &[]).await?;
        let known = self.catalogue_now(business).await?;
        let gap = closed.gap(&known, caller, self.now())?;
        let (mut all, sessions) = self.inside(caller, &known, &gap).await?;
        let total = query.count.then_some(all.len() as u64);
        // What each could be moved to takes a search: only of those that are shown.
        let key = |(id, loaded): &Inside| {
            let start = loaded.state.held().map(|held| held.plan.start);
            (start.unwrap_or_default(), id.uuid())
        };
        all.sort_by_key(key);
        all.retain(|one| after.is_none_or(|after| key(one) > after));
        let more = all.len() > limit;
        all.truncate(limit);
        let inside = all;
        let next = match inside.last() {
            Some(last) if more => Some(ask.list().cursor(&key(last))?),
            Some(_) | None => None,
        };
        let views = show_all(self, business, &known, &inside, None).await?;
        let mut bookings = Vec::with_capacity(views.len());
        for ((id, loaded), booking) in inside.iter().zip(views) {
            bookings.push(ToBeMoved {
                booking,
                next_free: self.later(business, &known, *id, loaded, gap.end).await?,
                same_time: self.at_the_same_time(business, &known, *id, loaded).await?,
            });
        }
        Ok(Answer::ok(AffectedView {
            bookings,
            sessions,
            next,
            total,
        }))
    }

    /// The bookings that lie in a gap now and are still to come, by start; and the sessions.
    async fn inside(
        &self,
        caller: &Caller,
        known: &Known,
        gap: &Gap,
    ) -> Result<(Vec<Inside>, Vec<AffectedBooking>), Problem> {
        let business = caller.business();
        let affected = self.affected(business, &gap.resources, &gap.ranges).await?;
        let (sessions, affected): (Vec<_>, Vec<_>) = affected
            .into_iter()
            .partition(|one| known.catalogue.sessions.contains_key(&Id::new(one.id())));
        let ids: Vec<_> = affected.iter().map(AffectedBooking::id).collect();
        let loaded = ids.into_iter().map(|id| async move {
            Ok::<_, Problem>((Id::new(id), self.load::<Booking>(business, id).await?))
        });
        let loaded = stream::iter(loaded).buffered(LOADED_AT_ONCE);
        let mut inside: Vec<Inside> = loaded.try_collect().await?;
        inside.retain(|(_, loaded)| {
            loaded.state.held().is_ok_and(|held| {
                let theirs = |own| held.plan.staff_id == Some(own);
                matches!(held.status, Status::Requested | Status::Confirmed)
                    && caller.own().is_none_or(theirs)
            })
        });
        Ok((inside, sessions))
    }

    async fn later(
        &self,
        business: BusinessId,
        known: &Known,
        id: Id<Booking>,
        loaded: &Loaded<Booking>,
        after: Timestamp,
    ) -> Result<Vec<SlotView>, Problem> {
        let plan = &loaded.state.held()?.plan;
        match self.inquire_again(business, known, &[(plan, Move::default())], false) {
            Ok(inquiry) => inquiry.instead_of([id]).next_free(after, NEXT_FREE).await,
            // Who does it has left: nothing later.
            Err(_) => Ok(vec![]),
        }
    }

    /// The same start: where it is, at another desk; else by each of the others who do it.
    async fn at_the_same_time(
        &self,
        business: BusinessId,
        known: &Known,
        id: Id<Booking>,
        loaded: &Loaded<Booking>,
    ) -> Result<Vec<SlotView>, Problem> {
        let plan = &loaded.state.held()?.plan;
        let others = known.catalogue.staff.keys();
        let others = others.filter(|staff| Some(**staff) != plan.staff_id);
        let moves = std::iter::once(Move::default()).chain(others.map(|staff| Move {
            staff_id: Some(*staff),
            ..Move::default()
        }));
        let terms = Terms::of_the_house(staying(), self.now());
        let mut slots = vec![];
        for to in moves {
            let Ok(inquiry) = self.inquire_again(business, known, &[(plan, to)], false) else {
                continue;
            };
            let inquiry = inquiry.instead_of([id]);
            if let Ok(plans) = inquiry.plan_now(plan.start, terms, &[]).await {
                slots.extend(plans.first().map(SlotView::from));
            }
        }
        Ok(slots)
    }
}

/// Who stays at their start need not stand on another's grid.
const fn staying() -> Freedom {
    Freedom {
        outside_hours: false,
        off_grid: true,
    }
}
