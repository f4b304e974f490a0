//! The steps of a booking's life.

use axum::extract::State;
use domain::booking::{BookingCommand, Told};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::BookingView;
use crate::{
    app::App,
    command::{Answer, At, Call},
    problem::Problem,
};

/// Why something is done.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonFields {
    reason: Option<String>,
}

type Shown = Result<Answer<BookingView>, Problem>;

/// Agrees to a booking that was requested.
#[utoipa::path(post, path = "/bookings/{id}/confirm", tag = "bookings", params(("id" = Uuid, Path)),
    responses((status = 200, body = BookingView)))]
pub(super) async fn confirm(State(app): State<App>, At(id): At<Uuid>, call: Call) -> Shown {
    app.step(&call, id, |step| {
        Ok(BookingCommand::Confirm(Told {
            at: step.now,
            note: None,
        }))
    })
    .await
}

/// Calls a booking off and gives its time back.
#[utoipa::path(post, path = "/bookings/{id}/cancel", tag = "bookings", params(("id" = Uuid, Path)),
    request_body = Option<ReasonFields>, responses((status = 200, body = BookingView)))]
pub(super) async fn cancel(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<ReasonFields>,
) -> Shown {
    let reason = call.body.reason.as_deref();
    app.step(&call, id, |step| {
        Ok(BookingCommand::Cancel {
            at: step.now,
            reason: step.words("reason", reason)?,
            note: None,
        })
    })
    .await
}

/// The client is there.
#[utoipa::path(post, path = "/bookings/{id}/arrive", tag = "bookings", params(("id" = Uuid, Path)),
    responses((status = 200, body = BookingView)))]
pub(super) async fn arrive(State(app): State<App>, At(id): At<Uuid>, call: Call) -> Shown {
    app.step(&call, id, |step| {
        Ok(BookingCommand::Arrive(Told {
            at: step.now,
            note: None,
        }))
    })
    .await
}

/// The client has gone.
#[utoipa::path(post, path = "/bookings/{id}/leave", tag = "bookings", params(("id" = Uuid, Path)),
    responses((status = 200, body = BookingView)))]
pub(super) async fn leave(State(app): State<App>, At(id): At<Uuid>, call: Call) -> Shown {
    app.step(&call, id, |step| {
        Ok(BookingCommand::Leave(Told {
            at: step.now,
            note: None,
        }))
    })
    .await
}

/// It was done.
#[utoipa::path(post, path = "/bookings/{id}/complete", tag = "bookings", params(("id" = Uuid, Path)),
    responses((status = 200, body = BookingView)))]
pub(super) async fn complete(State(app): State<App>, At(id): At<Uuid>, call: Call) -> Shown {
    app.step(&call, id, |step| {
        Ok(BookingCommand::Complete(Told {
            at: step.now,
            note: None,
        }))
    })
    .await
}

/// The client did not come; the time is given back.
#[utoipa::path(post, path = "/bookings/{id}/no-show", tag = "bookings", params(("id" = Uuid, Path)),
    responses((status = 200, body = BookingView)))]
pub(super) async fn no_show(State(app): State<App>, At(id): At<Uuid>, call: Call) -> Shown {
    app.step(&call, id, |step| {
        Ok(BookingCommand::MarkNoShow(Told {
            at: step.now,
            note: None,
        }))
    })
    .await
}

/// Puts a wrong status right: the booking is confirmed again, and takes its time again if it had given it back.
#[utoipa::path(post, path = "/bookings/{id}/reopen", tag = "bookings", params(("id" = Uuid, Path)),
    request_body = Option<ReasonFields>, responses((status = 200, body = BookingView)))]
pub(super) async fn reopen(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<ReasonFields>,
) -> Shown {
    let reason = call.body.reason.as_deref();
    let reopened = app
        .step(&call, id, |step| {
            Ok(BookingCommand::Reopen {
                reason: step.words("reason", reason)?,
            })
        })
        .await;
    match reopened {
        Err(refused) => Err(app.told_where_else(&call, id, None, refused).await),
        Ok(shown) => Ok(shown),
    }
}

/// Takes a booking out of sight and gives its time back. Nothing of it is lost: `restore` brings it back.
#[utoipa::path(delete, path = "/bookings/{id}", tag = "bookings", params(("id" = Uuid, Path)),
    request_body = Option<ReasonFields>, responses((status = 200, body = BookingView)))]
pub(super) async fn delete(
    State(app): State<App>,
    At(id): At<Uuid>,
    call: Call<ReasonFields>,
) -> Shown {
    let reason = call.body.reason.as_deref();
    app.step(&call, id, |step| {
        Ok(BookingCommand::Delete {
            reason: step.words("reason", reason)?,
        })
    })
    .await
}
