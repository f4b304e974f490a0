//! Series: one service for one client on several dates, booked together.
//!
//! Each date is a booking like any other from then on; that they belong together, each says, and the ledger's names
//! tell which they are. All dates are booked or none, unless only the free ones are wanted.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use cqrs_es::Aggregate as _;
use domain::{
    access::Right,
    booking::{Booking, BookingCommand, Status},
    id::{Id, Series},
    planning::{Taken, Wish},
    recurrence::Rule,
    sealed::Sealed,
    slots::{Freedom, Refusal},
    text::FreeText,
    time::{Minutes, Zone},
};
use jiff::Timestamp;
use ledger::{BusinessId, Version};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    bookings::{Booker, BookingView, Making, claims_changed, comment, show_all, source},
    clients::card::NewClient,
};
use crate::{
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Ask, At, Call, Decision, Done, Envelope, Loaded, Outcome},
    problem::{Code, Problem},
    texts::Message,
    timekeeping::{Terms, claim_set, not_to_be_had},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(book))
        .routes(routes!(show))
        .routes(routes!(cancel))
}

/// The most dates of a series: twice a week for a year.
const MOST: usize = 104;
/// Somebody else may take one of many times while all of them are looked at.
const TRIES: u32 = 5;
/// Under which kind of name the ledger keeps which bookings make a series.
pub(crate) const NAME: &str = "series";

/// A series to be booked: at `starts`, or at `start` and again by `rrule`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeriesFields {
    service_id: Uuid,
    /// By whom; absent: on each date by anyone who does it, the least loaded first.
    staff_id: Option<Uuid>,
    /// Where; absent: at any desk that serves it, if it needs one.
    desk_id: Option<Uuid>,
    /// For whom: a client who is known.
    client_id: Option<Uuid>,
    /// For whom: a client who becomes known with the series.
    client: Option<NewClient>,
    /// When the first one begins. What the clock on the wall reads then, it reads at the others too.
    #[schema(value_type = Option<String>, format = DateTime)]
    start: Option<Timestamp>,
    /// RFC 5545, with `COUNT` or `UNTIL`: 104 dates at most.
    #[schema(example = "FREQ=WEEKLY;COUNT=10")]
    rrule: Option<String>,
    /// The dates themselves, in any order, instead of `start` and `rrule`.
    #[schema(value_type = Option<Vec<String>>)]
    starts: Option<Vec<Timestamp>>,
    /// Dates that cannot be had are left out. Else nothing is booked, and each date is told.
    #[serde(default)]
    only_free: bool,
    /// How long each takes; absent: as the price list says.
    #[schema(minimum = 1, maximum = 44_640)]
    duration_min: Option<u32>,
    /// What was agreed for each; absent: as the price list says.
    #[schema(example = "120.00")]
    price: Option<String>,
    /// A first comment, on each of its bookings.
    comment: Option<String>,
    /// Where it came from, in the business's words.
    source: Option<String>,
    /// Outside of working hours, for staff with the right.
    #[serde(default)]
    outside_hours: bool,
    /// Off the grid of starts, for staff with the right.
    #[serde(default)]
    off_grid: bool,
}

/// From when on the rest of a series is called off, and why.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeriesCancelFields {
    /// Bookings that begin then or later; absent: those that have not begun.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    reason: Option<String>,
}

/// A series.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Series)]
struct SeriesView {
    id: Uuid,
    /// Each date, by its start. Those that were left out are told by the command that left them out.
    dates: Vec<DateView>,
}

/// A date of a series.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SeriesDate)]
struct DateView {
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// `booked`, or `not_free`: left out.
    verdict: &'static str,
    /// As it stands: it may have been moved or cancelled by itself since.
    booking: Option<BookingView>,
}

type Shown = Result<Answer<SeriesView>, Problem>;
type Part = (Id<Booking>, Loaded<Booking>);

/// Books a service on several dates, all or none; with `only_free`, those that can be had.
#[utoipa::path(post, path = "/series", tag = "bookings", request_body = SeriesFields,
    responses((status = 201, body = SeriesView)))]
async fn book(State(app): State<App>, call: Call<SeriesFields>) -> Shown {
    let business = call.caller.business();
    let asked = &call.body;
    if asked.outside_hours || asked.off_grid {
        call.caller.needs(Right::OutsideHours)?;
    }
    let known = app.catalogue(business).await?;
    let starts = asked.starts(&known.settings()?.time_zone)?;
    let wish = asked.wish(&call, &known)?;
    let series_id: Id<Series> = Id::new(app.new_id());
    let making = Making {
        booker: Booker::read(asked.client_id, asked.client.as_ref(), &app, &call, &known)?,
        visit_id: None,
        series_id: Some(series_id),
        source: source(&call, asked.source.as_deref())?,
        comment: comment(asked.comment.as_deref())?,
    };
    let dates: Vec<(Timestamp, Uuid)> = starts.iter().map(|at| (*at, app.new_id())).collect();
    let done = app.book_series(&call, &making, &wish, &dates).await?;
    app.show_series_after(business, &done, &starts).await
}

/// A series with its bookings.
#[utoipa::path(get, path = "/series/{id}", tag = "bookings", params(("id" = Uuid, Path)),
    responses((status = 200, body = SeriesView)))]
async fn show(State(app): State<App>, At(id): At<Uuid>, ask: Ask) -> Shown {
    let business = ask.caller.business();
    app.wait_for_bookings(&ask, &[]).await?;
    let mut bookings = app.bookings_of_series(business, id).await?;
    bookings.retain(|(_, loaded)| theirs(ask.caller.own(), loaded));
    if bookings.is_empty() {
        return Err(Problem::not_found());
    }
    let version = version_of(&bookings);
    let view = app.series_view(business, id, bookings, None, &[]).await?;
    Ok(Answer::ok(view).version(version))
}

/// Calls the rest of a series off from a moment on, all at once. What was done already stays done.
#[utoipa::path(post, path = "/series/{id}/cancel", tag = "bookings", params(("id" = Uuid, Path)),
    request_body = Option<SeriesCancelFields>, responses((status = 200, body = SeriesView)))]
async fn cancel(State(app): State<App>, At(id): At<Uuid>, call: Call<SeriesCancelFields>) -> Shown {
    let business = call.caller.business();
    let mut checks = Checks::default();
    let reason = checks.maybe("reason", call.body.reason.as_deref(), FreeText::parse);
    checks.done()?;
    let (app, call, reason) = (&app, &call, &reason);
    let done = app
        .execute(call, move |attempt| async move {
            let mut all = app.bookings_of_series(business, id).await?;
            all.retain(|(_, loaded)| theirs(call.caller.own(), loaded));
            if all.is_empty() {
                return Err(Problem::not_found());
            }
            call.expects(version_of(&all))?;
            let from = call.body.from.unwrap_or_else(|| app.now());
            let known = app.catalogue_for(call, &attempt).await?;
            let ids = std::iter::once(id).chain(all.iter().map(|(id, _)| id.uuid()));
            let mut decision = Decision::new(Outcome {
                status: 200,
                ids: ids.collect(),
            });
            for (booking_id, loaded) in &all {
                let held = loaded.state.held()?;
                let open = matches!(held.status, Status::Requested | Status::Confirmed);
                if !open || held.deleted || held.plan.start < from {
                    decision.write::<Booking>(app, booking_id.uuid(), loaded.version, &[])?;
                    continue;
                }
                let key = held
                    .client_id
                    .map_or_else(|| (*booking_id).into(), Into::into);
                let events = loaded.state.decide(BookingCommand::Cancel {
                    at: app.now(),
                    reason: reason.clone().map(|value| Sealed::Open { key, value }),
                    note: None,
                })?;
                let mut after = loaded.state.clone();
                events.iter().cloned().for_each(|event| after.apply(event));
                decision.write::<Booking>(app, booking_id.uuid(), loaded.version, &events)?;
                if claims_changed(&loaded.state, &after) {
                    decision.claims.push(claim_set(&known, *booking_id, &after));
                }
                decision.leaves_booking(*booking_id, loaded, events.len(), after);
            }
            decision.saw_catalogue = Some(known.position);
            Ok(decision)
        })
        .await?;
    app.show_series_after(business, &done, &[]).await
}

impl SeriesFields {
    fn wish(&self, call: &Envelope, known: &Known) -> Result<Wish, Problem> {
        let mut checks = Checks::default();
        let currency = known.settings()?.currency;
        let price = self.price.as_deref();
        let price = price.and_then(|text| checks.price("price", text, currency));
        let own = call.caller.own();
        let staff_id = self.staff_id.map(Id::new).or(own);
        if own.is_some() && staff_id != own {
            checks.fault("staff_id", Message::new("violation-not-found"));
        }
        checks.done()?;
        Ok(Wish {
            service_id: Id::new(self.service_id),
            staff_id,
            desk_id: self.desk_id.map(Id::new),
            duration_min: self.duration_min.map(Minutes::new),
            price,
        })
    }

    /// The starts asked for, each once, in order.
    fn starts(&self, zone: &Zone) -> Result<Vec<Timestamp>, Problem> {
        let mut checks = Checks::default();
        let mut starts = match (&self.starts, self.start, &self.rrule) {
            (Some(starts), None, None) => {
                checks.at_most("starts", starts, MOST);
                if starts.is_empty() {
                    checks.fault("starts", Message::new("violation-empty"));
                }
                for (place, start) in starts.iter().enumerate().take(MOST) {
                    checks.moment(&format!("starts[{place}]"), *start);
                }
                starts.clone()
            }
            (None, Some(start), Some(rule)) => {
                checks.moment("start", start);
                match checks.take("rrule", Rule::parse(rule)) {
                    Some(rule) if rule.is_endless() => {
                        checks.fault("rrule", Message::new("violation-endless"));
                        vec![]
                    }
                    Some(rule) if checks.is_clean() => {
                        let local = zone.local(start);
                        let last = local.saturating_add(jiff::Span::new().years(5));
                        let dates = rule.dates(local, zone, local, last, MOST + 1);
                        if dates.is_empty() {
                            checks.fault("rrule", Message::new("violation-no-date"));
                        }
                        checks.at_most("rrule", &dates, MOST);
                        let instants = dates.iter().filter_map(|date| zone.instant(*date));
                        instants.collect()
                    }
                    Some(_) | None => vec![],
                }
            }
            (Some(_), ..) => {
                checks.fault("starts", Message::new("violation-starts-or-rule"));
                vec![]
            }
            (None, start, rule) => {
                if start.is_none() {
                    checks.fault("start", Message::new("violation-missing"));
                }
                if rule.is_none() {
                    checks.fault("rrule", Message::new("violation-missing"));
                }
                vec![]
            }
        };
        checks.done()?;
        starts.sort_unstable();
        starts.dedup();
        Ok(starts)
    }
}

impl App {
    async fn book_series(
        &self,
        call: &Call<SeriesFields>,
        making: &Making,
        wish: &Wish,
        dates: &[(Timestamp, Uuid)],
    ) -> Result<Done, Problem> {
        let business = call.caller.business();
        let asked = &call.body;
        let freedom = Freedom {
            outside_hours: asked.outside_hours,
            off_grid: asked.off_grid,
        };
        let told = &AtomicBool::new(false);
        let mut tries = 1;
        loop {
            let booked = self.execute(call, move |attempt| async move {
                let known = self.catalogue_for(call, &attempt).await?;
                let zone = &known.settings()?.time_zone;
                let inquiry = self.inquire(business, &known, &[*wish], false)?;
                let (Some((first, _)), Some((last, _))) = (dates.first(), dates.last()) else {
                    return Err(Problem::internal("a series without dates"));
                };
                let (first, last) = (zone.date_of(*first), zone.date_of(*last));
                let mut taken = inquiry.taken(first, last).await?;
                let terms = Terms::of_the_house(freedom, self.now());
                let (mut plans, mut ids, mut verdicts) = (vec![], vec![], vec![]);
                let mut refused = None;
                for (start, id) in dates {
                    let planned = inquiry.enquiry.plan(*start, freedom, terms.notice, &taken);
                    let verdict = match planned {
                        Ok(one) => {
                            // The dates of a series stand in each other's way like anybody else's.
                            taken.extend(one.iter().flat_map(|plan| plan.claims()).map(|claim| {
                                Taken {
                                    resource: claim.resource,
                                    during: claim.during,
                                }
                            }));
                            plans.extend(one);
                            ids.push(*id);
                            "free"
                        }
                        Err(unavailable) => {
                            let verdict = verdict(&unavailable.why);
                            let worst = refused.get_or_insert_with(|| unavailable.clone());
                            if unavailable.why.is_taken() {
                                *worst = unavailable;
                            }
                            verdict
                        }
                    };
                    verdicts.push(json!({"start": start, "verdict": verdict}));
                }
                if let Some(refused) = refused
                    && (!asked.only_free || plans.is_empty())
                {
                    told.store(true, Ordering::Relaxed);
                    let problem = not_to_be_had(&refused, false).with("dates", json!(verdicts));
                    return Err(if refused.why.is_taken() {
                        problem.with("next_free", json!([]))
                    } else {
                        problem
                    });
                }
                let mut all = vec![making.series_id.map(Id::uuid).unwrap_or_default()];
                all.extend(&ids);
                let mut decision = Decision::new(Outcome {
                    status: 201,
                    ids: all,
                });
                making.booker.make_known(self, &mut decision)?;
                self.book(call, making, &known, plans, &ids, &mut decision)?;
                decision.saw_catalogue = Some(known.position);
                Ok(decision)
            });
            match booked.await {
                Err(refused)
                    if refused.code() == Code::SlotTaken
                        && !told.load(Ordering::Relaxed)
                        && tries < TRIES =>
                {
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    /// A series' bookings as they stand. Which they are, the ledger's names tell.
    async fn bookings_of_series(
        &self,
        business: BusinessId,
        series: Uuid,
    ) -> Result<Vec<Part>, Problem> {
        let names: Vec<_> = (0..MOST).map(|number| name_of(series, number)).collect();
        let owners = self.ledger().name_owners(business, NAME, &names).await?;
        if owners.is_empty() {
            return Err(Problem::not_found());
        }
        let loaded = owners.iter().map(|(_, id)| async move {
            Ok::<_, Problem>((Id::new(*id), self.load::<Booking>(business, *id).await?))
        });
        let mut bookings = futures::future::try_join_all(loaded).await?;
        bookings.sort_by_key(|(id, _)| *id);
        Ok(bookings)
    }

    async fn show_series_after(
        &self,
        business: BusinessId,
        done: &Done,
        asked: &[Timestamp],
    ) -> Shown {
        let mut bookings = vec![];
        // As the command left them: a replay shows the same.
        for (stream, version) in done
            .versions
            .iter()
            .filter(|(stream, _)| stream.kind == Booking::TYPE)
        {
            let loaded = self.after::<Booking>(business, done, stream.id, *version);
            bookings.push((Id::new(stream.id), loaded.await?));
        }
        let (id, version) = (done.id(), version_of(&bookings));
        let view = self
            .series_view(business, id, bookings, Some(done), asked)
            .await?;
        let answer = Answer::to(done, view).version(version);
        Ok(if done.outcome.status == 201 {
            answer.location(format!("/api/v1/series/{id}"))
        } else {
            answer
        })
    }

    async fn series_view(
        &self,
        business: BusinessId,
        id: Uuid,
        bookings: Vec<Part>,
        after: Option<&Done>,
        asked: &[Timestamp],
    ) -> Result<SeriesView, Problem> {
        let known = self.catalogue(business).await?;
        let views = show_all(self, business, &known, &bookings, after).await?;
        let starts: Vec<_> = bookings
            .iter()
            .map(|(_, loaded)| Ok(loaded.state.held()?.plan.start))
            .collect::<Result<_, Problem>>()?;
        let mut dates: Vec<_> = starts
            .iter()
            .zip(views)
            .map(|(start, booking)| DateView {
                start: *start,
                verdict: "booked",
                booking: Some(booking),
            })
            .collect();
        let left_out = asked.iter().filter(|start| !starts.contains(start));
        dates.extend(left_out.map(|start| DateView {
            start: *start,
            verdict: "not_free",
            booking: None,
        }));
        dates.sort_by_key(|date| date.start);
        Ok(SeriesView { id, dates })
    }
}

/// Why a date cannot be had, in a word.
const fn verdict(why: &Refusal) -> &'static str {
    match why {
        Refusal::Busy { .. } | Refusal::DeskBusy { .. } => "taken",
        Refusal::OutsideHours | Refusal::PastHours { .. } | Refusal::OtherDate => "outside_hours",
        Refusal::TooSoon { .. } => "too_soon",
        Refusal::HouseClosed { .. } => "house_closed",
        Refusal::Away { .. } => "staff_away",
        Refusal::DeskClosed { .. } | Refusal::NoDesk => "desk_closed",
        Refusal::OffGrid { .. } => "off_grid",
        Refusal::Nobody => "nobody_does_it",
    }
}

fn theirs(own: Option<Id<domain::staff::Staff>>, loaded: &Loaded<Booking>) -> bool {
    let held = loaded.state.held();
    own.is_none() || held.is_ok_and(|held| held.plan.staff_id == own)
}

/// A series has no stream of its own: it moves on with each of its bookings, of which it has the same ones for ever.
fn version_of(bookings: &[Part]) -> Version {
    Version(bookings.iter().map(|(_, loaded)| loaded.version.0).sum())
}

/// What the `number`th booking of a series is called among names.
pub(crate) fn name_of(series: Uuid, number: usize) -> String {
    format!("{series}/{number}")
}
