//! The way of a command on one booking, and how it is shown.

use axum::extract::State;
use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingCommand, Held},
    id::Id,
    sealed::{KeyId, Sealed},
    text::FreeText,
};
use jiff::Timestamp;
use ledger::BusinessId;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    messages::Messages,
    view::{BookingView, Names},
};
use crate::{
    app::App,
    as_of::AsOf,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Ask, At, Decision, Done, Envelope, Loaded, Outcome},
    problem::Problem,
    timekeeping::claim_set,
};

/// What a step of a booking's life is decided on.
pub(crate) struct Step<'a> {
    pub(crate) id: Id<Booking>,
    pub(crate) held: &'a Held,
    pub(crate) now: Timestamp,
    pub(crate) call: &'a Envelope,
}

impl Step<'_> {
    /// Whose key words about this booking lie under: its client's, else its own.
    pub(crate) fn key(&self) -> KeyId {
        self.held
            .client_id
            .map_or_else(|| self.id.into(), KeyId::from)
    }

    /// Words of the request, to be sealed.
    pub(crate) fn words(
        &self,
        field: &str,
        text: Option<&str>,
    ) -> Result<Option<Sealed<FreeText>>, Problem> {
        let mut checks = Checks::default();
        let text = checks.maybe(field, text, FreeText::parse);
        checks.done()?;
        Ok(text.map(|text| Sealed::open(self.key(), text)))
    }
}

impl App {
    /// Does one step of a booking's life that needs nothing but the booking, and shows it as the step left it.
    pub(crate) async fn step(
        &self,
        call: &Envelope,
        id: Uuid,
        command: impl Fn(&Step<'_>) -> Result<BookingCommand, Problem> + Send + Sync,
    ) -> Result<Answer<BookingView>, Problem> {
        let (business, id) = (call.caller.business(), Id::new(id));
        let command = &command;
        let done = self
            .execute(call, move |attempt| async move {
                let loaded = self.booking(call, id).await?;
                let step = Step {
                    id,
                    held: loaded.state.held()?,
                    now: self.now(),
                    call,
                };
                let mut events = loaded.state.decide(command(&step)?)?;
                let mut after = loaded.state.clone();
                events.iter().cloned().for_each(|event| after.apply(event));
                if loaded.state.claims().is_empty() && !after.claims().is_empty() {
                    let known = self.catalogue_for(call, &attempt).await?;
                    let more = self.takes_its_time_again(&known, &after)?;
                    more.iter().cloned().for_each(|event| after.apply(event));
                    events.extend(more);
                }
                let mut decision = Decision::new(Outcome::changed(id.uuid()));
                decision.write::<Booking>(self, id.uuid(), loaded.version, &events)?;
                if claims_changed(&loaded.state, &after) {
                    // A desk's capacity is part of what is claimed.
                    let known = self.catalogue_for(call, &attempt).await?;
                    decision.claims.push(claim_set(&known, id, &after));
                    decision.saw_catalogue = Some(known.position);
                }
                decision.leaves_booking(id, &loaded, events.len(), after);
                Ok(decision)
            })
            .await?;
        self.show_booking(business, &done).await
    }

    /// A booking to be changed: it is there, and stands where `If-Match` says. What is sealed in it stays so: no rule
    /// looks at words, and the answer's are opened with the key that the append brings along.
    pub(crate) async fn booking(
        &self,
        call: &Envelope,
        id: Id<Booking>,
    ) -> Result<Loaded<Booking>, Problem> {
        let loaded = self
            .ledger()
            .load::<Booking>(call.caller.business(), id.uuid())
            .await?;
        call.expects(loaded.version)?;
        Ok(loaded)
    }

    /// The answer to a command on a booking.
    pub(crate) async fn show_booking(
        &self,
        business: BusinessId,
        done: &Done,
    ) -> Result<Answer<BookingView>, Problem> {
        let (id, version) = done.stream::<Booking>().ok_or_else(Problem::not_found)?;
        let loaded = self.after::<Booking>(business, done, id, version).await?;
        let messages = match done.outcome.status {
            // Nobody was told of what was made this moment.
            201 => Messages::default(),
            _ => Messages::of(self, business, std::iter::once(Id::new(id))).await?,
        };
        let view = self
            .view(business, Id::new(id), &loaded, &messages, Some(done))
            .await?;
        let answer = Answer::to(done, view).version(version);
        Ok(if done.outcome.status == 201 {
            answer.location(format!("/api/v1/bookings/{id}"))
        } else {
            answer
        })
    }

    /// A booking as it is shown. `after`: in the answer to a command.
    async fn view(
        &self,
        business: BusinessId,
        id: Id<Booking>,
        loaded: &Loaded<Booking>,
        messages: &Messages,
        after: Option<&Done>,
    ) -> Result<BookingView, Problem> {
        let known = self.catalogue(business).await?;
        let names = Names::of(
            self,
            business,
            &known,
            std::iter::once(&loaded.state),
            after,
        )
        .await?;
        Ok(BookingView::of(
            id,
            loaded.version,
            loaded.state.held()?,
            &names,
            messages,
        ))
    }
}

impl Decision {
    /// What the events written leave of a booking that was there before. Its answer names the client too.
    pub(crate) fn leaves_booking(
        &mut self,
        id: Id<Booking>,
        before: &Loaded<Booking>,
        events: usize,
        after: Booking,
    ) {
        let client = after.held().ok().and_then(|held| held.client_id);
        self.shows.extend(client.map(Id::uuid));
        self.leaves::<Booking>(id.uuid(), before.version, events, after);
    }
}

/// Several bookings, shown in one go. `after`: in the answer to a command.
pub(crate) async fn show_all(
    app: &App,
    business: BusinessId,
    known: &Known,
    bookings: &[(Id<Booking>, Loaded<Booking>)],
    after: Option<&Done>,
) -> Result<Vec<BookingView>, Problem> {
    let names = Names::of(
        app,
        business,
        known,
        bookings.iter().map(|(_, loaded)| &loaded.state),
        after,
    )
    .await?;
    let messages = Messages::of(app, business, bookings.iter().map(|(id, _)| *id)).await?;
    let views = bookings.iter().map(|(id, loaded)| {
        let held = loaded.state.held()?;
        Ok(BookingView::of(
            *id,
            loaded.version,
            held,
            &names,
            &messages,
        ))
    });
    views.collect()
}

/// Whether it takes other time than before.
pub(crate) fn claims_changed(before: &Booking, after: &Booking) -> bool {
    before.claims() != after.claims()
}

/// As of when a booking is asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AsOfQuery {
    /// A position, or an instant: as it was recorded by then.
    pub(crate) as_of: Option<String>,
    /// An instant: as it had happened by then. Of imported history that is another thing.
    pub(crate) as_of_occurred: Option<String>,
}

/// A booking, now or as it was.
#[utoipa::path(get, path = "/bookings/{id}", tag = "bookings", params(("id" = Uuid, Path), AsOfQuery),
    responses((status = 200, body = BookingView)))]
pub(super) async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask<AsOfQuery>,
) -> Result<Answer<BookingView>, Problem> {
    let business = ask.caller.business();
    let as_of = AsOf::asked(
        ask.query.as_of.as_deref(),
        ask.query.as_of_occurred.as_deref(),
    )?;
    app.wait_for_bookings(&ask, &[]).await?;
    let messages = Messages::of(&app, business, std::iter::once(Id::new(id))).await?;
    let (loaded, messages) = match as_of {
        None => (app.load::<Booking>(business, id).await?, messages),
        Some(as_of) => (
            app.load_as_of::<Booking>(business, id, as_of).await?,
            messages.then(&app, business, as_of).await?,
        ),
    };
    let view = app
        .view(business, Id::new(id), &loaded, &messages, None)
        .await?;
    Ok(Answer::ok(view).version(loaded.version))
}
