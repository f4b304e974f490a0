//! What a line asks of a booking, and the command that it becomes once the booking's state is known.

use domain::{
    actor::Actor,
    booking::{
        Booking, BookingCommand, BookingError, Comment, Held, Imported, Payment, Placement, Plan,
        Reference, Status, Told,
    },
    client::Client,
    id::Id,
    money::Money,
    sealed::{KeyId, Sealed},
    service::{Service, Timing},
    staff::Staff,
    text::{FreeText, Label, Origin},
    time::Minutes,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{fields::Reason, moment::Start};

/// A step in a booking's life.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) at: Timestamp,
    pub(super) note: Option<FreeText>,
    pub(super) what: What,
}

/// Which step.
#[derive(Debug, Clone)]
pub(super) enum What {
    Book(Box<Book>),
    Confirm,
    Move {
        start: Start,
        /// None: as long as before.
        length: Option<Minutes>,
        /// None: by whom it was.
        staff_id: Option<Id<Staff>>,
    },
    Cancel,
    Complete,
    MarkNoShow,
    Comment(FreeText),
    Pay {
        amount: Money,
        method: Label,
    },
}

/// What a booking was made with.
#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) client_id: Option<Id<Client>>,
    pub(super) service_id: Option<Id<Service>>,
    pub(super) staff_id: Option<Id<Staff>>,
    pub(super) start: Start,
    pub(super) length: Minutes,
    pub(super) price: Money,
    pub(super) status: Status,
    pub(super) source: Origin,
}

/// What the file alone cannot say.
#[derive(Debug, Clone)]
pub(super) struct Around {
    /// For a new booking.
    pub(super) reference: Reference,
    /// What is over by now holds no time.
    pub(super) now: Timestamp,
    /// Another booking stands there.
    pub(super) overlaps: bool,
}

impl Asked {
    /// What the booking would be planned as; none if the step leaves its plan alone.
    pub(super) fn plan(&self, booking: &Booking) -> Option<Plan> {
        match &self.what {
            What::Book(book) => Some(Plan {
                service_id: book.service_id,
                staff_id: book.staff_id,
                desk_id: None,
                start: book.start.at,
                hour_unknown: book.start.hour_unknown,
                timing: Timing::plain(book.length),
                joints: Default::default(),
                price: book.price,
                session_id: None,
            }),
            What::Move {
                start,
                length,
                staff_id,
            } => {
                let before = &booking.held().ok()?.plan;
                Some(Plan {
                    staff_id: staff_id.or(before.staff_id),
                    // Of a desk that it was given here since, the other system knows nothing.
                    desk_id: None,
                    start: start.at,
                    hour_unknown: start.hour_unknown,
                    timing: length.map_or(before.timing, Timing::plain),
                    joints: Default::default(),
                    ..before.clone()
                })
            }
            What::Confirm
            | What::Cancel
            | What::Complete
            | What::MarkNoShow
            | What::Comment(_)
            | What::Pay { .. } => None,
        }
    }

    /// Under whose key its words are sealed: the client's, else the booking's own.
    fn key(&self, id: Id<Booking>, booking: &Booking) -> KeyId {
        let client_id = if let What::Book(book) = &self.what {
            book.client_id
        } else {
            booking.held().ok().and_then(|held| held.client_id)
        };
        client_id.map_or_else(|| KeyId::from(id), KeyId::from)
    }

    /// The key that it needs; none if nothing of it is sealed.
    pub(super) fn seals_under(&self, id: Id<Booking>, booking: &Booking) -> Option<Uuid> {
        let words = self.note.is_some() || matches!(self.what, What::Comment(_));
        words.then(|| self.key(id, booking).uuid())
    }

    /// The command for a booking that stands like this.
    pub(super) fn command(
        &self,
        id: Id<Booking>,
        booking: &Booking,
        around: Around,
    ) -> Result<BookingCommand, BookingError> {
        let key = self.key(id, booking);
        let at = self.at;
        let note = self.note.clone().map(|note| Sealed::open(key, note));
        let imported = |plan: &Plan, note| Imported {
            holds_time: !plan.hour_unknown && plan.end() > around.now,
            overlaps: around.overlaps,
            note,
        };
        Ok(match &self.what {
            What::Book(book) => {
                let plan = self.plan(booking).ok_or(BookingError::NotPlaced)?;
                BookingCommand::Place(Box::new(Placement {
                    reference: around.reference,
                    visit_id: None,
                    series_id: None,
                    client_id: book.client_id,
                    imported: Some(imported(&plan, note)),
                    plan,
                    status: book.status,
                    source: book.source.clone(),
                    at,
                    online: None,
                }))
            }
            What::Move { .. } => {
                let to = self.plan(booking).ok_or(BookingError::NotPlaced)?;
                BookingCommand::Reschedule {
                    imported: Some(imported(&to, note)),
                    to: Box::new(to),
                }
            }
            What::Confirm => BookingCommand::Confirm(Told { at, note }),
            What::Complete => BookingCommand::Complete(Told { at, note }),
            What::MarkNoShow => BookingCommand::MarkNoShow(Told { at, note }),
            What::Cancel => BookingCommand::Cancel {
                at,
                reason: None,
                note,
            },
            What::Comment(text) => BookingCommand::Comment(Comment {
                comment_id: Id::new(Uuid::now_v7()),
                text: Sealed::open(key, text.clone()),
                at,
                by: Actor::import(),
                note,
            }),
            What::Pay { amount, method } => BookingCommand::RecordPayment {
                payment: Payment {
                    payment_id: Id::new(Uuid::now_v7()),
                    amount: *amount,
                    method: method.clone(),
                    at,
                    by: Actor::import(),
                    note,
                },
                imported: true,
            },
        })
    }
}

/// Why a step does not fit the booking's life, for whoever reads the report.
pub(super) fn refusal(error: &BookingError, booking: &str) -> Reason {
    let booking: String = booking.chars().take(60).collect();
    match error {
        BookingError::NotPlaced => format!("{booking} was not booked before this line"),
        BookingError::AlreadyPlaced => format!("{booking} was booked before"),
        BookingError::WrongState { status, .. } => {
            format!("{booking} is {} already", status.as_str().replace('_', "-"))
        }
        other @ (BookingError::CannotBegin(_)
        | BookingError::Deleted { .. }
        | BookingError::NotArrived
        | BookingError::NegativePrice
        | BookingError::NotPositive
        | BookingError::MoreThanPaid { .. }
        | BookingError::NoSuchPayment
        | BookingError::OtherCurrency { .. }
        | BookingError::IsSeat
        | BookingError::IsNoSeat
        | BookingError::Rating) => format!("{booking}: {other}"),
    }
}

/// Whether it stands in the way of others, as the other system saw it: not once it is cancelled or missed.
pub(super) fn stands_in_the_way(held: &Held) -> bool {
    held.status.holds_time() && !held.deleted && !held.plan.hour_unknown
}
