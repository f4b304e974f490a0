//! What became of each row, as a file to work through.

use axum::{extract::State, http::HeaderMap, response::Response};
use futures::stream;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::rows::{RowView, rows};
use crate::{
    app::App,
    command::{Ask, At},
    imports::{
        fields::Kind,
        prepared::{Drafts, Read},
        undo::Fate,
    },
    problem::Problem,
    sheet::{Column, FileField, Table},
    texts::Speech,
};

static CLIENTS: Table = Table {
    name: "import",
    columns: &[
        ("row", Column::Number),
        ("verdict", Column::Text),
        ("name", Column::Text),
        ("phone", Column::Text),
        ("email", Column::Text),
        ("reason", Column::Text),
        ("id", Column::Text),
        ("undone", Column::Text),
    ],
};

static SERVICES: Table = Table {
    name: "import",
    columns: &[
        ("row", Column::Number),
        ("verdict", Column::Text),
        ("name", Column::Text),
        ("duration_min", Column::Number),
        ("price", Column::Number),
        ("reason", Column::Text),
        ("id", Column::Text),
        ("undone", Column::Text),
    ],
};

/// As which file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ResultQuery {
    /// `csv` (the default) or `xlsx`.
    #[param(inline)]
    format: Option<FileField>,
}

/// Every row with what became of it (before a run: what would), why, and the client or service that it is.
#[utoipa::path(get, path = "/imports/{id}/result", tag = "imports", params(("id" = Uuid, Path), ResultQuery),
    responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn file(
    State(app): State<App>,
    At(id): At<Uuid>,
    headers: HeaderMap,
    ask: Ask<ResultQuery>,
) -> Result<Response, Problem> {
    let import = app.import_store().one(ask.caller.business(), id).await?;
    let prepared = app.prepared(&import).await?;
    let outcomes = rows(&app, &import, &prepared, None, 0, prepared.rows.len()).await?;
    let speech = Speech::of(&headers);
    let lines = outcomes.into_iter().filter_map(move |outcome| {
        let view = RowView::of(&prepared, &outcome, speech)?;
        let at = usize::try_from(outcome.ordinal).ok()?;
        let told = match &prepared.rows {
            Drafts::Clients(rows) => match &rows.get(at)?.read {
                Read::Draft(draft) => [
                    draft.name.to_string(),
                    draft
                        .main_phone()
                        .map(|phone| phone.as_str().to_owned())
                        .unwrap_or_default(),
                    draft
                        .email
                        .as_ref()
                        .map(|email| email.as_str().to_owned())
                        .unwrap_or_default(),
                ],
                Read::Passed | Read::Failed => [const { String::new() }; 3],
            },
            Drafts::Services(rows) => match &rows.get(at)?.read {
                Read::Draft(draft) => [
                    draft.name.to_string(),
                    draft.duration.get().to_string(),
                    draft.price.to_string(),
                ],
                Read::Passed | Read::Failed => [const { String::new() }; 3],
            },
        };
        let reasons: Vec<_> = view
            .violations
            .iter()
            .map(|told| format!("{} {}", told.field, told.message).trim().to_owned())
            .collect();
        let [first, second, third] = told;
        Some(Ok(vec![
            view.row.to_string(),
            view.verdict.word().to_owned(),
            first,
            second,
            third,
            reasons.join("; "),
            view.id.map(|id| id.to_string()).unwrap_or_default(),
            view.undone.map(Fate::word).unwrap_or_default().to_owned(),
        ]))
    });
    let table = match import.kind {
        Kind::Clients => &CLIENTS,
        Kind::Services => &SERVICES,
    };
    table
        .file(ask.query.format.unwrap_or_default(), stream::iter(lines))
        .await
}
