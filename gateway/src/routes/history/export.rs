//! History as a file: CSV, row by row as it is read, or a spreadsheet with totals.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{
        HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use domain::{id::Id, sealed::Sealed, text::FreeText};
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use projections::history::{self, Entry};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{HistoryQuery, client_of};
use crate::{app::App, catalogue::Known, command::Ask, problem::Problem, routes::bookings::Names};

/// The header row, and which columns hold amounts.
const COLUMNS: [(&str, Column); 18] = [
    ("reference", Column::Text),
    ("status", Column::Text),
    ("deleted", Column::Text),
    ("start", Column::Text),
    ("end", Column::Text),
    ("duration_min", Column::Number),
    ("service", Column::Text),
    ("staff", Column::Text),
    ("desk", Column::Text),
    ("client", Column::Text),
    ("price", Column::Amount),
    ("paid", Column::Amount),
    ("due", Column::Amount),
    ("currency", Column::Text),
    ("source", Column::Text),
    ("created_at", Column::Text),
    ("cancel_reason", Column::Text),
    ("comments", Column::Text),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Text,
    Number,
    Amount,
}

/// Which kind of file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FormatField {
    #[default]
    Csv,
    Xlsx,
}

/// Every booking that the filters let through, as a file with one header row. Comments are among its columns; totals
/// stand in the spreadsheet alone. Cells that a spreadsheet would run as a formula are defused by a leading `'`.
#[utoipa::path(get, path = "/history/export", tag = "history", params(HistoryQuery),
    responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn export(
    State(app): State<App>,
    ask: Ask<HistoryQuery>,
) -> Result<Response, Problem> {
    app.wait_for(&ask, &[&history::READ_MODEL]).await?;
    let known = app.catalogue_now(ask.caller.business()).await?;
    let (filter, sort) = ask.query.read(&known)?;
    let entries = history::stream(app.pool().clone(), ask.caller.scope(), filter, sort);
    let rows = entries
        .map_err(super::not_found)
        .and_then(move |entry| std::future::ready(Ok(row(&entry, &known))));
    match ask.query.format.unwrap_or_default() {
        FormatField::Csv => {
            let header = futures::stream::iter([csv_line(COLUMNS.iter().map(|(name, _)| *name))]);
            let lines = rows.map(|row| csv_line(defused(&row?).iter().map(String::as_str)));
            Ok(file(
                Body::from_stream(header.chain(lines)),
                "text/csv; charset=utf-8",
                "csv",
            ))
        }
        FormatField::Xlsx => {
            let rows: Vec<_> = rows.try_collect().await?;
            // Deflating a year of bookings takes longer than a request may hold a worker.
            let book = tokio::task::spawn_blocking(move || spreadsheet(&rows)).await;
            let book = book
                .map_err(Problem::internal)?
                .map_err(Problem::internal)?;
            let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            Ok(file(Body::from(book), kind, "xlsx"))
        }
    }
}

fn file(body: Body, kind: &'static str, ending: &str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(name) = HeaderValue::try_from(format!("attachment; filename=\"history.{ending}\"")) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    response
}

/// A booking as the file shows it, column by column.
fn row(entry: &Entry, known: &Arc<Known>) -> Vec<String> {
    let Ok(held) = entry.booking.held() else {
        return vec![];
    };
    let names = Names::around(known, client_of(entry).into_iter().collect());
    let zone = known
        .settings()
        .ok()
        .map(|settings| settings.time_zone.clone());
    let local = |at: Timestamp| match &zone {
        Some(zone) => at.display_with_offset(zone.tz().to_offset(at)).to_string(),
        None => at.to_string(),
    };
    let name = |named: Option<crate::routes::bookings::Named>| {
        named.and_then(|n| n.name).unwrap_or_default()
    };
    let text = |sealed: &Sealed<FreeText>| sealed.value().map(ToString::to_string);
    let plan = &held.plan;
    let comments: Vec<_> = held
        .comments
        .iter()
        .filter_map(|comment| text(&comment.text))
        .collect();
    vec![
        held.reference.to_string(),
        held.status.as_str().to_owned(),
        held.deleted.to_string(),
        local(plan.start),
        local(plan.end()),
        plan.timing.duration_min.get().to_string(),
        name(plan.service_id.map(|id| names.service(id))),
        name(plan.staff_id.map(|id| names.staff(id))),
        name(plan.desk_id.map(|id| names.desk(id))),
        name(held.client_id.map(|id: Id<_>| names.client(id))),
        plan.price.to_string(),
        held.paid().to_string(),
        held.due().to_string(),
        plan.price.currency().code().to_owned(),
        held.source.as_str().to_owned(),
        local(held.created_at),
        held.cancel_reason
            .as_ref()
            .and_then(text)
            .unwrap_or_default(),
        comments.join("\n"),
    ]
}

/// What somebody typed must not run in a spreadsheet (OWASP, "CSV injection"). Amounts may begin with a minus.
fn defused(row: &[String]) -> Vec<String> {
    let cells = row.iter().zip(COLUMNS);
    cells
        .map(|(cell, (_, column))| {
            let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            if column == Column::Text && runs {
                format!("'{cell}")
            } else {
                cell.clone()
            }
        })
        .collect()
}

fn csv_line<'a>(cells: impl Iterator<Item = &'a str>) -> Result<Bytes, Problem> {
    let mut writer = csv::Writer::from_writer(vec![]);
    writer.write_record(cells).map_err(Problem::internal)?;
    let line = writer
        .into_inner()
        .map_err(|error| Problem::internal(error.to_string()))?;
    Ok(line.into())
}

/// Cells of text are no formulas in a spreadsheet of our own making, whatever they begin with; defused all the same,
/// for who saves it as CSV.
fn spreadsheet(rows: &[Vec<String>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let amounts = Format::new().set_num_format("0.00");
    let sheet = book.add_worksheet();
    sheet.set_name("history")?;
    for (at, (name, _)) in (0..).zip(COLUMNS) {
        sheet.write_with_format(0, at, name, &bold)?;
    }
    let mut totals = [Decimal::ZERO; COLUMNS.len()];
    for (line, row) in (1..).zip(rows) {
        for ((at, (_, column)), cell) in (0_u16..).zip(COLUMNS).zip(defused(row)) {
            let number = cell
                .parse::<Decimal>()
                .ok()
                .filter(|_| column != Column::Text);
            match number {
                Some(number) if column == Column::Amount => {
                    totals[usize::from(at)] += number;
                    sheet.write_with_format(
                        line,
                        at,
                        number.to_f64().unwrap_or_default(),
                        &amounts,
                    )?;
                }
                Some(number) => {
                    sheet.write(line, at, number.to_f64().unwrap_or_default())?;
                }
                None => {
                    sheet.write(line, at, cell)?;
                }
            }
        }
    }
    let last = u32::try_from(rows.len())
        .unwrap_or(u32::MAX - 1)
        .saturating_add(1);
    sheet.write_with_format(last, 0, "total", &bold)?;
    for ((at, (_, column)), total) in (0..).zip(COLUMNS).zip(totals) {
        if column == Column::Amount {
            sheet.write_with_format(last, at, total.to_f64().unwrap_or_default(), &amounts)?;
        }
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row_with(client: &str, price: &str) -> Vec<String> {
        let cell = |(name, _): (&str, Column)| match name {
            "client" => client.to_owned(),
            "price" => price.to_owned(),
            _ => String::new(),
        };
        COLUMNS.map(cell).to_vec()
    }

    #[test]
    fn what_would_run_as_a_formula_is_defused_and_amounts_stay_amounts() {
        let at = |name: &str| {
            COLUMNS
                .iter()
                .position(|(column, _)| *column == name)
                .unwrap()
        };
        for bad in ["=1+1", "+1", "-1", "@sum", "\tx"] {
            let row = defused(&row_with(bad, "-20.00"));
            assert_eq!(row[at("client")], format!("'{bad}"));
            assert_eq!(row[at("price")], "-20.00");
        }
    }

    #[test]
    fn a_line_quotes_what_needs_it() {
        let line = csv_line(["a,b", "c\"d", "e\nf"].into_iter()).unwrap();
        assert_eq!(&line[..], b"\"a,b\",\"c\"\"d\",\"e\nf\"\n");
    }
}
