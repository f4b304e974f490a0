//! Reports: what a period came to, as an answer or as a file.
//!
//! A report is a module of this folder: what it shows and its handler. What all of them take is read, and turned into
//! what the read model is asked, by [`App::report`]; [`Question::answer`] tells it in the form that was asked for.
//!
//! Most are [`Figures`] that the whole period and each day, week or month have alike:
//!
//! ```ignore
//! async fn pending(State(app): State<App>, ask: Ask<ReportQuery>) -> Result<Response, Problem> {
//!     let question = app.report::<Grouped<PendingView>>(&ask).await?;
//!     let told = pending::find(app.pool(), &question.asked).await?;
//!     question.answer(question.grouped::<_, PendingView>(told)).await
//! }
//! ```
//!
//! Others implement [`Report`] and [`Whole`] themselves. Then: a line in [`routes`], an entry in `access/rights.rs` as the others have
//! it, the names of new amounts in `access/masking.rs`, an example in `openapi/examples.json`, a section in
//! `docs/reports.md`.

mod campaigns;
mod clients;
mod notifications;
mod parts;
mod peak_hours;
mod pending;
mod query;
mod report;
mod retention;
mod returning;
mod revenue;
mod services;
mod staff;
mod staff_load;
mod summary;
mod till;
mod time_saved;
mod trends;

use utoipa_axum::{router::OpenApiRouter, routes};

use self::{
    query::ReportQuery,
    report::{Figures, Grouped, Question, Report, Whole},
};
use crate::app::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(summary::summary))
        .routes(routes!(revenue::revenue))
        .routes(routes!(pending::pending))
        .routes(routes!(clients::clients))
        .routes(routes!(retention::retention))
        .routes(routes!(returning::returning))
        .routes(routes!(trends::trends))
        .routes(routes!(till::till))
        .routes(routes!(staff_load::staff_load))
        .routes(routes!(peak_hours::peak_hours))
        .routes(routes!(services::services))
        .routes(routes!(staff::staff))
        .routes(routes!(campaigns::campaigns))
        .routes(routes!(notifications::notifications))
        .routes(routes!(time_saved::time_saved))
}
