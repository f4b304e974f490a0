//! What time each event gave back.

use domain::{
    booking::{Booking, BookingEvent, Resource},
    business::{Business, BusinessEvent},
    desk::{Desk, DeskEvent},
    event::AnyEvent,
    id::Id,
    session::{Session, SessionEvent},
    staff::{Staff, StaffEvent},
    time::{LocalSpan, Span, Zone},
    waitlist::{Freed, Request, WaitlistEvent, given_back},
};
use jiff::Timestamp;
use ledger::{BusinessId, Recorded};

use crate::{
    app::App,
    catalogue::Known,
    command::Kind,
    guarding::{Open, ahead, no_longer_open},
    problem::Problem,
};

impl App {
    /// The time that these events gave back and that still lies ahead.
    pub(super) async fn freed_by(
        &self,
        business: BusinessId,
        known: &Known,
        events: &[Recorded],
    ) -> Result<Vec<Freed>, Problem> {
        let mut freed = vec![];
        for event in events {
            freed.extend(self.freed_by_one(business, known, event).await?);
        }
        let from = super::earliest(known, self.now());
        freed.retain(|freed| from < freed.during.end());
        freed.sort_unstable();
        freed.dedup();
        Ok(freed)
    }

    async fn freed_by_one(
        &self,
        business: BusinessId,
        known: &Known,
        event: &Recorded,
    ) -> Result<Vec<Freed>, Problem> {
        let (kind, id) = (&event.stream.kind, event.stream.id);
        let told = AnyEvent::decode(kind, id, event.payload.get()).map_err(Problem::internal)?;
        let closing = Closing {
            known,
            now: self.now(),
        };
        Ok(match told {
            AnyEvent::Booking(_, told) if booking_may(&told) => {
                let (before, after) = self.around::<Booking>(business, event).await?;
                given_back(&before.claims(), &after.claims())
            }
            AnyEvent::Waitlist(_, told) if request_may(&told) => {
                let (before, after) = self.around::<Request>(business, event).await?;
                given_back(&before.claims(), &after.claims())
            }
            AnyEvent::Staff(id, told) if staff_may(&told) => {
                let (before, after) = self.around::<Staff>(business, event).await?;
                closing.of_staff(id, &before, &after)?
            }
            AnyEvent::Desk(id, told) if desk_may(&told) => {
                let (before, after) = self.around::<Desk>(business, event).await?;
                closing.of_desk(id, &before, &after)?
            }
            AnyEvent::Business(_, told) if house_may(&told) => {
                let (before, after) = self.around::<Business>(business, event).await?;
                closing.of_house(&before, &after)?
            }
            AnyEvent::Session(id, told) if session_may(&told) => {
                let (before, after) = self.around::<Session>(business, event).await?;
                of_session(id, &before, &after)
            }
            AnyEvent::Business(..)
            | AnyEvent::Service(..)
            | AnyEvent::Staff(..)
            | AnyEvent::Desk(..)
            | AnyEvent::Class(..)
            | AnyEvent::Session(..)
            | AnyEvent::Client(..)
            | AnyEvent::Booking(..)
            | AnyEvent::Access(..)
            | AnyEvent::Waitlist(..)
            | AnyEvent::Webhook(..)
            | AnyEvent::Segment(..)
            | AnyEvent::Campaign(..)
            | AnyEvent::Notification(..) => vec![],
        })
    }

    /// A stream as it stood before an event, and after it. What is sealed stays so.
    async fn around<A: Kind>(
        &self,
        business: BusinessId,
        event: &Recorded,
    ) -> Result<(A, A), Problem> {
        let events = self.ledger().events_of(business, &event.stream).await?;
        let mut before = A::default();
        for past in events.iter().filter(|past| past.version < event.version) {
            let payload = serde_json::from_str(past.payload.get());
            before.apply(payload.map_err(Problem::internal)?);
        }
        let mut after = before.clone();
        let payload = serde_json::from_str(event.payload.get());
        after.apply(payload.map_err(Problem::internal)?);
        Ok((before, after))
    }
}

const fn booking_may(event: &BookingEvent) -> bool {
    use BookingEvent as E;
    match event {
        E::Rescheduled { .. }
        | E::ServiceChanged { .. }
        | E::Completed(_)
        | E::MarkedNoShow(_)
        | E::Cancelled { .. }
        | E::StatusCorrected { .. }
        | E::Deleted { .. }
        | E::Restored { .. } => true,
        E::Placed(_)
        | E::Confirmed(_)
        | E::PriceChanged { .. }
        | E::Arrived(_)
        | E::Left(_)
        | E::PresenceCorrected { .. }
        | E::Commented(_)
        | E::PaymentRecorded(_)
        | E::PaymentRefunded(_)
        | E::Reviewed(_) => false,
    }
}

const fn request_may(event: &WaitlistEvent) -> bool {
    use WaitlistEvent as E;
    match event {
        E::OfferLapsed { .. }
        | E::OfferDeclined { .. }
        | E::Converted { .. }
        | E::Withdrawn { .. } => true,
        E::Requested(_) | E::WishesChanged { .. } | E::Offered(_) | E::Expired { .. } => false,
    }
}

const fn staff_may(event: &StaffEvent) -> bool {
    use StaffEvent as E;
    match event {
        E::Joined(_) | E::WorkingHoursSet { .. } | E::AbsenceCancelled { .. } => true,
        E::DetailsChanged { .. }
        | E::SlotIntervalSet { .. }
        | E::ServicesAssigned { .. }
        | E::AbsencePlanned { .. }
        | E::Left {}
        | E::CalendarFeedOpened { .. }
        | E::CalendarFeedClosed {} => false,
    }
}

const fn desk_may(event: &DeskEvent) -> bool {
    use DeskEvent as E;
    match event {
        E::Added(_)
        | E::DetailsChanged { .. }
        | E::HoursSet { .. }
        | E::Opened {}
        | E::HolidayCancelled { .. } => true,
        E::ServicesAssigned { .. }
        | E::OperatorAssigned { .. }
        | E::Closed {}
        | E::HolidayPlanned { .. }
        | E::Retired {} => false,
    }
}

const fn session_may(event: &SessionEvent) -> bool {
    use SessionEvent as E;
    match event {
        E::Moved { .. } | E::CapacityChanged { .. } | E::Cancelled { .. } => true,
        E::Scheduled(_) => false,
    }
}

/// The time that it no longer takes, and the seats that it has now.
fn of_session(id: Id<Session>, before: &Session, after: &Session) -> Vec<Freed> {
    let mut freed = given_back(&before.claims(), &after.claims());
    if let (Ok(was), Ok(is)) = (before.standing(), after.standing())
        && was.capacity < is.capacity
    {
        freed.push(Freed {
            resource: Some(Resource::Session(id)),
            during: is.setting.span(),
        });
    }
    freed
}

const fn house_may(event: &BusinessEvent) -> bool {
    use BusinessEvent as E;
    match event {
        E::HoursSet { .. } | E::ClosureChanged { .. } | E::ClosureCancelled { .. } => true,
        E::Opened { .. }
        | E::SettingsChanged(_)
        | E::ClosurePlanned { .. }
        | E::PolicySet { .. }
        | E::WaitlistRulesSet { .. }
        | E::ReportRulesSet { .. } => false,
    }
}

/// Time that was closed and is open now.
struct Closing<'a> {
    known: &'a Known,
    now: Timestamp,
}

impl Closing<'_> {
    fn zone(&self) -> Result<&Zone, Problem> {
        Ok(&self.known.settings()?.time_zone)
    }

    fn of_staff(
        &self,
        id: Id<Staff>,
        before: &Staff,
        after: &Staff,
    ) -> Result<Vec<Freed>, Problem> {
        let away = |staff: &Staff| -> Vec<_> { staff.absences.values().map(|a| a.span).collect() };
        let mut opened = self.no_longer(&away(before), &away(after))?;
        opened.extend(self.opened(self.hours_of(before), self.hours_of(after))?);
        Ok(freed(Some(Resource::Staff(id)), opened))
    }

    fn of_desk(&self, id: Id<Desk>, before: &Desk, after: &Desk) -> Result<Vec<Freed>, Problem> {
        fn hours(desk: &Desk) -> Open<'_> {
            match desk.standing() {
                Ok(place) if !desk.closed => {
                    place.working_hours.as_ref().map_or(Open::Always, Open::In)
                }
                Ok(_) | Err(_) => Open::Never,
            }
        }
        let room = |desk: &Desk| desk.place.as_ref().map_or(0, |place| place.capacity);
        let away = |desk: &Desk| -> Vec<_> { desk.holidays.values().copied().collect() };
        let mut opened = self.no_longer(&away(before), &away(after))?;
        // More seats are as if all of it were new.
        let was = if room(before) < room(after) {
            Open::Never
        } else {
            hours(before)
        };
        opened.extend(self.opened(was, hours(after))?);
        Ok(freed(Some(Resource::Desk(id)), opened))
    }

    fn of_house(&self, before: &Business, after: &Business) -> Result<Vec<Freed>, Problem> {
        fn hours(house: &Business) -> Open<'_> {
            house.hours.as_ref().map_or(Open::Always, Open::In)
        }
        let closed =
            |house: &Business| -> Vec<_> { house.closures.values().map(|c| c.span).collect() };
        let mut opened = self.no_longer(&closed(before), &closed(after))?;
        opened.extend(self.opened(hours(before), hours(after))?);
        Ok(freed(None, opened))
    }

    /// Whose hours are not their own work those of the house, and never if it has none either.
    fn hours_of<'s>(&'s self, staff: &'s Staff) -> Open<'s> {
        let house = self.known.catalogue.business.hours.as_ref();
        match staff.working() {
            Ok(member) => member
                .working_hours
                .as_ref()
                .or(house)
                .map_or(Open::Never, Open::In),
            Err(_) => Open::Never,
        }
    }

    /// Of what was closed, what is closed no more.
    fn no_longer(
        &self,
        before: &[LocalSpan],
        after: &[LocalSpan],
    ) -> Result<Vec<ledger::Span>, Problem> {
        let gone = before.iter().filter(|span| !after.contains(span));
        Ok(ahead(gone, self.zone()?, self.now))
    }

    /// What opens is what would close if it were taken back.
    fn opened(&self, before: Open<'_>, after: Open<'_>) -> Result<Vec<ledger::Span>, Problem> {
        Ok(no_longer_open(after, before, self.zone()?, self.now))
    }
}

fn freed(resource: Option<Resource>, spans: Vec<ledger::Span>) -> Vec<Freed> {
    let spans = spans.into_iter().filter_map(|span| {
        let during = Span::new(span.start, span.end.unwrap_or(Timestamp::MAX)).ok()?;
        Some(Freed { resource, during })
    });
    spans.collect()
}
