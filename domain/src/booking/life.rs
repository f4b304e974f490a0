//! The steps of a booking's life, in their order, and what each leaves behind.

use jiff::Timestamp;

use super::{
    Booking, BookingError, BookingEvent, Held, Imported, Placement, Plan, Presence, Status, Told,
};
use crate::{sealed::Sealed, text::FreeText};

type Decided = Result<Vec<BookingEvent>, BookingError>;

impl Booking {
    pub(super) fn place(&self, placement: Box<Placement>) -> Decided {
        if matches!(self, Self::Held(_)) {
            return Err(BookingError::AlreadyPlaced);
        }
        if !placement.status.is_open() {
            return Err(BookingError::CannotBegin(placement.status));
        }
        if placement.plan.price.is_negative() {
            return Err(BookingError::NegativePrice);
        }
        Ok(vec![BookingEvent::Placed(placement)])
    }

    pub(super) fn confirm(&self, told: Told) -> Decided {
        match self.undeleted("confirm")?.status {
            Status::Requested => Ok(vec![BookingEvent::Confirmed(told)]),
            // Asking again for what has already happened is not an error, and not a second fact.
            Status::Confirmed => Ok(vec![]),
            status @ (Status::Completed | Status::NoShow | Status::Cancelled) => {
                Err(BookingError::WrongState {
                    status,
                    asked: "confirm",
                })
            }
        }
    }

    pub(super) fn reschedule(&self, to: Box<Plan>, imported: Option<Imported>) -> Decided {
        let held = self.still_open("reschedule")?;
        if held.plan == *to {
            return Ok(vec![]);
        }
        same_kind(&held.plan, &to)?;
        Ok(vec![BookingEvent::Rescheduled {
            from: Box::new(held.plan.clone()),
            to,
            imported,
            moved_with: None,
        }])
    }

    /// Whatever its status: the session is when it is.
    pub(super) fn move_with_session(&self, to: Box<Plan>) -> Decided {
        let held = self.held()?;
        let session = held.plan.session_id.ok_or(BookingError::IsNoSeat)?;
        same_kind(&held.plan, &to)?;
        if held.plan == *to {
            return Ok(vec![]);
        }
        Ok(vec![BookingEvent::Rescheduled {
            from: Box::new(held.plan.clone()),
            to,
            imported: None,
            moved_with: Some(session),
        }])
    }

    pub(super) fn cancel_with_session(
        &self,
        at: Timestamp,
        reason: Option<Sealed<FreeText>>,
    ) -> Decided {
        let held = self.still_open("cancel")?;
        let session = held.plan.session_id.ok_or(BookingError::IsNoSeat)?;
        Ok(vec![BookingEvent::Cancelled {
            at,
            reason,
            note: None,
            cancelled_with: Some(session),
        }])
    }

    pub(super) fn change_service(&self, to: Box<Plan>) -> Decided {
        let held = self.still_open("service")?;
        if held.plan == *to {
            return Ok(vec![]);
        }
        if held.plan.session_id.is_some() {
            return Err(BookingError::IsSeat);
        }
        if to.price.is_negative() {
            return Err(BookingError::NegativePrice);
        }
        Ok(vec![BookingEvent::ServiceChanged {
            from: Box::new(held.plan.clone()),
            to,
        }])
    }

    pub(super) fn arrive(&self, told: Told) -> Decided {
        let held = self.confirmed("arrive")?;
        Ok(if held.arrived_at.is_some() {
            vec![]
        } else {
            vec![BookingEvent::Arrived(told)]
        })
    }

    pub(super) fn leave(&self, told: Told) -> Decided {
        let held = self.undeleted("leave")?;
        if !matches!(held.status, Status::Confirmed | Status::Completed) {
            return Err(BookingError::WrongState {
                status: held.status,
                asked: "leave",
            });
        }
        if held.arrived_at.is_none() {
            return Err(BookingError::NotArrived);
        }
        Ok(if held.left_at.is_some() {
            vec![]
        } else {
            vec![BookingEvent::Left(told)]
        })
    }

    pub(super) fn complete(&self, told: Told) -> Decided {
        if self.undeleted("complete")?.status == Status::Completed {
            return Ok(vec![]);
        }
        self.confirmed("complete")?;
        Ok(vec![BookingEvent::Completed(told)])
    }

    pub(super) fn mark_no_show(&self, told: Told) -> Decided {
        if self.undeleted("no-show")?.status == Status::NoShow {
            return Ok(vec![]);
        }
        self.confirmed("no-show")?;
        Ok(vec![BookingEvent::MarkedNoShow(told)])
    }

    pub(super) fn cancel(
        &self,
        at: Timestamp,
        reason: Option<Sealed<FreeText>>,
        note: Option<Sealed<FreeText>>,
    ) -> Decided {
        if self.undeleted("cancel")?.status == Status::Cancelled {
            return Ok(vec![]);
        }
        self.still_open("cancel")?;
        Ok(vec![BookingEvent::Cancelled {
            at,
            reason,
            note,
            cancelled_with: None,
        }])
    }

    pub(super) fn reopen(&self, reason: Option<Sealed<FreeText>>) -> Decided {
        let from = self.undeleted("reopen")?.status;
        if from.is_open() {
            return Ok(vec![]);
        }
        Ok(vec![BookingEvent::StatusCorrected {
            from,
            to: Status::Confirmed,
            reason,
        }])
    }

    pub(super) fn correct_status(&self, to: Status, reason: Option<Sealed<FreeText>>) -> Decided {
        let from = self.undeleted("revert")?.status;
        Ok(if from == to {
            vec![]
        } else {
            vec![BookingEvent::StatusCorrected { from, to, reason }]
        })
    }

    pub(super) fn correct_presence(&self, to: Presence) -> Decided {
        let from = self.undeleted("revert")?.presence();
        if to.arrived_at.is_none() && to.left_at.is_some() {
            return Err(BookingError::NotArrived);
        }
        Ok(if from == to {
            vec![]
        } else {
            vec![BookingEvent::PresenceCorrected { from, to }]
        })
    }

    pub(super) fn delete(&self, reason: Option<Sealed<FreeText>>) -> Decided {
        Ok(if self.held()?.deleted {
            vec![]
        } else {
            vec![BookingEvent::Deleted { reason }]
        })
    }

    /// Brings back what was deleted as it stood, and what was cancelled as confirmed.
    pub(super) fn restore(&self, to: Option<Box<Plan>>) -> Decided {
        let held = self.held()?;
        let status = match (held.deleted, held.status) {
            (true, status) => status,
            (false, Status::Cancelled) => Status::Confirmed,
            (false, Status::Requested | Status::Confirmed) if to.is_none() => return Ok(vec![]),
            (false, status) => {
                return Err(BookingError::WrongState {
                    status,
                    asked: "restore",
                });
            }
        };
        let now = Box::new(held.plan.clone());
        if let Some(to) = &to {
            same_kind(&now, to)?;
        }
        Ok(vec![match to {
            Some(to) if to != now => BookingEvent::Restored {
                status,
                from: Some(now),
                to,
            },
            Some(_) | None => BookingEvent::Restored {
                status,
                from: None,
                to: now,
            },
        }])
    }

    fn still_open(&self, asked: &'static str) -> Result<&Held, BookingError> {
        let held = self.undeleted(asked)?;
        if held.status.is_open() {
            Ok(held)
        } else {
            Err(BookingError::WrongState {
                status: held.status,
                asked,
            })
        }
    }

    fn confirmed(&self, asked: &'static str) -> Result<&Held, BookingError> {
        let held = self.undeleted(asked)?;
        if held.status == Status::Confirmed {
            Ok(held)
        } else {
            Err(BookingError::WrongState {
                status: held.status,
                asked,
            })
        }
    }

    pub(super) fn remember(&mut self, event: BookingEvent) {
        match (&mut *self, event) {
            (Self::Blank, BookingEvent::Placed(placement)) => {
                *self = Self::Held(Box::new(Held::new(*placement)))
            }
            (Self::Held(held), event) => held.remember(event),
            // A history that does not begin with `placed` is not a booking's: nothing to remember it on.
            (Self::Blank, _) => {}
        }
    }
}

/// A seat stays a seat, and what is none never becomes one: another booking would be meant.
fn same_kind(from: &Plan, to: &Plan) -> Result<(), BookingError> {
    match (from.session_id, to.session_id) {
        (Some(_), Some(_)) | (None, None) => Ok(()),
        (Some(_), None) => Err(BookingError::IsSeat),
        (None, Some(_)) => Err(BookingError::IsNoSeat),
    }
}

impl Held {
    fn new(placement: Placement) -> Self {
        Self {
            reference: placement.reference,
            visit_id: placement.visit_id,
            series_id: placement.series_id,
            client_id: placement.client_id,
            plan: placement.plan,
            status: placement.status,
            deleted: false,
            arrived_at: None,
            left_at: None,
            source: placement.source,
            created_at: placement.at,
            cancel_reason: None,
            imported: placement.imported,
            online: placement.online,
            edition: 0,
            comments: vec![],
            payments: vec![],
            refunds: vec![],
            review: None,
        }
    }

    fn remember(&mut self, event: BookingEvent) {
        if event.changes_what_was_agreed() {
            self.edition = self.edition.saturating_add(1);
        }
        match event {
            BookingEvent::Placed(_) => {}
            BookingEvent::Confirmed(_) => {
                self.status = Status::Confirmed;
                if let Some(online) = &mut self.online {
                    online.confirm_by = None;
                }
            }
            BookingEvent::Rescheduled { to, imported, .. } => {
                self.plan = *to;
                self.imported = imported;
            }
            BookingEvent::ServiceChanged { to, .. } => {
                self.plan = *to;
                self.found_time();
            }
            BookingEvent::PriceChanged { to, .. } => self.plan.price = to,
            BookingEvent::Arrived(told) => self.arrived_at = Some(told.at),
            BookingEvent::Left(told) => self.left_at = Some(told.at),
            BookingEvent::Completed(_) => self.status = Status::Completed,
            BookingEvent::MarkedNoShow(_) => self.status = Status::NoShow,
            BookingEvent::Cancelled { reason, .. } => {
                self.status = Status::Cancelled;
                self.cancel_reason = reason;
            }
            BookingEvent::StatusCorrected { from, to, reason } => {
                self.status = to;
                self.cancel_reason = reason.filter(|_| to == Status::Cancelled);
                if !from.holds_time() {
                    self.found_time();
                }
            }
            BookingEvent::PresenceCorrected { to, .. } => {
                self.arrived_at = to.arrived_at;
                self.left_at = to.left_at;
            }
            BookingEvent::Commented(comment) => self.comments.push(comment),
            BookingEvent::PaymentRecorded(payment) => self.payments.push(payment),
            BookingEvent::PaymentRefunded(refund) => self.refunds.push(refund),
            BookingEvent::Reviewed(review) => self.review = Some(review),
            BookingEvent::Deleted { .. } => self.deleted = true,
            BookingEvent::Restored { status, to, .. } => {
                self.deleted = false;
                if self.status != status {
                    self.cancel_reason = None;
                }
                self.status = status;
                self.plan = *to;
                self.found_time();
            }
        }
    }

    /// From here on it stands like any other booking: on time that it had to find free.
    fn found_time(&mut self) {
        self.imported = None;
    }
}

impl BookingEvent {
    /// When, what, by whom, or whether at all: a client who has not heard of it knows another booking.
    #[must_use]
    pub const fn changes_what_was_agreed(&self) -> bool {
        match self {
            Self::Rescheduled { .. }
            | Self::ServiceChanged { .. }
            | Self::Cancelled { .. }
            | Self::StatusCorrected { .. }
            | Self::Deleted { .. }
            | Self::Restored { .. } => true,
            Self::Placed(_)
            | Self::Confirmed(_)
            | Self::PriceChanged { .. }
            | Self::Arrived(_)
            | Self::Left(_)
            | Self::Completed(_)
            | Self::MarkedNoShow(_)
            | Self::PresenceCorrected { .. }
            | Self::Commented(_)
            | Self::PaymentRecorded(_)
            | Self::PaymentRefunded(_)
            | Self::Reviewed(_) => false,
        }
    }
}
