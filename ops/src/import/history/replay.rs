//! The file's own story, told from its beginning whatever the ledger holds already: each line is tried on its
//! booking as the lines before it left it. So a line is refused for the same reason however often the file
//! comes, and what overlapped is seen at the moment at which it did.

use std::collections::{HashMap, HashSet};

use cqrs_es::Aggregate as _;
use domain::{
    booking::{Booking, Held, Reference, Status},
    business::Settings,
    client::Client,
    id::Id,
    money::Money,
    service::{Offer, Service},
    staff::Staff,
    text::{FreeText, Label, Origin},
    time::{Minutes, Span},
};
use jiff::Timestamp;

use super::{
    amount,
    asked::{self, Around, Asked, Book, What},
    fields::Reason,
    line::{Kind, Line},
    refs::Refs,
    spans::Spans,
    survey::Survey,
};

/// A line that makes sense, and is to be done in the ledger.
#[derive(Debug)]
pub(super) struct Step<'f> {
    pub(super) line: &'f Line,
    /// Under which the ledger remembers it.
    pub(super) name: &'f str,
    pub(super) at: Timestamp,
    pub(super) target: Target,
    /// The first line that shows this staff member at this service.
    pub(super) pairs: bool,
}

/// What a line is written to.
#[derive(Debug)]
pub(super) enum Target {
    Booking {
        id: Id<Booking>,
        asked: Asked,
        overlaps: bool,
    },
    Sale {
        client: Id<Client>,
        sold: Sold,
    },
}

/// A payment without a booking.
#[derive(Debug, Clone)]
pub(super) struct Sold {
    pub(super) amount: Money,
    pub(super) method: Label,
    pub(super) staff_id: Option<Id<Staff>>,
    pub(super) service_id: Option<Id<Service>>,
    pub(super) note: Option<FreeText>,
}

/// What became of a line in the file's own story.
#[derive(Debug)]
pub(super) enum Told<'f> {
    Step(Box<Step<'f>>),
    /// The ledger has it.
    There,
    /// It tells what was so before: cancelled twice.
    AlreadySo,
    Refused(Reason),
}

/// What the story is told with.
#[derive(Debug)]
pub(super) struct Setting<'f> {
    pub(super) settings: &'f Settings,
    pub(super) now: Timestamp,
    pub(super) survey: &'f Survey<'f>,
    pub(super) refs: &'f Refs<'f>,
    /// Price lists of services that the ledger had before.
    pub(super) offers: &'f HashMap<Id<Service>, Offer>,
}

/// The story so far.
pub(super) struct Replay<'f> {
    setting: &'f Setting<'f>,
    bookings: HashMap<Id<Booking>, Booking>,
    spans: Spans,
    pairs: HashSet<(Id<Staff>, Id<Service>)>,
    source: Origin,
    method: Label,
}

impl<'f> Replay<'f> {
    pub(super) fn new(setting: &'f Setting<'f>) -> Self {
        Self {
            setting,
            bookings: HashMap::new(),
            spans: Spans::default(),
            pairs: HashSet::new(),
            source: Origin::parse("import").expect("a plain word"),
            method: Label::parse("import").expect("a plain word"),
        }
    }

    /// A booking as the file alone leaves it.
    pub(super) fn booking(&self, id: Id<Booking>) -> Option<&Booking> {
        self.bookings.get(&id)
    }

    /// Tells the next line; `there`: the ledger has it from an earlier run.
    pub(super) fn tell(&mut self, line: &'f Line, name: &'f str, there: bool) -> Told<'f> {
        let told = self.try_line(line, name);
        match told {
            // Done is done, even where a later file would tell it otherwise.
            _ if there => Told::There,
            Ok(Some(step)) => Told::Step(Box::new(step)),
            Ok(None) => Told::AlreadySo,
            Err(reason) => Told::Refused(reason),
        }
    }

    fn try_line(&mut self, line: &'f Line, name: &'f str) -> Result<Option<Step<'f>>, Reason> {
        let at = line.at.happened(&self.setting.settings.time_zone)?;
        let target = match self.setting.refs.booking(line) {
            None => Some(self.sale(line)?),
            Some(id) => self.step(id, at, line)?,
        };
        let Some(target) = target else {
            return Ok(None);
        };
        let pairs = line.kind == Kind::Booked
            && match (
                self.setting.refs.staff(line),
                self.setting.refs.service(line),
            ) {
                (Some(staff), Some(service)) => self.pairs.insert((staff, service)),
                (Some(_) | None, _) => false,
            };
        Ok(Some(Step {
            line,
            name,
            at,
            target,
            pairs,
        }))
    }

    fn sale(&self, line: &Line) -> Result<Target, Reason> {
        let refs = self.setting.refs;
        Ok(Target::Sale {
            client: refs
                .client(line)
                .unwrap_or_else(|| Id::new(refs.walk_in().id)),
            sold: Sold {
                amount: self.amount(line)?,
                method: self.method(line),
                staff_id: refs.staff(line),
                service_id: refs.service(line),
                note: line.note.clone(),
            },
        })
    }

    /// Tries it on the booking. None: it was so before.
    fn step(
        &mut self,
        id: Id<Booking>,
        at: Timestamp,
        line: &Line,
    ) -> Result<Option<Target>, Reason> {
        let asked = Asked {
            at,
            note: line.note.clone(),
            what: self.what(line)?,
        };
        let booking = self.bookings.entry(id).or_default();
        let overlaps = asked.plan(booking).is_some_and(|plan| {
            let staff = plan.staff_id.filter(|_| !plan.hour_unknown);
            staff.is_some_and(|staff| self.spans.meets(staff, id, plan.span()))
        });
        let around = Around {
            reference: Reference::from_random(0),
            now: self.setting.now,
            overlaps,
        };
        let named = line.booking_ref.as_deref().unwrap_or_default();
        let events = asked
            .command(id, booking, around)
            .and_then(|command| booking.decide(command))
            .map_err(|error| asked::refusal(&error, named))?;
        if events.is_empty() {
            return Ok(None);
        }
        if let Some((staff, span)) = in_the_way(booking) {
            self.spans.remove(staff, id, span);
        }
        for event in events {
            booking.apply(event);
        }
        if let Some((staff, span)) = in_the_way(booking) {
            self.spans.add(staff, id, span);
        }
        Ok(Some(Target::Booking {
            id,
            asked,
            overlaps,
        }))
    }

    fn what(&self, line: &Line) -> Result<What, Reason> {
        let zone = &self.setting.settings.time_zone;
        let start = |moment: Option<super::moment::Moment>, name| match moment {
            Some(moment) => moment
                .start(zone)
                .map_err(|fault| format!("`{name}` {fault}")),
            None => Err(format!("`{name}` is missing")),
        };
        Ok(match line.kind {
            Kind::Booked => What::Book(Box::new(self.book(line, start(line.start, "start")?)?)),
            Kind::Confirmed => What::Confirm,
            Kind::Rescheduled => What::Move {
                start: start(line.to_start, "to_start")?,
                length: line.duration_min,
                staff_id: self.setting.refs.staff(line),
            },
            Kind::Cancelled => What::Cancel,
            Kind::Completed => What::Complete,
            Kind::NoShow => What::MarkNoShow,
            Kind::Commented => {
                What::Comment(line.text.clone().ok_or("`text` is missing".to_owned())?)
            }
            Kind::Paid => What::Pay {
                amount: self.amount(line)?,
                method: self.method(line),
            },
        })
    }

    fn book(&self, line: &Line, start: super::moment::Start) -> Result<Book, Reason> {
        let Setting {
            settings,
            survey,
            refs,
            offers,
            ..
        } = self.setting;
        let usual = line
            .service
            .as_deref()
            .map(|s| survey.usual(s))
            .unwrap_or_default();
        let (service_id, staff_id) = (refs.service(line), refs.staff(line));
        let listed = || {
            let offer = offers.get(&service_id?)?;
            Some(staff_id.map_or(offer.price, |staff| offer.price_of(staff)))
        };
        let price = match line.amount {
            Some(_) => self.amount(line)?,
            None => listed()
                .or_else(|| amount::money(usual.price?, settings.currency).ok())
                .unwrap_or_else(|| Money::zero(settings.currency)),
        };
        let waited = line
            .booking_ref
            .as_deref()
            .is_some_and(|b| survey.waited(b));
        Ok(Book {
            client_id: refs.client(line),
            service_id,
            staff_id,
            start,
            length: line.duration_min.or(usual.length).unwrap_or(Minutes::ZERO),
            price,
            status: if waited {
                Status::Requested
            } else {
                Status::Confirmed
            },
            source: self.source.clone(),
        })
    }

    fn amount(&self, line: &Line) -> Result<Money, Reason> {
        let number = line.amount.ok_or("`amount` is missing".to_owned())?;
        amount::money(number, self.setting.settings.currency)
    }

    fn method(&self, line: &Line) -> Label {
        line.method.clone().unwrap_or_else(|| self.method.clone())
    }
}

fn in_the_way(booking: &Booking) -> Option<(Id<Staff>, Span)> {
    let held: &Held = booking.held().ok()?;
    let staff = held.plan.staff_id?;
    asked::stands_in_the_way(held).then(|| (staff, held.plan.span()))
}
