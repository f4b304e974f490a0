//! What a card needs to know of one booking.

use domain::{
    booking::{BookingEvent, Held, Payment, Placement, Plan, Reference, Refund, Review, Status},
    id::{self, Id},
    money::Money,
    service::Service,
    staff::Staff,
    time::Minutes,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A booking, as its client's card looks at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// What people call it by.
    pub reference: Reference,
    /// The visit that it is part of.
    pub visit_id: Option<Id<id::Visit>>,
    /// What is done.
    pub service_id: Option<Id<Service>>,
    /// By whom.
    pub staff_id: Option<Id<Staff>>,
    /// When it begins.
    pub start: Timestamp,
    /// Only the day is known.
    pub hour_unknown: bool,
    /// How long it takes.
    pub duration_min: Minutes,
    /// What it costs.
    pub price: Money,
    /// Where it stands.
    pub status: Status,
    /// Out of sight: it counts nowhere.
    pub deleted: bool,
    /// Money taken, oldest first.
    pub payments: Vec<Payment>,
    /// Money given back, oldest first.
    pub refunds: Vec<Refund>,
    /// How the client said it was.
    pub review: Option<Review>,
}

impl Facts {
    pub(super) fn placed(placement: &Placement) -> Self {
        let plan = &placement.plan;
        Self {
            reference: placement.reference.clone(),
            visit_id: placement.visit_id,
            service_id: plan.service_id,
            staff_id: plan.staff_id,
            start: plan.start,
            hour_unknown: plan.hour_unknown,
            duration_min: plan.timing.duration_min,
            price: plan.price,
            status: placement.status,
            deleted: false,
            payments: vec![],
            refunds: vec![],
            review: None,
        }
    }

    pub(super) fn remember(&mut self, event: &BookingEvent) {
        use BookingEvent as E;
        match event {
            // Only the first one makes a booking.
            E::Placed(_) => {}
            E::Confirmed(_) => self.status = Status::Confirmed,
            E::Rescheduled { to, .. } | E::ServiceChanged { to, .. } => self.follow(to),
            E::PriceChanged { to, .. } => self.price = *to,
            E::Completed(_) => self.status = Status::Completed,
            E::MarkedNoShow(_) => self.status = Status::NoShow,
            E::Cancelled { .. } => self.status = Status::Cancelled,
            E::StatusCorrected { to, .. } => self.status = *to,
            E::PaymentRecorded(payment) => self.payments.push(payment.clone()),
            E::PaymentRefunded(refund) => self.refunds.push(refund.clone()),
            E::Reviewed(review) => self.review = Some(review.clone()),
            E::Deleted { .. } => self.deleted = true,
            E::Restored { status, to, .. } => {
                self.deleted = false;
                self.status = *status;
                self.follow(to);
            }
            E::Arrived(_) | E::Left(_) | E::PresenceCorrected { .. } | E::Commented(_) => {}
        }
    }

    fn follow(&mut self, plan: &Plan) {
        self.service_id = plan.service_id;
        self.staff_id = plan.staff_id;
        self.start = plan.start;
        self.hour_unknown = plan.hour_unknown;
        self.duration_min = plan.timing.duration_min;
        self.price = plan.price;
    }

    /// The client came and was served.
    #[must_use]
    pub fn is_served(&self) -> bool {
        self.status == Status::Completed && !self.deleted
    }
}

impl From<&Held> for Facts {
    /// Of a booking as its stream leaves it: the same as following its events one by one.
    fn from(held: &Held) -> Self {
        let plan = &held.plan;
        Self {
            reference: held.reference.clone(),
            visit_id: held.visit_id,
            service_id: plan.service_id,
            staff_id: plan.staff_id,
            start: plan.start,
            hour_unknown: plan.hour_unknown,
            duration_min: plan.timing.duration_min,
            price: plan.price,
            status: held.status,
            deleted: held.deleted,
            payments: held.payments.clone(),
            refunds: held.refunds.clone(),
            review: held.review.clone(),
        }
    }
}
