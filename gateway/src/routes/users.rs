//! Users: who may sign in, as what, and with which single rights.

mod changing;
mod inviting;
mod view;

use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use self::view::UserView;
pub(crate) use self::{changing::UserChange, view::RoleField};
use crate::{
    app::App,
    command::{Answer, Ask, At},
    page::{Page, PageQuery, page_of},
    problem::Problem,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, inviting::add))
        .routes(routes!(show, changing::change))
        .routes(routes!(inviting::again))
        .routes(routes!(changing::set_role))
        .routes(routes!(changing::give, changing::take))
        .routes(routes!(changing::disable))
        .routes(routes!(changing::enable))
        .routes(routes!(changing::remove_totp))
}

/// All users, the oldest first; those who were disabled too.
#[utoipa::path(get, path = "/users", tag = "access", params(PageQuery),
    responses((status = 200, body = Page<UserView>)))]
async fn list(
    State(app): State<App>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<UserView>>, Problem> {
    let business = ask.caller.business();
    let having = app.tables().with_password(business).await?;
    let users = app.users(business).await?;
    let views = users.iter().filter_map(|(id, loaded)| {
        let user = loaded.state.user().ok()?;
        let view = UserView::of(*id, user, loaded.version, having.contains(id));
        Some((*id, view))
    });
    Ok(Answer::ok(page_of(views, &ask.query, &ask.list())?))
}

/// One user.
#[utoipa::path(get, path = "/users/{id}", tag = "access", params(("id" = Uuid, Path)),
    responses((status = 200, body = UserView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<UserView>, Problem> {
    let (view, version) = app.user_view(ask.caller.business(), id).await?;
    Ok(Answer::ok(view).version(version))
}
