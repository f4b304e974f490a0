//! Absences of staff: holidays, illness.

use axum::extract::State;
use domain::{
    id::{self, Id},
    sealed::Sealed,
    staff::{Absence, AbsenceKind, Staff, StaffCommand},
    text::FreeText,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{closures::LocalTimeText, staff::open_text};
use crate::{
    access::Caller,
    app::App,
    checks::Checks,
    command::{Answer, Ask, Asked, At, Call, Deciding, Loaded, Target, View},
    guarding::{AffectedBooking, ahead, must_be_free},
    page::{Page, PageQuery, page_of},
    problem::Problem,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, plan))
        .routes(routes!(show, cancel))
}

/// An absence to be planned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAbsence {
    kind: KindField,
    /// The first moment, by the local clock.
    #[schema(example = "2026-07-01T00:00")]
    from: String,
    /// The first moment that no longer belongs to it.
    #[schema(example = "2026-07-15T00:00")]
    to: String,
    note: Option<String>,
    /// Bookings in that time stay, and are to be moved. Else they are told with 409 `bookings_affected`.
    #[serde(default)]
    keep_bookings: bool,
}

/// Why somebody is away.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AbsenceKind)]
enum KindField {
    Vacation,
    Sick,
    Other,
}

/// An absence of a staff member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Absence)]
struct AbsenceView {
    id: Uuid,
    staff_id: Uuid,
    kind: KindField,
    /// Local.
    #[schema(value_type = String, example = "2026-07-01T00:00")]
    from: LocalTimeText,
    /// Local.
    #[schema(value_type = String, example = "2026-07-15T00:00")]
    to: LocalTimeText,
    note: Option<String>,
    /// The bookings that lie in that time now: they are to be moved.
    bookings_affected: Vec<AffectedBooking>,
}

impl AbsenceView {
    fn from_planned(staff: Uuid, id: Uuid, absence: &Absence) -> Self {
        Self {
            id,
            staff_id: staff,
            kind: absence.kind.into(),
            from: LocalTimeText(absence.span.from()),
            to: LocalTimeText(absence.span.to()),
            note: open_text(absence.note.as_ref(), FreeText::as_str),
            bookings_affected: vec![],
        }
    }

    /// With the bookings that lie in it now.
    async fn with_bookings(mut self, app: &App, caller: &Caller) -> Result<Self, Problem> {
        let business = caller.business();
        let known = app.catalogue(business).await?;
        let zone = &known.settings()?.time_zone;
        let span = domain::time::LocalSpan::new(self.from.0, self.to.0);
        let ranges = ahead([&span.map_err(Problem::internal)?], zone, app.now());
        self.bookings_affected = app.affected(business, &[self.staff_id], &ranges).await?;
        Ok(self)
    }
}

/// An absence in its staff member's stream.
struct InStream(AbsenceView);

impl Serialize for InStream {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl View for InStream {
    type Of = Staff;
    const HOME: &'static str = "/api/v1/absences";

    fn of(loaded: &Loaded<Staff>, id: Uuid) -> Option<Self> {
        let absence = loaded.state.absences.get(&Id::new(id))?;
        Some(Self(AbsenceView::from_planned(Uuid::nil(), id, absence)))
    }
}

/// Plans an absence.
#[utoipa::path(post, path = "/staff/{id}/absences", tag = "staff", params(("id" = Uuid, Path)),
    request_body = NewAbsence, responses((status = 201, body = AbsenceView)))]
async fn plan(
    State(app): State<App>,
    At(staff): At<Uuid>,
    call: Call<NewAbsence>,
) -> Result<Answer<AbsenceView>, Problem> {
    let id = app.new_id();
    let done = app
        .send(&call, Target::at(staff), |on| {
            call.body.asked(on, staff, Id::new(id))
        })
        .await?;
    let answer = app
        .answer::<InStream>(call.caller.business(), &done)
        .await?;
    let (answer, InStream(mut view)) = answer.part();
    view.staff_id = staff;
    Ok(answer.with(view.with_bookings(&app, &call.caller).await?))
}

impl NewAbsence {
    fn asked(
        &self,
        on: &Deciding<Staff>,
        staff: Uuid,
        absence_id: Id<id::Absence>,
    ) -> Result<Asked<Staff>, Problem> {
        let zone = &on.known.settings()?.time_zone;
        on.state.working()?;
        let mut checks = Checks::default();
        let note = checks.maybe("note", self.note.as_deref(), FreeText::parse);
        let span = checks.span(&self.from, &self.to);
        let (Some(span), true) = (span, checks.is_clean()) else {
            return Err(checks.into());
        };
        let closed = if self.keep_bookings {
            vec![]
        } else {
            ahead([&span], zone, on.now)
        };
        let plan = StaffCommand::PlanAbsence {
            absence_id,
            kind: self.kind.into(),
            span,
            note: note.map(|note| Sealed::open(Id::<Staff>::new(staff), note)),
        };
        Ok(Asked::of(plan)
            .making(absence_id.uuid())
            .guarded(must_be_free(vec![staff], closed)))
    }
}

/// A staff member's absences, the first planned first.
#[utoipa::path(get, path = "/staff/{id}/absences", tag = "staff", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Page<AbsenceView>)))]
async fn list(
    State(app): State<App>,
    At(staff): At<Uuid>,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<AbsenceView>>, Problem> {
    let known = app.catalogue_now(ask.caller.business()).await?;
    let member = known.catalogue.staff.get(&Id::new(staff));
    let absences = member.ok_or_else(Problem::not_found)?.absences.iter();
    let absences = absences.map(|(id, absence)| {
        let id = id.uuid();
        (id, AbsenceView::from_planned(staff, id, absence))
    });
    let mut page = page_of(absences, &ask.query, &ask.list())?;
    let mut items = Vec::with_capacity(page.items.len());
    for absence in page.items {
        items.push(absence.with_bookings(&app, &ask.caller).await?);
    }
    page.items = items;
    Ok(Answer::ok(page))
}

/// One absence, with the bookings that lie in it.
#[utoipa::path(get, path = "/absences/{id}", tag = "staff", params(("id" = Uuid, Path)),
    responses((status = 200, body = AbsenceView)))]
async fn show(
    State(app): State<App>,
    At(id): At<Uuid>,
    ask: Ask,
) -> Result<Answer<AbsenceView>, Problem> {
    let business = ask.caller.business();
    let staff = app.whose_absence(business, id).await?;
    let staff = staff.ok_or_else(Problem::not_found)?;
    let answer = app.show::<InStream>(business, staff, id).await?;
    let (answer, InStream(mut view)) = answer.part();
    view.staff_id = staff;
    Ok(answer.with(view.with_bookings(&app, &ask.caller).await?))
}

/// Cancels an absence: they will be there after all.
#[utoipa::path(delete, path = "/absences/{id}", tag = "staff", params(("id" = Uuid, Path)),
    responses((status = 204)))]
async fn cancel(State(app): State<App>, At(id): At<Uuid>, call: Call) -> Result<Answer, Problem> {
    let Some(staff) = app.whose_absence(call.caller.business(), id).await? else {
        let done = app.recalled(&call, Problem::not_found()).await?;
        return Ok(Answer::nothing(&done));
    };
    let cancel = |_: &Deciding<Staff>| Ok(Asked::of(StaffCommand::CancelAbsence(Id::new(id))));
    let done = app.send(&call, Target::at(staff), cancel).await?;
    Ok(Answer::nothing(&done))
}

impl App {
    async fn whose_absence(
        &self,
        business: ledger::BusinessId,
        id: Uuid,
    ) -> Result<Option<Uuid>, Problem> {
        let known = self.catalogue_now(business).await?;
        let mut staff = known.catalogue.staff.iter();
        let found = staff.find(|(_, member)| member.absences.contains_key(&Id::new(id)));
        Ok(found.map(|(staff, _)| staff.uuid()))
    }
}

impl From<KindField> for AbsenceKind {
    fn from(kind: KindField) -> Self {
        match kind {
            KindField::Vacation => Self::Vacation,
            KindField::Sick => Self::Sick,
            KindField::Other => Self::Other,
        }
    }
}

impl From<AbsenceKind> for KindField {
    fn from(kind: AbsenceKind) -> Self {
        match kind {
            AbsenceKind::Vacation => Self::Vacation,
            AbsenceKind::Sick => Self::Sick,
            AbsenceKind::Other => Self::Other,
        }
    }
}
