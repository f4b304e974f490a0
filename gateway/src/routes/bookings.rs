//! Bookings: made, moved, served, paid, spoken of, put right.

mod life;
mod messages;
mod money;
mod moving;
mod one;
mod place;
mod restoring;
mod seats;
mod view;
mod words;

use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use self::{
    messages::Messages,
    one::{AsOfQuery, claims_changed, show_all},
    place::{Booker, Making, comment, source},
    seats::{Seat, price_of},
    view::{BookingView, Named, Names},
};
use crate::app::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(place::place))
        .routes(routes!(one::show, life::delete))
        .routes(routes!(life::confirm))
        .routes(routes!(life::cancel))
        .routes(routes!(life::arrive))
        .routes(routes!(life::leave))
        .routes(routes!(life::complete))
        .routes(routes!(life::no_show))
        .routes(routes!(life::reopen))
        .routes(routes!(moving::reschedule))
        .routes(routes!(moving::service))
        .routes(routes!(moving::restore))
        .routes(routes!(restoring::restore_many))
        .routes(routes!(moving::repeat))
        .routes(routes!(money::price))
        .routes(routes!(money::pay))
        .routes(routes!(money::refund))
        .routes(routes!(words::comment))
        .routes(routes!(words::review))
}
