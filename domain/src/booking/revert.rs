//! What undoes each event of a booking.

use jiff::Timestamp;

use super::{Booking, BookingCommand as C, BookingEvent, Held, Plan, Presence, Status};
use crate::revert::{Back, Irreversible, Revert, still};

impl Revert for Booking {
    fn revert(
        &self,
        before: &Self,
        event: &BookingEvent,
        _: Timestamp,
    ) -> Result<Vec<C>, Irreversible> {
        use BookingEvent as E;
        let (Ok(now), Ok(was)) = (self.held(), before.held()) else {
            return Err(Irreversible::Beginning);
        };
        Ok(match event {
            E::Placed(_) => return Err(Irreversible::Beginning),
            E::Confirmed(_) => now.becomes_again(was, Status::Confirmed)?,
            E::Completed(_) => now.becomes_again(was, Status::Completed)?,
            E::MarkedNoShow(_) => now.becomes_again(was, Status::NoShow)?,
            E::Cancelled { .. } => now.becomes_again(was, Status::Cancelled)?,
            E::StatusCorrected { to, .. } => now.becomes_again(was, *to)?,
            E::Rescheduled {
                moved_with: Some(_),
                ..
            } => return Err(Irreversible::Lasting),
            E::Rescheduled {
                from,
                to,
                imported: _,
                moved_with: None,
            } => vec![C::Reschedule {
                to: now.goes_back(from, to)?,
                imported: None,
            }],
            E::ServiceChanged { from, to } => vec![C::ChangeService(now.goes_back(from, to)?)],
            E::PriceChanged { from, to, .. } => {
                let mut back = Back::default();
                back.field("price", &now.plan.price, from, to)?;
                back.done()?;
                vec![C::ChangePrice {
                    to: *from,
                    reason: None,
                }]
            }
            E::Arrived(told) => {
                let came = Presence {
                    arrived_at: Some(told.at),
                    left_at: None,
                };
                now.was_there_again(was.presence(), came)?
            }
            E::Left(told) => {
                let went = Presence {
                    left_at: Some(told.at),
                    ..was.presence()
                };
                now.was_there_again(was.presence(), went)?
            }
            E::PresenceCorrected { from, to } => now.was_there_again(*from, *to)?,
            E::Deleted { .. } => {
                still(now.deleted)?;
                vec![C::Restore { to: None }]
            }
            E::Restored { status, from, to } => {
                let mut commands = vec![];
                if was.deleted {
                    still(!now.deleted)?;
                }
                let place = from.as_ref().map(|from| now.goes_back(from, to));
                match place.transpose() {
                    Ok(place) => {
                        commands.extend(place.map(|to| C::Reschedule { to, imported: None }))
                    }
                    // It was moved there by itself since.
                    Err(Irreversible::AsBefore) => {}
                    Err(refused) => return Err(refused),
                }
                if was.deleted {
                    commands.push(C::Delete { reason: None });
                } else if was.status != *status {
                    commands.extend(now.becomes_again(was, *status)?);
                }
                still(!commands.is_empty())?;
                commands
            }
            // What was said was said; money is given back by a refund.
            E::Commented(_) | E::PaymentRecorded(_) | E::PaymentRefunded(_) | E::Reviewed(_) => {
                return Err(Irreversible::Lasting);
            }
        })
    }
}

impl Held {
    /// What stands as it became by then, `to`, stands as it was again: cancelled for the same reason, if that can be read.
    fn becomes_again(&self, was: &Self, to: Status) -> Result<Vec<C>, Irreversible> {
        let mut back = Back::default();
        back.field("status", &self.status, &was.status, &to)?;
        back.done()?;
        let reason = was.cancel_reason.clone();
        Ok(vec![C::CorrectStatus {
            to: was.status,
            reason: reason.filter(|reason| reason.value().is_some()),
        }])
    }

    fn goes_back(&self, from: &Plan, to: &Plan) -> Result<Box<Plan>, Irreversible> {
        let mut back = Back::default();
        let plan = back.fields(&self.plan, from, to)?;
        back.done()?;
        Ok(Box::new(plan))
    }

    fn was_there_again(&self, from: Presence, to: Presence) -> Result<Vec<C>, Irreversible> {
        let now = self.presence();
        let mut back = Back::default();
        let arrived_at = back.field(
            "arrived_at",
            &now.arrived_at,
            &from.arrived_at,
            &to.arrived_at,
        )?;
        let left_at = back.field("left_at", &now.left_at, &from.left_at, &to.left_at)?;
        back.done()?;
        Ok(vec![C::CorrectPresence(Presence {
            arrived_at: arrived_at.unwrap_or(now.arrived_at),
            left_at: left_at.unwrap_or(now.left_at),
        })])
    }
}
