//! Clients who may be one person.

use axum::extract::State;
use projections::clients::{self, Place};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::ClientView;
use crate::{
    app::App,
    command::{Answer, Ask, Loaded, View as _},
    page::{Page, PageQuery, limit},
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Clients who may be one person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Duplicates)]
struct AlikeView {
    /// What they have in common: `phone`, `email` or `name_and_birthday`.
    by: String,
    /// Who was known first before the others; at most twenty.
    clients: Vec<ClientView>,
}

/// Clients who may be one person: reached by the same phone or e-mail address, or of one name and birthday. Look, and
/// merge those who are: `POST /clients/{id}/merge`.
#[utoipa::path(get, path = "/clients/duplicates", tag = "clients", params(PageQuery),
    responses((status = 200, body = Page<AlikeView>)))]
async fn list(
    State(app): State<App>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<AlikeView>>, Problem> {
    app.wait_for(&ask, &[&clients::READ_MODEL]).await?;
    let after: Option<Place> = ask.list().place(ask.query.after.as_deref())?;
    let most = u16::try_from(limit(ask.query.limit)?).map_err(Problem::internal)?;
    let scope = ask.caller.scope();
    let (alike, next) = clients::duplicates(app.pool(), &scope, after.as_ref(), most).await?;
    let total = match ask.query.count {
        true => {
            let count = clients::count_duplicates(app.pool(), &scope).await?;
            Some(u64::try_from(count).map_err(Problem::internal)?)
        }
        false => None,
    };
    let shown = |entry: clients::Entry| {
        let loaded = Loaded {
            state: entry.client,
            version: entry.version,
        };
        let view = ClientView::of(&loaded, entry.client_id.uuid())?;
        Some(view.seen_by(&ask.caller))
    };
    let items = alike.into_iter().map(|alike| AlikeView {
        by: alike.by,
        clients: alike.clients.into_iter().filter_map(shown).collect(),
    });
    Ok(Answer::ok(Page {
        items: items.collect(),
        next: next.map(|place| ask.list().cursor(&place)).transpose()?,
        total,
    }))
}
