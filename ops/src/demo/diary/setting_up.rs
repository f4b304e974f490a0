//! What is there before the first client comes: services, staff, desks, holidays, absences.

use super::*;

impl Life<'_> {
    pub(super) fn set_up(&mut self, first: Date, today: Date) {
        let at = self.began;
        let house = self.house;
        self.services = house.services.iter().map(|_| self.id(at)).collect();
        self.staff = house.staff.iter().map(|_| self.id(at)).collect();
        for (i, done) in house.services.iter().enumerate() {
            let offered = ServiceEvent::Offered(self.offer(i, done));
            self.note(at, AnyEvent::Service(self.services[i], offered));
        }
        for (i, works) in house.staff.iter().enumerate() {
            let joined = StaffEvent::Joined(self.member(i, works));
            self.note(at, AnyEvent::Staff(self.staff[i], joined));
        }
        for stands in house.desks {
            let place = Place {
                name: label(stands.name),
                number: None,
                description: None,
                capacity: stands.capacity,
                service_ids: stands.serves.iter().map(|&s| self.services[s]).collect(),
                operator_id: None,
                working_hours: None,
            };
            let id: Id<Desk> = self.id(at);
            self.desks.push(id);
            self.note(at, AnyEvent::Desk(id, DeskEvent::Added(place)));
        }
        self.close_on_holidays(at, first, today);
        self.plan_absences(at, first, today);
    }

    pub(super) fn offer(&self, index: usize, done: &Done) -> Offer {
        let processing = done.processing.map(|(after, for_min)| Processing {
            after_min: Minutes::new(after),
            for_min: Minutes::new(for_min),
        });
        let paced = self
            .house
            .staff
            .iter()
            .zip(&self.staff)
            .filter(|(w, _)| w.pace != 100 && w.does.contains(&index));
        let per_staff = paced.map(|(works, &staff_id)| PerStaff {
            staff_id,
            // On the grid of five minutes, and never shorter than what the processing time needs.
            duration_min: Some(Minutes::new(
                (done.minutes * works.pace / 100).div_ceil(5) * 5,
            ))
            .filter(|&d| processing.is_none_or(|p| p.fits(d))),
            price: None,
        });
        Offer {
            name: label(done.name),
            timing: Timing {
                duration_min: Minutes::new(done.minutes),
                buffer_before_min: Minutes::ZERO,
                buffer_after_min: Minutes::new(done.buffer_after),
                processing,
            },
            price: self.money(done.price),
            per_staff: per_staff.collect(),
            state: ServiceState::Active,
            color: Color::parse(done.color).ok(),
            description: None,
        }
    }

    pub(super) fn member(&self, index: usize, works: &Works) -> Member {
        let weekly = works.hours.iter().map(|(day, from, to)| WeeklyInterval {
            weekday: Weekday::ALL[usize::from(*day)],
            from: time(from),
            to: time(to),
        });
        Member {
            name: Sealed::open(
                self.staff[index],
                PersonName::parse(works.name).expect("a name in our own list"),
            ),
            email: None,
            phone: None,
            grid: Grid {
                slot_interval_min: Minutes::new(works.every),
                slot_grid: SlotGrid::Interval,
            },
            service_ids: works.does.iter().map(|&s| self.services[s]).collect(),
            working_hours: Some(WorkingHours {
                weekly: weekly.collect(),
                overrides: vec![],
            }),
        }
    }

    /// The holidays that all three countries keep on the same day each year.
    pub(super) fn close_on_holidays(&mut self, at: Timestamp, first: Date, today: Date) {
        for year in first.year()..=today.year() + 1 {
            for (month, day) in [(1, 1), (1, 6), (5, 1), (12, 25), (12, 26)] {
                let Ok(date) = Date::new(year, month, day) else {
                    continue;
                };
                let Ok(span) = LocalSpan::dates(date, date) else {
                    continue;
                };
                let closure = BusinessEvent::ClosurePlanned {
                    closure_id: self.id(at),
                    name: None,
                    span,
                };
                self.note(
                    at,
                    AnyEvent::Business(Id::<Business>::new(Uuid::nil()), closure),
                );
            }
        }
    }

    /// Two weeks in summer, one in winter, and now and then a day in bed.
    pub(super) fn plan_absences(&mut self, at: Timestamp, first: Date, today: Date) {
        let days = first.until(today).map_or(1, |span| span.get_days().max(1));
        for i in 0..self.staff.len() {
            if self.house.staff[i].hours.is_empty() {
                // Classes are never left out for their sake.
                continue;
            }
            let staff_id = self.staff[i];
            let mut planned: Vec<(AbsenceKind, Date, i32)> = vec![];
            for year in first.year()..=today.year() {
                let summer = Date::new(year, 7, 1).map(|d| d + self.rng.random_range(0..8).weeks());
                let winter = Date::new(year, 2, 1).map(|d| d + self.rng.random_range(0..4).weeks());
                planned.extend(summer.ok().map(|d| (AbsenceKind::Vacation, d, 14)));
                planned.extend(winter.ok().map(|d| (AbsenceKind::Vacation, d, 7)));
            }
            for _ in 0..4 {
                let day = first + self.rng.random_range(0..days).days();
                planned.push((AbsenceKind::Sick, day, self.rng.random_range(1..4)));
            }
            for (kind, from, length) in planned {
                let Ok(span) = LocalSpan::dates(from, from + (length - 1).days()) else {
                    continue;
                };
                let absence_id = self.id(at);
                let event = StaffEvent::AbsencePlanned {
                    absence_id,
                    kind,
                    span,
                    note: None,
                };
                self.note(at, AnyEvent::Staff(staff_id, event));
            }
        }
    }
}
