//! A client's card as it is shown: who they are, what they did, what they like; now, and as it was.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::{
    access::Right,
    booking::Booking,
    client::{Client, Sale},
    hours::DayInterval,
    id::Id,
    money::Money,
    sealed::Sealed,
    service::{Service, ServiceState},
    text::FreeText,
    time::Weekday,
};
use jiff::Timestamp;
use ledger::{BusinessId, Position};
use projections::client_card::{
    self, Book, Facts, Figures, Habit, Learned, Moment, Recommendation,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::ClientView;
use crate::{
    access::Caller,
    app::App,
    as_of::AsOf,
    catalogue::Known,
    command::{Answer, Ask, At, Loaded, View as _},
    problem::Problem,
    routes::bookings::{AsOfQuery, Named, Names},
    schema,
};

/// So many bookings are told one by one; `GET /history?client_id=` has them all.
const RECENT: usize = 20;
/// So many payments, and so many reviews.
const MOST: usize = 100;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show))
}

/// All that the house knows of a client. Deleted bookings count for nothing in the figures, what was paid for them does; for a
/// staff member they come from their own bookings alone. Amounts are null for who may not see them.
#[derive(Debug, Serialize, ToSchema)]
struct CardView {
    #[serde(flatten)]
    #[schema(no_recursion)]
    client: ClientView,
    /// Bookings, whatever became of them.
    bookings: i64,
    by_status: ByStatusView,
    /// How often they came: completed bookings, those of one visit together once.
    visits: i64,
    cancellations: i64,
    no_shows: i64,
    /// Of those completed or missed, how many were missed. 0 to 1.
    no_show_rate: f64,
    /// Of all, how many were cancelled. 0 to 1.
    cancellation_rate: f64,
    #[schema(value_type = Option<String>, format = DateTime)]
    first_visit: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_visit: Option<Timestamp>,
    /// When they come next: their first requested or confirmed booking ahead.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_visit: Option<Timestamp>,
    /// That booking.
    next_booking: Option<BriefView>,
    /// In days, the median of what lies between one date on which they came and the next.
    usual_interval_days: Option<i64>,
    /// What they paid less what was given back, with what they bought without a booking.
    #[schema(example = "1250.00")]
    revenue: Option<String>,
    /// The unpaid price of their requested and confirmed bookings.
    pending_amount: Option<String>,
    average_receipt: Option<String>,
    /// The newest first, at most 100.
    payments: Option<Vec<MoneyView>>,
    /// Of their reviews, 1 to 5.
    average_rating: Option<f64>,
    /// The newest first, at most 100.
    reviews: Vec<ReviewView>,
    /// The latest first, at most 20. `GET /history?client_id=` has them all.
    recent_bookings: Vec<BriefView>,
    preferred: PreferredView,
    /// What clients like this one take, the likeliest first. Of now, whatever moment the card is of.
    recommendations: Vec<RecommendationView>,
    /// What to book again in one step: `POST /bookings/{booking_id}/repeat`. What they had last, if it is still offered.
    rebook: Option<RebookView>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CardByStatus)]
struct ByStatusView {
    requested: i64,
    confirmed: i64,
    completed: i64,
    no_show: i64,
    cancelled: i64,
}

/// A booking in a line.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CardBooking)]
struct BriefView {
    booking_id: Uuid,
    reference: String,
    visit_id: Option<Uuid>,
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    duration_min: u32,
    hour_unknown: bool,
    service: Option<Named>,
    staff: Option<Named>,
    price: Option<String>,
}

/// Money taken or given back.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CardPayment)]
struct MoneyView {
    id: Uuid,
    /// `payment` for a booking, `sale` without one, `refund`.
    kind: &'static str,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What was taken or given back. Below zero only in imported history.
    amount: String,
    method: Option<String>,
    booking_id: Option<Uuid>,
    /// What was sold, or why it was given back.
    text: Option<String>,
}

/// How they said it was.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CardReview)]
struct ReviewView {
    booking_id: Uuid,
    #[schema(minimum = 1, maximum = 5)]
    rating: u8,
    text: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// What they like.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Preferred)]
struct PreferredView {
    /// As they said themselves.
    said: SaidView,
    /// As their completed bookings tell: of each the three that come up most.
    learned: LearnedView,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PreferredSaid)]
struct SaidView {
    staff: Vec<Named>,
    services: Vec<Named>,
    #[schema(value_type = Vec<schema::DayInterval>)]
    hours: Vec<DayInterval>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PreferredLearned)]
struct LearnedView {
    staff: Vec<LikedView>,
    services: Vec<LikedView>,
    /// In which hour of the day it began, where the business is.
    hours: Vec<HourView>,
    weekdays: Vec<WeekdayView>,
}

/// Somebody or something that they come back to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Liked)]
struct LikedView {
    id: Uuid,
    name: Option<String>,
    /// In how many completed bookings.
    times: i64,
    /// By all of them. 0 to 1.
    share: f64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LikedHour)]
struct HourView {
    #[schema(example = "10:00")]
    from: String,
    #[schema(example = "11:00")]
    to: String,
    times: i64,
    share: f64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LikedWeekday)]
struct WeekdayView {
    /// `mon` to `sun`.
    #[schema(value_type = String, example = "mon")]
    weekday: Weekday,
    times: i64,
    share: f64,
}

/// "8 of 10 who had A took B."
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Recommendation)]
struct RecommendationView {
    /// What they may like: B.
    service: Named,
    /// What they had, as those others did: A.
    because: Named,
    /// How many others are looked at, the last who had A: 10.
    others: i64,
    /// How many of them took B: 8.
    takers: i64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Rebook)]
struct RebookView {
    /// The booking that would be repeated.
    booking_id: Uuid,
    service: Named,
    staff: Option<Named>,
    duration_min: u32,
}

/// A client's card, now or as it was.
#[utoipa::path(get, path = "/clients/{id}/card", tag = "clients", params(("id" = Uuid, Path), AsOfQuery),
    responses((status = 200, body = CardView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask<AsOfQuery>,
) -> Result<Answer<CardView>, Problem> {
    let (caller, business) = (&ask.caller, ask.caller.business());
    let as_of = AsOf::asked(
        ask.query.as_of.as_deref(),
        ask.query.as_of_occurred.as_deref(),
    )?;
    app.wait_for(&ask, &[&client_card::READ_MODEL]).await?;
    let known = app.catalogue_now(business).await?;
    let client = match as_of {
        None => app.load::<Client>(business, id).await?,
        Some(as_of) => app.load_as_of::<Client>(business, id, as_of).await?,
    };
    client.state.known()?;
    let ids = client.state.ids(Id::new(id));
    let mut book = match as_of {
        None => client_card::of_clients(app.pool(), &caller.scope(), &ids).await?,
        Some(as_of) => app.book_as_of(caller, &ids, as_of).await?,
    };
    book.sales = app
        .sales_as_of(business, Id::new(id), &client, as_of)
        .await?;
    let book = book.within(&caller.scope());
    // Whose bookings are none of a staff member's is nobody they know.
    if caller.own().is_some() && book.bookings.is_empty() {
        return Err(Problem::not_found());
    }
    let now = app.moment(business, as_of).await?;
    let recommended = client_card::recommended(app.pool(), &caller.scope(), &ids).await?;
    let card = CardView::of(id, &client, &book, &recommended, &known, caller, now)?;
    Ok(Answer::ok(card).version(client.version))
}

impl App {
    /// What these clients had booked by then.
    async fn book_as_of(
        &self,
        caller: &Caller,
        clients: &[Id<Client>],
        as_of: AsOf,
    ) -> Result<Book, Problem> {
        let business = caller.business();
        let ids = client_card::bookings_ever(self.pool(), &caller.scope(), clients).await?;
        let ids: Vec<_> = ids.into_iter().map(Id::uuid).collect();
        let then = self
            .load_all_as_of::<Booking>(business, &ids, as_of)
            .await?;
        let then = self.opened_all(business, then).await?.into_iter();
        let found = then.filter_map(|(id, loaded)| {
            let held = loaded.state.held().ok()?;
            Some((Id::new(id), Facts::from(held)))
        });
        let mut bookings: Vec<_> = found.collect();
        bookings.sort_by_key(|(id, facts)| (facts.start, *id));
        Ok(Book {
            bookings,
            sales: vec![],
        })
    }

    /// When that was; now, if nothing of the past is asked for.
    async fn moment(
        &self,
        business: BusinessId,
        as_of: Option<AsOf>,
    ) -> Result<Timestamp, Problem> {
        Ok(match as_of {
            None => self.now(),
            Some(AsOf::Recorded(at) | AsOf::Occurred(at)) => at,
            Some(AsOf::Position(position)) => {
                let before = Position(position.0.saturating_sub(1));
                let events = self.ledger().read(business, before, 1).await?;
                let event = events.first().filter(|event| event.position == position);
                event.map_or_else(|| self.now(), |event| event.recorded_at)
            }
        })
    }
}

impl CardView {
    fn of(
        id: Uuid,
        client: &Loaded<Client>,
        book: &Book,
        recommended: &[Recommendation],
        known: &Known,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let settings = known.settings()?;
        let figures = book
            .figures(Moment {
                now,
                zone: &settings.time_zone,
                currency: settings.currency,
            })
            .map_err(Problem::internal)?;
        let view = ClientView::of(client, id).ok_or_else(Problem::not_found)?;
        let names = Names::around(known, BTreeMap::new());
        let amounts = caller.may(Right::SeeRevenue);
        let brief = |booking: &(Id<Booking>, Facts)| BriefView::of(booking, &names, amounts);
        let counted: Vec<_> = book.bookings.iter().filter(|(_, f)| !f.deleted).collect();
        let next = counted
            .iter()
            .find(|(id, _)| Some(*id) == figures.next_visit);
        let Figures {
            by_status: by,
            learned,
            ..
        } = &figures;
        let seen = |amount: Money| amounts.then(|| amount.to_string());
        Ok(Self {
            client: view.seen_by(caller),
            bookings: figures.bookings,
            by_status: ByStatusView {
                requested: by.requested,
                confirmed: by.confirmed,
                completed: by.completed,
                no_show: by.no_show,
                cancelled: by.cancelled,
            },
            visits: figures.visits,
            cancellations: by.cancelled,
            no_shows: by.no_show,
            no_show_rate: figures.no_show_rate,
            cancellation_rate: figures.cancellation_rate,
            first_visit: figures.first_visit,
            last_visit: figures.last_visit,
            next_visit: next.map(|(_, facts)| facts.start),
            next_booking: next.map(|booking| brief(booking)),
            usual_interval_days: figures.usual_interval_days,
            revenue: seen(figures.revenue),
            pending_amount: seen(figures.pending_amount),
            average_receipt: seen(figures.average_receipt),
            payments: amounts.then(|| payments(book)),
            average_rating: figures.average_rating,
            reviews: reviews(&counted),
            recent_bookings: counted
                .iter()
                .rev()
                .take(RECENT)
                .map(|b| brief(b))
                .collect(),
            preferred: PreferredView {
                said: SaidView::of(&client.state, &names),
                learned: LearnedView::of(learned, &names),
            },
            recommendations: recommended
                .iter()
                .filter(|told| is_offered(known, told.took))
                .map(|told| RecommendationView {
                    service: names.service(told.took),
                    because: names.service(told.had),
                    others: told.others,
                    takers: told.takers,
                })
                .collect(),
            rebook: rebook(&counted, known, &names),
        })
    }
}

impl BriefView {
    fn of((id, facts): &(Id<Booking>, Facts), names: &Names<'_>, amounts: bool) -> Self {
        Self {
            booking_id: id.uuid(),
            reference: facts.reference.to_string(),
            visit_id: facts.visit_id.map(Id::uuid),
            status: facts.status.as_str(),
            start: facts.start,
            duration_min: facts.duration_min.get(),
            hour_unknown: facts.hour_unknown,
            service: facts.service_id.map(|id| names.service(id)),
            staff: facts.staff_id.map(|id| names.staff(id)),
            price: amounts.then(|| facts.price.to_string()),
        }
    }
}

/// Money for bookings, deleted ones too, and for what was bought without one.
fn payments(book: &Book) -> Vec<MoneyView> {
    let text = |text: &Option<Sealed<FreeText>>| {
        text.as_ref()
            .and_then(Sealed::value)
            .map(ToString::to_string)
    };
    let mut all = vec![];
    for (booking, facts) in &book.bookings {
        all.extend(facts.payments.iter().map(|payment| MoneyView {
            id: payment.payment_id.uuid(),
            kind: "payment",
            at: payment.at,
            amount: payment.amount.to_string(),
            method: Some(payment.method.to_string()),
            booking_id: Some(booking.uuid()),
            text: None,
        }));
        all.extend(facts.refunds.iter().map(|refund| MoneyView {
            id: refund.refund_id.uuid(),
            kind: "refund",
            at: refund.at,
            amount: refund.amount.to_string(),
            method: None,
            booking_id: Some(booking.uuid()),
            text: text(&refund.reason),
        }));
    }
    all.extend(book.sales.iter().map(|sale: &Sale| MoneyView {
        id: sale.payment_id.uuid(),
        kind: "sale",
        at: sale.at,
        amount: sale.amount.to_string(),
        method: Some(sale.method.to_string()),
        booking_id: None,
        text: text(&sale.text),
    }));
    all.sort_by_key(|money| std::cmp::Reverse((money.at, money.id)));
    all.truncate(MOST);
    all
}

fn reviews(counted: &[&(Id<Booking>, Facts)]) -> Vec<ReviewView> {
    let mut reviews: Vec<_> = counted
        .iter()
        .filter_map(|(id, facts)| {
            let review = facts.review.as_ref()?;
            let text = review.text.as_ref().and_then(Sealed::value);
            Some(ReviewView {
                booking_id: id.uuid(),
                rating: review.rating,
                text: text.map(ToString::to_string),
                at: review.at,
            })
        })
        .collect();
    reviews.sort_by_key(|review| std::cmp::Reverse((review.at, review.booking_id)));
    reviews.truncate(MOST);
    reviews
}

impl SaidView {
    fn of(client: &Client, names: &Names<'_>) -> Self {
        let said = &client.preferences;
        Self {
            staff: said.staff_ids.iter().map(|id| names.staff(*id)).collect(),
            services: said
                .service_ids
                .iter()
                .map(|id| names.service(*id))
                .collect(),
            hours: said.hours.clone(),
        }
    }
}

impl LearnedView {
    fn of(learned: &Learned, names: &Names<'_>) -> Self {
        fn liked<T: Copy>(habits: &[Habit<T>], named: impl Fn(T) -> Named) -> Vec<LikedView> {
            let habits = habits.iter().map(|habit| (named(habit.of), habit));
            habits
                .map(|(named, habit)| LikedView {
                    id: named.id,
                    name: named.name,
                    times: habit.times,
                    share: habit.share,
                })
                .collect()
        }
        Self {
            staff: liked(&learned.staff, |id| names.staff(id)),
            services: liked(&learned.services, |id| names.service(id)),
            hours: learned
                .hours
                .iter()
                .map(|habit| HourView {
                    from: format!("{:02}:00", habit.of),
                    to: format!("{:02}:00", u16::from(habit.of) + 1),
                    times: habit.times,
                    share: habit.share,
                })
                .collect(),
            weekdays: learned
                .weekdays
                .iter()
                .map(|habit| WeekdayView {
                    weekday: habit.of,
                    times: habit.times,
                    share: habit.share,
                })
                .collect(),
        }
    }
}

/// What they had last that can still be had.
fn rebook(
    counted: &[&(Id<Booking>, Facts)],
    known: &Known,
    names: &Names<'_>,
) -> Option<RebookView> {
    let mut latest = counted.iter().rev().filter(|(_, f)| f.is_served());
    latest.find_map(|(id, facts)| {
        let service = facts.service_id.filter(|id| is_offered(known, *id))?;
        Some(RebookView {
            booking_id: id.uuid(),
            service: names.service(service),
            staff: facts.staff_id.map(|id| names.staff(id)),
            duration_min: facts.duration_min.get(),
        })
    })
}

fn is_offered(known: &Known, service: Id<Service>) -> bool {
    let service = known.catalogue.services.get(&service);
    let offer = service.and_then(|service| service.standing().ok());
    offer.is_some_and(|offer| offer.state != ServiceState::Disabled)
}
