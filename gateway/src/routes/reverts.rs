//! Putting a change back: as a new event, which says of which one.
//!
//! What undoes an event, the aggregate says to which it happened ([`domain::revert`]). Here it is looked at whether
//! the caller may, and whether the time that it takes is free.

mod booking;
mod guards;

use axum::extract::State;
use domain::{
    access::Right,
    business::{Business, BusinessEvent},
    client::Client,
    desk::{Desk, DeskEvent},
    event::AnyEvent,
    revert::Irreversible,
    service::Service,
    staff::{Staff, StaffEvent},
};
use ledger::{BusinessId, Position, Recorded, Version};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use self::guards::Guarded;
use crate::{
    app::App,
    command::{Answer, Asked, At, Call, Deciding, Done, Target},
    problem::{Code, Problem},
    texts::Message,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(revert))
}

/// A change that was put back.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Reverted)]
struct RevertedView {
    /// The new event, the last one if it took several.
    position: i64,
    /// The change that it put back.
    reverts: i64,
    subject_type: String,
    subject_id: Uuid,
    /// The subject's version now.
    version: i64,
}

/// Puts a change of a booking, client, service, staff member, desk or setting back, as a new event.
///
/// Only what the change touched is put back; what happened to other fields since stays. 409 `cannot_revert` says in
/// `why` what stands in the way: `beginning` (the thing came to be by it), `lasting` (nothing undoes it: a comment,
/// money, an end for good), `changed_since` (the `field` was changed again), `as_before` (nothing is left to put
/// back), `erased`, `gone` (who did it, or the desk, takes no more bookings). Time that a booking takes again must be
/// free: else 409 `slot_taken` with `next_free`.
#[utoipa::path(post, path = "/changes/{position}/revert", tag = "changes",
    params(("position" = i64, Path, description = "Of the change")),
    responses((status = 200, body = RevertedView)))]
async fn revert(
    State(app): State<App>,
    At(position): At<i64>,
    call: Call,
) -> Result<Answer<RevertedView>, Problem> {
    let change = app.change_at(call.caller.business(), position).await?;
    let done = match app.put_back(&call, &change).await {
        Ok(done) => done,
        // That it cannot be put back a second time does not matter to the first.
        Err(refused) => app.recalled(&call, refused).await?,
    };
    let stream = &change.recorded.stream;
    let version = done.versions.iter().find(|(written, _)| written == stream);
    let version = version.map_or(change.recorded.version, |(_, version)| *version);
    let view = RevertedView {
        position: done.position.0,
        reverts: position,
        subject_type: stream.kind.to_string(),
        subject_id: stream.id,
        version: version.0,
    };
    Ok(Answer::to(&done, view).version(version))
}

/// A change as the ledger has it, and what it tells, opened.
struct Change {
    recorded: Recorded,
    event: AnyEvent,
}

impl App {
    async fn change_at(&self, business: BusinessId, position: i64) -> Result<Change, Problem> {
        let before = position.checked_sub(1).filter(|before| *before >= 0);
        let before = Position(before.ok_or_else(Problem::not_found)?);
        let mut found = self.ledger().read(business, before, 1).await?;
        let recorded = found.pop().ok_or_else(Problem::not_found)?;
        let payload = recorded.payload.get();
        let mut payload: [Value; 1] = [serde_json::from_str(payload).map_err(Problem::internal)?];
        self.vault().open(business.0, &mut payload).await?;
        let [payload] = payload;
        let stream = &recorded.stream;
        let event = AnyEvent::decode(&stream.kind, stream.id, &payload.to_string());
        Ok(Change {
            event: event.map_err(Problem::internal)?,
            recorded,
        })
    }

    async fn put_back(&self, call: &Call, change: &Change) -> Result<Done, Problem> {
        use AnyEvent as E;
        let caller = &call.caller;
        // Who has bookings of their own puts back what happened to those; all else is as if it were not there.
        if caller.own().is_some() && !matches!(change.event, E::Booking(..)) {
            return Err(Problem::not_found());
        }
        caller.needs(right_for(&change.event))?;
        match &change.event {
            E::Booking(id, told) => self.booking_back(call, change, *id, told).await,
            E::Client(_, told) => self.thing_back::<Client>(call, change, told).await,
            E::Service(_, told) => self.thing_back::<Service>(call, change, told).await,
            E::Staff(_, told) => self.thing_back::<Staff>(call, change, told).await,
            E::Business(_, told) => self.thing_back::<Business>(call, change, told).await,
            E::Desk(id, told) => {
                if let DeskEvent::DetailsChanged {
                    capacity: Some(capacity),
                    ..
                } = told
                    && capacity.from < capacity.to
                {
                    let business = caller.business();
                    self.must_fit(business, id.uuid(), capacity.from).await?;
                }
                self.thing_back::<Desk>(call, change, told).await
            }
            // Timetables and their sessions, users, keys, the waitlist, segments, campaigns and webhooks have ways of
            // their own; what was told was told.
            E::Class(..)
            | E::Session(..)
            | E::Access(..)
            | E::Waitlist(..)
            | E::Segment(..)
            | E::Campaign(..)
            | E::Notification(..)
            | E::Webhook(..) => Err(Irreversible::Lasting.into()),
        }
    }

    async fn thing_back<A: Guarded>(
        &self,
        call: &Call,
        change: &Change,
        told: &A::Event,
    ) -> Result<Done, Problem> {
        let (business, id) = (call.caller.business(), change.recorded.stream.id);
        let before = change.before();
        let before = self.load_at::<A>(business, id, before).await?.state;
        let back = |on: &Deciding<A>| {
            let mut commands = on.state.revert(&before, told, on.now)?;
            let (mut guards, mut claims) = (vec![], vec![]);
            for command in &mut commands {
                guards.extend(A::guards(on, id, command)?);
                claims.extend(A::claims(on, id, command));
            }
            let asked = Asked::all(commands).guarded(guards).claiming(claims);
            Ok(asked.putting_back(&change.recorded))
        };
        self.send(call, Target::at(id), back).await
    }
}

impl Change {
    /// The version at which its stream stood when it happened.
    const fn before(&self) -> Version {
        Version(self.recorded.version.0 - 1)
    }
}

/// Which right it needs besides that of putting back: the one for changing it in the first place.
const fn right_for(event: &AnyEvent) -> Right {
    match event {
        AnyEvent::Booking(..) | AnyEvent::Waitlist(..) => Right::ManageBookings,
        AnyEvent::Client(..) => Right::ManageClients,
        AnyEvent::Staff(
            _,
            StaffEvent::WorkingHoursSet { .. }
            | StaffEvent::AbsencePlanned { .. }
            | StaffEvent::AbsenceCancelled { .. },
        )
        | AnyEvent::Desk(
            _,
            DeskEvent::Closed {}
            | DeskEvent::Opened {}
            | DeskEvent::HolidayPlanned { .. }
            | DeskEvent::HolidayCancelled { .. },
        )
        | AnyEvent::Session(..) => Right::ManageSchedule,
        AnyEvent::Business(
            _,
            BusinessEvent::HoursSet { .. }
            | BusinessEvent::ClosurePlanned { .. }
            | BusinessEvent::ClosureChanged { .. }
            | BusinessEvent::ClosureCancelled { .. },
        )
        | AnyEvent::Service(..)
        | AnyEvent::Staff(..)
        | AnyEvent::Desk(..)
        | AnyEvent::Class(..) => Right::ManageCatalogue,
        AnyEvent::Business(..) | AnyEvent::Webhook(..) => Right::ManageSettings,
        AnyEvent::Segment(..) | AnyEvent::Campaign(..) => Right::ManageMarketing,
        AnyEvent::Notification(..) => Right::SendMessages,
        AnyEvent::Access(..) => Right::ManageUsers,
    }
}

impl From<Irreversible> for Problem {
    fn from(error: Irreversible) -> Self {
        let (why, detail) = match &error {
            Irreversible::Beginning => ("beginning", Message::new("detail-revert-beginning")),
            Irreversible::Lasting => ("lasting", Message::new("detail-revert-lasting")),
            Irreversible::ChangedSince { field } => {
                let detail = Message::new("detail-revert-changed-since").with("field", field);
                ("changed_since", detail)
            }
            Irreversible::AsBefore => ("as_before", Message::new("detail-revert-as-before")),
            Irreversible::Erased => ("erased", Message::new("detail-revert-erased")),
        };
        let problem = Self::new(Code::CannotRevert)
            .detail(detail)
            .with("why", json!(why));
        match error {
            Irreversible::ChangedSince { field } => problem.with("field", json!(field)),
            Irreversible::Beginning
            | Irreversible::Lasting
            | Irreversible::AsBefore
            | Irreversible::Erased => problem,
        }
    }
}
