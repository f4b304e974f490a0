//! A booking is made.

use axum::extract::State;
use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingCommand, BookingEvent, Comment, Placement, Plan, Reference, Status},
    client::{Client, ClientCommand},
    id::{self, Id},
    money::Money,
    planning::Wish,
    sealed::{KeyId, Sealed},
    slots::Freedom,
    text::{FreeText, Origin},
    time::Minutes,
};
use jiff::Timestamp;
use ledger::{Attempt, NameClaim, Version};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{seats::take_seat, view::BookingView};
use crate::{
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Call, Decision, Envelope, Outcome},
    problem::{Code, Problem},
    routes::{clients::card::NewClient, series, visits},
    texts::Message,
    timekeeping::{Terms, claim_set},
};

/// Who races for a free chair tries again with the next one; so often at most. Each try that is lost is a booking that
/// somebody else made, so it ends by itself once nothing is free.
const CHOICES: usize = 64;

/// A booking to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceFields {
    /// What; needed unless `session_id` says so.
    pub(super) service_id: Option<Uuid>,
    /// By whom; absent: by anyone who does it, the least loaded first.
    pub(super) staff_id: Option<Uuid>,
    /// Where; absent: at any desk that serves it, if it needs one.
    pub(super) desk_id: Option<Uuid>,
    /// A seat in this session of a class, which says what, when, by whom and where.
    session_id: Option<Uuid>,
    /// For whom: a client who is known.
    client_id: Option<Uuid>,
    /// For whom: a client who becomes known with the booking.
    client: Option<NewClient>,
    /// When it begins; needed unless `session_id` says so.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) start: Option<Timestamp>,
    /// How long it takes; absent: as the price list says.
    #[schema(minimum = 1, maximum = 44_640)]
    pub(super) duration_min: Option<u32>,
    /// A first comment on it.
    comment: Option<String>,
    /// Where it came from, in the business's words: `phone`, `walk-in`. Absent: the door through which it came.
    source: Option<String>,
    /// What was agreed; absent: as the price list says.
    #[schema(example = "120.00")]
    price: Option<String>,
    /// Outside of working hours, for staff with the right.
    #[serde(default)]
    pub(super) outside_hours: bool,
    /// Off the grid of starts, for staff with the right: a walk-in, now.
    #[serde(default)]
    pub(super) off_grid: bool,
}

/// For whom, once it has been looked at.
pub(crate) struct Booker {
    pub(crate) id: Id<Client>,
    /// What makes one known who is not yet.
    commands: Vec<ClientCommand>,
}

impl Booker {
    /// Exactly one of the two must be given.
    pub(crate) fn read(
        client_id: Option<Uuid>,
        client: Option<&NewClient>,
        app: &App,
        call: &Envelope,
        known: &Known,
    ) -> Result<Self, Problem> {
        let new = match (client_id, client) {
            (Some(id), None) => return Ok(Self::known(Id::new(id))),
            (None, Some(new)) => new,
            (None, None) => {
                return Err(Problem::field(
                    "client_id",
                    Message::new("violation-missing"),
                ));
            }
            (Some(_), Some(_)) => {
                return Err(Problem::field(
                    "client",
                    Message::new("violation-one-of-two"),
                ));
            }
        };
        let (id, note_id) = (Id::new(app.new_id()), Id::new(app.new_id()));
        let country = known.settings()?.country;
        let mut checks = Checks::default();
        let commands = new.commands(
            &mut checks,
            "client.",
            id,
            note_id,
            call.caller.actor(),
            country,
            app.now(),
        );
        match commands {
            Some(commands) if checks.is_clean() => Ok(Self { id, commands }),
            Some(_) | None => Err(checks.into()),
        }
    }

    /// A client who is known.
    pub(crate) const fn known(id: Id<Client>) -> Self {
        Self {
            id,
            commands: vec![],
        }
    }

    /// Sees to it that the client is known.
    pub(crate) fn make_known(&self, app: &App, decision: &mut Decision) -> Result<(), Problem> {
        if self.commands.is_empty() {
            decision.needs::<Client>(self.id.uuid());
            decision.shows.push(self.id.uuid());
            return Ok(());
        }
        let (mut client, mut events) = (Client::default(), vec![]);
        for command in &self.commands {
            for event in client.decide(command.clone())? {
                client.apply(event.clone());
                events.push(event);
            }
        }
        decision.write::<Client>(app, self.id.uuid(), Version::NEW, &events)
    }
}

/// What all bookings of a command have in common.
pub(crate) struct Making {
    pub(crate) booker: Booker,
    pub(crate) visit_id: Option<Id<id::Visit>>,
    pub(crate) series_id: Option<Id<id::Series>>,
    pub(crate) source: Origin,
    pub(crate) comment: Option<FreeText>,
}

/// Makes a booking.
#[utoipa::path(post, path = "/bookings", tag = "bookings", request_body = PlaceFields,
    responses((status = 201, body = BookingView)))]
pub(super) async fn place(
    State(app): State<App>,
    call: Call<PlaceFields>,
) -> Result<Answer<BookingView>, Problem> {
    let business = call.caller.business();
    let asked = &call.body;
    let known = app.catalogue(business).await?;
    let price = asked.price(&known)?;
    let making = Making {
        booker: Booker::read(asked.client_id, asked.client.as_ref(), &app, &call, &known)?,
        visit_id: None,
        series_id: None,
        source: source(&call, asked.source.as_deref())?,
        comment: comment(asked.comment.as_deref())?,
    };
    if let Some(session_id) = asked.session_id {
        return take_seat(&app, &call, session_id, &making, price).await;
    }
    let (mut wish, start) = asked.wish(price)?;
    wish.staff_id = call.caller.by_whom("staff_id", asked.staff_id)?;
    call.caller.is_free(asked.outside_hours, asked.off_grid)?;
    let freedom = Freedom {
        outside_hours: asked.outside_hours,
        off_grid: asked.off_grid,
    };
    let done = app
        .make(&call, &making, &[wish], start, freedom, &[app.new_id()])
        .await?;
    app.show_booking(business, &done).await
}

impl PlaceFields {
    fn price(&self, known: &Known) -> Result<Option<Money>, Problem> {
        let currency = known.settings()?.currency;
        let mut checks = Checks::default();
        let price = self
            .price
            .as_deref()
            .and_then(|text| checks.price("price", text, currency));
        checks.done()?;
        Ok(price)
    }

    fn wish(&self, price: Option<Money>) -> Result<(Wish, Timestamp), Problem> {
        let mut checks = Checks::default();
        if self.service_id.is_none() {
            checks.fault("service_id", Message::new("violation-missing"));
        }
        if self.start.is_none() {
            checks.fault("start", Message::new("violation-missing"));
        }
        let (Some(service_id), Some(start)) = (self.service_id, self.start) else {
            return Err(checks.into());
        };
        let wish = Wish {
            service_id: Id::new(service_id),
            staff_id: self.staff_id.map(Id::new),
            desk_id: self.desk_id.map(Id::new),
            duration_min: self.duration_min.map(Minutes::new),
            price,
        };
        Ok((wish, start))
    }
}

pub(crate) fn source(call: &Envelope, asked: Option<&str>) -> Result<Origin, Problem> {
    let mut checks = Checks::default();
    let source = checks.take(
        "source",
        Origin::parse(asked.unwrap_or(call.caller.source())),
    );
    checks.done()?;
    source.ok_or_else(|| Problem::field("source", Message::new("violation-empty")))
}

pub(crate) fn comment(asked: Option<&str>) -> Result<Option<FreeText>, Problem> {
    let mut checks = Checks::default();
    let text = checks.maybe("comment", asked, FreeText::parse);
    checks.done()?;
    Ok(text)
}

impl App {
    /// Makes one booking, or a visit's bookings in a row: all or none. Where there is a choice of staff or desks and
    /// another takes the chosen one first, the next is tried.
    pub(crate) async fn make(
        &self,
        call: &Envelope,
        making: &Making,
        wishes: &[Wish],
        start: Timestamp,
        freedom: Freedom,
        ids: &[Uuid],
    ) -> Result<crate::command::Done, Problem> {
        let visit = making.visit_id.is_some();
        let mut tried = 0;
        loop {
            let made = self.execute(call, move |attempt| {
                self.decide_making(call, making, wishes, start, freedom, ids, tried, attempt)
            });
            let refused = match made.await {
                Ok(done) => return Ok(done),
                Err(problem) => problem,
            };
            if refused.code() != Code::SlotTaken {
                return Err(refused);
            }
            let business = call.caller.business();
            let known = self.catalogue(business).await?;
            let inquiry = self.inquire(business, &known, wishes, visit)?;
            // Somebody else may still be free at that very time.
            tried += 1;
            let terms = Terms::of_the_house(freedom, self.now());
            if tried < CHOICES
                && inquiry.enquiry.has_choice()
                && inquiry.plan(start, terms).await.is_ok()
            {
                continue;
            }
            return Err(inquiry.with_next_free(refused, start).await);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one story, told once")]
    async fn decide_making(
        &self,
        call: &Envelope,
        making: &Making,
        wishes: &[Wish],
        start: Timestamp,
        freedom: Freedom,
        ids: &[Uuid],
        tried: usize,
        attempt: Attempt,
    ) -> Result<Decision, Problem> {
        let business = call.caller.business();
        let known = self.catalogue_for(call, &attempt).await?;
        let visit = making.visit_id.is_some();
        let mut inquiry = self.inquire(business, &known, wishes, visit)?;
        if let Some(id) = ids.first() {
            inquiry = inquiry.drawn(tried, *id);
        }
        let plans = inquiry
            .plan(start, Terms::of_the_house(freedom, self.now()))
            .await?;
        let mut decision = Decision::new(Outcome {
            status: 201,
            ids: ids.to_vec(),
        });
        making.booker.make_known(self, &mut decision)?;
        self.book(call, making, &known, plans, ids, &mut decision)?;
        decision.saw_catalogue = Some(known.position);
        Ok(decision)
    }

    /// Makes a booking of each plan, as part of a decision.
    pub(crate) fn book(
        &self,
        call: &Envelope,
        making: &Making,
        known: &Known,
        plans: Vec<Plan>,
        ids: &[Uuid],
        decision: &mut Decision,
    ) -> Result<(), Problem> {
        for (number, (plan, id)) in plans.into_iter().zip(ids).enumerate() {
            let id = Id::new(*id);
            if let Some(visit) = making.visit_id {
                let name = visits::name_of(visit.uuid(), number);
                decision.names.push(NameClaim {
                    kind: visits::NAME,
                    name,
                    owner: id.uuid(),
                });
            }
            if let Some(series) = making.series_id {
                let name = series::name_of(series.uuid(), number);
                decision.names.push(NameClaim {
                    kind: series::NAME,
                    name,
                    owner: id.uuid(),
                });
            }
            // A reference that is another booking's already is refused; then the whole is decided again.
            let reference = Reference::from_random(rand::random());
            decision.names.push(NameClaim {
                kind: "reference",
                name: reference.to_string(),
                owner: id.uuid(),
            });
            let events = making.events(self, call, known, reference, plan)?;
            let mut booking = Booking::default();
            events
                .iter()
                .cloned()
                .for_each(|event| booking.apply(event));
            decision.claims.push(claim_set(known, id, &booking));
            decision.write::<Booking>(self, id.uuid(), Version::NEW, &events)?;
        }
        Ok(())
    }
}

impl Making {
    /// What making one booking comes to.
    fn events(
        &self,
        app: &App,
        call: &Envelope,
        known: &Known,
        reference: Reference,
        plan: Plan,
    ) -> Result<Vec<BookingEvent>, Problem> {
        let at = app.now();
        let confirmed = known.catalogue.business.policy.auto_confirm;
        let placement = Placement {
            reference,
            visit_id: self.visit_id,
            series_id: self.series_id,
            client_id: Some(self.booker.id),
            plan,
            status: if confirmed {
                Status::Confirmed
            } else {
                Status::Requested
            },
            source: self.source.clone(),
            at,
            imported: None,
            online: None,
        };
        let mut booking = Booking::default();
        let mut events = booking.decide(BookingCommand::Place(Box::new(placement)))?;
        events
            .iter()
            .cloned()
            .for_each(|event| booking.apply(event));
        if let Some(text) = &self.comment {
            let comment = Comment {
                comment_id: Id::new(app.new_id()),
                text: Sealed::open(KeyId::from(self.booker.id), text.clone()),
                at,
                by: call.caller.actor().clone(),
                note: None,
            };
            events.extend(booking.decide(BookingCommand::Comment(comment))?);
        }
        Ok(events)
    }
}
