//! History: every booking ever, any status, deleted ones too.

mod export;
mod filter;

use axum::extract::State;
use domain::id::Id;
use projections::{
    clients::Called,
    history::{self, Cursor, Entry, Filter, FindError, Sort},
};
use serde::Deserialize;
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use self::filter::sort;
pub(crate) use self::filter::{FilterFields, StatusField, period, question};
use super::bookings::{BookingView, Messages, Names};
use crate::{
    access::Caller,
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Ask},
    page::{self, Page},
    problem::Problem,
    sheet::FileField,
    texts::Message,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(find))
        .routes(routes!(export::export))
}

/// Which bookings, in which order.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Starting on this local date or later.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<String>,
    /// Starting on this local date or earlier.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<String>,
    /// Any part of the client's name, phone or e-mail.
    client: Option<String>,
    client_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    service_id: Option<Uuid>,
    desk_id: Option<Uuid>,
    /// May be repeated.
    #[serde(default)]
    #[param(inline)]
    status: Vec<StatusField>,
    source: Option<String>,
    /// All of these words, each in name, phones, e-mail, fiscal code, a comment, the reference or the status.
    q: Option<String>,
    /// `true`: deleted ones alone; `false`: none of them; absent: both.
    deleted: Option<bool>,
    #[param(example = "50.00")]
    min_price: Option<String>,
    #[param(example = "120.00")]
    max_price: Option<String>,
    /// `start`, `created`, `changed`, `price`, `paid`, `client`, `status`, `source` or `reference`, with `-` before it
    /// for the greatest first. Absent: `-start`.
    #[param(example = "-start")]
    sort: Option<String>,
    /// Items on a page: 50, at most 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// The cursor that the page before gave as `next`.
    after: Option<String>,
    /// `true`: tells the `total`.
    #[serde(default)]
    count: bool,
    /// `csv` (the default) or `xlsx`.
    #[param(inline)]
    format: Option<FileField>,
}

/// The query as the screen takes it: it is no file.
struct OnScreen;

impl IntoParams for OnScreen {
    fn into_params(parameter_in_provider: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = HistoryQuery::into_params(parameter_in_provider);
        all.retain(|parameter| parameter.name != "format");
        all
    }
}

/// The query as the file takes it: it has no pages, and passes over what asks for one.
struct AsFile;

impl IntoParams for AsFile {
    fn into_params(parameter_in_provider: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = HistoryQuery::into_params(parameter_in_provider);
        all.retain(|parameter| !["limit", "after", "count"].contains(&parameter.name.as_str()));
        all
    }
}

/// Every booking that the filters let through.
///
/// Words are found whatever their case and accents, in any of our languages; in comments also in their other forms,
/// where PostgreSQL has the dictionary (English, French, Italian, Swedish). Of one or two letters, in comments and
/// references the words that begin with them. Where nothing holds all words, those of clients are found who would but
/// for a slip in the spelling.
#[utoipa::path(get, path = "/history", tag = "history", params(OnScreen),
    responses((status = 200, body = Page<BookingView>)))]
async fn find(
    State(app): State<App>,
    ask: Ask<HistoryQuery>,
) -> Result<Answer<Page<BookingView>>, Problem> {
    let (business, scope, asked) = (ask.caller.business(), ask.caller.scope(), &ask.query);
    if asked.format.is_some() {
        return Err(Problem::field(
            "format",
            Message::new("violation-unknown-field"),
        ));
    }
    app.wait_for_bookings(&ask, &[&history::READ_MODEL]).await?;
    let known = app.catalogue_now(business).await?;
    let (filter, sort) = asked.read(&app, &ask.caller, &known).await?;
    let after: Option<Cursor> = ask.list().place(asked.after.as_deref())?;
    let limit = u16::try_from(page::limit(asked.limit)?).unwrap_or(u16::MAX);
    let wanted = history::Page {
        after,
        limit,
        count: asked.count,
    };
    let found = history::find(app.pool(), &scope, &filter, sort, &wanted)
        .await
        .map_err(not_found)?;
    let clients = found.items.iter().filter_map(client_of).collect();
    let names = Names::around(&known, clients);
    let names = names
        .with_actors_of(
            &app,
            business,
            found.items.iter().map(|entry| &entry.booking),
        )
        .await?;
    let shown = found.items.iter().map(|entry| entry.booking_id);
    let messages = Messages::of(&app, business, shown).await?;
    let mut items = vec![];
    for entry in &found.items {
        items.push(BookingView::of(
            entry.booking_id,
            entry.version,
            entry.booking.held()?,
            &names,
            &messages,
        ));
    }
    Ok(Answer::ok(Page {
        items,
        next: found
            .next
            .map(|next| ask.list().cursor(&next))
            .transpose()?,
        total: found.total.and_then(|total| u64::try_from(total).ok()),
    }))
}

pub(super) fn client_of(entry: &Entry) -> Option<(Id<domain::client::Client>, Called)> {
    let booked_for = entry.booking.held().ok()?.client_id?;
    let called = Called {
        client_id: entry.client_id?,
        name: entry.client_name.clone(),
    };
    Some((booked_for, called))
}

pub(super) fn not_found(error: FindError) -> Problem {
    match error {
        FindError::Cursor => Problem::field("after", Message::new("violation-cursor")),
        FindError::Store(error) => error.into(),
    }
}

impl HistoryQuery {
    /// The filter and order that it asks for.
    async fn read(
        &self,
        app: &App,
        caller: &Caller,
        known: &Known,
    ) -> Result<(Filter, Sort), Problem> {
        let mut checks = Checks::default();
        let fields = FilterFields::from(self);
        let mut filter = fields.read(&mut checks, caller, known)?;
        let sort = sort(&mut checks, caller, self.sort.as_deref())?;
        checks.done()?;
        let business = caller.business();
        filter.client_id = app.client_id_now(business, self.client_id).await?;
        Ok((filter, sort))
    }
}

impl From<&HistoryQuery> for FilterFields {
    fn from(query: &HistoryQuery) -> Self {
        Self {
            from: query.from.clone(),
            to: query.to.clone(),
            client: query.client.clone(),
            client_id: query.client_id,
            staff_id: query.staff_id,
            service_id: query.service_id,
            desk_id: query.desk_id,
            status: query.status.clone(),
            source: query.source.clone(),
            q: query.q.clone(),
            deleted: query.deleted,
            min_price: query.min_price.clone(),
            max_price: query.max_price.clone(),
        }
    }
}
