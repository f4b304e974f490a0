//! What becomes, or became, of each row.

use axum::{extract::State, http::HeaderMap};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    app::App,
    command::{Answer, Ask, At},
    imports::{
        clients::ClientValues,
        judge::{Judged, Reason, Verdict},
        prepared::{Drafted, Drafts, Prepared, Read},
        services::ServiceValues,
        store::{Import, Outcome, State as Stands},
        undo::Fate,
    },
    page::{Page, limit},
    problem::{Problem, Violation},
    texts::{Message, Speech},
};

/// A row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRow)]
pub(super) struct RowView {
    /// As a spreadsheet numbers it.
    pub(super) row: u32,
    pub(super) verdict: Verdict,
    /// The client or service that it made, changed, or was found to be. Null before the run for what is still to be made.
    pub(super) id: Option<Uuid>,
    /// What it tells; null where it tells of nobody.
    pub(super) values: Option<Values>,
    /// What could not be read of it, and why it is skipped or an error.
    pub(super) violations: Vec<Told>,
    /// Once the import was undone: what became of that. Null where there was nothing to take back.
    pub(super) undone: Option<Fate>,
}

/// What a row tells of a client or service.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ImportValues)]
pub(super) enum Values {
    Client(Box<ClientValues>),
    Service(Box<ServiceValues>),
}

/// What is wrong with a field of a row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportViolation)]
pub(super) struct Told {
    /// Empty: the row as a whole.
    pub(super) field: String,
    pub(super) code: String,
    pub(super) message: String,
}

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RowsQuery {
    /// Those with this verdict alone.
    #[param(inline)]
    verdict: Option<Verdict>,
    /// Items on a page: 50, at most 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// The cursor that the page before gave as `next`.
    after: Option<String>,
    /// `true`: tells the `total`.
    #[serde(default)]
    count: bool,
}

/// What would become of each row; once it ran, what became of those that are done.
#[utoipa::path(get, path = "/imports/{id}/rows", tag = "imports", params(("id" = Uuid, Path), RowsQuery),
    responses((status = 200, body = Page<RowView>)))]
pub(super) async fn list(
    State(app): State<App>,
    At(id): At<Uuid>,
    headers: HeaderMap,
    ask: Ask<RowsQuery>,
) -> Result<Answer<Page<RowView>>, Problem> {
    let import = app.import_store().one(ask.caller.business(), id).await?;
    let most = limit(ask.query.limit)?;
    let after: Option<i32> = ask.list().place(ask.query.after.as_deref())?;
    let from = after.map_or(0, |after| after.saturating_add(1));
    let prepared = app.prepared(&import).await?;
    let mut rows = rows(&app, &import, &prepared, ask.query.verdict, from, most + 1).await?;
    let more = rows.len() > most;
    rows.truncate(most);
    let last = rows
        .last()
        .filter(|_| more)
        .map(|row| ask.list().cursor(&row.ordinal));
    let total = match ask.query.count {
        true => Some(count(&app, &import, &prepared, ask.query.verdict).await?),
        false => None,
    };
    let speech = Speech::of(&headers);
    Ok(Answer::ok(Page {
        items: rows
            .iter()
            .filter_map(|row| RowView::of(&prepared, row, speech))
            .collect(),
        next: last.transpose()?,
        total,
    }))
}

/// Rows from one on: judged before a run, as they came out after it.
pub(super) async fn rows(
    app: &App,
    import: &Import,
    prepared: &Prepared,
    only: Option<Verdict>,
    from: i32,
    most: usize,
) -> Result<Vec<Outcome>, Problem> {
    if import.state != Stands::Uploaded {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        return app.import_store().outcomes(import, only, from, most).await;
    }
    let judged = judged(app, import, prepared).await?;
    let rows = told(&judged).filter(|row| row.ordinal >= from);
    Ok(rows
        .filter(|row| only.is_none_or(|only| row.verdict == only))
        .take(most)
        .collect())
}

/// How many rows there are, of those with this verdict alone.
async fn count(
    app: &App,
    import: &Import,
    prepared: &Prepared,
    only: Option<Verdict>,
) -> Result<u64, Problem> {
    if import.state != Stands::Uploaded {
        let count = app.import_store().count_outcomes(import, only).await?;
        return u64::try_from(count).map_err(Problem::internal);
    }
    let judged = judged(app, import, prepared).await?;
    let rows = judged.iter();
    let wanted = rows.filter(|row| only.is_none_or(|only| row.verdict == only));
    Ok(wanted.count() as u64)
}

async fn judged(app: &App, import: &Import, prepared: &Prepared) -> Result<Vec<Judged>, Problem> {
    app.judged(
        import.business,
        import.id,
        import.kind,
        &import.mapping,
        prepared,
    )
    .await
}

/// Judged rows as if they had come out so. What is still to be made has no id yet.
pub(super) fn told(judged: &[Judged]) -> impl Iterator<Item = Outcome> {
    (0..).zip(judged).map(|(ordinal, row)| Outcome {
        ordinal,
        verdict: row.verdict,
        thing: row.thing.filter(|_| row.verdict != Verdict::Create),
        before: None,
        after: None,
        reason: row.reason.clone(),
        undone: None,
    })
}

impl RowView {
    pub(super) fn of(prepared: &Prepared, row: &Outcome, speech: Speech) -> Option<Self> {
        let at = usize::try_from(row.ordinal).ok()?;
        match &prepared.rows {
            Drafts::Clients(rows) => Some(Self::with(rows.get(at)?, row, speech, |draft| {
                Values::Client(Box::new(draft.values()))
            })),
            Drafts::Services(rows) => Some(Self::with(rows.get(at)?, row, speech, |draft| {
                Values::Service(Box::new(draft.values()))
            })),
        }
    }

    fn with<D>(
        drafted: &Drafted<D>,
        row: &Outcome,
        speech: Speech,
        values: impl Fn(&D) -> Values,
    ) -> Self {
        let mut violations = drafted.faults.clone();
        if matches!(row.verdict, Verdict::Skip | Verdict::Error)
            && let Some(reason) = &row.reason
        {
            violations.insert(0, violation(reason));
        }
        let told = violations.iter().map(|violation| Told {
            field: violation.field.clone(),
            code: violation.code(),
            message: violation.message.say(speech),
        });
        Self {
            row: drafted.number,
            verdict: row.verdict,
            id: row.thing,
            values: match &drafted.read {
                Read::Draft(draft) => Some(values(draft)),
                Read::Passed | Read::Failed => None,
            },
            violations: told.collect(),
            undone: row.undone,
        }
    }
}

fn violation(reason: &Reason) -> Violation {
    match reason {
        Reason::InFile { by, row } => Violation::new(
            by.field(),
            Message::new("violation-duplicate-in-file").with("row", row),
        ),
        Reason::Known { by } => Violation::new(by.field(), Message::new("violation-already-known")),
        Reason::Erased => Violation::new("", Message::new("violation-person-erased")),
        Reason::Refused => Violation::new("", Message::new("violation-does-not-fit")),
    }
}
