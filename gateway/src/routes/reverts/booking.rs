//! A booking's change put back: the time that it takes then must be free.

use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, BookingEvent, Held},
    id::Id,
    revert::Revert as _,
};
use jiff::Timestamp;
use serde_json::json;

use super::Change;
use crate::{
    access::Caller,
    app::App,
    catalogue::Known,
    command::{Call, Decision, Done, Outcome},
    problem::{Code, Problem},
    routes::bookings::claims_changed,
    texts::Message,
    timekeeping::claim_set,
};

impl App {
    pub(super) async fn booking_back(
        &self,
        call: &Call,
        change: &Change,
        id: Id<Booking>,
        told: &BookingEvent,
    ) -> Result<Done, Problem> {
        let business = call.caller.business();
        let before = change.before();
        let before = &self
            .load_at::<Booking>(business, id.uuid(), before)
            .await?
            .state;
        let done = self
            .execute(call, move |attempt| async move {
                let loaded = self.booking(call, id).await?;
                is_theirs(&call.caller, loaded.state.held()?)?;
                let known = self.catalogue_for(call, &attempt).await?;
                let mut after = loaded.state.clone();
                let mut events = vec![];
                for command in loaded.state.revert(before, told, self.now())? {
                    for event in after.decide(command)? {
                        after.apply(event.clone());
                        events.push(event);
                    }
                }
                let mut decision = Decision::new(Outcome::changed(id.uuid()));
                if claims_changed(&loaded.state, &after) {
                    if !after.claims().is_empty() {
                        let more = self.follows_session(&known, &after)?;
                        more.iter().cloned().for_each(|event| after.apply(event));
                        events.extend(more);
                    }
                    decision.claims.push(claim_set(&known, id, &after));
                    decision.saw_catalogue = Some(known.position);
                }
                let again = loaded.state.claims().is_empty() && !after.claims().is_empty();
                let ahead = again && after.held()?.plan.end() > self.now();
                takes_bookings(&known, loaded.state.held()?, after.held()?, ahead)?;
                is_theirs(&call.caller, after.held()?)?;
                decision.write::<Booking>(self, id.uuid(), loaded.version, &events)?;
                decision.puts_back(&change.recorded);
                decision.leaves_booking(id, &loaded, events.len(), after);
                Ok(decision)
            })
            .await;
        match done {
            Ok(done) => Ok(done),
            Err(refused) => {
                let start = stood_at(told);
                Err(self.told_where_else(call, id.uuid(), start, refused).await)
            }
        }
    }
}

/// Theirs, before and after; others' are as if they were not there.
fn is_theirs(caller: &Caller, held: &Held) -> Result<(), Problem> {
    match caller.own() {
        Some(own) if held.plan.staff_id != Some(own) => Err(Problem::not_found()),
        Some(_) | None => Ok(()),
    }
}

/// Nothing goes back to somebody who has left, or to a desk that was taken away; nor does what lies ahead and takes its
/// time again stay with them.
fn takes_bookings(known: &Known, now: &Held, after: &Held, ahead: bool) -> Result<(), Problem> {
    let gone = |field: &str| {
        let detail = Message::new("detail-revert-gone").with("field", field);
        Problem::new(Code::CannotRevert)
            .detail(detail)
            .with("why", json!("gone"))
            .with("field", json!(field))
    };
    let (staff, desks) = (&known.catalogue.staff, &known.catalogue.desks);
    let works = |id| staff.get(&id).is_some_and(|staff| staff.working().is_ok());
    let stands = |id| desks.get(&id).is_some_and(|desk| desk.standing().is_ok());
    let other_staff = now.plan.staff_id != after.plan.staff_id;
    if (ahead || other_staff) && !after.plan.staff_id.is_none_or(works) {
        return Err(gone("staff_id"));
    }
    let other_desk = now.plan.desk_id != after.plan.desk_id;
    if (ahead || other_desk) && !after.plan.desk_id.is_none_or(stands) {
        return Err(gone("desk_id"));
    }
    Ok(())
}

/// Where it stood before it was moved, if it was.
fn stood_at(event: &BookingEvent) -> Option<Timestamp> {
    use BookingEvent as E;
    match event {
        E::Rescheduled { from, .. } | E::ServiceChanged { from, .. } => Some(from.start),
        E::Restored { from, .. } => from.as_ref().map(|from| from.start),
        E::Placed(_)
        | E::Confirmed(_)
        | E::PriceChanged { .. }
        | E::Arrived(_)
        | E::Left(_)
        | E::PresenceCorrected { .. }
        | E::Completed(_)
        | E::MarkedNoShow(_)
        | E::Cancelled { .. }
        | E::StatusCorrected { .. }
        | E::Commented(_)
        | E::PaymentRecorded(_)
        | E::PaymentRefunded(_)
        | E::Reviewed(_)
        | E::Deleted { .. } => None,
    }
}
