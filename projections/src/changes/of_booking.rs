//! What each event of a booking changed.

use domain::{
    booking::{BookingEvent, Plan, Status},
    client::Client,
    id::Id,
    money::Money,
    staff::Staff,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Told,
    fields::{Fields, json},
};

/// What of a booking its later events do not tell again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Standing {
    pub(super) client_id: Option<Id<Client>>,
    pub(super) staff_id: Option<Id<Staff>>,
    status: Status,
    deleted: bool,
    paid: Money,
    rating: Option<u8>,
}

/// What an event changed, told against how the booking stood, which it changes in passing. None stands before the
/// first event.
pub(super) fn tell(event: &BookingEvent, stood: &mut Option<Standing>) -> Told {
    use BookingEvent as E;
    let fields = Fields::default();
    let before = stood.clone();
    let status = |to: Status| Fields::default().between("status", status_of(before.as_ref()), to);
    let mut becomes = |change: &dyn Fn(&mut Standing)| {
        if let Some(standing) = stood {
            change(standing);
        }
    };
    match event {
        E::Placed(placement) => {
            *stood = Some(Standing {
                client_id: placement.client_id,
                staff_id: placement.plan.staff_id,
                status: placement.status,
                deleted: false,
                paid: Money::zero(placement.plan.price.currency()),
                rating: None,
            });
            let imported = placement.imported.as_ref();
            let fields = fields
                .made("reference", &placement.reference)
                .made("visit_id", placement.visit_id)
                .made("series_id", placement.series_id)
                .made("client_id", placement.client_id)
                .made("status", placement.status)
                .made("source", &placement.source)
                .made_all(of_plan(&placement.plan))
                .made("overlaps", imported.is_some_and(|i| i.overlaps))
                .made("note", imported.and_then(|i| i.note.as_ref()));
            Told::fields(fields)
        }
        E::Confirmed(told) => {
            becomes(&|b| b.status = Status::Confirmed);
            Told::fields(status(Status::Confirmed).made("note", &told.note))
        }
        E::Rescheduled {
            from,
            to,
            imported,
            moved_with,
        } => {
            becomes(&|b| b.staff_id = to.staff_id);
            let note = imported.as_ref().and_then(|i| i.note.as_ref());
            let fields = moved(from, to).made("moved_with", moved_with);
            Told::fields(fields.made("note", note))
        }
        E::ServiceChanged { from, to } => {
            becomes(&|b| b.staff_id = to.staff_id);
            Told::fields(moved(from, to))
        }
        E::PriceChanged { from, to, reason } => {
            Told::fields(fields.between("price", from, to)).because(reason.as_ref())
        }
        E::Arrived(told) => {
            Told::fields(fields.made("arrived_at", told.at).made("note", &told.note))
        }
        E::Left(told) => Told::fields(fields.made("left_at", told.at).made("note", &told.note)),
        E::PresenceCorrected { from, to } => Told::fields(
            fields
                .between("arrived_at", from.arrived_at, to.arrived_at)
                .between("left_at", from.left_at, to.left_at),
        ),
        E::Completed(told) => {
            becomes(&|b| b.status = Status::Completed);
            Told::fields(status(Status::Completed).made("note", &told.note))
        }
        E::MarkedNoShow(told) => {
            becomes(&|b| b.status = Status::NoShow);
            Told::fields(status(Status::NoShow).made("note", &told.note))
        }
        E::Cancelled {
            at: _,
            reason,
            note,
            cancelled_with,
        } => {
            becomes(&|b| b.status = Status::Cancelled);
            let fields = status(Status::Cancelled).made("cancelled_with", cancelled_with);
            Told::fields(fields.made("note", note)).because(reason.as_ref())
        }
        E::StatusCorrected { from, to, reason } => {
            becomes(&|b| b.status = *to);
            Told::fields(fields.between("status", from, to)).because(reason.as_ref())
        }
        E::Commented(comment) => Told::fields(
            fields
                .made("comment_id", comment.comment_id)
                .made("comment", &comment.text)
                .made("note", &comment.note),
        ),
        E::PaymentRecorded(payment) => {
            let paid = before.as_ref().map(|b| b.paid);
            let now = paid.map(|paid| paid.plus(payment.amount).unwrap_or(paid));
            becomes(&|b| b.paid = now.unwrap_or(b.paid));
            Told::fields(
                fields
                    .between("paid", paid, now)
                    .made("payment_id", payment.payment_id)
                    .made("amount", payment.amount)
                    .made("method", &payment.method)
                    .made("at", payment.at)
                    .made("note", &payment.note),
            )
        }
        E::PaymentRefunded(refund) => {
            let paid = before.as_ref().map(|b| b.paid);
            let now = paid.map(|paid| paid.minus(refund.amount).unwrap_or(paid));
            becomes(&|b| b.paid = now.unwrap_or(b.paid));
            let fields = fields
                .between("paid", paid, now)
                .made("refund_id", refund.refund_id)
                .made("payment_id", refund.payment_id)
                .made("amount", refund.amount)
                .made("at", refund.at);
            Told::fields(fields).because(refund.reason.as_ref())
        }
        E::Reviewed(review) => {
            becomes(&|b| b.rating = Some(review.rating));
            let rating = before.as_ref().and_then(|b| b.rating);
            Told::fields(
                fields
                    .between("rating", rating, review.rating)
                    .made("text", &review.text),
            )
        }
        E::Deleted { reason } => {
            becomes(&|b| b.deleted = true);
            Told::fields(fields.between("deleted", false, true)).because(reason.as_ref())
        }
        E::Restored {
            status: to_status,
            from,
            to,
        } => {
            becomes(&|b| {
                b.deleted = false;
                b.status = *to_status;
                b.staff_id = to.staff_id;
            });
            let was_deleted = before.as_ref().is_some_and(|b| b.deleted);
            let mut fields = status(*to_status).between("deleted", was_deleted, false);
            if let Some(from) = from {
                fields = fields.between_all(of_plan(from), of_plan(to));
            }
            Told::fields(fields)
        }
    }
}

fn status_of(standing: Option<&Standing>) -> Option<Status> {
    standing.map(|s| s.status)
}

fn moved(from: &Plan, to: &Plan) -> Fields {
    Fields::default().between_all(of_plan(from), of_plan(to))
}

/// A plan as the API tells it.
fn of_plan(plan: &Plan) -> [(&'static str, Value); 12] {
    let timing = plan.timing;
    [
        ("session_id", json(plan.session_id)),
        ("service_id", json(plan.service_id)),
        ("staff_id", json(plan.staff_id)),
        ("desk_id", json(plan.desk_id)),
        ("start", json(plan.start)),
        ("end", json(plan.end())),
        ("hour_unknown", json(plan.hour_unknown)),
        ("duration_min", json(timing.duration_min)),
        ("buffer_before_min", json(timing.buffer_before_min)),
        ("buffer_after_min", json(timing.buffer_after_min)),
        ("processing", json(timing.processing)),
        ("price", json(plan.price)),
    ]
}
