//! Whom a segment holds now: page by page, and as a file.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use domain::{
    access::Right,
    client::{Card, Client},
    contact::{Email, Phone, Telegram},
    money::{Currency, Money},
    time::Zone,
};
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use projections::{
    Scope, clients,
    segments::{self, Cursor, Member, Page as Wanted, READ_MODEL},
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::Caller,
    app::App,
    command::{Answer, Ask, At},
    page::{self, Page, PageQuery},
    problem::Problem,
    routes::staff::open_text,
    sheet::{Column, FileField, Table, local},
};

/// A client in a segment, and what is counted of them over all time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SegmentClient)]
pub(super) struct MemberView {
    id: Uuid,
    /// Null: erased.
    name: Option<String>,
    /// The phone to ring first (E.164); null also for whoever may not see it, as are the next two.
    phone: Option<String>,
    email: Option<String>,
    telegram: Option<String>,
    language: Option<String>,
    tags: Vec<String>,
    /// Since when they are known.
    #[schema(value_type = String, format = DateTime)]
    registered_at: Timestamp,
    /// How often they came; services of one visit count once.
    visits: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    first_visit: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_visit: Option<Timestamp>,
    /// What they paid, less what was given back; null for whoever may not see it.
    spent: Option<String>,
}

/// What of clients somebody sees.
#[derive(Debug, Clone, Copy)]
struct Sight {
    phones: bool,
    money: bool,
    currency: Currency,
}

impl Sight {
    fn of(caller: &Caller, currency: Currency) -> Self {
        Self {
            phones: caller.may(Right::SeePhones),
            money: caller.may(Right::SeeRevenue),
            currency,
        }
    }
}

impl MemberView {
    fn of(member: &Member, client: Option<&Client>, sight: Sight) -> Result<Self, Problem> {
        let card = client.and_then(|client| client.card.as_ref());
        let seen = card.filter(|_| sight.phones);
        let spent = Money::new(member.spent, sight.currency).map_err(Problem::internal)?;
        Ok(Self {
            id: member.client_id.uuid(),
            name: card.and_then(|card| card.name.value().map(ToString::to_string)),
            phone: seen.and_then(|card: &Card| open_text(card.phone.as_ref(), Phone::as_str)),
            email: seen.and_then(|card| open_text(card.email.as_ref(), Email::as_str)),
            telegram: seen.and_then(|card| open_text(card.telegram.as_ref(), Telegram::as_str)),
            language: card.and_then(|card| Some(card.language.as_ref()?.as_str().to_owned())),
            tags: client.map(tags).unwrap_or_default(),
            registered_at: member.registered_at,
            visits: member.visits,
            first_visit: member.first_visit,
            last_visit: member.last_visit,
            spent: sight.money.then(|| spent.to_string()),
        })
    }
}

fn tags(client: &Client) -> Vec<String> {
    let tags = client.tags.iter();
    tags.map(|tag| tag.as_str().to_owned()).collect()
}

/// The clients whom a segment holds now, by name.
#[utoipa::path(get, path = "/segments/{id}/clients", tag = "segments", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Page<MemberView>)))]
pub(super) async fn list(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<MemberView>>, Problem> {
    ask.caller.needs(Right::SeeClients)?;
    let after: Option<Cursor> = ask.list().place(ask.query.after.as_deref())?;
    let wanted = Wanted {
        after,
        limit: u16::try_from(page::limit(ask.query.limit)?).map_err(Problem::internal)?,
        count: ask.query.count,
    };
    app.wait_for(&ask, &[&READ_MODEL, &clients::READ_MODEL])
        .await?;
    let question = app.question(&ask, id).await?;
    let scope = ask.caller.scope();
    let found = segments::members(app.pool(), &scope, &question, wanted).await?;
    let sight = app.sight(&ask.caller).await?;
    Ok(Answer::ok(Page {
        items: shown(app.pool(), &scope, &found.items, sight).await?,
        next: found
            .next
            .map(|next| ask.list().cursor(&next))
            .transpose()?,
        total: found.total.and_then(|total| u64::try_from(total).ok()),
    }))
}

/// Which kind of file.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AsFile {
    /// `csv` where nothing is said.
    #[param(inline)]
    format: Option<FileField>,
}

static TABLE: Table = Table {
    name: "segment",
    columns: &[
        ("name", Column::Text),
        ("phone", Column::Text),
        ("email", Column::Text),
        ("telegram", Column::Text),
        ("language", Column::Text),
        ("tags", Column::Text),
        ("registered_at", Column::DateTime),
        ("visits", Column::Number),
        ("first_visit", Column::DateTime),
        ("last_visit", Column::DateTime),
        ("spent", Column::Amount),
        ("currency", Column::Text),
        ("id", Column::Text),
    ],
};

/// The clients whom a segment holds now, as a file with one header row: CSV as its rows are read, or a spreadsheet.
/// Times are local. Cells that a spreadsheet would run as a formula are defused by a leading `'`.
#[utoipa::path(get, path = "/segments/{id}/export", tag = "segments", params(("id" = Uuid, Path), AsFile),
    responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn export(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask<AsFile>,
) -> Result<Response, Problem> {
    ask.caller.needs(Right::ManageMarketing)?;
    ask.caller.needs(Right::SeeClients)?;
    app.wait_for(&ask, &[&READ_MODEL, &clients::READ_MODEL])
        .await?;
    let question = app.question(&ask, id).await?;
    let (scope, sight) = (ask.caller.scope(), app.sight(&ask.caller).await?);
    let (zone, db) = (question.zone.clone(), app.pool().clone());
    let list = app.long_list(&ask).await?;
    let rows = segments::stream(list, &scope, &question)
        .map_err(Problem::from)
        .and_then(move |members| {
            let db = db.clone();
            async move { shown(&db, &scope, &members, sight).await }
        })
        .map_ok(|views| futures::stream::iter(views.into_iter().map(Ok)))
        .try_flatten()
        .map(move |view: Result<MemberView, Problem>| view.map(|view| row(view, sight, &zone)));
    TABLE.file(ask.query.format.unwrap_or_default(), rows).await
}

/// A client as the file shows them, column by column.
fn row(view: MemberView, sight: Sight, zone: &Zone) -> Vec<String> {
    let visited = |at: Option<Timestamp>| at.map(|at| local(at, zone)).unwrap_or_default();
    vec![
        view.name.unwrap_or_default(),
        view.phone.unwrap_or_default(),
        view.email.unwrap_or_default(),
        view.telegram.unwrap_or_default(),
        view.language.unwrap_or_default(),
        view.tags.join(", "),
        local(view.registered_at, zone),
        view.visits.to_string(),
        visited(view.first_visit),
        visited(view.last_visit),
        view.spent.unwrap_or_default(),
        sight.currency.code().to_owned(),
        view.id.to_string(),
    ]
}

/// These clients, as somebody sees them.
async fn shown(
    db: &PgPool,
    scope: &Scope,
    members: &[Member],
    sight: Sight,
) -> Result<Vec<MemberView>, Problem> {
    let ids: Vec<Uuid> = members.iter().map(|m| m.client_id.uuid()).collect();
    let entries = clients::some(db, scope, &ids).await?;
    let known: BTreeMap<Uuid, Client> = entries
        .into_iter()
        .map(|entry| (entry.client_id.uuid(), entry.client))
        .collect();
    members
        .iter()
        .map(|member| MemberView::of(member, known.get(&member.client_id.uuid()), sight))
        .collect()
}

impl App {
    async fn sight(&self, caller: &Caller) -> Result<Sight, Problem> {
        let known = self.catalogue(caller.business()).await?;
        Ok(Sight::of(caller, known.settings()?.currency))
    }
}
