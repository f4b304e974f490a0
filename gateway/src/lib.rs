//! How the world talks to Daybook: the HTTP API, sessions and keys, commands and their answers.
//!
//! # Where things are
//! - [`router`] is the API as a list; each module of `routes` is one kind of thing: its requests, its views, its
//!   handlers side by side.
//! - [`command`] is the way of a command from request to answer; [`catalogue`] what it is decided on.
//! - [`access`] knows who calls and what they may; `mail` writes to people; [`problem`] is the list of all refusals; [`checks`] turns fields into the domain's
//!   types; [`texts`] says it in six languages; [`page`] cuts lists; `openapi` completes the description.
//!
//! # Adding a route
//! A handler is: extract, command, reply.
//!
//! ```ignore
//! /// Takes a service off the price list for good.
//! #[utoipa::path(post, path = "/services/{id}/retire", tag = "services", params(("id" = Uuid, Path)),
//!     responses((status = 200, body = ServiceView)))]
//! async fn retire(State(app): State<App>, At(id): At<Uuid>, call: Call) -> Result<Answer<ServiceView>, Problem> {
//!     let done = app.send(&call, Target::at(id), |_| Ok(Asked::of(ServiceCommand::Withdraw))).await?;
//!     app.answer(call.caller.business(), &done).await
//! }
//! ```
//!
//! 1. **Requests.** [`Call<B>`](command::Call) reads a JSON body strictly (`B`: `#[serde(deny_unknown_fields)]`; a
//!    field of a `PATCH` uses [`checks::given`] or, where null takes it away, [`checks::patch`]) and knows the caller,
//!    `Idempotency-Key` and `If-Match`. [`Ask<Q>`](command::Ask) is the same for queries, [`At<Id>`](command::At) for
//!    what stands in the path (404 if it is no id). Extractors of a handler stand in the order `State, At, Call`.
//! 2. **One stream:** [`App::send`](app::App::send) with a closure that gives the command; it is called anew for each
//!    attempt with the opened state, the catalogue and the time. Convert fields with [`checks::Checks`], so that all
//!    violations are told together.
//! 3. **Several streams, claims, names, guards:** [`App::execute`](app::App::execute) with an async closure that
//!    loads ([`App::load`](app::App::load), [`App::catalogue_for`](app::App::catalogue_for)), decides, and gives a
//!    [`Decision`](command::Decision): `decision.write::<Booking>(app, id, version, &events)?`, `decision.claims`,
//!    `decision.names`, `decision.saw_catalogue = Some(known.position)`. Ids are made outside of the closure. The
//!    [`Outcome`](command::Outcome) is what a replay needs to find the things again.
//! 4. **Answers.** Implement [`View`](command::View) for what is shown, render it from the stream at the version that
//!    the command left ([`App::answer`](app::App::answer), [`App::after`](app::App::after)); `GET` one is
//!    [`App::show`](app::App::show). Never render from the request: a replay could not repeat it. What needs other
//!    things too (names of staff) is loaded in the handler and joined with [`Answer::part`](command::Answer::part).
//! 5. **Refusals.** Domain errors become problems in `problem/refusals.rs`, by exhaustive matches. New messages go
//!    into all six `texts/*.ftl`; a test compares them and the sources. [`Problem::with`](problem::Problem::with) adds
//!    a member such as `next_free`.
//! 6. **Queries** take `ask.caller.scope()` and [`App::pool`](app::App::pool) to the read model's query function,
//!    after [`App::wait_for`](app::App::wait_for) for the read models that they read.
//! 7. **Rights.** Give each operation its entry in `access/rights.rs`: the right it needs, over what a staff member's
//!    rights reach, its module. The check runs before the handler; what depends on the body is asked there
//!    (`call.caller.needs(Right::OutsideHours)?`). What a staff member may reach: `caller.scope()` in queries,
//!    `caller.own()` for streams.
//! 8. Add the module's `routes()` to [`router`]'s list, and renew `openapi.json` (`UPDATE_GOLDEN=1 cargo test -p
//!    gateway --test api description`). Common headers and problems are added to each operation by
//!    `openapi::complete`. The `tag` is one of `openapi/tags.rs`.
//! 9. **An example** in `openapi/examples.json`, one line, for each operation with a JSON body or a query that must be
//!    given; ids in paths are filled in by the segment before them (`paths`, `made_by`). The tests of the whole send
//!    each to a running service (`cargo test -p tests --test description`) and fuzz the route (`ops/fuzz`); what cannot
//!    be sent in that way stands under `left_out`, with the reason.

pub mod access;
pub mod app;
mod as_of;
pub mod catalogue;
pub mod checks;
pub mod command;
mod door;
mod guarding;
mod imports;
mod limits;
mod mail;
mod names;
mod offers;
mod openapi;
pub mod page;
pub mod problem;
mod router;
mod routes;
mod schema;
mod serve;
mod sheet;
mod telling;
pub mod texts;
mod timekeeping;
mod timetabling;
mod unread;
mod visitors;

pub use self::{
    app::{App, Clock, Parts, Probe, Settings},
    limits::{Allowance, Limits},
    router::router,
    routes::health::{count_figures, figures},
    serve::serve,
    telling::WebhookSettings,
    visitors::{Challenge, PublicSettings},
};
