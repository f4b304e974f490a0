//! Many bookings brought back at once: those named, or all that a filter lets through; or only told what would become
//! of each.
//!
//! All that can come back do so in one append; those whose time is gone, or that are no longer to be brought back,
//! stay, and it is told why. Who was booked first has the first claim on the time.

use std::collections::BTreeSet;

use axum::extract::State;
use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingCommand, BookingEvent},
    id::Id,
};
use ledger::{BusinessId, Claim, Span};
use projections::history::{self, By, Filter, Page, Sort};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{one::claims_changed, show_all, view::BookingView};
use crate::{
    access::Caller,
    app::App,
    catalogue::Known,
    checks::Checks,
    command::{Answer, Call, Decision, Done, Loaded, Outcome},
    problem::{Code, Problem},
    routes::history::FilterFields,
    texts::Message,
    timekeeping::claim_set,
};

/// The most bookings that are brought back at once.
const MOST: usize = 200;
/// How often it is looked at again what can come back, where somebody takes a time meanwhile.
const ATTEMPTS: usize = 3;

/// Which bookings are to come back: `booking_ids` or `filter`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RestoreBookings)]
pub(super) struct RestoringFields {
    /// These.
    #[schema(max_items = 200)]
    booking_ids: Option<Vec<Uuid>>,
    /// The deleted and the cancelled ones that this lets through, as in `GET /history`; at most 200.
    filter: Option<FilterFields>,
    /// Only says what would become of each.
    #[serde(default)]
    preview: bool,
}

/// What became of the bookings that were to come back, or would.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RestoredBookings)]
pub(super) struct RestoredView {
    /// Nothing was written.
    preview: bool,
    /// Those that came back as they stand now, then the others; each by when it was made.
    bookings: Vec<VerdictView>,
}

/// What became of one booking, or would.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RestoreVerdict)]
struct VerdictView {
    booking: BookingView,
    /// `restored`; `restorable` in a preview; `stuck` where it cannot come back; `unchanged` where it stands already;
    /// `left` where it could come back by now.
    verdict: &'static str,
    /// Why it is stuck, as the code of a problem: `slot_taken`, `wrong_state`.
    why: Option<String>,
    /// The bookings that have its time.
    taken_by: Vec<TakenByView>,
}

/// A booking that has the time.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TakenBy)]
struct TakenByView {
    id: Uuid,
    reference: String,
}

/// Brings bookings back, deleted ones as they stood and cancelled ones confirmed, each at its own time; or tells in a
/// preview what would become of each.
#[utoipa::path(post, path = "/bookings/restore", tag = "bookings", request_body = RestoringFields,
    responses((status = 200, body = RestoredView)))]
pub(super) async fn restore_many(
    State(app): State<App>,
    call: Call<RestoringFields>,
) -> Result<Answer<RestoredView>, Problem> {
    let asked = call.body.read()?;
    if call.body.preview {
        let told = app.looked_at(&call, asked, &[], "restorable").await?;
        return Ok(Answer::ok(RestoredView {
            preview: true,
            bookings: told,
        }));
    }
    let mut attempt = 1;
    let done = loop {
        match app.bring_back(&call, asked).await {
            // Somebody was quicker: what can come back is another question now.
            Err(refused) if refused.code() == Code::SlotTaken && attempt < ATTEMPTS => attempt += 1,
            done => break done?,
        }
    };
    app.show_restored(&call, asked, &done).await
}

/// What is asked, once it has been looked at.
#[derive(Clone, Copy)]
enum Asked<'a> {
    These(&'a [Uuid]),
    All(&'a FilterFields),
}

impl RestoringFields {
    fn read(&self) -> Result<Asked<'_>, Problem> {
        let mut checks = Checks::default();
        let asked = match (&self.booking_ids, &self.filter) {
            (Some(ids), None) => {
                checks.at_most("booking_ids", ids, MOST);
                if ids.is_empty() {
                    checks.fault("booking_ids", Message::new("violation-empty"));
                }
                let mut seen = BTreeSet::new();
                for (n, id) in ids.iter().enumerate() {
                    if !seen.insert(id) {
                        let field = format!("booking_ids[{n}]");
                        checks.fault(field, Message::new("violation-twice"));
                    }
                }
                Some(Asked::These(ids))
            }
            (None, Some(filter)) => Some(Asked::All(filter)),
            (None, None) => {
                checks.fault("filter", Message::new("violation-missing"));
                None
            }
            (Some(_), Some(_)) => {
                checks.fault("filter", Message::new("violation-one-of-these"));
                None
            }
        };
        match asked {
            Some(asked) if checks.is_clean() => Ok(asked),
            Some(_) | None => Err(checks.into()),
        }
    }
}

type Part = (Id<Booking>, Loaded<Booking>);

/// A booking on its way back.
struct Back<'a> {
    part: &'a Part,
    events: Vec<BookingEvent>,
    after: Booking,
}

/// What stands in a booking's way.
enum Stuck {
    /// Nothing: it is there.
    Unchanged,
    Because(Problem),
    TakenBy(BTreeSet<Uuid>),
}

/// Bookings on their way back, one after the other: each finds the time of those before it taken.
struct Restorer<'a> {
    app: &'a App,
    business: BusinessId,
    known: &'a Known,
    going: Vec<Back<'a>>,
    /// What they will have taken, and who.
    about: Vec<(Uuid, Claim)>,
}

impl<'a> Restorer<'a> {
    fn new(app: &'a App, business: BusinessId, known: &'a Known) -> Self {
        Self {
            app,
            business,
            known,
            going: vec![],
            about: vec![],
        }
    }

    /// Looks at all of them in their order; what can come back is going then. Of the others, what stands in the way.
    async fn look(&mut self, parts: &'a [Part]) -> Result<Vec<Option<Stuck>>, Problem> {
        let mut verdicts = vec![];
        for part in parts {
            verdicts.push(match self.bring(part).await? {
                Ok(back) => {
                    let claims = claim_set(self.known, part.0, &back.after).claims;
                    let owner = part.0.uuid();
                    self.about
                        .extend(claims.into_iter().map(|claim| (owner, claim)));
                    self.going.push(back);
                    None
                }
                Err(stuck) => Some(stuck),
            });
        }
        Ok(verdicts)
    }

    async fn bring(&self, part: &'a Part) -> Result<Result<Back<'a>, Stuck>, Problem> {
        let (id, loaded) = part;
        let (mut events, mut after) = match self.decide(loaded) {
            Ok(decided) => decided,
            Err(problem) if is_verdict(&problem) => return Ok(Err(Stuck::Because(problem))),
            Err(problem) => return Err(problem),
        };
        if events.is_empty() {
            return Ok(Err(Stuck::Unchanged));
        }
        if !after.claims().is_empty() {
            match self.app.takes_its_time_again(self.known, &after) {
                Ok(more) => {
                    more.iter().cloned().for_each(|event| after.apply(event));
                    events.extend(more);
                }
                Err(problem) if is_verdict(&problem) => return Ok(Err(Stuck::Because(problem))),
                Err(problem) => return Err(problem),
            }
        }
        let taken_by = self.taken_by(*id, &after).await?;
        if !taken_by.is_empty() {
            return Ok(Err(Stuck::TakenBy(taken_by)));
        }
        Ok(Ok(Back {
            part,
            events,
            after,
        }))
    }

    fn decide(&self, loaded: &Loaded<Booking>) -> Result<(Vec<BookingEvent>, Booking), Problem> {
        let events = loaded.state.decide(BookingCommand::Restore { to: None })?;
        let mut after = loaded.state.clone();
        events.iter().cloned().for_each(|event| after.apply(event));
        Ok((events, after))
    }

    /// Who leaves no room for a booking; nobody: there is room.
    async fn taken_by(&self, id: Id<Booking>, after: &Booking) -> Result<BTreeSet<Uuid>, Problem> {
        let claims = claim_set(self.known, id, after).claims;
        let Some(hull) = hull(&claims) else {
            return Ok(BTreeSet::new());
        };
        let resources: Vec<_> = claims.iter().map(|claim| claim.resource).collect();
        let busy = self.app.ledger().busy(self.business, &resources, hull);
        let mut standing: Vec<_> = busy
            .await?
            .into_iter()
            .filter(|busy| busy.owner != id.uuid())
            .map(|busy| (busy.owner, busy.resource, busy.during))
            .collect();
        let about = self.about.iter();
        standing.extend(about.map(|(owner, claim)| (*owner, claim.resource, claim.during)));
        Ok(claims
            .iter()
            .flat_map(|claim| crowding(claim, &standing))
            .collect())
    }

    fn write(&self, decision: &mut Decision) -> Result<(), Problem> {
        for Back {
            part: (id, loaded),
            events,
            after,
        } in &self.going
        {
            decision.write::<Booking>(self.app, id.uuid(), loaded.version, events)?;
            if claims_changed(&loaded.state, after) {
                decision.claims.push(claim_set(self.known, *id, after));
            }
            decision.leaves_booking(*id, loaded, events.len(), after.clone());
        }
        decision.saw_catalogue = Some(self.known.position);
        Ok(())
    }
}

/// Whether a refusal says something of one booking, and not of the whole request.
fn is_verdict(problem: &Problem) -> bool {
    matches!(
        problem.code(),
        Code::SlotTaken | Code::Invalid | Code::WrongState | Code::NotFound
    )
}

/// From the first to the last instant of these claims.
fn hull(claims: &[Claim]) -> Option<Span> {
    let start = claims.iter().map(|claim| claim.during.start).min()?;
    let ends = claims.iter().map(|claim| claim.during.end);
    let end = ends.reduce(|one, two| Some(one?.max(two?))).flatten();
    Some(Span { start, end })
}

/// Those who leave a claim no room: at some instant of it there are as many as its resource bears.
fn crowding(claim: &Claim, standing: &[(Uuid, Uuid, Span)]) -> BTreeSet<Uuid> {
    let there: Vec<_> = standing
        .iter()
        .filter(|(_, resource, during)| *resource == claim.resource && during.meets(&claim.during))
        .collect();
    // How many there are changes only where one begins.
    let instants = there
        .iter()
        .map(|(_, _, during)| during.start.max(claim.during.start));
    let mut crowd = BTreeSet::new();
    for instant in instants {
        let at = there.iter().filter(|(_, _, during)| {
            during.start <= instant && during.end.is_none_or(|end| instant < end)
        });
        let owners: Vec<_> = at.map(|(owner, _, _)| *owner).collect();
        if owners.len() >= usize::from(claim.capacity) {
            crowd.extend(owners);
        }
    }
    crowd
}

impl App {
    /// The bookings that are asked for, in the order in which they were made; those that others have are not there.
    async fn to_restore(
        &self,
        caller: &Caller,
        known: &Known,
        asked: Asked<'_>,
    ) -> Result<Vec<Part>, Problem> {
        let business = caller.business();
        let ids = match asked {
            Asked::These(ids) => ids.to_vec(),
            Asked::All(fields) => self.restorable(caller, known, fields).await?,
        };
        let loaded = ids.iter().map(|id| async move {
            let loaded = self.ledger().load::<Booking>(business, *id).await?;
            Ok::<_, Problem>((Id::new(*id), loaded))
        });
        let mut parts: Vec<Part> = futures::future::try_join_all(loaded).await?;
        let mut checks = Checks::default();
        for (n, (_, loaded)) in parts.iter().enumerate() {
            let theirs = loaded.state.held().is_ok_and(|held| {
                let own = caller.own();
                own.is_none() || held.plan.staff_id == own
            });
            if !theirs {
                checks.fault(
                    format!("booking_ids[{n}]"),
                    Message::new("violation-not-found"),
                );
            }
        }
        checks.done()?;
        parts.sort_by_key(|(id, loaded)| (loaded.state.held().map(|h| h.created_at).ok(), *id));
        Ok(parts)
    }

    /// What a filter lets through, and is deleted or cancelled.
    async fn restorable(
        &self,
        caller: &Caller,
        known: &Known,
        fields: &FilterFields,
    ) -> Result<Vec<Uuid>, Problem> {
        let business = caller.business();
        let mut checks = Checks::default();
        let filter = fields.read(&mut checks, caller, known);
        let filter = filter.and_then(|filter| checks.done().map(|()| filter));
        let filter = filter.map_err(|problem| problem.under("filter"))?;
        let filter = Filter {
            client_id: self.client_id_now(business, fields.client_id).await?,
            gone: true,
            ..filter
        };
        let head = self.ledger().head(business).await?;
        self.projected(business, &[&history::READ_MODEL], head)
            .await?;
        let sort = Sort {
            by: By::Created,
            descending: false,
        };
        let page = Page {
            after: None,
            limit: u16::try_from(MOST).unwrap_or(u16::MAX),
            count: false,
        };
        let scope = caller.scope();
        let found = history::find(self.pool(), &scope, &filter, sort, &page);
        let found = found.await.map_err(Problem::internal)?;
        if found.next.is_some() {
            let max = i64::try_from(MOST).unwrap_or(i64::MAX);
            let told = Message::new("violation-too-many").with_number("max", max);
            return Err(Problem::field("filter", told));
        }
        let items = found.items.iter();
        Ok(items.map(|entry| entry.booking_id.uuid()).collect())
    }

    async fn bring_back(
        &self,
        call: &Call<RestoringFields>,
        asked: Asked<'_>,
    ) -> Result<Done, Problem> {
        let business = call.caller.business();
        self.execute(call, move |attempt| async move {
            let known = self.catalogue_for(call, &attempt).await?;
            let parts = self.to_restore(&call.caller, &known, asked).await?;
            let mut restorer = Restorer::new(self, business, &known);
            restorer.look(&parts).await?;
            let ids = restorer.going.iter().map(|back| back.part.0.uuid());
            let mut decision = Decision::new(Outcome {
                status: 200,
                ids: ids.collect(),
            });
            restorer.write(&mut decision)?;
            Ok(decision)
        })
        .await
    }

    /// What would become of those that are asked for, but for `besides`; what could come back is told as `could`.
    async fn looked_at(
        &self,
        call: &Call<RestoringFields>,
        asked: Asked<'_>,
        besides: &[Uuid],
        could: &'static str,
    ) -> Result<Vec<VerdictView>, Problem> {
        let business = call.caller.business();
        let known = self.catalogue_now(business).await?;
        let mut parts = self.to_restore(&call.caller, &known, asked).await?;
        parts.retain(|(id, _)| !besides.contains(&id.uuid()));
        let mut opened = vec![];
        for (id, loaded) in &parts {
            opened.push((*id, self.opened(business, loaded.clone()).await?));
        }
        let views = show_all(self, business, &known, &opened, None).await?;
        let mut restorer = Restorer::new(self, business, &known);
        let verdicts = restorer.look(&parts).await?;
        let mut told = vec![];
        for (booking, verdict) in views.into_iter().zip(verdicts) {
            let (verdict, why, taken_by) = match verdict {
                None => (could, None, BTreeSet::new()),
                Some(Stuck::Unchanged) => ("unchanged", None, BTreeSet::new()),
                Some(Stuck::Because(problem)) => ("stuck", Some(problem.word()), BTreeSet::new()),
                Some(Stuck::TakenBy(owners)) => {
                    let taken = Problem::new(Code::SlotTaken).word();
                    ("stuck", Some(taken), owners)
                }
            };
            told.push(VerdictView {
                booking,
                verdict,
                why,
                taken_by: self.who_has_it(&call.caller, &taken_by).await?,
            });
        }
        Ok(told)
    }

    /// Those of these owners of time that are bookings which the caller may see.
    async fn who_has_it(
        &self,
        caller: &Caller,
        owners: &BTreeSet<Uuid>,
    ) -> Result<Vec<TakenByView>, Problem> {
        let mut bookings = vec![];
        for owner in owners {
            let loaded = self
                .ledger()
                .load::<Booking>(caller.business(), *owner)
                .await?;
            let Ok(held) = loaded.state.held() else {
                continue;
            };
            if caller.own().is_none() || held.plan.staff_id == caller.own() {
                bookings.push(TakenByView {
                    id: *owner,
                    reference: held.reference.to_string(),
                });
            }
        }
        Ok(bookings)
    }

    /// The bookings as the command left them, and what became of the others.
    async fn show_restored(
        &self,
        call: &Call<RestoringFields>,
        asked: Asked<'_>,
        done: &Done,
    ) -> Result<Answer<RestoredView>, Problem> {
        let business = call.caller.business();
        let mut restored = vec![];
        for id in &done.outcome.ids {
            let written = done.versions.iter().find(|(stream, _)| stream.id == *id);
            let (_, version) = written.ok_or_else(Problem::not_found)?;
            let loaded = self.after::<Booking>(business, done, *id, *version).await?;
            restored.push((Id::new(*id), loaded));
        }
        let known = self.catalogue(business).await?;
        let views = show_all(self, business, &known, &restored, Some(done)).await?;
        let mut bookings: Vec<_> = views
            .into_iter()
            .map(|booking| VerdictView {
                booking,
                verdict: "restored",
                why: None,
                taken_by: vec![],
            })
            .collect();
        let others = self.looked_at(call, asked, &done.outcome.ids, "left");
        bookings.extend(others.await?);
        let view = RestoredView {
            preview: false,
            bookings,
        };
        Ok(Answer::to(done, view))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn minutes(from: i64, to: i64) -> Span {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        Span::new(at(from), at(to))
    }

    #[test]
    fn there_is_room_where_at_no_instant_all_seats_are_taken() {
        let (chair, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let [one, two, three] = [11, 12, 13].map(Uuid::from_u128);
        let standing = [
            (one, chair, minutes(0, 30)),
            (two, chair, minutes(20, 50)),
            (three, other, minutes(0, 60)),
        ];
        let crowd = |capacity, during| {
            let claim = Claim {
                resource: chair,
                capacity,
                during,
                body: during,
                overlaps: false,
            };
            crowding(&claim, &standing).into_iter().collect::<Vec<_>>()
        };
        let none: [Uuid; 0] = [];
        assert_eq!(crowd(1, minutes(0, 60)), [one, two]);
        assert_eq!(crowd(1, minutes(30, 40)), [two]);
        assert_eq!(crowd(1, minutes(50, 60)), none);
        assert_eq!(crowd(2, minutes(0, 60)), [one, two]);
        assert_eq!(crowd(2, minutes(0, 20)), none);
        assert_eq!(crowd(2, minutes(30, 60)), none);
        assert_eq!(crowd(3, minutes(0, 60)), none);
    }

    #[test]
    fn a_hull_without_end_has_none() {
        let claim = |during| Claim {
            resource: Uuid::nil(),
            capacity: 1,
            during,
            body: during,
            overlaps: false,
        };
        let (first, second) = (minutes(5, 10), minutes(0, 7));
        let whole = hull(&[claim(first), claim(second)]).unwrap();
        assert_eq!(whole, minutes(0, 10));
        let open = Span::from(first.start);
        assert_eq!(hull(&[claim(open), claim(second)]).unwrap().end, None);
        assert_eq!(hull(&[]), None);
    }
}
