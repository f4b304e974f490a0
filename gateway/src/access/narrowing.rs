//! What is not a staff member's own is as if it were not there.
//!
//! An operation on one thing looks it up before its handler runs: someone else's booking answers 404, as one that does
//! not exist does. Lists are narrowed by the scope of their queries, sessions and the waitlist by their own modules.

use axum::{
    extract::{FromRequestParts as _, RawPathParams},
    http::request::Parts,
};
use domain::{access::Right, booking::Booking, client::Client, id::Id, staff::Staff};
use projections::history;
use uuid::Uuid;

use super::{
    Caller,
    gate::denied,
    rights::{Entry, Named},
};
use crate::{app::App, problem::Problem, texts::Message};

/// Lets a staff member go on to what is theirs.
///
/// # Errors
/// 404 when it is not.
pub(super) async fn is_theirs(
    app: &App,
    caller: &Caller,
    entry: &Entry,
    parts: &mut Parts,
) -> Result<(), Problem> {
    let (Some(own), Some(named)) = (caller.own(), entry.named()) else {
        return Ok(());
    };
    let params = RawPathParams::from_request_parts(parts, app).await;
    let params = params.map_err(Problem::internal)?;
    let id = params.iter().find(|(name, _)| *name == "id");
    let Some(id) = id.and_then(|(_, id)| id.parse::<Uuid>().ok()) else {
        return Err(Problem::not_found());
    };
    let theirs = match named {
        Named::Booking => app.is_booking_of(caller, Id::new(id), own).await?,
        Named::Visit => {
            // All of it, or none: a visit is shown, moved and called off as one.
            let mut all = true;
            for booking in app.ids_of_visit(caller.business(), id).await? {
                all &= app.is_booking_of(caller, booking, own).await?;
            }
            all
        }
        Named::Client => app.is_client_of(caller, Id::new(id)).await?,
    };
    if theirs {
        return Ok(());
    }
    denied(&entry.path(), "own");
    Err(Problem::not_found())
}

impl App {
    async fn is_booking_of(
        &self,
        caller: &Caller,
        id: Id<Booking>,
        own: Id<Staff>,
    ) -> Result<bool, Problem> {
        let business = caller.business();
        let loaded = self.ledger().load::<Booking>(business, id.uuid()).await?;
        let held = loaded.state.held();
        Ok(held.is_ok_and(|held| held.plan.staff_id == Some(own)))
    }

    async fn is_client_of(&self, caller: &Caller, id: Id<Client>) -> Result<bool, Problem> {
        let (pool, scope) = (self.pool(), caller.scope());
        if history::has_client(pool, &scope, id).await? {
            return Ok(true);
        }
        // Booked a moment ago, perhaps.
        let head = self.ledger().head(caller.business()).await?;
        self.projected(caller.business(), &[&history::READ_MODEL], head)
            .await?;
        Ok(history::has_client(pool, &scope, id).await?)
    }

    /// The clients whom a caller may see; none: all of them.
    pub(crate) async fn clients_of(
        &self,
        caller: &Caller,
    ) -> Result<Option<Vec<Id<Client>>>, Problem> {
        if caller.own().is_none() {
            return Ok(None);
        }
        let business = caller.business();
        self.built(business, &[&history::READ_MODEL]).await?;
        Ok(Some(
            history::clients_of(self.pool(), &caller.scope()).await?,
        ))
    }
}

impl Caller {
    /// May book outside hours or off the grid, if that is asked.
    ///
    /// # Errors
    /// 403 when they may not.
    pub(crate) fn is_free(&self, outside_hours: bool, off_grid: bool) -> Result<(), Problem> {
        if outside_hours || off_grid {
            self.needs(Right::OutsideHours)?;
        }
        Ok(())
    }

    /// By whom a booking is to be: a staff member's by themselves.
    ///
    /// # Errors
    /// 404 when a staff member asks for another one, as if that one were not there.
    pub(crate) fn by_whom(
        &self,
        field: &str,
        asked: Option<Uuid>,
    ) -> Result<Option<Id<Staff>>, Problem> {
        let asked = asked.map(Id::new);
        match self.own() {
            None => Ok(asked),
            Some(own) if asked.is_none_or(|asked| asked == own) => Ok(Some(own)),
            Some(_) => Err(Problem::field(field, Message::new("violation-not-found"))),
        }
    }
}
