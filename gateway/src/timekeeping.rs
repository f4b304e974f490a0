//! Time: what is taken, what can be had, what a booking claims.
//!
//! The ledger knows resources as bare ids with a capacity, the domain as staff members and desks: this is where one
//! becomes the other.

use domain::{
    booking::{self, Booking, Plan, Resource},
    id::Id,
    planning::{Audience, Enquiry, Move, Taken, Unwelcome, Why, Wish},
    service::LONGEST_MIN,
    session::MOST_SEATS,
    session::{Schedule, Session, Setting},
    slots::{Freedom, Notice, Refusal, Slot, Unavailable},
    staff::Staff,
    time::{Minutes, Span},
    waitlist::Request,
};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use ledger::{BusinessId, Claim, ClaimSet};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    catalogue::Known,
    checks::Checks,
    problem::{Code, Problem, Violation},
    texts::Message,
};

/// How many free slots a refusal names.
pub(crate) const NEXT_FREE: usize = 5;
/// How far ahead they are looked for: two weeks first, the most that anybody may ask for if those are full.
const WINDOWS_DAYS: [i32; 2] = [14, 62];

/// A start that can be had.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SlotView {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) start: Timestamp,
    /// When it ends; of a visit, its last service.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) end: Timestamp,
    /// By whom; of a visit, its first service.
    pub(crate) staff_id: Uuid,
    /// Where; null if it needs no desk.
    #[schema(required)]
    pub(crate) desk_id: Option<Uuid>,
    /// A session of a class, in which a seat can be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_id: Option<Uuid>,
    /// How many seats it has left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seats_left: Option<u16>,
    /// Of a visit: each service in its turn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) services: Vec<ServedView>,
}

/// One service of a visit's slot.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ServedView {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    /// By whom.
    staff_id: Uuid,
    /// Where.
    desk_id: Option<Uuid>,
}

impl From<&Slot> for SlotView {
    fn from(slot: &Slot) -> Self {
        let served = slot.services.iter().map(|served| ServedView {
            start: served.start,
            end: served.end,
            staff_id: served.staff_id.uuid(),
            desk_id: served.desk_id.map(Id::uuid),
        });
        Self {
            start: slot.start(),
            end: slot.end(),
            staff_id: slot.staff_id().uuid(),
            desk_id: slot.desk_id().map(Id::uuid),
            session_id: None,
            seats_left: None,
            services: if slot.services.len() > 1 {
                served.collect()
            } else {
                vec![]
            },
        }
    }
}

impl SlotView {
    /// A session in which a seat can be had.
    pub(crate) fn of_session(id: Id<Session>, schedule: &Schedule, left: u16) -> Self {
        Self {
            session_id: Some(id.uuid()),
            seats_left: Some(left),
            ..Self::of_setting(&schedule.setting)
        }
    }

    /// A time at which a session could be held.
    pub(crate) fn of_setting(setting: &Setting) -> Self {
        Self {
            start: setting.start,
            end: setting.end(),
            staff_id: setting.staff_id.uuid(),
            desk_id: setting.desk_id.map(Id::uuid),
            session_id: None,
            seats_left: None,
            services: vec![],
        }
    }
}

impl From<&Plan> for SlotView {
    /// Of one that says by whom, as all do that the finder makes.
    fn from(plan: &Plan) -> Self {
        Self {
            start: plan.start,
            end: plan.end(),
            staff_id: plan.staff_id.map(Id::uuid).unwrap_or_default(),
            desk_id: plan.desk_id.map(Id::uuid),
            session_id: plan.session_id.map(Id::uuid),
            seats_left: None,
            services: vec![],
        }
    }
}

/// What is asked of the time: services that the catalogue can serve, perhaps to replace bookings that stand.
pub(crate) struct Inquiry<'a> {
    app: &'a App,
    business: BusinessId,
    known: &'a Known,
    pub(crate) enquiry: Enquiry<'a>,
    /// Whose own time does not stand in their way.
    besides: Vec<Uuid>,
    bounds: Bounds,
}

/// How near and how far a start may lie.
#[derive(Debug, Clone, Copy, Default)]
struct Bounds {
    /// So long after now at least.
    notice: Minutes,
    /// The last local date; none: any.
    last: Option<Date>,
}

impl App {
    /// Asks for time for something new. `visit`: a refusal's fields stand inside of `services`.
    pub(crate) fn inquire<'a>(
        &'a self,
        business: BusinessId,
        known: &'a Known,
        wishes: &[Wish],
        visit: bool,
    ) -> Result<Inquiry<'a>, Problem> {
        let enquiry = known.catalogue.enquire(wishes, Audience::Staff);
        Ok(Inquiry {
            app: self,
            business,
            known,
            enquiry: enquiry.map_err(|error| unwelcome(&error, visit))?,
            besides: vec![],
            bounds: Bounds::default(),
        })
    }

    /// Asks for time for something new on a visitor's behalf: active services alone, and within the booking policy.
    pub(crate) fn inquire_for_visitor<'a>(
        &'a self,
        business: BusinessId,
        known: &'a Known,
        wishes: &[Wish],
        visit: bool,
    ) -> Result<Inquiry<'a>, Problem> {
        let enquiry = known.catalogue.enquire(wishes, Audience::Public);
        let inquiry = Inquiry {
            app: self,
            business,
            known,
            enquiry: enquiry.map_err(|error| unwelcome(&error, visit))?,
            besides: vec![],
            bounds: Bounds::default(),
        };
        inquiry.within_policy()
    }

    /// Asks for other time for what was agreed.
    pub(crate) fn inquire_again<'a>(
        &'a self,
        business: BusinessId,
        known: &'a Known,
        agreed: &[(&Plan, Move)],
        visit: bool,
    ) -> Result<Inquiry<'a>, Problem> {
        let enquiry = known.catalogue.enquire_again(agreed);
        Ok(Inquiry {
            app: self,
            business,
            known,
            enquiry: enquiry.map_err(|error| unwelcome(&error, visit))?,
            besides: vec![],
            bounds: Bounds::default(),
        })
    }
}

/// How a start is to be looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) freedom: Freedom,
    /// None: it may lie in the past too.
    pub(crate) notice: Option<Notice>,
}

impl Terms {
    /// As people of the house book: from now on, on the grid, within hours, unless they say otherwise. Who books off
    /// the grid or outside of hours may also write down what has begun already.
    pub(crate) fn of_the_house(freedom: Freedom, now: Timestamp) -> Self {
        let free = freedom.off_grid || freedom.outside_hours;
        Self {
            freedom,
            notice: (!free).then_some(Notice {
                now,
                min: Minutes::ZERO,
            }),
        }
    }
}

impl Inquiry<'_> {
    /// No nearer and no farther than the booking policy lets visitors book.
    pub(crate) fn within_policy(mut self) -> Result<Self, Problem> {
        let policy = &self.known.catalogue.business.policy;
        let today = self.date_of(self.app.now())?;
        self.bounds = Bounds {
            notice: policy.min_notice_min,
            last: Some(today.saturating_add(i64::from(policy.horizon_days).days())),
        };
        Ok(self)
    }

    /// As visitors book: on the grid, within hours, and as near as the policy says.
    pub(crate) fn terms(&self) -> Terms {
        Terms {
            freedom: Freedom::default(),
            notice: Some(self.notice()),
        }
    }

    fn notice(&self) -> Notice {
        Notice {
            now: self.app.now(),
            min: self.bounds.notice,
        }
    }

    /// The slots that can be had between two dates.
    pub(crate) async fn slots(&self, first: Date, last: Date) -> Result<Vec<Slot>, Problem> {
        let last = self.bounds.last.map_or(last, |most| last.min(most));
        if last < first {
            return Ok(vec![]);
        }
        let taken = self.taken(first, last).await?;
        Ok(self.enquiry.slots(first, last, self.notice(), &taken))
    }

    /// To replace these bookings: their own time does not stand in their way.
    pub(crate) fn instead_of(mut self, moving: impl IntoIterator<Item = Id<Booking>>) -> Self {
        self.besides.extend(moving.into_iter().map(Id::uuid));
        self
    }

    /// The time of these does not stand in their way.
    pub(crate) fn beside(mut self, owners: &[Uuid]) -> Self {
        self.besides.extend_from_slice(owners);
        self
    }

    /// To use time that is held for this one: it does not stand in its way.
    pub(crate) fn held_for(mut self, owner: Uuid) -> Self {
        self.besides.push(owner);
        self
    }

    /// By these staff members alone; if none is named, by whoever can.
    pub(crate) fn by(mut self, staff: &[Id<Staff>]) -> Self {
        self.enquiry = self.enquiry.by(staff);
        self
    }

    /// For whoever was too late so many times for what they had chosen: lots decide then, as all who were too late with
    /// them would choose the same again. `who` is what only they have.
    pub(crate) fn drawn(mut self, tried: usize, who: Uuid) -> Self {
        if tried > 0 {
            let (half, other) = who.as_u64_pair();
            let turn = u64::try_from(tried).unwrap_or(u64::MAX);
            self.enquiry = self.enquiry.drawn(half ^ other ^ turn);
        }
        self
    }

    /// The plans for a start. With one staff member and at most one desk to choose from there is nothing to look up:
    /// whether the time is free, the ledger says when it takes it.
    pub(crate) async fn plan(&self, start: Timestamp, terms: Terms) -> Result<Vec<Plan>, Problem> {
        let mut checks = Checks::default();
        checks.moment("start", start);
        checks.done()?;
        if let Some(last) = self.bounds.last
            && last < self.date_of(start)?
        {
            let too_late = Message::new("violation-too-far").with("last", last);
            return Err(Problem::field("start", too_late));
        }
        let taken = if self.enquiry.has_choice() {
            let date = self.date_of(start)?;
            self.taken(date, date).await?
        } else {
            vec![]
        };
        match self
            .enquiry
            .plan(whole(start, terms), terms.freedom, terms.notice, &taken)
        {
            Ok(plans) => Ok(plans),
            Err(unavailable) if unavailable.why.is_taken() => Err(Problem::new(Code::SlotTaken)),
            Err(mut unavailable) => {
                if self.bounds.last.is_some() {
                    unavailable.why = discreet(unavailable.why);
                }
                Err(not_to_be_had(&unavailable, self.enquiry.is_visit()))
            }
        }
    }

    /// What is taken of whom and what it asks for, around these dates.
    pub(crate) async fn taken(&self, first: Date, last: Date) -> Result<Vec<Taken>, Problem> {
        let resources = self.enquiry.resources();
        let ids: Vec<Uuid> = resources.iter().map(|resource| resource.uuid()).collect();
        let within = span(self.enquiry.reach(first, last));
        let ledger = self.app.ledger();
        let found = ledger
            .taken(self.business, &ids, within, &self.besides)
            .await?;
        let mut taken = Vec::with_capacity(found.iter().map(|found| found.times.len()).sum());
        for found in found.iter() {
            let asked = resources
                .iter()
                .find(|asked| asked.uuid() == found.resource);
            let Some(resource) = asked else { continue };
            for time in &found.times {
                let end = time.end.unwrap_or(Timestamp::MAX);
                if let Ok(during) = Span::new(time.start, end) {
                    let resource = *resource;
                    taken.push(Taken { resource, during });
                }
            }
        }
        Ok(taken)
    }

    /// The plans for a start that is free at this moment, as far as anybody can say, also of what is about to be taken
    /// by the same command.
    pub(crate) async fn plan_now(
        &self,
        start: Timestamp,
        terms: Terms,
        about: &[Taken],
    ) -> Result<Vec<Plan>, Problem> {
        let mut checks = Checks::default();
        checks.moment("start", start);
        checks.done()?;
        let date = self.date_of(start)?;
        let mut taken = self.taken(date, date).await?;
        taken.extend_from_slice(about);
        let plans = self
            .enquiry
            .plan(start, terms.freedom, terms.notice, &taken);
        plans.map_err(|unavailable| not_to_be_had(&unavailable, self.enquiry.is_visit()))
    }

    /// A refusal for a taken time, with the next times that are free.
    pub(crate) async fn with_next_free(&self, problem: Problem, after: Timestamp) -> Problem {
        match self.next_free(after, NEXT_FREE).await {
            Ok(slots) => problem.with("next_free", json!(slots)),
            // The refusal stands without them.
            Err(_) => problem.with("next_free", json!([])),
        }
    }

    /// The first free starts from a moment on, or from now if that is later.
    pub(crate) async fn next_free(
        &self,
        after: Timestamp,
        limit: usize,
    ) -> Result<Vec<SlotView>, Problem> {
        let slots = self.next_slots(after, limit).await?;
        Ok(slots.iter().map(SlotView::from).collect())
    }

    /// The first free slots from a moment on, or from now if that is later.
    pub(crate) async fn next_slots(
        &self,
        after: Timestamp,
        limit: usize,
    ) -> Result<Vec<Slot>, Problem> {
        self.next_beside(after, limit, &[]).await
    }

    /// As [`next_slots`](Self::next_slots), beside what is about to be taken by the same command.
    pub(crate) async fn next_beside(
        &self,
        after: Timestamp,
        limit: usize,
        about: &[Taken],
    ) -> Result<Vec<Slot>, Problem> {
        let notice = self.notice();
        let after = after.max(notice.now);
        let first = self.date_of(after)?;
        let mut slots = vec![];
        for days in WINDOWS_DAYS {
            let last = first.saturating_add(days.days());
            let last = self.bounds.last.map_or(last, |most| last.min(most));
            if last < first {
                break;
            }
            let mut taken = self.taken(first, last).await?;
            taken.extend_from_slice(about);
            slots = self.enquiry.next_free(after, last, limit, notice, &taken);
            if slots.len() >= limit {
                break;
            }
        }
        Ok(slots)
    }

    fn date_of(&self, instant: Timestamp) -> Result<Date, Problem> {
        Ok(self.known.settings()?.time_zone.date_of(instant))
    }
}

/// A walk-in comes at some fraction of a second; in the book it is the second.
fn whole(start: Timestamp, terms: Terms) -> Timestamp {
    if terms.freedom.off_grid {
        Timestamp::from_second(start.as_second()).unwrap_or(start)
    } else {
        start
    }
}

/// The time that a booking takes now, for the ledger: it replaces whatever the booking took before.
pub(crate) fn claim_set(known: &Known, id: Id<Booking>, booking: &Booking) -> ClaimSet {
    let held = booking.held();
    let overlaps = held.as_ref().is_ok_and(|held| held.overlaps());
    let mut set = ClaimSet {
        owner: id.uuid(),
        claims: claims(known, booking.claims(), overlaps),
        hold_until: None,
    };
    // Whose phone a visitor typed is not known: a refusal would tell them who sits there. What is booked for the same
    // client in the house finds theirs in its way.
    if held.is_ok_and(|held| held.online.is_some()) {
        sits_beside_others(&mut set, booking);
    }
    set
}

/// Lets the claim for its client in a session stand beside others for the same one.
pub(crate) fn sits_beside_others(set: &mut ClaimSet, booking: &Booking) {
    let guests = booking.claims().into_iter().filter_map(|claim| {
        let is_guest = matches!(claim.resource, Resource::Guest(..));
        is_guest.then(|| claim.resource.uuid())
    });
    for guest in guests {
        for claim in &mut set.claims {
            if claim.resource == guest {
                claim.capacity = MOST_SEATS;
            }
        }
    }
}

/// The time that is held for somebody who waits, while it is; whatever was held before is given back.
pub(crate) fn held_set(known: &Known, id: Id<Request>, request: &Request) -> ClaimSet {
    ClaimSet {
        owner: id.uuid(),
        claims: claims(known, request.claims(), false),
        hold_until: request.offered().map(|offer| offer.until),
    }
}

fn claims(known: &Known, claims: Vec<booking::Claim>, overlaps: bool) -> Vec<Claim> {
    let claims = claims.into_iter().map(|claim| Claim {
        resource: claim.resource.uuid(),
        capacity: capacity(known, claim.resource),
        during: span(claim.during),
        body: span(claim.body),
        overlaps,
    });
    claims.collect()
}

/// The time that plans would take, held for a while for whoever makes up their mind.
pub(crate) fn hold_set(known: &Known, hold: Uuid, plans: &[Plan], until: Timestamp) -> ClaimSet {
    let claims = plans.iter().flat_map(Plan::claims).map(|claim| Claim {
        resource: claim.resource.uuid(),
        capacity: capacity(known, claim.resource),
        during: span(claim.during),
        body: span(claim.body),
        overlaps: false,
    });
    ClaimSet {
        owner: hold,
        claims: claims.collect(),
        hold_until: Some(until),
    }
}

fn capacity(known: &Known, resource: Resource) -> u16 {
    match resource {
        Resource::Staff(_) => 1,
        Resource::Desk(id) => {
            let place = known
                .catalogue
                .desks
                .get(&id)
                .and_then(|desk| desk.place.as_ref());
            place.map_or(1, |place| place.capacity)
        }
        Resource::Session(id) => {
            let session = known.catalogue.sessions.get(&id);
            let schedule = session.and_then(|session| session.schedule.as_ref());
            schedule.map_or(1, |schedule| schedule.capacity)
        }
        Resource::Guest(..) => 1,
    }
}

pub(crate) fn span(span: Span) -> ledger::Span {
    ledger::Span::new(span.start(), span.end())
}

/// To visitors nobody is away or ill: they are not there.
fn discreet(why: Refusal) -> Refusal {
    match why {
        Refusal::Away { .. } | Refusal::DeskClosed { .. } => Refusal::OutsideHours,
        told @ (Refusal::Nobody
        | Refusal::NoDesk
        | Refusal::OtherDate
        | Refusal::OutsideHours
        | Refusal::TooSoon { .. }
        | Refusal::PastHours { .. }
        | Refusal::HouseClosed { .. }
        | Refusal::OffGrid { .. }
        | Refusal::Busy { .. }
        | Refusal::DeskBusy { .. }) => told,
    }
}

/// 422: the start cannot be had whoever asks.
pub(crate) fn not_to_be_had(unavailable: &Unavailable, visit: bool) -> Problem {
    let message = match &unavailable.why {
        Refusal::Nobody => Message::new("violation-nobody-does-it"),
        Refusal::NoDesk => Message::new("violation-no-desk"),
        Refusal::OtherDate | Refusal::OutsideHours => Message::new("violation-outside-hours"),
        Refusal::TooSoon { earliest } => {
            Message::new("violation-too-soon").with("earliest", earliest)
        }
        Refusal::PastHours { until } => Message::new("violation-past-hours").with("until", until),
        Refusal::HouseClosed { during } => {
            Message::new("violation-house-closed").with("until", during.end())
        }
        Refusal::Away { during } => {
            Message::new("violation-staff-away").with("until", during.end())
        }
        Refusal::DeskClosed { during, .. } => {
            Message::new("violation-desk-closed").with("until", during.end())
        }
        Refusal::OffGrid { step } => {
            Message::new("violation-off-grid").with_number("step", step.get())
        }
        // Told as 409 `slot_taken`.
        Refusal::Busy { .. } | Refusal::DeskBusy { .. } => return Problem::new(Code::SlotTaken),
    };
    let field = match (unavailable.field(), visit) {
        ("start", _) | (_, false) => unavailable.field().to_owned(),
        (field, true) => format!("services[{}].{field}", unavailable.step),
    };
    Problem::invalid(vec![Violation::new(field, message)])
}

/// What is wrong with a wish; none: there is no business to wish anything of.
pub(crate) fn why_not(why: Why) -> Option<Message> {
    Some(match why {
        Why::NoSuchService | Why::NoSuchStaff | Why::NoSuchDesk => {
            Message::new("violation-not-found")
        }
        Why::ServiceNotBookable => Message::new("violation-not-bookable"),
        Why::StaffLeft | Why::DeskNotInUse => Message::new("violation-gone"),
        Why::StaffDoesNotDoIt => Message::new("violation-does-not-do-it"),
        Why::DeskDoesNotServeIt => Message::new("violation-desk-does-not-serve-it"),
        Why::Length => Message::new("violation-out-of-range")
            .with_number("least", 1)
            .with_number("most", LONGEST_MIN),
        Why::NegativePrice => Message::new("violation-negative"),
        Why::NotOpened => return None,
    })
}

/// 422: the catalogue cannot serve it whatever the time. `visit`: the fields stand inside of `services`.
fn unwelcome(unwelcome: &Unwelcome, visit: bool) -> Problem {
    let Some(message) = why_not(unwelcome.why) else {
        return Problem::not_found();
    };
    let field = if visit {
        format!("services[{}].{}", unwelcome.wish, unwelcome.field)
    } else {
        unwelcome.field.to_owned()
    };
    Problem::invalid(vec![Violation::new(field, message)])
}
