//! History: every booking ever, any status, deleted ones too.

mod export;

use axum::extract::State;
use domain::{
    access::Right,
    booking::Status,
    id::Id,
    time::{Zone, local_date},
};
use jiff::{Timestamp, civil::Date};
use projections::{
    clients::Called,
    history::{self, Cursor, Entry, Filter, FindError, Sort},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::bookings::{BookingView, Names};
use crate::{
    access::Caller,
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Ask},
    names::ACTORS,
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
    /// `start`, `created` or `price`, with `-` before it for the greatest first. Absent: `-start`.
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

/// Where a booking stands.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatusField {
    Requested,
    Confirmed,
    Completed,
    NoShow,
    Cancelled,
}

impl From<StatusField> for Status {
    fn from(status: StatusField) -> Self {
        match status {
            StatusField::Requested => Self::Requested,
            StatusField::Confirmed => Self::Confirmed,
            StatusField::Completed => Self::Completed,
            StatusField::NoShow => Self::NoShow,
            StatusField::Cancelled => Self::Cancelled,
        }
    }
}

/// Every booking that the filters let through.
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
    app.wait_for(&ask, &[&history::READ_MODEL, ACTORS]).await?;
    let known = app.catalogue_now(business).await?;
    let (mut filter, sort) = asked.read(&ask.caller, &known)?;
    filter.client_id = app
        .client_id_now(ask.caller.business(), asked.client_id)
        .await?;
    let after: Option<Cursor> = page::place(asked.after.as_deref())?;
    let limit = u16::try_from(page::limit(asked.limit)?).unwrap_or(u16::MAX);
    let wanted = history::Page {
        after,
        limit,
        count: asked.count,
    };
    let found = history::find(app.pool(), &scope, &filter, sort, wanted)
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
    let mut items = vec![];
    for entry in &found.items {
        items.push(BookingView::of(
            entry.booking_id,
            entry.version,
            entry.booking.held()?,
            &names,
        ));
    }
    Ok(Answer::ok(Page {
        items,
        next: found.next.map(|next| page::cursor(&next)).transpose()?,
        total: found.total.and_then(|total| u64::try_from(total).ok()),
    }))
}

fn client_of(entry: &Entry) -> Option<(Id<domain::client::Client>, Called)> {
    let booked_for = entry.booking.held().ok()?.client_id?;
    let called = Called {
        client_id: entry.client_id?,
        name: entry.client_name.clone(),
    };
    Some((booked_for, called))
}

fn not_found(error: FindError) -> Problem {
    match error {
        FindError::Cursor => Problem::field("after", Message::new("violation-cursor")),
        FindError::Store(error) => error.into(),
    }
}

impl HistoryQuery {
    /// The filter and order that it asks for.
    fn read(&self, caller: &Caller, known: &Known) -> Result<(Filter, Sort), Problem> {
        let by_price = self
            .sort
            .as_deref()
            .is_some_and(|sort| sort.ends_with("price"));
        if by_price || self.min_price.is_some() || self.max_price.is_some() {
            caller.needs(Right::SeeRevenue)?;
        }
        let zone = &known.settings()?.time_zone;
        let mut checks = Checks::default();
        let amount = |checks: &mut Checks, field, text: Option<&str>| {
            let amount = text.map(|text| {
                text.parse::<Decimal>()
                    .map_err(|_| Message::new("violation-not-money"))
            });
            amount.and_then(|read| checks.take(field, read))
        };
        let sort = match self.sort.as_deref() {
            None | Some("-start") => Sort::StartDescending,
            Some("start") => Sort::Start,
            Some("created") => Sort::Created,
            Some("-created") => Sort::CreatedDescending,
            Some("price") => Sort::Price,
            Some("-price") => Sort::PriceDescending,
            Some(other) => {
                checks.fault("sort", Message::new("violation-form").with("what", other));
                Sort::default()
            }
        };
        let filter = Filter {
            from: instant(&mut checks, "from", self.from.as_deref(), zone, |day| {
                day.start()
            }),
            to: instant(&mut checks, "to", self.to.as_deref(), zone, |day| day.end()),
            client: self.client.clone(),
            // Whoever they turned out to be, which the caller looks up.
            client_id: None,
            staff_id: self.staff_id.map(Id::new),
            service_id: self.service_id.map(Id::new),
            desk_id: self.desk_id.map(Id::new),
            visit_id: None,
            statuses: self.status.iter().map(|status| (*status).into()).collect(),
            source: self.source.clone(),
            q: self.q.clone(),
            deleted: self.deleted,
            min_price: amount(&mut checks, "min_price", self.min_price.as_deref()),
            max_price: amount(&mut checks, "max_price", self.max_price.as_deref()),
        };
        checks.done()?;
        Ok((filter, sort))
    }
}

/// An edge of a local date.
pub(crate) fn instant(
    checks: &mut Checks,
    field: &str,
    text: Option<&str>,
    zone: &Zone,
    edge: impl Fn(domain::time::Span) -> Timestamp,
) -> Option<Timestamp> {
    let date: Option<Date> = local_date::parse(text?);
    let day = date.and_then(|date| zone.days(date, date));
    if day.is_none() {
        checks.fault(field, Message::new("violation-date"));
    }
    day.map(edge)
}
