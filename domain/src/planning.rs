//! From a wish to a plan: what the catalogue and the time already taken make of it.
//!
//! The only bridge between the catalogue and the slot finder. What is offered and what a booking command accepts
//! both come through here, so they follow the same rules (API §8).

mod working;

use jiff::{Timestamp, civil::Date};
use thiserror::Error;

use crate::{
    booking::{LONG_AGO, Plan, Resource},
    business::Settings,
    catalogue::Catalogue,
    desk::Desk,
    id::Id,
    money::Money,
    service::{LONGEST_MIN, Offer, Service, ServiceState, Timing},
    slots::{
        self, DeskTime, Finder, Freedom, House, Notice, Question, Slot, StaffTime, Step,
        Unavailable,
    },
    staff::Staff,
    time::{LocalSpan, Minutes, Span},
};

/// A service that somebody would like to have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wish {
    /// Which.
    pub service_id: Id<Service>,
    /// By whom; none: by anyone who does it, the least loaded first.
    pub staff_id: Option<Id<Staff>>,
    /// Where; none: at any desk that serves it, if it needs one.
    pub desk_id: Option<Id<Desk>>,
    /// How long; none: as the price list says.
    pub duration_min: Option<Minutes>,
    /// For how much; none: as the price list says.
    pub price: Option<Money>,
}

/// How an agreed booking is to stand now. What is not named stays as it was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Move {
    /// Another staff member.
    pub staff_id: Option<Id<Staff>>,
    /// Another desk.
    pub desk_id: Option<Id<Desk>>,
    /// Another length.
    pub duration_min: Option<Minutes>,
}

/// For whom slots are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// People of the house and their programs: internal services too.
    Staff,
    /// Visitors of the booking page: active services alone.
    Public,
}

/// Why a wish cannot be looked into, whatever the time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{why}")]
pub struct Unwelcome {
    /// Which of the wishes, counted from 0.
    pub wish: usize,
    /// Its field at fault.
    pub field: &'static str,
    /// Why.
    pub why: Why,
}

/// What is wrong with a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Why {
    /// There is no such service.
    #[error("there is no such service")]
    NoSuchService,
    /// The service cannot be booked: disabled, withdrawn, or for staff only.
    #[error("the service cannot be booked")]
    ServiceNotBookable,
    /// There is no such staff member.
    #[error("there is no such staff member")]
    NoSuchStaff,
    /// They left.
    #[error("the staff member has left")]
    StaffLeft,
    /// They do not do this service.
    #[error("the staff member does not do this service")]
    StaffDoesNotDoIt,
    /// There is no such desk.
    #[error("there is no such desk")]
    NoSuchDesk,
    /// The desk is closed or retired.
    #[error("the desk is not in use")]
    DeskNotInUse,
    /// The desk does not serve this service.
    #[error("the desk does not serve this service")]
    DeskDoesNotServeIt,
    /// A length outside 1 to 44,640 minutes.
    #[error("must lie between 1 and {LONGEST_MIN} minutes")]
    Length,
    /// A price below zero.
    #[error("must not be negative")]
    NegativePrice,
    /// The business has not been opened.
    #[error("the business has not been opened")]
    NotOpened,
}

/// Time that somebody or something is taken for, buffers included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    /// Who or what.
    pub resource: Resource,
    /// When.
    pub during: Span,
}

/// Wishes that the catalogue can serve, ready to be looked up in time.
#[derive(Debug, Clone)]
pub struct Enquiry<'a> {
    catalogue: &'a Catalogue,
    settings: &'a Settings,
    rows: Vec<Row<'a>>,
    closures: Vec<LocalSpan>,
    /// Who or what is asked for, in order, and when each is away.
    away: Vec<(Resource, Vec<LocalSpan>)>,
    /// See [`Enquiry::drawn`].
    lot: Option<u64>,
}

/// One service of the row and what it was, or is to be, agreed with.
#[derive(Debug, Clone)]
struct Row<'a> {
    service_id: Option<Id<Service>>,
    step: Step,
    price: Price<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Price<'a> {
    Agreed(Money),
    ByList(&'a Offer),
}

impl Catalogue {
    /// Looks wishes up in the catalogue; several are the services of a visit, in their order.
    ///
    /// # Errors
    /// When a wish cannot be served whatever the time.
    pub fn enquire(&self, wishes: &[Wish], audience: Audience) -> Result<Enquiry<'_>, Unwelcome> {
        let rows = wishes.iter().enumerate().map(|(wish, w)| {
            self.row(w, audience)
                .map_err(|(field, why)| Unwelcome { wish, field, why })
        });
        self.enquiry(rows.collect::<Result<_, _>>()?)
    }

    /// Looks up what was agreed, to give it another time, staff member, desk or length. Several are a visit's bookings.
    ///
    /// # Errors
    /// When the new staff member, desk or length cannot serve it.
    pub fn enquire_again(&self, agreed: &[(&Plan, Move)]) -> Result<Enquiry<'_>, Unwelcome> {
        let rows = agreed.iter().enumerate().map(|(wish, (plan, to))| {
            self.row_again(plan, to)
                .map_err(|(field, why)| Unwelcome { wish, field, why })
        });
        self.enquiry(rows.collect::<Result<_, _>>()?)
    }

    fn enquiry<'a>(&'a self, rows: Vec<Row<'a>>) -> Result<Enquiry<'a>, Unwelcome> {
        let not_opened = Unwelcome {
            wish: 0,
            field: "service_id",
            why: Why::NotOpened,
        };
        let staff = rows
            .iter()
            .flat_map(|r| &r.step.offers)
            .map(|o| Resource::Staff(o.staff_id));
        let desks = rows
            .iter()
            .flat_map(|r| r.step.desks.iter().flatten())
            .map(|&id| Resource::Desk(id));
        let mut resources: Vec<_> = staff.chain(desks).collect();
        resources.sort_unstable();
        resources.dedup();
        Ok(Enquiry {
            catalogue: self,
            settings: self.settings().ok_or(not_opened)?,
            closures: self.business.closures.values().map(|c| c.span).collect(),
            away: resources.into_iter().map(|r| (r, self.away(r))).collect(),
            lot: None,
            rows,
        })
    }

    fn away(&self, resource: Resource) -> Vec<LocalSpan> {
        match resource {
            Resource::Staff(id) => self
                .staff
                .get(&id)
                .into_iter()
                .flat_map(|s| s.absences.values())
                .map(|a| a.span)
                .collect(),
            Resource::Desk(id) => self
                .desks
                .get(&id)
                .into_iter()
                .flat_map(|d| d.holidays.values())
                .copied()
                .collect(),
            // Seats are asked for of the session, not of the time.
            Resource::Session(_) | Resource::Guest(..) => vec![],
        }
    }

    fn row(&self, wish: &Wish, audience: Audience) -> Result<Row<'_>, (&'static str, Why)> {
        let service = self
            .services
            .get(&wish.service_id)
            .ok_or(("service_id", Why::NoSuchService))?;
        let offer = service
            .standing()
            .map_err(|_| ("service_id", Why::ServiceNotBookable))?;
        match (offer.state, audience) {
            (ServiceState::Active, _) | (ServiceState::Internal, Audience::Staff) => {}
            (ServiceState::Internal, Audience::Public) | (ServiceState::Disabled, _) => {
                return Err(("service_id", Why::ServiceNotBookable));
            }
        }
        if wish.price.is_some_and(Money::is_negative) {
            return Err(("price", Why::NegativePrice));
        }
        let staff = match wish.staff_id {
            Some(id) => {
                self.does(id, Some(wish.service_id))?;
                vec![id]
            }
            None => self.who_does(wish.service_id),
        };
        let mut offers = vec![];
        for staff_id in staff {
            let timing = offer.timing_of(staff_id).lasting(wish.duration_min)?;
            offers.push(slots::Offer { staff_id, timing });
        }
        Ok(Row {
            service_id: Some(wish.service_id),
            step: Step {
                offers,
                desks: self.desks_for(Some(wish.service_id), wish.desk_id, None)?,
            },
            price: wish.price.map_or(Price::ByList(offer), Price::Agreed),
        })
    }

    fn row_again(&self, plan: &Plan, to: &Move) -> Result<Row<'_>, (&'static str, Why)> {
        let offer = plan
            .service_id
            .and_then(|id| self.services.get(&id))
            .and_then(|s| s.offer.as_ref());
        let timing = match (plan.timing.duration_min.is_zero(), offer) {
            // Another system did not tell how long it takes: the price list does.
            (true, Some(offer)) => Timing {
                duration_min: offer.timing.duration_min,
                ..plan.timing
            },
            (true, None) | (false, _) => plan.timing,
        };
        let timing = timing.lasting(to.duration_min)?;
        let staff = match (to.staff_id, plan.staff_id, plan.service_id) {
            (Some(id), current, service) => {
                self.does(id, service.filter(|_| current != Some(id)))?;
                vec![id]
            }
            (None, Some(id), _) => {
                self.does(id, None)?;
                vec![id]
            }
            (None, None, Some(service)) => self.who_does(service),
            (None, None, None) => return Err(("staff_id", Why::NoSuchStaff)),
        };
        Ok(Row {
            service_id: plan.service_id,
            step: Step {
                offers: staff
                    .into_iter()
                    .map(|staff_id| slots::Offer { staff_id, timing })
                    .collect(),
                desks: self.desks_for(plan.service_id, to.desk_id, plan.desk_id)?,
            },
            price: Price::Agreed(plan.price),
        })
    }

    /// Checks that somebody is there to do it; without a service, that they are there.
    fn does(
        &self,
        staff_id: Id<Staff>,
        service_id: Option<Id<Service>>,
    ) -> Result<(), (&'static str, Why)> {
        let staff = self
            .staff
            .get(&staff_id)
            .ok_or(("staff_id", Why::NoSuchStaff))?;
        let member = staff.working().map_err(|_| ("staff_id", Why::StaffLeft))?;
        match service_id {
            Some(id) if !member.service_ids.contains(&id) => {
                Err(("staff_id", Why::StaffDoesNotDoIt))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn who_does(&self, service_id: Id<Service>) -> Vec<Id<Staff>> {
        let does = |s: &Staff| {
            s.working()
                .is_ok_and(|m| m.service_ids.contains(&service_id))
        };
        self.staff
            .iter()
            .filter(|(_, s)| does(s))
            .map(|(&id, _)| id)
            .collect()
    }

    /// Where a service can be done: the desk asked for; else the one it has, then any other that serves it;
    /// nowhere in particular if no desk names the service.
    fn desks_for(
        &self,
        service_id: Option<Id<Service>>,
        asked: Option<Id<Desk>>,
        current: Option<Id<Desk>>,
    ) -> Result<Option<Vec<Id<Desk>>>, (&'static str, Why)> {
        let serves = |d: &Desk| {
            service_id.is_some_and(|id| d.standing().is_ok_and(|p| p.service_ids.contains(&id)))
        };
        if let Some(id) = asked {
            let desk = self.desks.get(&id).ok_or(("desk_id", Why::NoSuchDesk))?;
            if desk.standing().is_err() || desk.closed {
                return Err(("desk_id", Why::DeskNotInUse));
            }
            // A desk that names no service serves any; so does the one that the booking has already.
            let any = desk.standing().is_ok_and(|p| p.service_ids.is_empty());
            if !serves(desk) && !any && current != asked {
                return Err(("desk_id", Why::DeskDoesNotServeIt));
            }
            return Ok(Some(vec![id]));
        }
        if !self.desks.values().any(serves) && current.is_none() {
            return Ok(None);
        }
        let in_use = |id: &Id<Desk>| {
            self.desks
                .get(id)
                .is_some_and(|d| d.standing().is_ok() && !d.closed)
        };
        let others = self
            .desks
            .iter()
            .filter(|(id, d)| Some(**id) != current && serves(d))
            .map(|(&id, _)| id);
        Ok(Some(
            current.into_iter().chain(others).filter(in_use).collect(),
        ))
    }
}

impl Timing {
    /// The same service in another length. Processing time that no longer fits falls away: the staff member stays.
    fn lasting(self, minutes: Option<Minutes>) -> Result<Self, (&'static str, Why)> {
        let Some(duration_min) = minutes else {
            return Ok(self);
        };
        if !(1..=LONGEST_MIN).contains(&duration_min.get()) {
            return Err(("duration_min", Why::Length));
        }
        let processing = self.processing.filter(|p| p.fits(duration_min));
        Ok(Self {
            duration_min,
            processing,
            ..self
        })
    }
}

impl Enquiry<'_> {
    /// By these staff members alone, those of them who can; if none is named, by whoever can.
    #[must_use]
    pub fn by(mut self, staff: &[Id<Staff>]) -> Self {
        if staff.is_empty() {
            return self;
        }
        for row in &mut self.rows {
            row.step.offers.retain(|o| staff.contains(&o.staff_id));
        }
        self.away.retain(|(resource, _)| match resource {
            Resource::Staff(id) => staff.contains(id),
            Resource::Desk(_) | Resource::Session(_) | Resource::Guest(..) => true,
        });
        self
    }

    /// Whose taken time must be known.
    #[must_use]
    pub fn resources(&self) -> Vec<Resource> {
        self.away.iter().map(|(resource, _)| *resource).collect()
    }

    /// Whether somebody or some desk is to be chosen: then it matters who is busy, and how much.
    #[must_use]
    pub fn has_choice(&self) -> bool {
        let desks = |row: &Row<'_>| row.step.desks.as_ref().map_or(1, Vec::len);
        self.rows
            .iter()
            .any(|row| row.step.offers.len() > 1 || desks(row) > 1)
    }

    /// Whether it is for several services in a row.
    #[must_use]
    pub const fn is_visit(&self) -> bool {
        self.rows.len() > 1
    }

    /// When it must be known, to offer starts from `first` to `last`: those dates, and as much around them as the
    /// services and their buffers reach.
    #[must_use]
    pub fn reach(&self, first: Date, last: Date) -> Span {
        let lengths = self.rows.iter().map(|r| {
            let longest = r.step.offers.iter().map(|o| {
                let t = o.timing;
                t.duration_min.get() + t.buffer_before_min.get() + t.buffer_after_min.get()
            });
            longest.max().unwrap_or(0)
        });
        let around = Minutes::new(lengths.sum::<u32>().saturating_add(26 * 60)).to_duration();
        let zone = &self.settings.time_zone;
        let days = zone.days(first, last).or_else(|| zone.days(first, first));
        let (start, end) = days.map_or((LONG_AGO, Timestamp::MAX), |d| (d.start(), d.end()));
        let start = start.saturating_sub(around).unwrap_or(LONG_AGO);
        let end = end.saturating_add(around).unwrap_or(Timestamp::MAX);
        Span::new(start, end).unwrap_or_else(|_| everything())
    }

    /// The same, but [`plan`](Self::plan) draws lots for who does it where: for whoever was too late for the first
    /// choice at that very moment, as all others who were will not draw the same.
    #[must_use]
    pub fn drawn(mut self, lot: u64) -> Self {
        self.lot = Some(lot);
        self
    }

    /// The slots that can be offered, by start, then staff member.
    #[must_use]
    pub fn slots(&self, first: Date, last: Date, notice: Notice, taken: &[Taken]) -> Vec<Slot> {
        Finder::new(&self.question(first, last, Some(notice), taken)).slots()
    }

    /// The first slots after a moment, none that starts after `last`.
    #[must_use]
    pub fn next_free(
        &self,
        after: Timestamp,
        last: Date,
        limit: usize,
        notice: Notice,
        taken: &[Taken],
    ) -> Vec<Slot> {
        let first = self.settings.time_zone.date_of(after);
        Finder::new(&self.question(first, last, Some(notice), taken)).next_free(after, limit)
    }

    /// The plans for one start, one for each service in a row.
    ///
    /// # Errors
    /// When the start cannot be had, with the reason.
    pub fn plan(
        &self,
        start: Timestamp,
        freedom: Freedom,
        notice: Option<Notice>,
        taken: &[Taken],
    ) -> Result<Vec<Plan>, Unavailable> {
        let date = self.settings.time_zone.date_of(start);
        let mut finder = Finder::new(&self.question(date, date, notice, taken));
        if let Some(lot) = self.lot {
            finder = finder.drawn(lot);
        }
        let assigned = finder.check(start, freedom)?;
        let plans = self.rows.iter().zip(assigned).map(|(row, assigned)| Plan {
            service_id: row.service_id,
            staff_id: Some(assigned.served.staff_id),
            desk_id: assigned.served.desk_id,
            start: assigned.served.start,
            hour_unknown: false,
            timing: assigned.timing,
            joints: assigned.joints,
            price: match row.price {
                Price::Agreed(price) => price,
                Price::ByList(offer) => offer.price_of(assigned.served.staff_id),
            },
            session_id: None,
        });
        Ok(plans.collect())
    }

    fn question(
        &self,
        first: Date,
        last: Date,
        notice: Option<Notice>,
        taken: &[Taken],
    ) -> Question<'_> {
        let catalogue = self.catalogue;
        let mut busy: Vec<Vec<Span>> = vec![vec![]; self.away.len()];
        for t in taken {
            if let Ok(i) = self
                .away
                .binary_search_by_key(&t.resource, |(resource, _)| *resource)
            {
                busy[i].push(t.during);
            }
        }
        let (mut staff, mut desks) = (vec![], vec![]);
        for ((resource, away), busy) in self.away.iter().zip(busy) {
            match *resource {
                Resource::Staff(id) => {
                    let Some(someone) = catalogue.staff.get(&id) else {
                        continue;
                    };
                    let Some(member) = &someone.member else {
                        continue;
                    };
                    staff.push(StaffTime {
                        id,
                        slot_grid: member.grid.slot_grid,
                        slot_interval: member.grid.slot_interval_min,
                        hours: member.working_hours.as_ref(),
                        absences: away,
                        busy,
                    });
                }
                Resource::Desk(id) => {
                    let Some(desk) = catalogue.desks.get(&id) else {
                        continue;
                    };
                    let Some(place) = &desk.place else { continue };
                    desks.push(DeskTime {
                        id,
                        capacity: place.capacity,
                        operator: place.operator_id,
                        hours: place.working_hours.as_ref(),
                        holidays: away,
                        busy,
                    });
                }
                Resource::Session(_) | Resource::Guest(..) => {}
            }
        }
        Question {
            zone: &self.settings.time_zone,
            first,
            last,
            notice,
            house: House {
                hours: catalogue.business.hours.as_ref(),
                closures: &self.closures,
            },
            staff,
            desks,
            steps: self.rows.iter().map(|r| r.step.clone()).collect(),
        }
    }
}

fn everything() -> Span {
    Span::new(Timestamp::MIN, Timestamp::MAX).expect("time does not run backwards")
}
