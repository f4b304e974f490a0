//! What each client brought in, how often they came, and how often they did not.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use domain::{access::Right, time::local_date};
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::{Timestamp, civil::Date};
use projections::{
    ReadModel, clients as known_clients,
    reports::clients::{self, By, Cursor, Figures, Found, Page as Wanted, Sort},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Question, Report, ReportQuery,
    query::{FormatField, GroupField},
};
use crate::{
    access::Caller,
    app::App,
    command::{Answer, Ask},
    page::{self, Page},
    problem::Problem,
    routes::history::StatusField,
    sheet::{Column, Table},
    texts::Message,
};

/// Whom a file asks the names of at a time.
const AT_ONCE: usize = 500;

/// Of which dates, which bookings, and in which order. (A strict query cannot be flattened: it repeats the others'.)
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ClientsQuery {
    /// The first local date.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    from: Date,
    /// The last one, inclusive.
    #[serde(with = "local_date")]
    #[param(value_type = String, format = Date)]
    to: Date,
    staff_id: Option<Uuid>,
    service_id: Option<Uuid>,
    desk_id: Option<Uuid>,
    client_id: Option<Uuid>,
    /// May be repeated.
    #[serde(default)]
    #[param(inline)]
    status: Vec<StatusField>,
    source: Option<String>,
    /// Of the clients whom this segment holds now.
    segment_id: Option<Uuid>,
    /// Passed over: a list of clients has no such parts.
    #[param(inline)]
    #[expect(dead_code, reason = "taken, as by all reports")]
    group_by: Option<GroupField>,
    /// `revenue`, `visits`, `last_visit`, `bookings`, `cancellations` or `no_shows`, with `-` before it for the most
    /// first. Absent: `-revenue`, or `-visits` for whoever may not see amounts.
    #[param(example = "-revenue")]
    sort: Option<String>,
    /// Items on a page: 50, at most 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// The cursor that the page before gave as `next`.
    after: Option<String>,
    /// `true`: tells the `total`.
    #[serde(default)]
    count: bool,
    /// `json` (the default), or a file of all of them: `csv`, `xlsx`.
    #[param(inline)]
    format: Option<FormatField>,
}

/// What a client's bookings that start in the period came to, and what they paid in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ClientFigures)]
pub(super) struct ClientView {
    id: Uuid,
    /// Null: erased, or not for the reader to see.
    name: Option<String>,
    /// Whatever became of them.
    bookings: i64,
    /// How often they came; services of one visit count once.
    visits: i64,
    /// When they last came in the period.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_visit: Option<Timestamp>,
    /// Bookings that were cancelled.
    cancellations: i64,
    /// Bookings that they missed.
    no_shows: i64,
    /// Paid in the period less given back in it, with what they bought without a booking.
    #[schema(example = "360.00")]
    revenue: String,
    /// The revenue by the number of receipts.
    #[schema(example = "120.00")]
    average_receipt: String,
}

/// Clients who booked or paid in the period, with what that came to.
#[utoipa::path(get, path = "/reports/clients", tag = "reports", params(ClientsQuery),
    responses((status = 200, description = "A page of them, or the file.", content(
        (Page<ClientView> = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn clients(
    State(app): State<App>,
    ask: Ask<ClientsQuery>,
) -> Result<Response, Problem> {
    let (ask, list) = ask.split(ClientsQuery::split);
    let sort = list.order(&ask.caller)?;
    let after: Option<Cursor> = ask.list().place(list.after.as_deref())?;
    let limit = page::limit(list.limit)?;
    let question = app.report::<ClientView>(&ask).await?;
    let wanted = match question.file {
        None => Wanted {
            after,
            limit: Some(u16::try_from(limit).map_err(Problem::internal)?),
            count: list.count,
        },
        Some(_) => Wanted {
            after: None,
            limit: None,
            count: false,
        },
    };
    let found = clients::find(app.pool(), &question.asked, sort, wanted).await?;
    match question.file {
        None => {
            let Found { items, next, total } = found;
            let page = Page {
                items: app.named(&question, items).await?,
                next: next.map(|next| ask.list().cursor(&next)).transpose()?,
                total: total.and_then(|total| u64::try_from(total).ok()),
            };
            Ok(Answer::ok(page).into_response())
        }
        Some(kind) => {
            let zone = question.asked.zone.clone();
            let local =
                move |at: Timestamp| at.display_with_offset(zone.tz().to_offset(at)).to_string();
            let pages: Vec<_> = found.items.chunks(AT_ONCE).map(<[_]>::to_vec).collect();
            let rows = futures::stream::iter(pages)
                .then(move |page| {
                    let (app, question) = (app.clone(), question.clone());
                    async move { app.named(&question, page).await }
                })
                .map_ok(|clients| futures::stream::iter(clients.into_iter().map(Ok)))
                .try_flatten()
                .map_ok(move |client: ClientView| client.row(&local));
            ClientView::TABLE.file(kind, rows).await
        }
    }
}

/// What a list takes besides.
struct List {
    sort: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
    count: bool,
}

impl ClientsQuery {
    fn split(self) -> (ReportQuery, List) {
        let list = List {
            sort: self.sort,
            limit: self.limit,
            after: self.after,
            count: self.count,
        };
        let query = ReportQuery {
            from: self.from,
            to: self.to,
            staff_id: self.staff_id,
            service_id: self.service_id,
            desk_id: self.desk_id,
            client_id: self.client_id,
            status: self.status,
            source: self.source,
            segment_id: self.segment_id,
            group_by: None,
            format: self.format,
        };
        (query, list)
    }
}

impl List {
    /// Who does not see amounts does not learn who brought in more.
    fn order(&self, caller: &Caller) -> Result<Sort, Problem> {
        let sees = caller.may(Right::SeeRevenue);
        let (named, ascending) = match self.sort.as_deref() {
            None if sees => ("revenue", false),
            None => ("visits", false),
            Some(sort) => match sort.strip_prefix('-') {
                Some(named) => (named, false),
                None => (sort, true),
            },
        };
        let by = match named {
            "revenue" => By::Revenue,
            "visits" => By::Visits,
            "last_visit" => By::LastVisit,
            "bookings" => By::Bookings,
            "cancellations" => By::Cancellations,
            "no_shows" => By::NoShows,
            other => {
                let wrong = Message::new("violation-form").with("what", other);
                return Err(Problem::field("sort", wrong));
            }
        };
        if by == By::Revenue {
            caller.needs(Right::SeeRevenue)?;
        }
        Ok(Sort { by, ascending })
    }
}

impl App {
    /// These clients, with what they are called if the reader may know.
    async fn named(
        &self,
        question: &Question,
        figures: Vec<Figures>,
    ) -> Result<Vec<ClientView>, Problem> {
        let ids: Vec<Uuid> = match question.names {
            true => figures.iter().map(|f| f.client_id.uuid()).collect(),
            false => vec![],
        };
        let entries = known_clients::some(self.pool(), &question.asked.scope, &ids).await?;
        let names: std::collections::BTreeMap<Uuid, String> = entries
            .into_iter()
            .filter_map(|entry| {
                let name = entry.client.card?.name.value()?.to_string();
                Some((entry.client_id.uuid(), name))
            })
            .collect();
        let views = figures.into_iter().map(|figures| {
            let id = figures.client_id.uuid();
            ClientView {
                id,
                name: names.get(&id).cloned(),
                bookings: figures.bookings,
                visits: figures.visits,
                last_visit: figures.last_visit,
                cancellations: figures.cancellations,
                no_shows: figures.no_shows,
                revenue: figures.revenue.to_string(),
                average_receipt: figures.average_receipt.to_string(),
            }
        });
        Ok(views.collect())
    }
}

impl ClientView {
    fn row(self, local: impl Fn(Timestamp) -> String) -> Vec<String> {
        vec![
            self.name.unwrap_or_default(),
            self.bookings.to_string(),
            self.visits.to_string(),
            self.last_visit.map(local).unwrap_or_default(),
            self.cancellations.to_string(),
            self.no_shows.to_string(),
            self.revenue,
            self.average_receipt,
            self.id.to_string(),
        ]
    }
}

impl Report for ClientView {
    const TABLE: &'static Table = &Table {
        name: "clients",
        columns: &[
            ("name", Column::Text),
            ("bookings", Column::Count),
            ("visits", Column::Count),
            ("last_visit", Column::DateTime),
            ("cancellations", Column::Count),
            ("no_shows", Column::Count),
            ("revenue", Column::Amount),
            ("average_receipt", Column::Rate),
            ("id", Column::Text),
        ],
    };
    const READS: &'static [&'static ReadModel] = &[&known_clients::READ_MODEL];
}
