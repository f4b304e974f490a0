//! The house itself: what it offers, who works there, and where.

use domain::{
    business::{Business, BusinessCommand},
    contact::Country,
    desk::{Desk, DeskCommand, Place},
    event::AnyEvent,
    hours::{SlotGrid, WeeklyInterval, WorkingHours},
    id::Id,
    money::{Currency, Money},
    sealed::Sealed,
    service::{Offer, Service, ServiceCommand, ServiceState, Timing},
    staff::{Grid, Member, Staff, StaffCommand},
    text::{Label, PersonName, Slug},
    time::{Minutes, Weekday, Zone},
};
use gateway::command::Kind;
use rand::{RngExt as _, rngs::StdRng};
use uuid::Uuid;

/// Name, minutes, price, how often it is wished for, and whether it needs a chair.
const SERVICES: [(&str, u32, &str, u32, bool); 10] = [
    ("Strzyżenie", 30, "120.00", 28, true),
    ("Modelowanie", 30, "90.00", 12, true),
    ("Broda", 15, "60.00", 12, true),
    ("Koloryzacja", 60, "320.00", 10, true),
    ("Manicure", 45, "140.00", 12, false),
    ("Pedicure", 45, "160.00", 6, false),
    ("Brwi", 15, "50.00", 12, false),
    ("Masaż", 60, "220.00", 4, false),
    ("Peeling", 30, "110.00", 6, false),
    ("Konsultacja", 15, "0.00", 3, false),
];

const OPENS: &str = "08:00";
const CLOSES: &str = "20:00";
/// Minutes after midnight between which bookings begin and end: as long as the house is open.
pub(super) const OPEN_MIN: std::ops::Range<i64> = 8 * 60..20 * 60;

/// A house that has been set up.
pub(super) struct House {
    pub(super) zone: Zone,
    pub(super) services: Vec<(Id<Service>, Offer)>,
    pub(super) staff: Vec<Worker>,
}

/// A staff member, and the chair that is theirs.
pub(super) struct Worker {
    pub(super) id: Id<Staff>,
    pub(super) chair: Id<Desk>,
    /// What they do, by its place among the services.
    does: Vec<usize>,
    free: Weekday,
}

impl Worker {
    pub(super) fn works_on(&self, day: Weekday) -> bool {
        day != self.free
    }
}

/// How the house is called, and where it stands.
pub(super) struct Address {
    pub(super) name: Label,
    pub(super) slug: Slug,
    pub(super) zone: Zone,
    pub(super) currency: Currency,
}

impl Address {
    pub(super) fn of(slug: &str) -> anyhow::Result<Self> {
        Ok(Self {
            name: Label::parse("Million")?,
            slug: Slug::parse(slug)?,
            zone: Zone::named("Europe/Warsaw")?,
            currency: Currency::PLN,
        })
    }

    /// That it opened.
    pub(super) fn opened(&self, id: Uuid) -> anyhow::Result<Vec<AnyEvent>> {
        let open = BusinessCommand::Open {
            name: self.name.clone(),
            slug: self.slug.clone(),
            time_zone: self.zone.clone(),
            currency: self.currency,
            country: Country::parse("PL")?,
        };
        let events = decided::<Business>(open)?;
        Ok(events
            .into_iter()
            .map(|event| AnyEvent::Business(Id::new(id), event))
            .collect())
    }
}

fn decided<A: Kind>(command: A::Command) -> anyhow::Result<Vec<A::Event>> {
    A::decide(&A::default(), command).map_err(|refused| anyhow::anyhow!("{refused:?}"))
}

impl House {
    /// The house, and the events by which it was set up.
    pub(super) fn set_up(
        address: &Address,
        staff: usize,
        mut id: impl FnMut() -> Uuid,
    ) -> anyhow::Result<(Self, Vec<AnyEvent>)> {
        let mut events = Vec::new();
        let mut services = Vec::new();
        for (name, minutes, price, _, _) in SERVICES {
            let offer = Offer {
                name: Label::parse(name)?,
                timing: Timing {
                    duration_min: Minutes::new(minutes),
                    buffer_before_min: Minutes::ZERO,
                    buffer_after_min: Minutes::ZERO,
                    processing: None,
                },
                price: Money::parse(price, address.currency)?,
                per_staff: Vec::new(),
                state: ServiceState::Active,
                color: None,
                description: None,
            };
            let service = Id::<Service>::new(id());
            let offered = decided::<Service>(ServiceCommand::Offer(offer.clone()))?;
            events.extend(offered.into_iter().map(|e| AnyEvent::Service(service, e)));
            services.push((service, offer));
        }
        let workers: Vec<Worker> = (0..staff)
            .map(|number| Worker {
                id: Id::new(id()),
                chair: Id::new(id()),
                does: (0..SERVICES.len())
                    .filter(|service| !(number + service).is_multiple_of(3))
                    .collect(),
                free: Weekday::ALL[number % Weekday::ALL.len()],
            })
            .collect();
        for (number, worker) in workers.iter().enumerate() {
            let joined = decided::<Staff>(StaffCommand::Join(member(number, worker, &services)?))?;
            events.extend(joined.into_iter().map(|e| AnyEvent::Staff(worker.id, e)));
            let seated = SERVICES.iter().zip(&services).filter(|(told, _)| told.4);
            let chair = Place {
                name: Label::parse(&format!("Fotel {}", number + 1))?,
                number: None,
                description: None,
                capacity: 1,
                service_ids: seated.map(|(_, (service, _))| *service).collect(),
                operator_id: None,
                working_hours: None,
            };
            let added = decided::<Desk>(DeskCommand::Add(chair))?;
            events.extend(added.into_iter().map(|e| AnyEvent::Desk(worker.chair, e)));
        }
        let house = Self {
            zone: address.zone.clone(),
            services,
            staff: workers,
        };
        Ok((house, events))
    }

    /// What somebody wishes for of what this worker does, by its place among the services.
    pub(super) fn wish(&self, worker: &Worker, rng: &mut StdRng) -> usize {
        let total: u32 = worker.does.iter().map(|at| SERVICES[*at].3).sum();
        let mut left = rng.random_range(0..total);
        for at in &worker.does {
            match left.checked_sub(SERVICES[*at].3) {
                Some(rest) => left = rest,
                None => return *at,
            }
        }
        0
    }

    pub(super) fn needs_chair(service: usize) -> bool {
        SERVICES[service].4
    }
}

fn member(
    number: usize,
    worker: &Worker,
    services: &[(Id<Service>, Offer)],
) -> anyhow::Result<Member> {
    let weekly = Weekday::ALL.into_iter().filter(|day| worker.works_on(*day));
    let weekly = weekly.map(|weekday| {
        Ok(WeeklyInterval {
            weekday,
            from: OPENS.parse()?,
            to: CLOSES.parse()?,
        })
    });
    Ok(Member {
        name: Sealed::open(
            worker.id,
            PersonName::parse(&format!("Pracownik {}", number + 1))?,
        ),
        email: None,
        phone: None,
        grid: Grid {
            slot_interval_min: Minutes::new(15),
            slot_grid: SlotGrid::Interval,
        },
        service_ids: worker.does.iter().map(|at| services[*at].0).collect(),
        working_hours: Some(WorkingHours {
            weekly: weekly.collect::<anyhow::Result<_>>()?,
            overrides: Vec::new(),
        }),
    })
}
