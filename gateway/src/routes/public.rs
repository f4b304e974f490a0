//! What visitors of a business can do without signing in: look, hold a time, book it, and manage what they booked.
//!
//! Nothing here tells anything of a client: neither whether somebody is one, nor whether they are blocked, nor a word
//! of what is kept about them. What the page would not show, its API refuses, for both ask the same
//! [`Inquiry`](crate::timekeeping::Inquiry).

mod booking;
mod challenge;
mod client;
mod confirm;
mod holds;
pub(crate) mod house;
mod limits;
mod manage;
mod moves;
mod seats;
mod tables;
mod times;
mod token;
mod view;
mod visitor;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(house::show))
        .routes(routes!(house::services))
        .routes(routes!(house::staff))
        .routes(routes!(times::availability))
        .routes(routes!(times::next))
        .routes(routes!(challenge::show))
        .routes(routes!(holds::hold))
        .routes(routes!(holds::let_go))
        .routes(routes!(booking::book))
        .routes(routes!(manage::show))
        .routes(routes!(moves::reschedule))
        .routes(routes!(moves::cancel))
        .routes(routes!(confirm::confirm))
        .routes(routes!(confirm::resend))
        .routes(routes!(manage::reviewed, manage::review))
}
