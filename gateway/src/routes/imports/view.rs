//! An import as the API shows it.

use jiff::Timestamp;
use serde::Serialize;
use sheets::{Form, Remark};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rows::{RowView, told};
use crate::{
    app::App,
    imports::{
        fields::{Field, Kind},
        judge::Verdict,
        mapping::Mapping,
        prepared::{Column, Prepared},
        store::{Figures, Import, State},
    },
    problem::Problem,
    texts::Speech,
};

/// Rows of a preview.
const PREVIEW: usize = 20;

/// An import.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub(super) struct ImportView {
    #[serde(flatten)]
    listed: ImportListed,
    file: FileView,
    columns: Vec<ColumnView>,
    /// What the columns seem to hold: to be changed and given back as `mapping`.
    suggested_mapping: Mapping,
    /// What holds now.
    mapping: Mapping,
    /// What would become of the rows; null once it ran (see `result` and `rows`).
    preview: Option<Preview>,
}

/// An import in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportListed {
    id: Uuid,
    kind: Kind,
    state: State,
    file_name: Option<String>,
    /// Rows of the file, without its header.
    total: i32,
    /// Rows that are done.
    done: i32,
    result: ResultView,
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// When it is forgotten, its file too.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    version: i64,
}

/// What became of the rows that are done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportResult)]
struct ResultView {
    created: i32,
    updated: i32,
    skipped: i32,
    errors: i32,
    /// Rows taken back.
    undone: i32,
    /// Rows that could not be taken back.
    kept: i32,
}

/// What a file was taken for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportFile)]
struct FileView {
    name: Option<String>,
    /// `csv` or `xlsx`.
    kind: &'static str,
    /// Of CSV.
    encoding: Option<String>,
    /// Of CSV: what stands between two cells.
    delimiter: Option<String>,
    /// Of XLSX: the sheet that was read.
    sheet: Option<String>,
    /// Of XLSX: all that show.
    sheets: Vec<String>,
    /// The row that names the columns; null: none does.
    header_row: Option<u32>,
    /// Rows below it.
    rows: usize,
    /// What was odd: `strange_letters` (some cannot be of the encoding), `open_quote` (a quotation mark is never closed;
    /// all were read as letters).
    remarks: Vec<&'static str>,
}

/// A column of the file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportColumn)]
struct ColumnView {
    /// What a mapping calls it by.
    index: usize,
    /// As a spreadsheet calls it: `A`, `B`, ….
    letter: String,
    /// As the file calls it; empty where it does not.
    name: String,
    /// Some of its cells.
    samples: Vec<String>,
    /// What it holds, by the mapping; null: it is not taken.
    field: Option<Field>,
}

/// What would become of the rows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportPreview)]
struct Preview {
    /// Of all rows.
    counts: Counts,
    /// The first ones; `GET /imports/{id}/rows` has them all.
    rows: Vec<RowView>,
}

/// How many rows have which verdict.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ImportCounts)]
struct Counts {
    rows: usize,
    create: usize,
    update: usize,
    skip: usize,
    error: usize,
}

impl ImportListed {
    pub(super) fn of(import: &Import) -> Self {
        let Figures {
            total,
            done,
            created,
            updated,
            skipped,
            failed,
            undone,
            kept,
        } = import.figures;
        Self {
            id: import.id,
            kind: import.kind,
            state: import.state,
            file_name: import.file_name.clone(),
            total,
            done,
            result: ResultView {
                created,
                updated,
                skipped,
                errors: failed,
                undone,
                kept,
            },
            made_at: import.made_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
            expires_at: import.expires_at,
            version: import.version,
        }
    }
}

impl ImportView {
    pub(super) async fn of(app: &App, import: &Import, speech: Speech) -> Result<Self, Problem> {
        let prepared = app.prepared(import).await?;
        let preview = match import.state {
            State::Uploaded => Some(preview(app, import, &prepared, speech).await?),
            State::Running
            | State::Finished
            | State::Cancelled
            | State::Failed
            | State::Undoing
            | State::Undone => None,
        };
        Ok(Self {
            listed: ImportListed::of(import),
            file: FileView::of(import, &prepared),
            columns: prepared
                .columns
                .iter()
                .enumerate()
                .map(ColumnView::of)
                .collect(),
            suggested_mapping: prepared.suggested.clone(),
            mapping: import.mapping.clone(),
            preview,
        })
    }
}

async fn preview(
    app: &App,
    import: &Import,
    prepared: &Prepared,
    speech: Speech,
) -> Result<Preview, Problem> {
    let judged = app
        .judged(
            import.business,
            import.id,
            import.kind,
            &import.mapping,
            prepared,
        )
        .await?;
    let mut counts = Counts {
        rows: judged.len(),
        ..Counts::default()
    };
    for row in &judged {
        *match row.verdict {
            Verdict::Create => &mut counts.create,
            Verdict::Update => &mut counts.update,
            Verdict::Skip => &mut counts.skip,
            Verdict::Error => &mut counts.error,
        } += 1;
    }
    let rows = told(&judged).take(PREVIEW);
    Ok(Preview {
        counts,
        rows: rows
            .filter_map(|row| RowView::of(prepared, &row, speech))
            .collect(),
    })
}

impl FileView {
    fn of(import: &Import, prepared: &Prepared) -> Self {
        let (kind, encoding, delimiter, sheet, sheets) = match &prepared.form {
            Form::Csv {
                encoding,
                delimiter,
            } => (
                "csv",
                Some(encoding.clone()),
                Some(delimiter.to_string()),
                None,
                vec![],
            ),
            Form::Xlsx { sheet, sheets } => {
                ("xlsx", None, None, Some(sheet.clone()), sheets.clone())
            }
        };
        let remark = |remark: &Remark| match remark {
            Remark::StrangeLetters => "strange_letters",
            Remark::OpenQuote => "open_quote",
        };
        Self {
            name: import.file_name.clone(),
            kind,
            encoding,
            delimiter,
            sheet,
            sheets,
            header_row: prepared.header_row,
            rows: prepared.rows.len(),
            remarks: prepared.remarks.iter().map(remark).collect(),
        }
    }
}

impl ColumnView {
    fn of((index, column): (usize, &Column)) -> Self {
        Self {
            index,
            letter: letter(index),
            name: column.name.clone(),
            samples: column.samples.clone(),
            field: column.field,
        }
    }
}

fn letter(index: usize) -> String {
    let mut letters = vec![];
    let mut left = index + 1;
    while left > 0 {
        left -= 1;
        letters.push(char::from(
            b'A' + u8::try_from(left % 26).unwrap_or_default(),
        ));
        left /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_lettered_as_spreadsheets_do() {
        let letters = [0, 25, 26, 51, 52, 701, 702].map(letter);
        assert_eq!(letters, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
