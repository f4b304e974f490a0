//! What each error of the layers below is to the outside: one exhaustive `match` for each of them.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, header::LOCATION};
use cqrs_es::persist::PersistenceError;
use domain::{
    access::AccessError,
    booking::BookingError,
    business::BusinessError,
    class::{ClassError, MOST_EXCEPTIONS},
    client::{Client, ClientError},
    contact::ContactError,
    desk::{self, DeskError},
    hours::{BadHours, HoursFault},
    id::Id,
    money::MoneyError,
    recurrence::BadRule,
    segment::{self, FilterFault, SegmentError},
    service::{LONGEST_MIN, ServiceError, TimingField},
    session::{MOST_SEATS, SessionError},
    staff::StaffError,
    text::TextError,
    waitlist::{BadWish, WaitlistError, WishFault},
    webhook::{BadFilter, MOST_FILTERS, WebhookError},
};
use ledger::{AppendError, GuardHit, LoadError, ReadError, Refused, Span};
use projections::long_lists::NoPlace;
use serde_json::json;
use uuid::Uuid;
use vault::{OpenError, SealError};
use webhooks::BadTarget;

use super::{Code, Problem, Violation};
use crate::texts::Message;

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        if is_too_costly(&error) {
            Self::unavailable(error).detail(Message::new("detail-too-costly"))
        } else if is_away(&error) {
            Self::unavailable(error)
        } else {
            Self::internal(error)
        }
    }
}

/// A statement was given up because it took longer than anybody waits.
fn is_too_costly(error: &sqlx::Error) -> bool {
    const QUERY_CANCELED: &str = "57014";
    let refused = error.as_database_error();
    refused.and_then(|refused| refused.code()).as_deref() == Some(QUERY_CANCELED)
}

/// The database cannot be reached, or not in time; another try may succeed.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "sqlx may add to its errors, and does"
)]
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Connection lost (08), resources (53), shut down or starting (57), taken back for a deadlock (40), closed to
        // connections (55000), waited too long (55P03, 25P03).
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "53", "57", "40", "55000", "55P03", "25P03"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}

/// Looks through the layers for the database's own word.
fn database_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a sqlx::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<sqlx::Error>() {
            return Some(found);
        }
        next = match error.downcast_ref::<PersistenceError>() {
            Some(stored) => boxed(stored),
            None => error.source(),
        };
    }
    None
}

/// What postgres-es has put in a box, which it does not tell as its source.
fn boxed(error: &PersistenceError) -> Option<&(dyn std::error::Error + 'static)> {
    match error {
        PersistenceError::ConnectionError(inner)
        | PersistenceError::DeserializationError(inner)
        | PersistenceError::UnknownError(inner) => Some(&**inner),
        PersistenceError::OptimisticLockError => None,
    }
}

fn of_store(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    match database_error(&error) {
        Some(found) if is_away(found) => Problem::unavailable(error),
        Some(_) | None => Problem::internal(error),
    }
}

impl From<NoPlace> for Problem {
    fn from(error: NoPlace) -> Self {
        match error {
            NoPlace::Busy => Self::new(Code::Unavailable)
                .detail(Message::new("detail-exports-busy"))
                .retry_after(10),
            NoPlace::Store(error) => error.into(),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        of_store(error)
    }
}

impl From<LoadError> for Problem {
    fn from(error: LoadError) -> Self {
        of_store(error)
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        of_store(error)
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        match error {
            SealError::KeyDestroyed { .. } => erased(),
            SealError::Malformed { .. } | SealError::AlreadySealed { .. } => Self::internal(error),
            SealError::Keys(error) => error.into(),
        }
    }
}

/// Nothing more may be written about who was erased.
fn erased() -> Problem {
    Problem::new(Code::Conflict).detail(Message::new("detail-erased"))
}

impl From<AppendError> for Problem {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Refused(refused) => refused.into(),
            AppendError::Malformed(_) => Self::internal(error),
            AppendError::Crowded => Self::new(Code::Unavailable)
                .detail(Message::new("detail-crowded"))
                .retry_after(1),
            AppendError::Unavailable(_) => Self::unavailable(error),
            AppendError::Unknown(_) => {
                Self::unavailable(error).detail(Message::new("detail-outcome-unknown"))
            }
            AppendError::Store(_) => of_store(error),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::MovedOn { .. }
            | Refused::CatalogueMoved { .. }
            | Refused::PersonKeyMade { .. } => {
                Self::new(Code::Conflict).detail(Message::new("detail-moved-on"))
            }
            Refused::NoSuchStream { .. } => Self::not_found(),
            Refused::TimeTaken { .. } => Self::new(Code::SlotTaken),
            Refused::NameTaken { kind, .. } if kind == crate::access::EMAIL_NAME => {
                Self::field("email", Message::new("violation-email-taken"))
            }
            Refused::NameTaken { kind, .. } => Self::new(Code::Conflict)
                .detail(Message::new("detail-name-taken").with("kind", kind)),
            Refused::KeyReused => Self::new(Code::IdempotencyKeyReused),
            Refused::Guarded { by } => bookings_affected(&by, |_| false),
            Refused::PersonKeyGone { .. } => erased(),
        }
    }
}

/// One booking may hold several resources, and is told once.
/// 409: these lie in the time that would be closed. Some of them may be sessions of classes.
pub(crate) fn bookings_affected(hits: &[GuardHit], is_session: impl Fn(Uuid) -> bool) -> Problem {
    let mut bookings: BTreeMap<Uuid, Span> = BTreeMap::new();
    for hit in hits {
        let whole = bookings.entry(hit.owner).or_insert(hit.body);
        whole.start = whole.start.min(hit.body.start);
        whole.end = whole.end.zip(hit.body.end).map(|(one, two)| one.max(two));
    }
    let count = i64::try_from(bookings.len()).unwrap_or(i64::MAX);
    let mut bookings: Vec<_> = bookings.into_iter().collect();
    bookings.sort_by_key(|(id, span)| (span.start, *id));
    let told = bookings.into_iter().map(|(id, span)| {
        let kind = if is_session(id) { "session" } else { "booking" };
        json!({"id": id, "kind": kind, "start": span.start, "end": span.end})
    });
    Problem::new(Code::BookingsAffected)
        .detail(Message::new("detail-bookings-affected").with_number("count", count))
        .with("bookings", told.collect())
}

fn wrong_state(detail: &'static str) -> Problem {
    Problem::new(Code::WrongState).detail(Message::new(detail))
}

fn out_of_range(least: u32, most: u32) -> Message {
    Message::new("violation-out-of-range")
        .with_number("least", least)
        .with_number("most", most)
}

impl From<BusinessError> for Problem {
    fn from(error: BusinessError) -> Self {
        match error {
            BusinessError::NotOpened | BusinessError::NoSuchClosure => Self::not_found(),
            BusinessError::AlreadyOpened => Self::new(Code::Conflict),
            BusinessError::CurrencyInUse => {
                Self::field("currency", Message::new("violation-currency-in-use"))
            }
            BusinessError::NoLanguage => Self::field("languages", Message::new("violation-empty")),
            BusinessError::ConfirmedTwice => {
                Self::field("confirmation", Message::new("violation-confirmed-twice"))
            }
            BusinessError::ConsentTwice(_) => {
                Self::field("consents", Message::new("violation-twice"))
            }
            BusinessError::BadCost => {
                Self::field("cost_per_hour", Message::new("violation-negative"))
            }
            BusinessError::OutOfRange { field, least, most } => {
                Self::field(field, out_of_range(least, most))
            }
        }
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotOffered => Self::not_found(),
            ServiceError::AlreadyOffered => Self::new(Code::Conflict),
            ServiceError::Withdrawn => wrong_state("detail-withdrawn"),
            ServiceError::Length { field, least, most } => {
                let field = match field {
                    TimingField::Duration => "duration_min".to_owned(),
                    TimingField::DurationOf(staff) => format!("per_staff[{staff}].duration_min"),
                    TimingField::BufferBefore => "buffer_before_min".to_owned(),
                    TimingField::BufferAfter => "buffer_after_min".to_owned(),
                };
                Self::field(field, out_of_range(least, most))
            }
            ServiceError::ProcessingOutside { staff_id } => {
                let field = staff_id.map_or_else(
                    || "processing".to_owned(),
                    |staff| format!("per_staff[{staff}].duration_min"),
                );
                Self::field(field, Message::new("violation-processing-outside"))
            }
            ServiceError::NegativePrice { staff_id } => {
                let field = staff_id.map_or_else(
                    || "price".to_owned(),
                    |staff| format!("per_staff[{staff}].price"),
                );
                Self::field(field, Message::new("violation-negative"))
            }
            ServiceError::StaffTwice { staff_id } => Self::field(
                format!("per_staff[{staff_id}].staff_id"),
                Message::new("violation-twice"),
            ),
        }
    }
}

impl From<StaffError> for Problem {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::NotJoined | StaffError::NoSuchAbsence => Self::not_found(),
            StaffError::AlreadyJoined => Self::new(Code::Conflict),
            StaffError::Left => wrong_state("detail-left"),
            StaffError::SlotInterval => Self::field("slot_interval_min", out_of_range(1, 1_440)),
        }
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::NotAdded | DeskError::NoSuchHoliday => Self::not_found(),
            DeskError::AlreadyAdded => Self::new(Code::Conflict),
            DeskError::Retired => wrong_state("detail-retired"),
            DeskError::Capacity => Self::field("capacity", out_of_range(1, u32::from(desk::MOST))),
        }
    }
}

impl Problem {
    /// The client turned out to be this one: what is theirs is found there.
    fn merged(into: Id<Client>) -> Self {
        let problem = Self::new(Code::Merged).with("merged_into", json!(into));
        match HeaderValue::try_from(format!("/api/v1/clients/{into}")) {
            Ok(there) => problem.header(LOCATION, there),
            Err(_) => problem,
        }
    }
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::NotRegistered => Self::not_found(),
            ClientError::AlreadyRegistered => Self::new(Code::Conflict),
            ClientError::NotPositive => {
                Self::field("amount", Message::new("violation-not-positive"))
            }
            ClientError::Merged { into } => Self::merged(into),
            ClientError::WithThemselves => {
                Self::field("duplicate_id", Message::new("violation-themselves"))
            }
            ClientError::Erased => {
                Self::new(Code::WrongState).detail(Message::new("detail-client-erased"))
            }
            ClientError::HasTakenIn => {
                Self::new(Code::WrongState).detail(Message::new("detail-client-has-taken-in"))
            }
        }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NoSuchKey | AccessError::NoSuchUser => Self::not_found(),
            AccessError::Taken => Self::new(Code::Conflict),
            AccessError::AboveYou => {
                Self::new(Code::Forbidden).detail(Message::new("detail-above-you"))
            }
            AccessError::LastOwner => {
                Self::new(Code::WrongState).detail(Message::new("detail-last-owner"))
            }
            AccessError::Yourself => {
                Self::new(Code::WrongState).detail(Message::new("detail-yourself"))
            }
            AccessError::NotInvited => {
                Self::new(Code::WrongState).detail(Message::new("detail-not-invited"))
            }
            AccessError::NotSingle => Self::field("right", Message::new("violation-not-single")),
            AccessError::OwnersHaveAll => {
                Self::new(Code::WrongState).detail(Message::new("detail-owners-have-all"))
            }
        }
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::NotSetUp => Self::not_found(),
            WebhookError::AlreadySetUp => Self::new(Code::Conflict),
            WebhookError::TooManyFilters => {
                let most = i64::try_from(MOST_FILTERS).unwrap_or(i64::MAX);
                let most = Message::new("violation-too-many").with_number("max", most);
                Self::field("event_types", most)
            }
        }
    }
}

impl From<SegmentError> for Problem {
    fn from(error: SegmentError) -> Self {
        match error {
            SegmentError::NotSaved => Self::not_found(),
            SegmentError::AlreadySaved => Self::new(Code::Conflict),
        }
    }
}

impl From<BadFilter> for Message {
    fn from(BadFilter: BadFilter) -> Self {
        Self::new("violation-event-type")
    }
}

impl From<BadTarget> for Message {
    fn from(error: BadTarget) -> Self {
        Self::new(match error {
            BadTarget::Malformed => "violation-url",
            BadTarget::NotHttps => "violation-not-https",
            BadTarget::Credentials => "violation-url-credentials",
            BadTarget::Private => "violation-url-private",
        })
    }
}

impl From<segment::BadFilter> for Violation {
    fn from(segment::BadFilter { path, fault }: segment::BadFilter) -> Self {
        use FilterFault as F;
        let most = |most: usize| i64::try_from(most).unwrap_or(i64::MAX);
        let message = match fault {
            F::Missing => Message::new("violation-missing"),
            F::WrongType(wanted) => Message::new("violation-wrong-type").with("what", wanted),
            F::Unknown { there_is } => Message::new("violation-not-among").with("known", there_is),
            F::OneOf { of } => Message::new("violation-exactly-one").with("of", of),
            F::OutOfRange { least, most } => out_of_range(least, most),
            F::Below { least } => Message::new("violation-not-before").with("from", least),
            F::NotAfter { from } => {
                Message::new("violation-end-not-after-start").with("from", from)
            }
            F::Empty => Message::new("violation-empty"),
            F::TooMany(max) => Message::new("violation-too-many").with_number("max", most(max)),
            F::TooDeep(max) => Message::new("violation-too-deep").with_number("max", most(max)),
            F::Date => Message::new("violation-date"),
            F::Amount => Message::new("violation-not-money"),
            F::Id => Message::new("violation-form").with("what", "UUID"),
            F::Text(error) => error.into(),
            F::Contact(error) => error.into(),
        };
        Self::new(path, message)
    }
}

impl From<WaitlistError> for Problem {
    fn from(error: WaitlistError) -> Self {
        match error {
            WaitlistError::NotRequested => Self::not_found(),
            WaitlistError::AlreadyRequested => Self::new(Code::Conflict),
            WaitlistError::BadWishes(faults) => {
                Self::invalid(faults.into_iter().map(Violation::from).collect())
            }
            WaitlistError::WrongState { state, asked: _ } => Self::new(Code::WrongState)
                .detail(Message::new("detail-waitlist-state").with("state", state.as_str()))
                .with("state", json!(state.as_str())),
            WaitlistError::NothingOffered => {
                Self::field("start", Message::new("violation-nothing-offered"))
            }
        }
    }
}

impl From<BadWish> for Violation {
    fn from(BadWish { field, fault }: BadWish) -> Self {
        let message = match fault {
            WishFault::Empty => Message::new("violation-empty"),
            WishFault::TooMany { max } => Message::new("violation-too-many")
                .with_number("max", i64::try_from(max).unwrap_or(i64::MAX)),
            WishFault::EndBeforeStart { from } => {
                Message::new("violation-not-before").with("from", from)
            }
            WishFault::HoursEndNotAfterStart { from } => {
                Message::new("violation-end-not-after-start").with("from", from)
            }
            WishFault::BeginsAtTheEndOfTheDay => Message::new("violation-begins-at-the-end"),
        };
        Self::new(field, message)
    }
}

impl From<BookingError> for Problem {
    fn from(error: BookingError) -> Self {
        match error {
            BookingError::NotPlaced => Self::not_found(),
            BookingError::AlreadyPlaced => Self::new(Code::Conflict),
            BookingError::CannotBegin(status) => Self::field(
                "status",
                Message::new("violation-cannot-begin").with("status", status.as_str()),
            ),
            BookingError::WrongState { status, asked: _ } => Self::new(Code::WrongState)
                .detail(Message::new("detail-wrong-state").with("status", status.as_str()))
                .with("state", json!(status.as_str())),
            BookingError::Deleted { asked: _ } => {
                wrong_state("detail-deleted").with("state", json!("deleted"))
            }
            BookingError::NotArrived => wrong_state("detail-not-arrived"),
            BookingError::NegativePrice => Self::field("price", Message::new("violation-negative")),
            BookingError::NotPositive => {
                Self::field("amount", Message::new("violation-not-positive"))
            }
            BookingError::MoreThanPaid { left } => Self::field(
                "amount",
                Message::new("violation-more-than-paid").with("left", left),
            ),
            BookingError::NoSuchPayment => {
                Self::field("payment_id", Message::new("violation-not-found"))
            }
            BookingError::OtherCurrency { agreed } => Self::field(
                "amount",
                Message::new("violation-other-currency").with("currency", agreed.code()),
            ),
            BookingError::IsSeat => wrong_state("detail-is-seat"),
            BookingError::IsNoSeat => {
                Self::field("session_id", Message::new("violation-is-no-seat"))
            }
            BookingError::Rating => Self::field("rating", out_of_range(1, 5)),
        }
    }
}

impl From<ClassError> for Problem {
    fn from(error: ClassError) -> Self {
        match error {
            ClassError::NotTimetabled => Self::not_found(),
            ClassError::AlreadyTimetabled => Self::new(Code::Conflict),
            ClassError::Retired => wrong_state("detail-class-ended"),
            ClassError::Capacity => Self::field("capacity", out_of_range(1, MOST_SEATS.into())),
            ClassError::Length => {
                Self::field("timetable.duration_min", out_of_range(1, LONGEST_MIN))
            }
            ClassError::Exceptions => Self::field(
                "timetable.exceptions",
                Message::new("violation-too-many")
                    .with_number("max", i64::try_from(MOST_EXCEPTIONS).unwrap_or(i64::MAX)),
            ),
        }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NotScheduled => Self::not_found(),
            SessionError::AlreadyScheduled => Self::new(Code::Conflict),
            SessionError::Cancelled => wrong_state("detail-session-cancelled"),
            SessionError::Capacity => Self::field("capacity", out_of_range(1, MOST_SEATS.into())),
        }
    }
}

impl From<BadRule> for Message {
    fn from(error: BadRule) -> Self {
        Self::new("violation-rrule").with("what", error)
    }
}

impl From<TextError> for Message {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Empty => Self::new("violation-empty"),
            TextError::TooLong { max } => Self::new("violation-too-long")
                .with_number("max", i64::try_from(max).unwrap_or(i64::MAX)),
            TextError::Control => Self::new("violation-control-characters"),
            TextError::Form(form) => Self::new("violation-form").with("what", form),
        }
    }
}

impl From<ContactError> for Message {
    fn from(error: ContactError) -> Self {
        Self::new(match error {
            ContactError::Phone => "violation-phone",
            ContactError::Email => "violation-email",
            ContactError::Telegram => "violation-telegram",
            ContactError::Birthday => "violation-date",
            ContactError::FiscalCode => "violation-fiscal-code",
            ContactError::Country => "violation-country",
            ContactError::Language => "violation-language",
        })
    }
}

impl From<MoneyError> for Message {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::TooPrecise { currency, decimals } => Self::new("violation-too-precise")
                .with("currency", currency.code())
                .with_number("decimals", decimals),
            MoneyError::TooLarge => Self::new("violation-too-much"),
            MoneyError::NotANumber => Self::new("violation-not-money"),
            MoneyError::Mixed(currency, _) => {
                Self::new("violation-other-currency").with("currency", currency.code())
            }
        }
    }
}

/// What is wrong with hours that stand in the field `at`; in the body itself if that is empty.
pub(crate) fn violations_of_hours(at: &str, faults: Vec<BadHours>) -> Vec<Violation> {
    let violation = |BadHours { field, fault }| {
        let message = match fault {
            HoursFault::BeginsAtTheEndOfTheDay => Message::new("violation-begins-at-the-end"),
            HoursFault::EndNotAfterStart { from, to: _ } => {
                Message::new("violation-end-not-after-start").with("from", from)
            }
            HoursFault::DateTwice(_) => Message::new("violation-twice"),
        };
        let field = if at.is_empty() {
            field
        } else {
            format!("{at}.{field}")
        };
        Violation::new(field, message)
    };
    faults.into_iter().map(violation).collect()
}

/// What serde found wrong with a body (or a query), at which place in it.
pub(crate) fn body_fault<E: std::fmt::Display>(
    path: &serde_path_to_error::Path,
    error: &E,
) -> Violation {
    let said = error.to_string();
    // serde_json ends with the place in the text; the path says it better.
    let said = said.split(" at line ").next().unwrap_or_default();
    let path = path.to_string();
    let path = if path == "." { String::new() } else { path };
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    let named = || said.split('`').nth(1).unwrap_or_default();
    if said.starts_with("missing field") {
        return Violation::new(below(named()), Message::new("violation-missing"));
    }
    if said.starts_with("unknown field") {
        // The path ends with the unknown field already.
        let field = if path.is_empty() {
            named().to_owned()
        } else {
            path
        };
        return Violation::new(field, Message::new("violation-unknown-field"));
    }
    if said.starts_with("duplicate field") {
        let field = if path.is_empty() {
            named().to_owned()
        } else {
            path
        };
        return Violation::new(field, Message::new("violation-twice"));
    }
    let id = if said.starts_with("invalid type") {
        "violation-wrong-type"
    } else {
        "violation-form"
    };
    Violation::new(path, Message::new(id).with("what", said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_away_is_told_so_through_every_layer() {
        let boxed = |error: sqlx::Error| PersistenceError::UnknownError(Box::new(error));
        for problem in [
            Problem::from(sqlx::Error::PoolTimedOut),
            Problem::from(ReadError::from(sqlx::Error::PoolTimedOut)),
            Problem::from(LoadError::Store(boxed(sqlx::Error::PoolTimedOut))),
            Problem::from(LoadError::Store(boxed(sqlx::Error::PoolClosed))),
        ] {
            assert_eq!(problem.code(), Code::Unavailable, "{problem}");
        }
        let gone = Problem::from(LoadError::Store(boxed(sqlx::Error::RowNotFound)));
        assert_eq!(gone.code(), Code::Internal, "{gone}");
    }
}
