//! From a wish to a plan, as reception would tell it. What the finder itself does is told in its own specs.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use domain::{
    booking::{Joints, Plan, Resource},
    business::{Business, BusinessEvent},
    catalogue::Catalogue,
    contact::Country,
    desk::{Desk, DeskEvent, Place},
    event::AnyEvent,
    hours::{SlotGrid, WeeklyInterval, WorkingHours},
    id::Id,
    money::{Currency, Money},
    planning::{Audience, Move, Taken, Unwelcome, Why, Wish},
    sealed::Sealed,
    service::{Offer, PerStaff, Service, ServiceEvent, ServiceState, Timing},
    slots::{Freedom, Notice, Refusal},
    staff::{Grid, Member, Staff, StaffEvent},
    text::{Label, PersonName, Slug},
    time::{Minutes, Span, Weekday, Zone},
};
use jiff::{Timestamp, civil::date};
use uuid::Uuid;

fn id<T>(number: u128) -> Id<T> {
    Id::new(Uuid::from_u128(number))
}

const ADA: u128 = 1;
const BEA: u128 = 2;
const CUT: u128 = 11;
const COLOUR: u128 = 12;
const SECRET: u128 = 13;
const CHAIR: u128 = 21;

fn eur(amount: &str) -> Money {
    Money::parse(amount, Currency::EUR).unwrap()
}

/// An instant of Monday, 2 March 2026, in UTC, which is the business's zone.
fn at(time: &str) -> Timestamp {
    format!("2026-03-02T{time}:00Z").parse().unwrap()
}

fn notice() -> Notice {
    Notice {
        now: at("00:00"),
        min: Minutes::ZERO,
    }
}

fn service(number: u128, duration: u32, state: ServiceState, per_staff: Vec<PerStaff>) -> AnyEvent {
    let buffer = Minutes::new(10);
    let timing = Timing {
        buffer_before_min: buffer,
        buffer_after_min: buffer,
        ..Timing::plain(Minutes::new(duration))
    };
    let offer = Offer {
        name: Label::parse("A service").unwrap(),
        timing,
        price: eur("50"),
        per_staff,
        state,
        color: None,
        description: None,
    };
    AnyEvent::Service(id::<Service>(number), ServiceEvent::Offered(offer))
}

fn staff(number: u128, services: &[u128]) -> AnyEvent {
    let weekly = WeeklyInterval {
        weekday: Weekday::Mon,
        from: "09:00".parse().unwrap(),
        to: "17:00".parse().unwrap(),
    };
    let member = Member {
        name: Sealed::open(id::<Staff>(number), PersonName::parse("Somebody").unwrap()),
        email: None,
        phone: None,
        grid: Grid {
            slot_interval_min: Minutes::new(30),
            slot_grid: SlotGrid::Interval,
        },
        service_ids: services.iter().map(|&s| id(s)).collect(),
        working_hours: Some(WorkingHours {
            weekly: vec![weekly],
            overrides: vec![],
        }),
    };
    AnyEvent::Staff(id::<Staff>(number), StaffEvent::Joined(member))
}

fn chair() -> AnyEvent {
    let place = Place {
        name: Label::parse("Chair").unwrap(),
        number: None,
        description: None,
        capacity: 1,
        service_ids: vec![id(COLOUR)],
        operator_id: None,
        working_hours: None,
    };
    AnyEvent::Desk(id::<Desk>(CHAIR), DeskEvent::Added(place))
}

/// Ada and Bea cut; Bea is quicker and dearer. Ada colours, in the chair. The secret service is for staff alone.
fn salon() -> Catalogue {
    let bea = PerStaff {
        staff_id: id(BEA),
        duration_min: Some(Minutes::new(30)),
        price: Some(eur("70")),
    };
    let opened = BusinessEvent::Opened {
        name: Label::parse("Salon").unwrap(),
        slug: Slug::parse("salon").unwrap(),
        time_zone: Zone::utc(),
        currency: Currency::EUR,
        country: Country::parse("IE").unwrap(),
    };
    let mut catalogue = Catalogue::default();
    for event in [
        AnyEvent::Business(id::<Business>(99), opened),
        service(CUT, 60, ServiceState::Active, vec![bea]),
        service(COLOUR, 60, ServiceState::Active, vec![]),
        service(SECRET, 60, ServiceState::Internal, vec![]),
        staff(ADA, &[CUT, COLOUR, SECRET]),
        staff(BEA, &[CUT]),
        chair(),
    ] {
        catalogue.apply(event);
    }
    catalogue
}

fn wish(service: u128) -> Wish {
    Wish {
        service_id: id(service),
        staff_id: None,
        desk_id: None,
        duration_min: None,
        price: None,
    }
}

fn by(staff: u128, wish: Wish) -> Wish {
    Wish {
        staff_id: Some(id(staff)),
        ..wish
    }
}

fn taken(resource: Resource, from: &str, to: &str) -> Taken {
    Taken {
        resource,
        during: Span::new(at(from), at(to)).unwrap(),
    }
}

fn plan(wishes: &[Wish], start: &str, taken: &[Taken]) -> Result<Vec<Plan>, Refusal> {
    let salon = salon();
    let enquiry = salon.enquire(wishes, Audience::Staff).unwrap();
    enquiry
        .plan(at(start), Freedom::default(), Some(notice()), taken)
        .map_err(|u| u.why)
}

fn unwelcome(wishes: &[Wish], audience: Audience) -> Unwelcome {
    salon().enquire(wishes, audience).map(|_| ()).unwrap_err()
}

#[test]
fn whoever_does_it_quicker_and_dearer_is_planned_so() {
    let plans = plan(&[by(BEA, wish(CUT))], "10:00", &[]).unwrap();
    assert_eq!(plans[0].timing.duration_min, Minutes::new(30));
    assert_eq!(plans[0].price, eur("70"));
}

#[test]
fn anyone_means_the_least_loaded_who_is_free() {
    let ada_was_busy = [taken(Resource::Staff(id(ADA)), "09:00", "09:30")];
    assert_eq!(
        plan(&[wish(CUT)], "11:00", &ada_was_busy).unwrap()[0].staff_id,
        Some(id(BEA))
    );
    let bea_is_busy = [taken(Resource::Staff(id(BEA)), "11:00", "11:30")];
    assert_eq!(
        plan(&[wish(CUT)], "11:00", &bea_is_busy).unwrap()[0].staff_id,
        Some(id(ADA))
    );
}

#[test]
fn a_service_that_a_desk_names_takes_that_desk() {
    assert_eq!(
        plan(&[wish(COLOUR)], "10:00", &[]).unwrap()[0].desk_id,
        Some(id(CHAIR))
    );
    assert_eq!(plan(&[wish(CUT)], "10:00", &[]).unwrap()[0].desk_id, None);
    let chair_is_taken = [taken(Resource::Desk(id(CHAIR)), "10:30", "10:40")];
    assert!(
        plan(&[wish(COLOUR)], "10:00", &chair_is_taken)
            .unwrap_err()
            .is_taken()
    );
}

#[test]
fn a_visit_is_planned_in_a_row_without_buffers_inside() {
    let plans = plan(&[by(ADA, wish(CUT)), by(ADA, wish(COLOUR))], "10:00", &[]).unwrap();
    assert_eq!([plans[0].start, plans[1].start], [at("10:00"), at("11:00")]);
    assert_eq!(
        plans[0].joints,
        Joints {
            staff_after: true,
            ..Joints::default()
        }
    );
    assert_eq!(
        plans[1].joints,
        Joints {
            staff_before: true,
            ..Joints::default()
        }
    );
}

#[test]
fn what_is_for_staff_alone_is_not_offered_to_visitors() {
    assert!(salon().enquire(&[wish(SECRET)], Audience::Staff).is_ok());
    let refused = Unwelcome {
        wish: 0,
        field: "service_id",
        why: Why::ServiceNotBookable,
    };
    assert_eq!(unwelcome(&[wish(SECRET)], Audience::Public), refused);
}

#[test]
fn a_wish_that_nobody_can_serve_is_told_with_its_field() {
    let refusals = [
        (wish(77), "service_id", Why::NoSuchService),
        (by(77, wish(CUT)), "staff_id", Why::NoSuchStaff),
        (by(BEA, wish(COLOUR)), "staff_id", Why::StaffDoesNotDoIt),
        (
            Wish {
                desk_id: Some(id(77)),
                ..wish(CUT)
            },
            "desk_id",
            Why::NoSuchDesk,
        ),
        (
            Wish {
                desk_id: Some(id(CHAIR)),
                ..wish(CUT)
            },
            "desk_id",
            Why::DeskDoesNotServeIt,
        ),
        (
            Wish {
                duration_min: Some(Minutes::ZERO),
                ..wish(CUT)
            },
            "duration_min",
            Why::Length,
        ),
        (
            Wish {
                price: Some(eur("-1")),
                ..wish(CUT)
            },
            "price",
            Why::NegativePrice,
        ),
    ];
    for (wrong, field, why) in refusals {
        assert_eq!(
            unwelcome(&[wish(CUT), wrong], Audience::Staff),
            Unwelcome {
                wish: 1,
                field,
                why
            }
        );
    }
}

#[test]
fn squeezed_in_it_takes_less_time() {
    let short = Wish {
        duration_min: Some(Minutes::new(20)),
        ..by(ADA, wish(CUT))
    };
    let busy_around = [
        taken(Resource::Staff(id(ADA)), "09:00", "09:50"),
        taken(Resource::Staff(id(ADA)), "10:30", "12:00"),
    ];
    assert!(
        plan(&[by(ADA, wish(CUT))], "10:00", &busy_around)
            .unwrap_err()
            .is_taken()
    );
    assert_eq!(
        plan(&[short], "10:00", &busy_around).unwrap()[0]
            .timing
            .duration_min,
        Minutes::new(20)
    );
}

#[test]
fn a_moved_booking_keeps_its_price_and_length_whoever_does_it() {
    let agreed = plan(&[by(ADA, wish(CUT))], "10:00", &[]).unwrap().remove(0);
    let salon = salon();
    let to_bea = Move {
        staff_id: Some(id(BEA)),
        ..Move::default()
    };
    let enquiry = salon.enquire_again(&[(&agreed, to_bea)]).unwrap();
    let moved = enquiry
        .plan(at("11:00"), Freedom::default(), Some(notice()), &[])
        .unwrap()
        .remove(0);
    assert_eq!(
        moved,
        Plan {
            staff_id: Some(id(BEA)),
            start: at("11:00"),
            ..agreed
        }
    );
}

#[test]
fn a_booking_of_a_withdrawn_service_can_still_be_moved() {
    let agreed = plan(&[by(ADA, wish(CUT))], "10:00", &[]).unwrap().remove(0);
    let mut salon = salon();
    salon.apply(AnyEvent::Service(id(CUT), ServiceEvent::Withdrawn {}));
    let enquiry = salon.enquire_again(&[(&agreed, Move::default())]).unwrap();
    assert!(
        enquiry
            .plan(at("12:00"), Freedom::default(), Some(notice()), &[])
            .is_ok()
    );
}

#[test]
fn busy_time_is_asked_for_as_far_as_a_long_service_reaches() {
    let salon = salon();
    let long = Wish {
        duration_min: Some(Minutes::new(3 * 24 * 60)),
        ..wish(CUT)
    };
    let reach = salon
        .enquire(&[long], Audience::Staff)
        .unwrap()
        .reach(date(2026, 3, 10), date(2026, 3, 10));
    assert!(reach.contains("2026-03-07T00:00:00Z".parse().unwrap()));
    assert!(reach.contains("2026-03-13T23:59:00Z".parse().unwrap()));
}

#[test]
fn every_slot_offered_can_be_planned() {
    let salon = salon();
    let taken = [
        taken(Resource::Staff(id(ADA)), "10:00", "12:00"),
        taken(Resource::Staff(id(BEA)), "11:00", "16:00"),
    ];
    let wishes = [wish(CUT), wish(CUT)];
    let enquiry = salon.enquire(&wishes, Audience::Staff).unwrap();
    let slots = enquiry.slots(date(2026, 3, 2), date(2026, 3, 2), notice(), &taken);
    assert!(!slots.is_empty());
    for slot in slots {
        assert!(
            enquiry
                .plan(slot.start(), Freedom::default(), Some(notice()), &taken)
                .is_ok(),
            "{slot:?}"
        );
    }
}
