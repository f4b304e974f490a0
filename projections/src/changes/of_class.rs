//! What each event of a class or of a session changed.

use domain::{
    class::{ClassEvent, Offered, Timetable},
    session::{Schedule, SessionEvent, Setting},
};
use serde_json::Value;

use super::{
    Told,
    fields::{Fields, json},
};

pub(super) fn tell_class(event: &ClassEvent) -> Told {
    use ClassEvent as E;
    let fields = Fields::default();
    Told::fields(match event {
        E::Timetabled(offered) => begun(offered),
        E::Changed(changed) => {
            let fields = fields
                .told("name", changed.name.as_ref())
                .told("staff_id", changed.staff_id.as_ref())
                .told("desk_id", changed.desk_id.as_ref())
                .told("capacity", changed.capacity.as_ref());
            match &changed.timetable {
                Some(change) => {
                    fields.between_all(of_timetable(&change.from), of_timetable(&change.to))
                }
                None => fields,
            }
        }
        E::SessionsScheduled {
            through,
            sessions,
            skipped,
        } => fields
            .made("through", through)
            .made("sessions", sessions)
            .made("skipped", skipped),
        E::Retired {} => fields.between("retired", false, true),
    })
}

pub(super) fn tell_session(event: &SessionEvent) -> Told {
    use SessionEvent as E;
    let fields = Fields::default();
    match event {
        E::Scheduled(schedule) => Told::fields(scheduled(schedule)),
        E::Moved { from, to } => Told::fields(fields.between_all(of_setting(from), of_setting(to))),
        E::CapacityChanged { from, to } => Told::fields(fields.between("capacity", from, to)),
        E::Cancelled {
            at: _,
            cause,
            reason,
        } => Told::fields(
            fields
                .between("cancelled", false, true)
                .made("cause", cause),
        )
        .because(reason.as_ref()),
    }
}

fn begun(offered: &Offered) -> Fields {
    Fields::default()
        .made("name", &offered.name)
        .made("service_id", offered.service_id)
        .made("staff_id", offered.staff_id)
        .made("desk_id", offered.desk_id)
        .made("capacity", offered.capacity)
        .made_all(of_timetable(&offered.timetable))
}

fn scheduled(schedule: &Schedule) -> Fields {
    Fields::default()
        .made("class_id", schedule.class_id)
        .made("timetabled", schedule.timetabled)
        .made_all(of_setting(&schedule.setting))
        .made("capacity", schedule.capacity)
}

/// A timetable as the API tells it.
fn of_timetable(timetable: &Timetable) -> [(&'static str, Value); 4] {
    [
        ("timetable.rrule", json(&timetable.rrule)),
        ("timetable.start", json(timetable.start)),
        ("timetable.duration_min", json(timetable.duration_min)),
        ("timetable.exceptions", json(&timetable.exceptions)),
    ]
}

/// When a session is, by whom and where, as the API tells it.
fn of_setting(setting: &Setting) -> [(&'static str, Value); 8] {
    let timing = setting.timing;
    [
        ("service_id", json(setting.service_id)),
        ("staff_id", json(setting.staff_id)),
        ("desk_id", json(setting.desk_id)),
        ("start", json(setting.start)),
        ("end", json(setting.end())),
        ("duration_min", json(timing.duration_min)),
        ("buffer_before_min", json(timing.buffer_before_min)),
        ("buffer_after_min", json(timing.buffer_after_min)),
    ]
}
