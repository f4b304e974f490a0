//! The calendar as it was: the spans on which bookings ever stood name the candidates, whose streams are folded up to
//! then; what was planned, the catalogue of then tells. Whoever is named is called what they are called today.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    booking::{Booking, Held},
    id::Id,
    session::{Schedule, Session},
    time::Span,
};
use projections::{
    Scope,
    calendar::{self, Filter, When},
    clients,
};
use uuid::Uuid;

use super::view::CalendarBooking;
use crate::{
    access::Caller,
    app::App,
    as_of::AsOf,
    catalogue::Known,
    command::Loaded,
    problem::Problem,
    routes::{bookings::Names, sessions::SessionView},
};

/// Some time as it was.
pub(super) struct Then {
    /// The house as it was.
    pub(super) known: Arc<Known>,
    /// The bookings that stood in it, of everybody, by start.
    standing: Vec<(Uuid, Loaded<Booking>)>,
}

impl Then {
    /// Looks back.
    pub(super) async fn look(
        app: &App,
        scope: &Scope,
        now: &Arc<Known>,
        span: Span,
        as_of: AsOf,
    ) -> Result<Self, Problem> {
        let business = scope.business();
        let when = app.up_to(business, as_of).await?;
        let when = when.map_or(When::Ever, When::Position);
        let candidates = calendar::candidates(app.pool(), scope, span, when).await?;
        let candidates: Vec<_> = candidates.into_iter().map(Id::uuid).collect();
        // No word on them is shown: what is sealed stays so.
        let standing = app
            .load_all_as_of::<Booking>(business, &candidates, as_of)
            .await?;
        let mut standing: Vec<_> = standing.into_iter().collect();
        standing.retain(|(_, loaded)| loaded.state.held().is_ok_and(|held| is_in(held, span)));
        standing.sort_by_key(|(id, loaded)| (loaded.state.held().map(|h| h.plan.start).ok(), *id));
        let known = app.catalogue_as_of(business, now, span, as_of).await?;
        Ok(Self { known, standing })
    }

    /// The bookings that a filter lets through, as far as they may be seen.
    pub(super) async fn bookings(
        &self,
        app: &App,
        scope: &Scope,
        now: &Known,
        filter: &Filter,
    ) -> Result<Vec<CalendarBooking>, Problem> {
        let wanted = self.standing.iter().filter_map(|(id, loaded)| {
            let held = loaded.state.held().ok()?;
            let theirs = scope
                .staff()
                .is_none_or(|own| held.plan.staff_id == Some(own));
            (theirs && lets_through(filter, held)).then_some((*id, loaded.version, held))
        });
        let wanted: Vec<_> = wanted.collect();
        let ids: Vec<_> = wanted
            .iter()
            .filter_map(|(_, _, held)| held.client_id)
            .collect();
        let called = clients::called(app.pool(), scope, &ids).await?;
        let names = Names::around(now, called);
        let shown = wanted.into_iter().map(|(id, version, held)| {
            CalendarBooking::of_held(Id::new(id), version, held, &names)
        });
        Ok(shown.collect())
    }

    /// The sessions that stood in this time and are wanted, with the seats that were taken, by start.
    pub(super) fn sessions(
        &self,
        caller: &Caller,
        now: &Known,
        span: Span,
        wanted: impl Fn(&Schedule) -> bool,
    ) -> Vec<SessionView> {
        let mut taken: BTreeMap<Id<Session>, u16> = BTreeMap::new();
        for (_, loaded) in &self.standing {
            let held = loaded.state.held().ok();
            let seat = held.filter(|held| held.status.holds_time() && !held.deleted);
            if let Some(session) = seat.and_then(|held| held.plan.session_id) {
                *taken.entry(session).or_default() += 1;
            }
        }
        let sessions = self.known.catalogue.sessions.iter();
        let mut found: Vec<_> = sessions
            .filter_map(|(id, session)| Some((*id, session, session.standing().ok()?)))
            .filter(|(_, _, schedule)| {
                let setting = &schedule.setting;
                let theirs = caller.own().is_none_or(|own| own == setting.staff_id);
                theirs && setting.span().overlaps(span) && wanted(schedule)
            })
            .collect();
        found.sort_by_key(|(id, _, schedule)| (schedule.setting.start, *id));
        let shown = found.into_iter().filter_map(|(id, session, _)| {
            let versions = &self.known.versions;
            let version = versions.get(&id.uuid()).copied().unwrap_or_default();
            let taken = taken.get(&id).copied().unwrap_or(0);
            SessionView::of(id, session, version, now, taken)
        });
        shown.collect()
    }
}

/// As the read model has it: one without a length stands on its first instant.
fn is_in(held: &Held, span: Span) -> bool {
    let plan = &held.plan;
    plan.start < span.end() && (plan.end() > span.start() || plan.start >= span.start())
}

fn lets_through(filter: &Filter, held: &Held) -> bool {
    let plan = &held.plan;
    (filter.with_deleted || !held.deleted)
        && (filter.statuses.is_empty() || filter.statuses.contains(&held.status))
        && filter.staff_id.is_none_or(|id| plan.staff_id == Some(id))
        && filter.desk_id.is_none_or(|id| plan.desk_id == Some(id))
        && filter
            .service_id
            .is_none_or(|id| plan.service_id == Some(id))
}
