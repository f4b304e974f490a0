//! Somebody who waited gets their booking: made, and the request marked, in one append.

use axum::extract::State;
use domain::{
    access::Right,
    booking::{Booking, Plan},
    id::Id,
    money::Money,
    planning::Wish,
    sealed::Sealed,
    slots::Freedom,
    staff::Staff,
    time::Minutes,
    waitlist::{Made, Request, WaitlistCommand, Wishes},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{own, view::RequestView};
use crate::{
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, At, Call, Decision, Done, Loaded, Outcome},
    offers::seat_stands,
    problem::{Code, Problem},
    routes::bookings::{Booker, BookingView, Making, Seat, comment, price_of, show_all, source},
    texts::Message,
    timekeeping::{Inquiry, Terms},
};

/// Who races for the last free chair tries again with the next one; so often at most.
const CHOICES: usize = 12;

/// What is to be booked of what somebody waits for.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WaitlistConvert)]
pub(super) struct ConvertFields {
    /// A seat in this session of a class, which says when, by whom and where.
    session_id: Option<Uuid>,
    /// When it begins; absent, and no session named: what is offered, just so.
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Timestamp>,
    /// By whom; absent: by one of those wished for.
    staff_id: Option<Uuid>,
    /// Where; absent: at any desk that serves it, if it needs one.
    desk_id: Option<Uuid>,
    /// How long it takes; absent: as the price list says. Of one service alone.
    #[schema(minimum = 1, maximum = 44_640)]
    duration_min: Option<u32>,
    /// What was agreed; absent: as the price list says. Of one service alone.
    #[schema(example = "120.00")]
    price: Option<String>,
    /// A first comment on the booking; absent: the request's.
    comment: Option<String>,
    /// Where the booking came from, in the business's words; absent: as the request.
    source: Option<String>,
    /// Outside of working hours, for staff with the right.
    #[serde(default)]
    outside_hours: bool,
    /// Off the grid of starts, for staff with the right.
    #[serde(default)]
    off_grid: bool,
}

/// A request that became a booking, with it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ConvertedWaitlistRequest)]
pub(super) struct ConvertedView {
    #[serde(flatten)]
    request: RequestView,
    /// What it became; of a visit all its bookings, in their order.
    bookings: Vec<BookingView>,
}

/// Makes the booking that somebody waits for. Without a start or a session it is what is offered to them now.
#[utoipa::path(post, path = "/waitlist/{id}/convert", tag = "waitlist", params(("id" = Uuid, Path)),
    request_body = Option<ConvertFields>, responses((status = 200, body = ConvertedView)))]
pub(super) async fn convert(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<ConvertFields>,
) -> Result<Answer<ConvertedView>, Problem> {
    if call.body.outside_hours || call.body.off_grid {
        call.caller.needs(Right::OutsideHours)?;
    }
    let ids: Vec<_> = (0..Wishes::MOST_SERVICES).map(|_| app.new_id()).collect();
    let converting = Converting {
        app: &app,
        call: &call,
        id: Id::new(id),
        ids: &ids,
        visit: app.new_id(),
    };
    let done = converting.go().await?;
    app.show_converted(&call, &done).await
}

struct Converting<'a> {
    app: &'a App,
    call: &'a Call<ConvertFields>,
    id: Id<Request>,
    /// For as many bookings as it can become.
    ids: &'a [Uuid],
    visit: Uuid,
}

/// What is to be booked, and when.
struct Sought<'a> {
    inquiry: Inquiry<'a>,
    start: Timestamp,
    terms: Terms,
    /// Agreed already: it has only to be free still.
    offered: Option<Vec<Plan>>,
}

impl Converting<'_> {
    /// Where there is a choice of staff or desks and another takes the chosen one first, the next is tried.
    async fn go(&self) -> Result<Done, Problem> {
        let mut tried = 0;
        loop {
            let made = self.app.execute(self.call, move |attempt| async move {
                let known = self.app.catalogue_for(self.call, &attempt).await?;
                self.decide(&known).await
            });
            let refused = match made.await {
                Ok(done) => return Ok(done),
                Err(problem) => problem,
            };
            if refused.code() != Code::SlotTaken {
                return Err(refused);
            }
            let business = self.call.caller.business();
            let known = self.app.catalogue_now(business).await?;
            let loaded = self.load().await?;
            let made = loaded.state.open("convert")?;
            if let Some(session) = self.call.body.session_id {
                let else_free =
                    self.app
                        .told_which_else(business, Id::new(session), made.client_id, refused);
                return Err(else_free.await);
            }
            let offered = made.offered().filter(|_| self.call.body.start.is_none());
            if offered.is_some_and(|offer| seat_stands(&known, &offer.plans).is_some()) {
                return Err(refused.with("next_free", serde_json::json!([])));
            }
            let sought = self.sought(&known, made)?;
            tried += 1;
            if tried < CHOICES
                && sought.offered.is_none()
                && sought.inquiry.enquiry.has_choice()
                && sought
                    .inquiry
                    .plan(sought.start, sought.terms)
                    .await
                    .is_ok()
            {
                continue;
            }
            return Err(sought.inquiry.with_next_free(refused, sought.start).await);
        }
    }

    async fn load(&self) -> Result<Loaded<Request>, Problem> {
        let business = self.call.caller.business();
        let loaded = self.app.load::<Request>(business, self.id.uuid()).await?;
        own(&self.call.caller, loaded.state.made()?)?;
        Ok(loaded)
    }

    async fn decide(&self, known: &Known) -> Result<Decision, Problem> {
        let loaded = self.load().await?;
        self.call.expects(loaded.version)?;
        let made = loaded.state.open("convert")?;
        let named = self.named_seat(known, made)?;
        let plans = match named.map_or_else(|| self.seat(known, made), |seat| Ok(Some(seat)))? {
            Some(seat) => vec![seat],
            None => {
                let sought = self.sought(known, made)?;
                let found = sought.inquiry.plan(sought.start, sought.terms).await?;
                sought.offered.unwrap_or(found)
            }
        };
        let ids = &self.ids[..plans.len().min(self.ids.len())];
        let making = self.making(made, plans.len() > 1)?;
        let mut decision = Decision::new(Outcome {
            status: 200,
            ids: std::iter::once(self.id.uuid())
                .chain(ids.iter().copied())
                .collect(),
        });
        making.booker.make_known(self.app, &mut decision)?;
        self.app
            .book(self.call, &making, known, plans, ids, &mut decision)?;
        let command = WaitlistCommand::Convert {
            booking_ids: ids.iter().copied().map(Id::new).collect(),
            at: self.app.now(),
        };
        self.app
            .decide_request(&mut decision, known, self.id, &loaded, command)?;
        decision.saw_catalogue = Some(known.position);
        Ok(decision)
    }

    /// The seat in the session that is named.
    fn named_seat(&self, known: &Known, made: &Made) -> Result<Option<Plan>, Problem> {
        let asked = &self.call.body;
        let Some(session_id) = asked.session_id.map(Id::new) else {
            return Ok(None);
        };
        let said = Seat {
            service_id: None,
            staff_id: asked.staff_id,
            desk_id: asked.desk_id,
            start: asked.start,
            duration_min: asked.duration_min,
            late: asked.outside_hours || asked.off_grid,
        };
        let schedule = said.within(self.app, self.call, known, session_id)?;
        if made.wishes.service_ids != [schedule.setting.service_id] {
            let another = Message::new("violation-not-waited-for");
            return Err(Problem::field("session_id", another));
        }
        let price = match self.price(known)? {
            Some(price) => price,
            None => price_of(known, schedule)?,
        };
        Ok(Some(schedule.setting.seat(session_id, price)))
    }

    /// What was agreed, if it was told.
    fn price(&self, known: &Known) -> Result<Option<Money>, Problem> {
        let mut checks = Checks::default();
        let currency = known.settings()?.currency;
        let price = self.call.body.price.as_deref();
        let price = price.and_then(|text| checks.price("price", text, currency));
        checks.done()?;
        Ok(price)
    }

    /// The seat in a session that is held for them, if that is what is accepted. It has only to be there still.
    fn seat(&self, known: &Known, made: &Made) -> Result<Option<Plan>, Problem> {
        let offered = made.offered().filter(|_| self.call.body.start.is_none());
        let Some(offer) = offered else {
            return Ok(None);
        };
        match seat_stands(known, &offer.plans) {
            None => Ok(None),
            Some(true) => Ok(offer.plans.first().cloned()),
            Some(false) => Err(Problem::new(Code::SlotTaken)),
        }
    }

    fn making(&self, made: &Made, visit: bool) -> Result<Making, Problem> {
        let asked = &self.call.body;
        let said = made.comment.as_ref().and_then(Sealed::value);
        Ok(Making {
            booker: Booker::known(made.client_id),
            visit_id: visit.then(|| Id::new(self.visit)),
            series_id: None,
            source: match &asked.source {
                Some(text) => source(self.call, Some(text))?,
                None => made.source.clone(),
            },
            comment: match &asked.comment {
                Some(text) => comment(Some(text))?,
                None => said.cloned(),
            },
        })
    }

    fn sought<'a>(&'a self, known: &'a Known, made: &Made) -> Result<Sought<'a>, Problem> {
        match self.call.body.start {
            Some(start) => self.asked_for(known, made, start),
            None => self.offered(known, made),
        }
    }

    /// What the request names, with a start: who does it and where may be narrowed.
    fn asked_for<'a>(
        &'a self,
        known: &'a Known,
        made: &Made,
        start: Timestamp,
    ) -> Result<Sought<'a>, Problem> {
        let asked = &self.call.body;
        let services = &made.wishes.service_ids;
        let mut checks = Checks::default();
        let price = self.price(known)?;
        if services.len() > 1 {
            for (field, given) in [
                ("duration_min", asked.duration_min.is_some()),
                ("price", asked.price.is_some()),
            ] {
                if given {
                    checks.fault(field, Message::new("violation-of-one-service"));
                }
            }
        }
        checks.done()?;
        let wishes: Vec<_> = services
            .iter()
            .map(|service| Wish {
                service_id: *service,
                staff_id: asked.staff_id.map(Id::new),
                desk_id: asked.desk_id.map(Id::new),
                duration_min: asked.duration_min.map(Minutes::new),
                price,
            })
            .collect();
        let inquiry = self.inquire(known, &wishes)?;
        let freedom = Freedom {
            outside_hours: asked.outside_hours,
            off_grid: asked.off_grid,
        };
        Ok(Sought {
            inquiry: match (asked.staff_id, self.call.caller.own()) {
                // Their own bookings alone.
                (_, Some(own)) => inquiry.by(&[own]),
                (Some(_), None) => inquiry,
                (None, None) => inquiry.by(&made.wishes.staff_ids),
            },
            start,
            terms: Terms::of_the_house(freedom, self.app.now()),
            offered: None,
        })
    }

    /// Just what is held for them.
    fn offered<'a>(&'a self, known: &'a Known, made: &Made) -> Result<Sought<'a>, Problem> {
        let asked = &self.call.body;
        let narrowed = asked.staff_id.is_some()
            || asked.desk_id.is_some()
            || asked.duration_min.is_some()
            || asked.price.is_some();
        let offer = made.offered().filter(|_| !narrowed);
        let nothing = || Problem::field("start", Message::new("violation-nothing-offered"));
        let offer = offer.ok_or_else(nothing)?;
        let span = offer.span().ok_or_else(nothing)?;
        let wishes = pinned(&offer.plans).ok_or_else(nothing)?;
        let strangers: Vec<Id<Staff>> = offer
            .plans
            .iter()
            .filter_map(|plan| plan.staff_id)
            .filter(|staff| self.call.caller.own().is_some_and(|own| own != *staff))
            .collect();
        if !strangers.is_empty() {
            return Err(Problem::not_found());
        }
        Ok(Sought {
            inquiry: self.inquire(known, &wishes)?,
            start: span.start(),
            terms: Terms::of_the_house(Freedom::default(), self.app.now()),
            offered: Some(offer.plans.clone()),
        })
    }

    fn inquire<'a>(&'a self, known: &'a Known, wishes: &[Wish]) -> Result<Inquiry<'a>, Problem> {
        let business = self.call.caller.business();
        let inquiry = self.app.inquire(business, known, wishes, false)?;
        Ok(inquiry.held_for(self.id.uuid()))
    }
}

/// The wishes that have only these plans as their answer. None: a plan does not say what is done.
pub(crate) fn pinned(plans: &[Plan]) -> Option<Vec<Wish>> {
    let wishes = plans.iter().map(|plan| {
        Some(Wish {
            service_id: plan.service_id?,
            staff_id: plan.staff_id,
            desk_id: plan.desk_id,
            duration_min: Some(plan.timing.duration_min),
            price: Some(plan.price),
        })
    });
    wishes.collect()
}

impl App {
    async fn show_converted(
        &self,
        call: &Call<ConvertFields>,
        done: &Done,
    ) -> Result<Answer<ConvertedView>, Problem> {
        let business = call.caller.business();
        let (answer, request) = self.show_request_after(call, done).await?.part();
        let mut bookings = vec![];
        for id in done.outcome.ids.iter().skip(1) {
            let written = done.versions.iter().find(|(stream, _)| stream.id == *id);
            let (_, version) = written.ok_or_else(Problem::not_found)?;
            let loaded = self.after::<Booking>(business, done, *id, *version).await?;
            bookings.push((Id::new(*id), loaded));
        }
        let known = self.catalogue(business).await?;
        let bookings = show_all(self, business, &known, &bookings, Some(done)).await?;
        Ok(answer.with(ConvertedView { request, bookings }))
    }
}
