//! Who waits, the oldest first.

use axum::extract::State;
use domain::{
    id::Id,
    time::{LocalTime, Zone, local_date},
    waitlist,
};
use jiff::{SignedDuration, Timestamp, civil::DateTime};
use projections::{
    Scope, clients,
    waitlist::{Cursor, Filter, Page as Wanted, READ_MODEL, Wish, find as find_in},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::RequestView;
use crate::{
    app::App,
    checks::Checks,
    command::{Answer, Ask},
    page::{self, Page},
    problem::Problem,
    routes::{bookings::Names, history::question},
    texts::Message,
};

/// So many clients whose names or phones hold what is asked for are looked for among those who wait.
const MOST_CLIENTS: u16 = 500;
/// The oldest that may be asked for.
const MOST_DAYS: u32 = 36_500;

/// Which requests.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WaitlistQuery {
    /// That wish for this service.
    service_id: Option<Uuid>,
    /// That this staff member could serve: wished for by name, or anyone is.
    staff_id: Option<Uuid>,
    /// Of this client.
    client_id: Option<Uuid>,
    /// Made so many days ago or earlier.
    #[param(minimum = 0, maximum = 36500)]
    older_than_days: Option<i64>,
    /// That would take this: a local date, a local date-time (`2026-12-01T10:00`), or an instant.
    wish: Option<String>,
    /// That stand so, repeatable; absent: those that still wait, with an offer or without.
    #[serde(default)]
    #[param(inline)]
    state: Vec<StateField>,
    /// All words in the comment, or in the client's name, phone, e-mail or fiscal code.
    q: Option<String>,
    /// Items on a page: 50, at most 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// The cursor that the page before gave as `next`.
    after: Option<String>,
    /// `true`: tells the `total`.
    #[serde(default)]
    count: bool,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WaitlistState)]
enum StateField {
    Waiting,
    Offered,
    Converted,
    Withdrawn,
    Expired,
}

impl From<StateField> for waitlist::State {
    fn from(state: StateField) -> Self {
        match state {
            StateField::Waiting => Self::Waiting,
            StateField::Offered => Self::Offered,
            StateField::Converted => Self::Converted,
            StateField::Withdrawn => Self::Withdrawn,
            StateField::Expired => Self::Expired,
        }
    }
}

/// Who waits, the oldest request first.
#[utoipa::path(get, path = "/waitlist", tag = "waitlist", params(WaitlistQuery),
    responses((status = 200, body = Page<RequestView>)))]
pub(super) async fn find(
    State(app): State<App>,
    ask: Ask<WaitlistQuery>,
) -> Result<Answer<Page<RequestView>>, Problem> {
    let (business, scope, asked) = (ask.caller.business(), ask.caller.scope(), &ask.query);
    app.wait_for(&ask, &[&READ_MODEL, &clients::READ_MODEL])
        .await?;
    let known = app.catalogue(business).await?;
    let mut filter = asked.filter(&known.settings()?.time_zone, app.now())?;
    filter.clients = app.client_ids(business, asked.client_id).await?;
    if let Some(q) = asked.q.as_deref().filter(|q| !q.trim().is_empty()) {
        let first = clients::Page {
            after: None,
            limit: MOST_CLIENTS,
            count: false,
        };
        let found = clients::find(app.pool(), &scope, Some(q), first).await?;
        let ids = found.items.iter();
        let ids = ids.flat_map(|entry| entry.client.ids(entry.client_id));
        filter.q = Some((q.to_owned(), ids.collect()));
    }
    let after: Option<Cursor> = ask.list().place(asked.after.as_deref())?;
    let wanted = Wanted {
        after,
        limit: u16::try_from(page::limit(asked.limit)?).unwrap_or(u16::MAX),
        count: asked.count,
    };
    let found = find_in(app.pool(), &scope, &filter, wanted).await?;
    let ids = found.items.iter().filter_map(|entry| {
        let made = entry.request.made().ok()?;
        Some(made.client_id)
    });
    let ids: Vec<_> = ids.collect();
    // Whoever sees the request sees who made it.
    let called = clients::called(app.pool(), &Scope::whole(business), &ids).await?;
    let names = Names::around(&known, called);
    let items = found.items.iter().filter_map(|entry| {
        let made = entry.request.made().ok()?;
        Some(RequestView::of(
            entry.request_id,
            entry.version,
            made,
            &names,
        ))
    });
    Ok(Answer::ok(Page {
        items: items.collect(),
        next: found
            .next
            .map(|next| ask.list().cursor(&next))
            .transpose()?,
        total: found.total.and_then(|total| u64::try_from(total).ok()),
    }))
}

impl WaitlistQuery {
    fn filter(&self, zone: &Zone, now: Timestamp) -> Result<Filter, Problem> {
        let mut checks = Checks::default();
        let made_by = self.older_than_days.map(|days| {
            let days = checks.within("older_than_days", days, 0, MOST_DAYS);
            let ago = SignedDuration::from_hours(i64::from(days) * 24);
            now.saturating_sub(ago).unwrap_or(Timestamp::UNIX_EPOCH)
        });
        let wish = self.wish.as_deref().and_then(|text| {
            let wish = wish(text, zone);
            if wish.is_none() {
                checks.fault("wish", Message::new("violation-wish"));
            }
            wish
        });
        question(&mut checks, "q", self.q.as_deref());
        checks.done()?;
        let states: Vec<_> = self.state.iter().map(|state| (*state).into()).collect();
        Ok(Filter {
            states: if states.is_empty() {
                vec![waitlist::State::Waiting, waitlist::State::Offered]
            } else {
                states
            },
            service: self.service_id.map(Id::new),
            staff: self.staff_id.map(Id::new),
            clients: vec![],
            made_by,
            wish,
            dates: None,
            q: None,
        })
    }
}

/// `2026-12-01`, `2026-12-01T10:00`, `2026-12-01T09:00:00Z`.
fn wish(text: &str, zone: &Zone) -> Option<Wish> {
    let in_reach = |date: &jiff::civil::Date| (1900..=2199).contains(&date.year());
    if let Some(date) = local_date::parse(text).filter(in_reach) {
        return Some(Wish { date, time: None });
    }
    let local = match text.parse::<Timestamp>() {
        Ok(instant) => zone.local(instant),
        Err(_) => text.parse::<DateTime>().ok()?,
    };
    let (hour, minute) = (
        u8::try_from(local.hour()).ok()?,
        u8::try_from(local.minute()).ok()?,
    );
    Some(Wish {
        date: Some(local.date()).filter(in_reach)?,
        time: Some(LocalTime::new(hour, minute)?),
    })
}
