//! What each event of the business, its services, staff and desks changed.

use domain::{
    business::{BusinessEvent, Policy, SettingsChanged},
    desk::{DeskEvent, Place},
    reporting::ReportRules,
    service::{Offer, ServiceEvent, Timing},
    staff::{Grid, Member, StaffEvent},
    time::LocalSpan,
    waitlist::WaitlistRules,
};
use serde_json::Value;

use super::{
    Told,
    fields::{Fields, json},
};

pub(super) fn tell_business(event: &BusinessEvent) -> Told {
    use BusinessEvent as E;
    let fields = Fields::default();
    Told::fields(match event {
        E::Opened {
            name,
            slug,
            time_zone,
            currency,
            country,
        } => fields
            .made("name", name)
            .made("slug", slug)
            .made("time_zone", time_zone)
            .made("currency", currency)
            .made("country", country),
        E::SettingsChanged(changed) => settings_changed(changed),
        E::HoursSet { from, to } => fields.between("hours", from, to),
        E::ClosurePlanned {
            closure_id,
            name,
            span,
        } => fields
            .made("closure_id", closure_id)
            .made("name", name)
            .made_all(of_span(span)),
        E::ClosureChanged {
            closure_id,
            name,
            span,
        } => {
            let mut fields = fields
                .made("closure_id", closure_id)
                .told("name", name.as_ref());
            if let Some(span) = span {
                fields = fields.between_all(of_span(&span.from), of_span(&span.to));
            }
            fields
        }
        E::ClosureCancelled { closure_id } => fields.gone("closure_id", closure_id),
        E::PolicySet { from, to } => fields.between_all(of_policy(from), of_policy(to)),
        E::WaitlistRulesSet { from, to } => {
            fields.between_all(of_waitlist_rules(from), of_waitlist_rules(to))
        }
        E::ReportRulesSet { from, to } => {
            fields.between_all(of_report_rules(from), of_report_rules(to))
        }
    })
}

fn settings_changed(changed: &SettingsChanged) -> Fields {
    Fields::default()
        .told("name", changed.name.as_ref())
        .told("time_zone", changed.time_zone.as_ref())
        .told("currency", changed.currency.as_ref())
        .told("country", changed.country.as_ref())
        .told("languages", changed.languages.as_ref())
        .told("address", changed.address.as_ref())
        .told("phone", changed.phone.as_ref())
        .told("email", changed.email.as_ref())
        .told("logo", changed.logo.as_ref())
        .told("colors", changed.colors.as_ref())
        .told("texts", changed.texts.as_ref())
        .told("modules", changed.modules.as_ref())
}

/// A span by the wall clock, as the API writes it.
fn of_span(span: &LocalSpan) -> [(&'static str, Value); 2] {
    let mut span = json(span);
    ["from", "to"].map(|end| (end, span[end].take()))
}

fn of_policy(policy: &Policy) -> [(&'static str, Value); 10] {
    [
        ("min_notice_min", json(policy.min_notice_min)),
        ("horizon_days", json(policy.horizon_days)),
        (
            "cancellation_window_min",
            json(policy.cancellation_window_min),
        ),
        ("auto_confirm", json(policy.auto_confirm)),
        ("most_ahead_per_client", json(policy.most_ahead_per_client)),
        ("most_a_day_per_client", json(policy.most_a_day_per_client)),
        ("hold_min", json(policy.hold_min)),
        ("confirmation", json(policy.confirmation)),
        (
            "confirmation_timeout_min",
            json(policy.confirmation_timeout_min),
        ),
        ("consents", json(&policy.consents)),
    ]
}

fn of_waitlist_rules(rules: &WaitlistRules) -> [(&'static str, Value); 3] {
    [
        ("automatic", json(rules.automatic)),
        ("offer_min", json(rules.offer_min)),
        ("lead_min", json(rules.lead_min)),
    ]
}

fn of_report_rules(rules: &ReportRules) -> [(&'static str, Value); 4] {
    let minutes = rules.minutes_per_phone_booking;
    let cost = rules.cost_per_hour.map(|cost| cost.to_string());
    [
        ("minutes_per_phone_booking", json(minutes)),
        ("cost_per_hour", json(cost)),
        ("return_within_days", json(rules.return_within_days)),
        ("campaign_effect_days", json(rules.campaign_effect_days)),
    ]
}

pub(super) fn tell_service(event: &ServiceEvent) -> Told {
    use ServiceEvent as E;
    let fields = Fields::default();
    Told::fields(match event {
        E::Offered(offer) => offered(offer),
        E::DetailsChanged {
            name,
            color,
            description,
        } => fields
            .told("name", name.as_ref())
            .told("color", color.as_ref())
            .told("description", description.as_ref()),
        E::Repriced { from, to } => fields.between("price", from, to),
        E::DurationChanged { from, to } => fields.between_all(of_timing(*from), of_timing(*to)),
        E::PerStaffSet { from, to } => fields.between("per_staff", from, to),
        E::StateChanged { from, to } => fields.between("state", from, to),
        E::Withdrawn {} => fields.between("withdrawn", false, true),
    })
}

fn offered(offer: &Offer) -> Fields {
    Fields::default()
        .made("name", &offer.name)
        .made_all(of_timing(offer.timing))
        .made("price", offer.price)
        .made("per_staff", &offer.per_staff)
        .made("state", offer.state)
        .made("color", &offer.color)
        .made("description", &offer.description)
}

fn of_timing(timing: Timing) -> [(&'static str, Value); 4] {
    [
        ("duration_min", json(timing.duration_min)),
        ("buffer_before_min", json(timing.buffer_before_min)),
        ("buffer_after_min", json(timing.buffer_after_min)),
        ("processing", json(timing.processing)),
    ]
}

pub(super) fn tell_staff(event: &StaffEvent) -> Told {
    use StaffEvent as E;
    let fields = Fields::default();
    Told::fields(match event {
        E::Joined(member) => joined(member),
        E::DetailsChanged { name, email, phone } => fields
            .told("name", name.as_ref())
            .told("email", email.as_ref())
            .told("phone", phone.as_ref()),
        E::WorkingHoursSet { from, to } => fields.between("working_hours", from, to),
        E::SlotIntervalSet { from, to } => fields.between_all(of_grid(*from), of_grid(*to)),
        E::ServicesAssigned { from, to } => fields.between("service_ids", from, to),
        E::AbsencePlanned {
            absence_id,
            kind,
            span,
            note,
        } => fields
            .made("absence_id", absence_id)
            .made("kind", kind)
            .made_all(of_span(span))
            .made("note", note),
        E::AbsenceCancelled { absence_id } => fields.gone("absence_id", absence_id),
        E::Left {} => fields.between("left", false, true),
        // Which feed it is makes its address: that it is another one is told, not which.
        E::CalendarFeedOpened { .. } => fields.made("calendar_feed", true),
        E::CalendarFeedClosed {} => fields.gone("calendar_feed", true),
    })
}

fn joined(member: &Member) -> Fields {
    Fields::default()
        .made("name", &member.name)
        .made("email", &member.email)
        .made("phone", &member.phone)
        .made_all(of_grid(member.grid))
        .made("service_ids", &member.service_ids)
        .made("working_hours", &member.working_hours)
}

fn of_grid(grid: Grid) -> [(&'static str, Value); 2] {
    [
        ("slot_interval_min", json(grid.slot_interval_min)),
        ("slot_grid", json(grid.slot_grid)),
    ]
}

pub(super) fn tell_desk(event: &DeskEvent) -> Told {
    use DeskEvent as E;
    let fields = Fields::default();
    Told::fields(match event {
        E::Added(place) => added(place),
        E::DetailsChanged {
            name,
            number,
            description,
            capacity,
        } => fields
            .told("name", name.as_ref())
            .told("number", number.as_ref())
            .told("description", description.as_ref())
            .told("capacity", capacity.as_ref()),
        E::HoursSet { from, to } => fields.between("working_hours", from, to),
        E::ServicesAssigned { from, to } => fields.between("service_ids", from, to),
        E::OperatorAssigned { from, to } => fields.between("operator_id", from, to),
        E::Closed {} => fields.between("closed", false, true),
        E::Opened {} => fields.between("closed", true, false),
        E::HolidayPlanned { holiday_id, span } => fields
            .made("holiday_id", holiday_id)
            .made_all(of_span(span)),
        E::HolidayCancelled { holiday_id } => fields.gone("holiday_id", holiday_id),
        E::Retired {} => fields.between("retired", false, true),
    })
}

fn added(place: &Place) -> Fields {
    Fields::default()
        .made("name", &place.name)
        .made("number", &place.number)
        .made("description", &place.description)
        .made("capacity", place.capacity)
        .made("service_ids", &place.service_ids)
        .made("operator_id", place.operator_id)
        .made("working_hours", &place.working_hours)
}
