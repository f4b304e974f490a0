//! One append's steps, each decided by its aggregate as the steps before leave it.

use cqrs_es::Aggregate;
use domain::{
    actor::Actor,
    booking::{Booking, Claim as Taken, Plan, Reference, Resource},
    client::{Client, ClientCommand, ClientEvent, Sale},
    id::Id,
    sealed::Sealed,
    service::{Service, ServiceCommand},
    staff::{Staff, StaffCommand, StaffWanted},
};
use jiff::Timestamp;
use ledger::{Busy, Claim, ClaimSet, Span, Version};
use uuid::Uuid;

use super::{
    ImportError,
    asked::{self, Around, Asked},
    draft::{Draft, Rank},
    fields::Reason,
    identity, making,
    refs::Ref,
    replay::{Sold, Step, Target},
    writer::{States, Stood, Writer},
};

/// The kind of name that a booking's reference is claimed under.
pub(super) const REFERENCE: &str = "reference";
/// The most events that one step brings: a service, a client with a note, a staff member and what they do,
/// its own.
const MOST_OF_A_STEP: usize = 6;

/// What became of a step in the ledger.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    Imported,
    /// The ledger knows it by another way.
    AlreadySo,
    Refused(Reason),
}

/// An append's draft, and how it would leave things.
pub(super) struct Drafting<'w, 'f> {
    writer: &'w Writer<'f>,
    foreign: &'w [Busy],
    draft: Draft,
    after: States,
    /// Bookings in the order in which they were touched: seats are dealt in it.
    touched: Vec<Uuid>,
}

impl<'w, 'f> Drafting<'w, 'f> {
    pub(super) fn new(writer: &'w Writer<'f>, foreign: &'w [Busy]) -> Self {
        Self {
            writer,
            foreign,
            draft: Draft::default(),
            after: States::default(),
            touched: vec![],
        }
    }

    /// As many of the waiting steps as one append takes; an outcome for each of them.
    pub(super) fn all(mut self) -> Result<(Draft, Vec<Outcome>, States), ImportError> {
        let mut outcomes = vec![];
        for step in &self.writer.waiting {
            if !self.draft.has_room_for(MOST_OF_A_STEP) {
                break;
            }
            outcomes.push(self.step(step)?);
        }
        self.replace_claims();
        Ok((self.draft, outcomes, self.after))
    }

    fn step(&mut self, step: &Step<'_>) -> Result<Outcome, ImportError> {
        let (owner, outcome) = match &step.target {
            Target::Booking {
                id,
                asked,
                overlaps,
            } => (id.uuid(), self.booking_step(step, *id, asked, *overlaps)?),
            Target::Sale { client, sold } => (client.uuid(), self.sell(step, *client, sold)?),
        };
        if let Outcome::Imported | Outcome::AlreadySo = outcome {
            self.draft.name(identity::LINE, step.name, owner);
        }
        Ok(outcome)
    }

    fn booking_step(
        &mut self,
        step: &Step<'_>,
        id: Id<Booking>,
        asked: &Asked,
        overlaps: bool,
    ) -> Result<Outcome, ImportError> {
        let stood = self.booking(id);
        let erased = asked.seals_under(id, &stood.state);
        if erased.is_some_and(|key| self.writer.gone.contains(&key)) {
            return Ok(Outcome::Refused(ERASED.to_owned()));
        }
        let plan = asked.plan(&stood.state);
        let reference = Reference::from_random(rand::random());
        let around = Around {
            reference: reference.clone(),
            now: self.writer.setting.now,
            overlaps: overlaps || plan.is_some_and(|plan| self.stands_on_foreign(&plan)),
        };
        let decided = asked
            .command(id, &stood.state, around)
            .and_then(|command| stood.state.decide(command));
        let events = match decided {
            Ok(events) if events.is_empty() => return Ok(Outcome::AlreadySo),
            Ok(events) => events,
            Err(error) => {
                let named = step.line.booking_ref.as_deref().unwrap_or_default();
                return Ok(Outcome::Refused(asked::refusal(&error, named)));
            }
        };
        self.make_refs(step)?;
        if stood.version == Version::NEW {
            let found = self.writer.setting.refs.booking_ref(step.line);
            self.claim_ref(identity::BOOKING, found);
            self.draft.name(REFERENCE, reference.as_str(), id.uuid());
        }
        let base = self.writer.stands.bookings.get(&id.uuid());
        let before = base.map_or(Version::NEW, |stood| stood.version);
        self.draft
            .put::<Booking>(Rank::Booking, id.uuid(), before, step.at, &events)?;
        let mut stood = stood;
        for event in events {
            stood.apply(event);
        }
        if self.after.bookings.insert(id.uuid(), stood).is_none() {
            self.touched.push(id.uuid());
        }
        Ok(Outcome::Imported)
    }

    fn sell(
        &mut self,
        step: &Step<'_>,
        id: Id<Client>,
        sold: &Sold,
    ) -> Result<Outcome, ImportError> {
        if sold.note.is_some() && self.writer.gone.contains(&id.uuid()) {
            return Ok(Outcome::Refused(ERASED.to_owned()));
        }
        self.make_refs(step)?;
        if step.line.client_ref.is_none() {
            self.make_walk_in(step.at)?;
        }
        let mut stood = self.client(id);
        let sale = Sale {
            payment_id: Id::new(Uuid::now_v7()),
            amount: sold.amount,
            method: sold.method.clone(),
            text: None,
            at: step.at,
            by: Actor::import(),
            staff_id: sold.staff_id,
            service_id: sold.service_id,
            note: sold.note.clone().map(|note| Sealed::open(id, note)),
        };
        let sell = ClientCommand::Sell {
            sale,
            imported: true,
        };
        match stood.state.decide(sell) {
            Ok(events) => {
                self.put_client(id, &mut stood, step.at, events)?;
                Ok(Outcome::Imported)
            }
            Err(error) => Ok(Outcome::Refused(error.to_string())),
        }
    }

    /// Makes what the line's refs stand for, where nothing has yet.
    fn make_refs(&mut self, step: &Step<'_>) -> Result<(), ImportError> {
        let refs = self.writer.setting.refs;
        if let Some(found) = refs.service_ref(step.line) {
            self.make_service(step, found)?;
        }
        if let Some(found) = refs.staff_ref(step.line) {
            self.make_staff(step, found)?;
        }
        if let Some(found) = refs.client_ref(step.line) {
            self.make_client(step, found)?;
        }
        if let (true, Some(staff), Some(service)) =
            (step.pairs, refs.staff(step.line), refs.service(step.line))
        {
            self.assign(staff, service, step.at)?;
        }
        Ok(())
    }

    fn make_service(&mut self, step: &Step<'_>, found: &Ref) -> Result<(), ImportError> {
        let made = &self.writer.stands.services;
        if found.known || made.contains(&found.id) || !self.after.services.insert(found.id) {
            return Ok(());
        }
        let setting = self.writer.setting;
        let told = step.line.service.as_deref().unwrap_or_default();
        let name = setting.survey.service_name(told);
        let offer = making::service(name, setting.survey.usual(told), setting.settings);
        let events = Service::default()
            .decide(ServiceCommand::Offer(offer))
            .map_err(|error| ImportError::Made(error.to_string()))?;
        self.draft
            .put::<Service>(Rank::Service, found.id, Version::NEW, step.at, &events)?;
        self.claim_ref(identity::SERVICE, Some(found));
        Ok(())
    }

    fn make_staff(&mut self, step: &Step<'_>, found: &Ref) -> Result<(), ImportError> {
        let id = Id::new(found.id);
        if found.known || self.staff(id).version != Version::NEW {
            return Ok(());
        }
        let told = step.line.staff_ref.as_deref().unwrap_or_default();
        let member = making::staff(id, self.writer.setting.survey.staff_name(told));
        let joined = StaffCommand::Join(member);
        self.staff_step(id, joined, step.at)?;
        self.claim_ref(identity::STAFF, Some(found));
        Ok(())
    }

    /// Who was booked for a service does it. Whoever has left the business stays as they are.
    fn assign(
        &mut self,
        staff: Id<Staff>,
        service: Id<Service>,
        at: Timestamp,
    ) -> Result<(), ImportError> {
        let stood = self.staff(staff);
        let Ok(member) = stood.state.working() else {
            return Ok(());
        };
        if member.service_ids.contains(&service) {
            return Ok(());
        }
        let mut service_ids = member.service_ids.clone();
        service_ids.push(service);
        let change = StaffCommand::Change(StaffWanted {
            service_ids: Some(service_ids),
            ..StaffWanted::default()
        });
        self.staff_step(staff, change, at)
    }

    fn staff_step(
        &mut self,
        id: Id<Staff>,
        command: StaffCommand,
        at: Timestamp,
    ) -> Result<(), ImportError> {
        let mut stood = self.staff(id);
        let events =
            (stood.state.decide(command)).map_err(|error| ImportError::Made(error.to_string()))?;
        let base = self.writer.stands.staff.get(&id.uuid());
        let before = base.map_or(Version::NEW, |stood| stood.version);
        self.draft
            .put::<Staff>(Rank::Staff, id.uuid(), before, at, &events)?;
        for event in events {
            stood.apply(event);
        }
        self.after.staff.insert(id.uuid(), stood);
        Ok(())
    }

    fn make_client(&mut self, step: &Step<'_>, found: &Ref) -> Result<(), ImportError> {
        let id = Id::new(found.id);
        if found.known || self.client(id).version != Version::NEW {
            return Ok(());
        }
        let setting = self.writer.setting;
        let told = step.line.client_ref.as_deref().unwrap_or_default();
        let contact = setting.survey.contact(told);
        let (card, note) = making::client(id, told, contact, setting.settings, step.at);
        let register = ClientCommand::Register(Box::new(card));
        for command in [register].into_iter().chain(note.map(ClientCommand::Note)) {
            self.client_step(id, command, step.at)?;
        }
        self.claim_ref(identity::CLIENT, Some(found));
        Ok(())
    }

    fn make_walk_in(&mut self, at: Timestamp) -> Result<(), ImportError> {
        let found = self.writer.setting.refs.walk_in();
        let id = Id::new(found.id);
        if found.known || self.client(id).version != Version::NEW {
            return Ok(());
        }
        let register = ClientCommand::Register(Box::new(making::walk_in(id)));
        self.client_step(id, register, at)?;
        self.claim_ref(identity::CLIENT, Some(found));
        Ok(())
    }

    fn client_step(
        &mut self,
        id: Id<Client>,
        command: ClientCommand,
        at: Timestamp,
    ) -> Result<(), ImportError> {
        let mut stood = self.client(id);
        let events =
            (stood.state.decide(command)).map_err(|error| ImportError::Made(error.to_string()))?;
        self.put_client(id, &mut stood, at, events)
    }

    fn put_client(
        &mut self,
        id: Id<Client>,
        stood: &mut Stood<Client>,
        at: Timestamp,
        events: Vec<ClientEvent>,
    ) -> Result<(), ImportError> {
        let base = self.writer.stands.clients.get(&id.uuid());
        let before = base.map_or(Version::NEW, |stood| stood.version);
        self.draft
            .put::<Client>(Rank::Client, id.uuid(), before, at, &events)?;
        for event in events {
            stood.apply(event);
        }
        // No rule looks at them, and a walk-in has very many.
        stood.state.sales.clear();
        self.after.clients.insert(id.uuid(), stood.clone());
        Ok(())
    }

    fn claim_ref(&mut self, kind: &'static str, found: Option<&Ref>) {
        if let Some(found) = found {
            self.draft.name(kind, &found.name, found.id);
        }
    }

    /// Time taken and given back by the bookings touched.
    fn replace_claims(&mut self) {
        for id in &self.touched {
            let before = self.writer.stands.bookings.get(id);
            let before = before.map(|stood| stood.state.claims()).unwrap_or_default();
            let stood = &self.after.bookings[id];
            let now = stood.state.claims();
            if now == before {
                continue;
            }
            // As it stood in the other system, whatever stands there already.
            let overlaps = (stood.state.held()).is_ok_and(|held| held.imported.is_some());
            self.draft.claims.push(ClaimSet {
                owner: *id,
                claims: now.iter().map(|taken| claim(taken, overlaps)).collect(),
                hold_until: None,
            });
        }
    }

    /// Whether a booking that was not brought in stands there.
    fn stands_on_foreign(&self, plan: &Plan) -> bool {
        plan.claims().iter().any(|taken| {
            let wanted = claim(taken, true);
            let meets =
                |busy: &Busy| busy.resource == wanted.resource && busy.during.meets(&wanted.during);
            self.foreign.iter().any(meets)
        })
    }

    fn booking(&self, id: Id<Booking>) -> Stood<Booking> {
        let touched = self.after.bookings.get(&id.uuid());
        let known = || self.writer.stands.bookings.get(&id.uuid());
        touched.or_else(known).cloned().unwrap_or_default()
    }

    fn client(&self, id: Id<Client>) -> Stood<Client> {
        let touched = self.after.clients.get(&id.uuid());
        let known = || self.writer.stands.clients.get(&id.uuid());
        touched.or_else(known).cloned().unwrap_or_default()
    }

    fn staff(&self, id: Id<Staff>) -> Stood<Staff> {
        let touched = self.after.staff.get(&id.uuid());
        let known = || self.writer.stands.staff.get(&id.uuid());
        touched.or_else(known).cloned().unwrap_or_default()
    }
}

const ERASED: &str = "the client was erased here: nothing more can be written about them";

impl<A: Aggregate> Stood<A> {
    fn apply(&mut self, event: A::Event) {
        self.state.apply(event);
        self.version = Version(self.version.0 + 1);
    }
}

fn claim(taken: &Taken, overlaps: bool) -> Claim {
    let span = |span: domain::time::Span| Span::new(span.start(), span.end());
    Claim {
        resource: match taken.resource {
            Resource::Staff(id) => id.uuid(),
            Resource::Desk(id) => id.uuid(),
            // Other systems tell of no seats.
            Resource::Session(id) | Resource::Guest(id, _) => id.uuid(),
        },
        capacity: 1,
        during: span(taken.during),
        body: span(taken.body),
        overlaps,
    }
}
