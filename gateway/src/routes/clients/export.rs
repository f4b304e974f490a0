//! Clients as a file, with the rows of the screen.

use axum::{extract::State, response::Response};
use domain::{access::Right, time::Zone};
use futures::TryStreamExt as _;
use projections::clients::{self, Entry};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ClientView, ConsentField, read_by};
use crate::{
    access::Caller,
    app::App,
    checks::Checks,
    command::{Ask, Loaded, View as _},
    problem::Problem,
    routes::history::question,
    sheet::{Column, FileField, Table, local},
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export))
}

static TABLE: Table = Table {
    name: "clients",
    columns: &[
        ("id", Column::Text),
        ("name", Column::Text),
        ("phone", Column::Text),
        ("phones", Column::Text),
        ("email", Column::Text),
        ("telegram", Column::Text),
        ("birthday", Column::Date),
        ("language", Column::Text),
        ("tags", Column::Text),
        ("source", Column::Text),
        ("fiscal_code", Column::Text),
        ("consents", Column::Text),
        ("blocked", Column::Flag),
        ("warning", Column::Text),
        ("notes", Column::Text),
        ("created_at", Column::DateTime),
    ],
};

/// Which clients, as what file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// Words, each in any part of a name, phone, e-mail or fiscal code; where nobody has them, misspelt too.
    q: Option<String>,
    /// `csv` (the default) or `xlsx`.
    #[param(inline)]
    format: Option<FileField>,
}

/// All clients that the list finds, in its order, as a file with one header row. Cells that a spreadsheet would run as
/// a formula are defused by a leading `'`.
#[utoipa::path(get, path = "/clients/export", tag = "clients", params(ExportQuery),
    responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
async fn export(State(app): State<App>, ask: Ask<ExportQuery>) -> Result<Response, Problem> {
    ask.caller.needs(Right::SeeClients)?;
    let mut checks = Checks::default();
    question(&mut checks, "q", ask.query.q.as_deref());
    checks.done()?;
    app.wait_for(&ask, read_by(&ask.caller)).await?;
    let caller = ask.caller.clone();
    let zone = app
        .catalogue(caller.business())
        .await?
        .settings()?
        .time_zone
        .clone();
    let q = ask.query.q.as_deref().unwrap_or_default();
    let among = app.clients_of(&caller).await?;
    let list = app.long_list(&ask).await?;
    let scope = caller.scope();
    let rows = clients::stream(list, app.pool().clone(), scope, among.as_deref(), q)
        .map_err(Problem::from)
        .try_filter_map(move |entry| std::future::ready(Ok(row(entry, &caller, &zone))));
    TABLE.file(ask.query.format.unwrap_or_default(), rows).await
}

/// A client as the file shows them, column by column; what the reader may not see is empty.
fn row(entry: Entry, caller: &Caller, zone: &Zone) -> Option<Vec<String>> {
    let loaded = Loaded {
        state: entry.client,
        version: entry.version,
    };
    let view = ClientView::of(&loaded, entry.client_id.uuid())?.seen_by(caller);
    let phones: Vec<_> = view.phones.into_iter().map(|phone| phone.number).collect();
    let notes: Vec<_> = view
        .notes
        .into_iter()
        .filter_map(|note| note.text)
        .collect();
    let consents: Vec<_> = view.consents.into_iter().map(ConsentField::word).collect();
    Some(vec![
        view.id.to_string(),
        view.name.unwrap_or_default(),
        view.phone.unwrap_or_default(),
        phones.join(", "),
        view.email.unwrap_or_default(),
        view.telegram.unwrap_or_default(),
        view.birthday.unwrap_or_default(),
        view.language.unwrap_or_default(),
        view.tags.join(", "),
        view.source.unwrap_or_default(),
        view.fiscal_code.unwrap_or_default(),
        consents.join(", "),
        view.blocked.to_string(),
        view.warning.unwrap_or_default(),
        notes.join("\n"),
        local(entry.created_at, zone),
    ])
}
