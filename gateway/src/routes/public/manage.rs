//! What a visitor booked, by the link that they were given: seen, and once it is over, reviewed.

use axum::extract::State;
use domain::{
    booking::{Booking, BookingCommand, Review, Status},
    sealed::{KeyId, Sealed},
    text::FreeText,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    moves::{Acting, write_step},
    view::VisitorBooking,
    visitor::Visitor,
};
use crate::{
    app::App,
    checks::Checks,
    command::{Answer, Ask, Call, Decision, Done, Loaded, Outcome},
    problem::{Code, Problem},
};

/// The link.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TokenQuery {
    /// The manage token that the booking was answered with, or its last change.
    pub(super) token: String,
}

/// How it was, as the visitor said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VisitorReview)]
pub(super) struct ReviewView {
    /// Of the booking, or of the visit.
    id: Uuid,
    /// 1 to 5; null: not said yet.
    rating: Option<u8>,
    /// When it was said.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// It can be said now.
    can_review: bool,
}

/// How it was.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VisitorReviewFields)]
pub(super) struct ReviewFields {
    #[schema(minimum = 1, maximum = 5)]
    rating: u8,
    text: Option<String>,
}

/// What was booked, as it stands, and the link to act on it with: any link that was ever given out for it shows it.
#[utoipa::path(get, path = "/public/{slug}/bookings/manage", tag = "public",
    params(("slug" = String, Path), TokenQuery), responses((status = 200, body = VisitorBooking)))]
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    ask: Ask<TokenQuery>,
) -> Result<Answer<VisitorBooking>, Problem> {
    let (link, booked) = app.by_link(visitor.business, &ask.query.token).await?;
    let known = app.catalogue_now(visitor.business).await?;
    let mut view = app.visitor_view(&visitor, &known, &booked)?;
    view.superseded = app.is_news(visitor.business, link, &booked).await?;
    Ok(Answer::ok(view))
}

/// What the visitor said of how it was.
#[utoipa::path(get, path = "/public/{slug}/reviews", tag = "public",
    params(("slug" = String, Path), TokenQuery), responses((status = 200, body = ReviewView)))]
pub(super) async fn reviewed(
    State(app): State<App>,
    visitor: Visitor,
    ask: Ask<TokenQuery>,
) -> Result<Answer<ReviewView>, Problem> {
    let (_, booked) = app.by_link(visitor.business, &ask.query.token).await?;
    let held: Vec<_> = booked
        .parts
        .iter()
        .filter_map(|(_, loaded)| loaded.state.held().ok())
        .collect();
    let review = held.iter().find_map(|held| held.review.as_ref());
    Ok(Answer::ok(ReviewView {
        id: booked.subject.id(),
        rating: review.map(|review| review.rating),
        at: review.map(|review| review.at),
        can_review: held.iter().any(|held| held.status == Status::Completed),
    }))
}

/// Says how it was, once it is over; of a visit, of what was done of it.
#[utoipa::path(post, path = "/public/{slug}/reviews", tag = "public",
    params(("slug" = String, Path), TokenQuery), request_body = ReviewFields,
    responses((status = 201, body = ReviewView)))]
pub(super) async fn review(
    State(app): State<App>,
    visitor: Visitor,
    ask: Ask<TokenQuery>,
    call: Call<ReviewFields>,
) -> Result<Answer<ReviewView>, Problem> {
    let mut checks = Checks::default();
    let text = checks.maybe("text", call.body.text.as_deref(), FreeText::parse);
    checks.done()?;
    let acting = Acting::of(&app, &visitor, &ask.query.token, call.envelope).await?;
    let (app, acting, text, rating) = (&app, &acting, &text, call.body.rating);
    let at = app.now();
    let done = app
        .execute(&acting.call, move |_| async move {
            let booked = acting.booked(app).await?;
            let mut decision = Decision::new(Outcome {
                status: 201,
                ids: vec![acting.link.subject.id()],
            });
            let is_done = |held: &domain::booking::Held| held.status == Status::Completed;
            let mut reviewed = false;
            for (id, loaded) in &booked.parts {
                let held = loaded.state.held()?;
                if !is_done(held) {
                    continue;
                }
                reviewed = true;
                let key = held.client_id.map_or_else(|| (*id).into(), KeyId::from);
                let text = text.clone().map(|text| Sealed::open(key, text));
                let command = BookingCommand::Review(Review { rating, text, at });
                write_step(app, &mut decision, None, *id, loaded, command)?;
            }
            if reviewed {
                Ok(decision)
            } else {
                Err(Problem::new(Code::WrongState))
            }
        })
        .await?;
    let view = app.review_after(&visitor, &done).await?;
    let home = format!(
        "/api/v1/public/{}/reviews?token={}",
        visitor.slug, ask.query.token
    );
    Ok(Answer::to(&done, view).location(home))
}

impl App {
    /// What was said, as the command left it: on a replay, what was said then.
    async fn review_after(&self, visitor: &Visitor, done: &Done) -> Result<ReviewView, Problem> {
        let reviewed = done.stream::<Booking>();
        let (id, version) = reviewed.ok_or_else(Problem::not_found)?;
        let loaded: Loaded<Booking> = self.after(visitor.business, done, id, version).await?;
        let review = loaded.state.held()?.review.as_ref();
        Ok(ReviewView {
            id: done.id(),
            rating: review.map(|review| review.rating),
            at: review.map(|review| review.at),
            can_review: true,
        })
    }
}
