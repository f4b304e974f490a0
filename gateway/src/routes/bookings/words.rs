//! What is said of a booking.

use axum::extract::State;
use domain::{
    booking::{BookingCommand, Comment, Review},
    id::Id,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::BookingView;
use crate::{
    app::App,
    command::{Answer, At, Call},
    problem::Problem,
    texts::Message,
};

/// Something to be written on a booking.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentFields {
    text: String,
}

/// How it was.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewFields {
    #[schema(minimum = 1, maximum = 5)]
    rating: u8,
    text: Option<String>,
}

type Shown = Result<Answer<BookingView>, Problem>;

/// Writes something on a booking.
#[utoipa::path(post, path = "/bookings/{id}/comments", tag = "bookings", params(("id" = Uuid, Path)),
    request_body = CommentFields, responses((status = 200, body = BookingView)))]
pub(super) async fn comment(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<CommentFields>,
) -> Shown {
    let (text, comment_id) = (&call.body.text, Id::new(app.new_id()));
    app.step(&call, id, |step| {
        let missing = || Problem::field("text", Message::new("violation-missing"));
        Ok(BookingCommand::Comment(Comment {
            comment_id,
            text: step.words("text", Some(text))?.ok_or_else(missing)?,
            at: step.now,
            by: step.call.caller.actor().clone(),
            note: None,
        }))
    })
    .await
}

/// Says how it was: once it is completed.
#[utoipa::path(post, path = "/bookings/{id}/review", tag = "bookings", params(("id" = Uuid, Path)),
    request_body = ReviewFields, responses((status = 200, body = BookingView)))]
pub(super) async fn review(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<ReviewFields>,
) -> Shown {
    let asked = &call.body;
    app.step(&call, id, |step| {
        let text = step.words("text", asked.text.as_deref())?;
        Ok(BookingCommand::Review(Review {
            rating: asked.rating,
            text,
            at: step.now,
        }))
    })
    .await
}
