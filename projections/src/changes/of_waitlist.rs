//! What each event of a waitlist request changed.

use domain::waitlist::{Offer, State, WaitlistEvent, Wishes};
use serde_json::Value;

use super::{
    Told,
    fields::{Fields, json},
};

pub(super) fn tell(event: &WaitlistEvent) -> Told {
    use WaitlistEvent as E;
    let fields = Fields::default();
    match event {
        E::Requested(asking) => Told::fields(
            fields
                .made("client_id", asking.client_id)
                .made_all(of_wishes(&asking.wishes))
                .made("comment", &asking.comment)
                .made("source", &asking.source)
                .made("state", State::Waiting.as_str()),
        ),
        E::WishesChanged { wishes, comment } => {
            let fields = match wishes {
                Some(change) => fields.between_all(of_wishes(&change.from), of_wishes(&change.to)),
                None => fields,
            };
            Told::fields(fields.told("comment", comment.as_deref()))
        }
        E::Offered(offer) => Told::fields(of_offer(fields, offer)),
        E::OfferLapsed { at: _, why } => Told::fields(
            fields
                .between("state", State::Offered.as_str(), State::Waiting.as_str())
                .made("why", why),
        ),
        E::OfferDeclined { at: _, reason } => {
            Told::fields(fields.between("state", State::Offered.as_str(), State::Waiting.as_str()))
                .because(reason.as_ref())
        }
        E::Converted { booking_ids, at: _ } => Told::fields(
            fields
                .made("state", State::Converted.as_str())
                .made("booking_ids", booking_ids),
        ),
        E::Withdrawn { at: _, reason } => {
            Told::fields(fields.made("state", State::Withdrawn.as_str())).because(reason.as_ref())
        }
        E::Expired { at: _ } => Told::fields(fields.made("state", State::Expired.as_str())),
    }
}

fn of_offer(fields: Fields, offer: &Offer) -> Fields {
    let first = offer.plans.first();
    fields
        .between("state", State::Waiting.as_str(), State::Offered.as_str())
        .made("offer.start", first.map(|plan| plan.start))
        .made("offer.staff_id", first.and_then(|plan| plan.staff_id))
        .made("offer.until", offer.until)
}

fn of_wishes(wishes: &Wishes) -> [(&'static str, Value); 6] {
    [
        ("service_ids", json(&wishes.service_ids)),
        ("staff_ids", json(&wishes.staff_ids)),
        ("from", json(wishes.from)),
        ("to", json(wishes.to)),
        ("weekdays", json(&wishes.weekdays)),
        ("hours", json(&wishes.hours)),
    ]
}
