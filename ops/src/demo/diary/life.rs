//! What becomes of their wishes: bookings, moves, cancellations, visits, payments.

use super::*;

impl Life<'_> {
    pub(super) fn live(&mut self) {
        while let Some(Reverse((at, _, step))) = self.ahead.pop() {
            if at > self.now {
                return;
            }
            match step {
                Step::Wish { walk_in } => self.wish(at, walk_in),
                Step::TakeSeat(session) => self.take_seat(at, session),
                Step::Move(id) => self.reschedule(at, id),
                Step::Cancel(id) => {
                    let reason = self.sometimes_say(0.5, id, WHY_CANCELLED);
                    self.command(
                        at,
                        id,
                        BookingCommand::Cancel {
                            at,
                            reason,
                            note: None,
                        },
                    );
                }
                Step::Arrive(id) => {
                    self.command(at, id, BookingCommand::Arrive(Told { at, note: None }))
                }
                Step::Complete(id) => self.complete(at, id),
                Step::NoShow(id) => {
                    self.command(at, id, BookingCommand::MarkNoShow(Told { at, note: None }))
                }
                Step::Review(id) => {
                    let rating = *[5, 5, 5, 4, 4, 3].choose(&mut self.rng).expect("a rating");
                    let text = self.sometimes_say(0.4, id, THANKS);
                    self.command(at, id, BookingCommand::Review(Review { rating, text, at }));
                }
                Step::Sell => self.sell(at),
            }
        }
    }

    pub(super) fn wish(&mut self, at: Timestamp, walk_in: bool) {
        let known = self.client(at);
        let (client_id, likes) = (self.clients[known].id, self.clients[known].likes);
        let service = self.some_service();
        let mut wishes = vec![self.wish_for(service, likes.filter(|_| !walk_in))];
        if let Some(then) = self.house.services[service].then
            && self.rng.random_bool(self.house.visit)
        {
            let by = if self.rng.random_bool(0.5) {
                wishes[0].staff_id
            } else {
                None
            };
            wishes.push(self.wish_for(then, by));
        }
        let days_ahead = if walk_in { 0 } else { self.days_ahead() };
        let Some(plans) = self.first_plans(at, &wishes, days_ahead, walk_in) else {
            return;
        };
        if likes.is_none() && self.rng.random_bool(0.7) {
            self.clients[known].likes = plans[0].staff_id;
        }
        self.place(at, client_id, plans, walk_in);
    }

    pub(super) fn wish_for(&self, service: usize, staff_id: Option<Id<Staff>>) -> Wish {
        let service_id = self.services[service];
        let does = |id: &Id<Staff>| {
            let member = self.catalogue.staff.get(id).and_then(|s| s.member.as_ref());
            member.is_some_and(|m| m.service_ids.contains(&service_id))
        };
        Wish {
            service_id,
            staff_id: staff_id.filter(does),
            desk_id: None,
            duration_min: None,
            price: None,
        }
    }

    pub(super) fn days_ahead(&mut self) -> i32 {
        match self.rng.random_range(0..100) {
            0..25 => self.rng.random_range(0..2),
            25..60 => self.rng.random_range(2..8),
            60..90 => self.rng.random_range(8..22),
            _ => self.rng.random_range(22..46),
        }
    }

    /// A start on the day wished for, or on one of the days after it.
    pub(super) fn first_plans(
        &mut self,
        at: Timestamp,
        wishes: &[Wish],
        days_ahead: i32,
        soon: bool,
    ) -> Option<Vec<Plan>> {
        let notice = Notice {
            now: at,
            min: Minutes::ZERO,
        };
        let wished = self.zone.date_of(at) + days_ahead.days();
        for later in 0..if soon { 1 } else { 7 } {
            let date = wished + later.days();
            let taken = self.taken_on(date, None);
            let enquiry = self.catalogue.enquire(wishes, Audience::Staff).ok()?;
            let slots = enquiry.slots(date, date, notice, &taken);
            let slot = if soon {
                slots.first()
            } else {
                slots.choose(&mut self.rng)
            };
            if let Some(slot) = slot {
                return enquiry
                    .plan(slot.start(), Freedom::default(), Some(notice), &taken)
                    .ok();
            }
        }
        None
    }

    pub(super) fn taken_on(&self, date: Date, but: Option<Id<Booking>>) -> Vec<Taken> {
        let of_the_day = self.taken.get(&date).into_iter().flatten();
        of_the_day
            .filter(|(id, _)| Some(*id) != but)
            .map(|(_, taken)| *taken)
            .collect()
    }

    pub(super) fn place(
        &mut self,
        at: Timestamp,
        client_id: Id<Client>,
        plans: Vec<Plan>,
        walk_in: bool,
    ) {
        let visit_id = (plans.len() > 1).then(|| self.id(at));
        let source = match self.rng.random_range(0..10) {
            _ if walk_in => "walk-in",
            0..5 => "phone",
            5..8 => "online",
            _ => "instagram",
        };
        let mut ids = vec![];
        for plan in plans {
            let id: Id<Booking> = self.id(at);
            let placement = Placement {
                reference: Reference::from_random(self.rng.random()),
                visit_id,
                series_id: None,
                client_id: Some(client_id),
                plan,
                status: Status::Confirmed,
                source: Origin::parse(source).expect("a word of our own"),
                at,
                imported: None,
                online: None,
            };
            self.bookings.insert(id, Booking::default());
            self.command(at, id, BookingCommand::Place(Box::new(placement)));
            if let Some(text) = self.sometimes_say(0.08, id, REMARKS) {
                let comment = Comment {
                    comment_id: self.id(at),
                    text,
                    at,
                    by: self.owner.clone(),
                    note: None,
                };
                self.command(at, id, BookingCommand::Comment(comment));
            }
            ids.push(id);
        }
        self.decide_fate(at, &ids);
    }

    /// What becomes of a visit: all its bookings share one fate.
    pub(super) fn decide_fate(&mut self, at: Timestamp, ids: &[Id<Booking>]) {
        let Some((start, _)) = self.span_of(ids[0]) else {
            return;
        };
        let fate: f64 = self.rng.random();
        let house = self.house;
        if fate < house.cancels {
            let when = self.before(at, start);
            ids.iter()
                .for_each(|&id| self.plan_step(when, Step::Cancel(id)));
        } else if fate < house.cancels + house.moves && ids.len() == 1 && !self.is_seat(ids[0]) {
            let when = self.before(at, start);
            self.plan_step(when, Step::Move(ids[0]));
        } else if fate < house.cancels + house.moves + house.no_show {
            ids.iter().for_each(|&id| {
                self.plan_step(start + SignedDuration::from_mins(20), Step::NoShow(id))
            });
        } else {
            ids.iter().for_each(|&id| self.plan_visit(id));
        }
    }

    pub(super) fn plan_visit(&mut self, id: Id<Booking>) {
        let Some((start, end)) = self.span_of(id) else {
            return;
        };
        let early = self.rng.random_range(-12..6);
        self.plan_step(start + SignedDuration::from_mins(early), Step::Arrive(id));
        let late = self.rng.random_range(0..8);
        self.plan_step(end + SignedDuration::from_mins(late), Step::Complete(id));
    }

    /// A moment between the booking and its start; a third of them on the day itself.
    pub(super) fn before(&mut self, at: Timestamp, start: Timestamp) -> Timestamp {
        let seconds = (start.as_second() - at.as_second()).max(2);
        let last = if self.rng.random_bool(0.33) {
            seconds.min(8 * 3_600)
        } else {
            seconds
        };
        start - SignedDuration::from_secs(self.rng.random_range(1..last))
    }

    pub(super) fn reschedule(&mut self, at: Timestamp, id: Id<Booking>) {
        let Some(plan) = self.held_plan(id) else {
            return;
        };
        let date = self.zone.date_of(plan.start.max(at)) + self.rng.random_range(0..10).days();
        let notice = Notice {
            now: at,
            min: Minutes::ZERO,
        };
        let taken = self.taken_on(date, Some(id));
        let Ok(enquiry) = self.catalogue.enquire_again(&[(&plan, Move::default())]) else {
            return;
        };
        let slots = enquiry.slots(date, date, notice, &taken);
        let found = slots.choose(&mut self.rng).map(|slot| slot.start());
        let moved = found.and_then(|start| {
            enquiry
                .plan(start, Freedom::default(), Some(notice), &taken)
                .ok()
        });
        if let Some(to) = moved.and_then(|mut plans| plans.pop()) {
            self.command(
                at,
                id,
                BookingCommand::Reschedule {
                    to: Box::new(to),
                    imported: None,
                },
            );
        }
        self.plan_visit(id);
    }

    pub(super) fn complete(&mut self, at: Timestamp, id: Id<Booking>) {
        self.command(at, id, BookingCommand::Complete(Told { at, note: None }));
        if let Some(plan) = self.held_plan(id)
            && !plan.price.is_zero()
            && self.rng.random_bool(0.97)
        {
            let payment = self.payment(at, plan.price);
            self.command(
                at,
                id,
                BookingCommand::RecordPayment {
                    payment,
                    imported: false,
                },
            );
        }
        self.command(at, id, BookingCommand::Leave(Told { at, note: None }));
        if self.rng.random_bool(0.1) {
            let later = self.rng.random_range(2..40);
            self.plan_step(at + SignedDuration::from_hours(later), Step::Review(id));
        }
    }

    pub(super) fn payment(&mut self, at: Timestamp, amount: Money) -> Payment {
        let method = self.method();
        Payment {
            payment_id: self.id(at),
            amount,
            method,
            at,
            by: self.owner.clone(),
            note: None,
        }
    }

    pub(super) fn method(&mut self) -> Label {
        label(if self.rng.random_bool(0.7) {
            "card"
        } else {
            "cash"
        })
    }

    /// A shampoo over the counter.
    pub(super) fn sell(&mut self, at: Timestamp) {
        let known = self.client(at);
        let client_id = self.clients[known].id;
        let text = FreeText::parse(WARES.choose(&mut self.rng).expect("something to sell"))
            .expect("words of our own");
        let price = *["39.00", "59.00", "75.00"]
            .choose(&mut self.rng)
            .expect("a price");
        let amount = self.money(price);
        let sale = Sale {
            payment_id: self.id(at),
            amount,
            method: self.method(),
            text: Some(Sealed::open(client_id, text)),
            at,
            by: self.owner.clone(),
            staff_id: None,
            service_id: None,
            note: None,
        };
        self.note(
            at,
            AnyEvent::Client(client_id, ClientEvent::SoldWithoutBooking(sale)),
        );
    }

    /// Lets the booking's own rules decide; what they refuse did not happen.
    pub(super) fn command(&mut self, at: Timestamp, id: Id<Booking>, command: BookingCommand) {
        let Some(booking) = self.bookings.get_mut(&id) else {
            return;
        };
        let Ok(events) = booking.decide(command) else {
            return;
        };
        let before = booking.claims();
        for event in &events {
            booking.apply(event.clone());
        }
        let after = booking.claims();
        if before != after {
            for claim in before {
                let date = self.zone.date_of(claim.body.start());
                self.taken
                    .entry(date)
                    .or_default()
                    .retain(|(owner, _)| *owner != id);
            }
            for claim in after {
                let date = self.zone.date_of(claim.body.start());
                let taken = Taken {
                    resource: claim.resource,
                    during: claim.during,
                };
                self.taken.entry(date).or_default().push((id, taken));
            }
        }
        self.facts.extend(events.into_iter().map(|event| Fact {
            at,
            event: AnyEvent::Booking(id, event),
        }));
    }

    pub(super) fn held_plan(&self, id: Id<Booking>) -> Option<Plan> {
        let held = self.bookings.get(&id)?.held().ok()?;
        held.status.holds_time().then(|| held.plan.clone())
    }

    pub(super) fn span_of(&self, id: Id<Booking>) -> Option<(Timestamp, Timestamp)> {
        self.held_plan(id).map(|plan| (plan.start, plan.end()))
    }

    /// Somebody new, or one of those who keep coming.
    pub(super) fn client(&mut self, at: Timestamp) -> usize {
        if self.clients.is_empty() || self.rng.random_bool(self.house.new_client) {
            let person = somebody(&mut self.rng, self.house.language);
            let id = self.id(at);
            self.note(
                at,
                AnyEvent::Client(id, ClientEvent::Registered(Box::new(card(id, &person)))),
            );
            self.clients.push(Known { id, likes: None });
            return self.clients.len() - 1;
        }
        let recent = self.clients.len().saturating_sub(REGULARS);
        self.rng.random_range(recent..self.clients.len())
    }

    pub(super) fn some_service(&mut self) -> usize {
        let total: u32 = self.house.services.iter().map(|s| s.weight).sum();
        let mut left = self.rng.random_range(0..total);
        for (i, service) in self.house.services.iter().enumerate() {
            match left.checked_sub(service.weight) {
                Some(rest) => left = rest,
                None => return i,
            }
        }
        0
    }

    pub(super) fn sometimes_say(
        &mut self,
        how_often: f64,
        id: Id<Booking>,
        words: &[&str],
    ) -> Option<Sealed<FreeText>> {
        let client_id = self.bookings.get(&id)?.held().ok()?.client_id?;
        self.rng.random_bool(how_often).then(|| {
            let text = words.choose(&mut self.rng).expect("a list of at least one");
            Sealed::open(client_id, FreeText::parse(text).expect("words of our own"))
        })
    }

    pub(super) fn money(&self, amount: &str) -> Money {
        Money::parse(amount, self.currency).expect("an amount in our own list")
    }
}

const WHY_CANCELLED: &[&str] = &[
    "Choroba",
    "Ill",
    "Work",
    "Інші плани",
    "Changed her mind",
    "Imprévu",
    "Sjuk",
    "Impegno di lavoro",
];
const THANKS: &[&str] = &[
    "Super!",
    "Дуже дякую",
    "Very happy",
    "Merci, parfait",
    "Jättebra",
    "Bravissimi",
    "Będę wracać",
];
const REMARKS: &[&str] = &[
    "Prosi o telefon dzień wcześniej",
    "Allergic to nuts",
    "Comes with a child",
    "Алергія на аміак",
    "Préfère le silence",
    "Parkerar på gården",
    "Preferisce la mattina",
    "Chce krócej niż zwykle",
];
const WARES: &[&str] = &["Shampoo", "Odżywka", "Szczotka", "Gift card", "Oil"];
