//! What a program, or its author, does about each problem: the list at `/api/docs#problem-CODE`.

use super::Code;

/// When a problem is answered, and what to do about it.
#[derive(Debug, Clone, Copy)]
pub struct Advice {
    /// When it is answered.
    pub when: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl Code {
    /// When it is answered, and what to do about it.
    #[must_use]
    pub const fn advice(self) -> Advice {
        let (when, remedy) = match self {
            Self::Malformed => (
                "The request cannot be read: the body is no JSON or not UTF-8, it did not arrive whole, or a header \
                 such as Idempotency-Key, If-Match or Daybook-Min-Position does not have its form.",
                "Correct the request as detail and violations say; sending the same again will not help.",
            ),
            Self::Unauthenticated => (
                "No API key and no session came with the request, or what came is unknown, expired or revoked.",
                "Send `Authorization: Bearer TOKEN` with a key that is good, or sign in again.",
            ),
            Self::BadCredentials => (
                "Nobody signs in with this e-mail address and password. Which of the two is wrong is never told.",
                "Ask the person again. After several wrong tries each further one has to wait.",
            ),
            Self::CodeRequired => (
                "The password is right, and this user has a second factor.",
                "Ask for the code of their authenticator, or one of their recovery codes, and send it along as code.",
            ),
            Self::Forbidden => (
                "Who calls is known, and may not do this.",
                "Call with a key or as a user that has the right, or have the right given by somebody who may.",
            ),
            Self::ModuleOff => (
                "The business has switched off the part of Daybook that this belongs to.",
                "Do without it, or have it switched on: PATCH /business, modules.",
            ),
            Self::CrossSite => (
                "A browser sent a change with its cookie from a page of another site.",
                "Call from a page of this service, or from a program with a bearer token instead of a cookie.",
            ),
            Self::NotFound => (
                "There is no such thing in this business. What exists in another business is answered alike.",
                "Check the id. What a change has just made is shown by a query with Daybook-Min-Position.",
            ),
            Self::MethodNotAllowed => (
                "The address is right and the method is not.",
                "Use one of the methods that the Allow header names.",
            ),
            Self::SlotTaken => (
                "Somebody else has the time, or it was never free.",
                "Choose among next_free, the next free slots, and send the request with that start.",
            ),
            Self::Conflict => (
                "Something else was changed at the same moment, or what is asked stands in the way of something that \
                 is there: detail says which.",
                "Read the thing again and repeat the request, with the same Idempotency-Key if there was one.",
            ),
            Self::WrongState => (
                "The step does not fit where the thing stands in its life: a cancelled booking cannot be completed.",
                "Read the thing; offer only the steps that fit its status.",
            ),
            Self::BookingsAffected => (
                "Bookings lie in time that would be closed. They are listed in bookings.",
                "Move or cancel them first, or send keep_bookings: true to leave them there, marked as to be moved.",
            ),
            Self::CannotRevert => (
                "The change cannot be put back: why says what stands in the way, field which one if it is a field.",
                "Where it was changed since, put the later change back first, or set the field yourself.",
            ),
            Self::Stale => (
                "The thing is no longer at the version that If-Match names.",
                "Read it again, look whether the change still makes sense, and send it with the new ETag.",
            ),
            Self::TooLarge => (
                "The body is larger than is taken: detail says how large it may be.",
                "Send less at once.",
            ),
            Self::UnsupportedMediaType => (
                "The body is of a kind that is not taken at this address.",
                "Send it with the Content-Type that detail names, usually application/json.",
            ),
            Self::Invalid => (
                "The request can be read and makes no sense. All fields at fault are in violations, each with a code.",
                "Correct these fields; show each message beside its field, it is in the reader's language.",
            ),
            Self::IdempotencyKeyReused => (
                "The Idempotency-Key was used within 30 days for a request that was another one.",
                "Use a new key for each new request; keep one only for repeating the very same request.",
            ),
            Self::LinkSuperseded => (
                "The manage link is of what was agreed before the booking was changed; a newer one was given out.",
                "Use the newest link. A visitor who has lost it asks the house.",
            ),
            Self::Merged => (
                "The client turned out to be another one, who is named in merged_into.",
                "Use that client's id from now on. Bookings and filters take either.",
            ),
            Self::NotOnline => (
                "It cannot be booked online: by this visitor, or as things stand. Why is the house's to tell.",
                "Show the business's phone number and address.",
            ),
            Self::ChallengeFailed => (
                "The visitor has not done what is asked of them before they book, or has done it too late.",
                "Ask for a new challenge, solve it, and send the booking with its answer.",
            ),
            Self::TooManyRequests => (
                "Tried too often, from one address or by one caller.",
                "Wait for as many seconds as Retry-After says.",
            ),
            Self::Internal => (
                "A fault of ours. Nothing of the request was done.",
                "Tell the operator the X-Request-Id; the log has the cause. Repeat with the same Idempotency-Key.",
            ),
            Self::Unavailable => (
                "The database is away or the service has too much to do. Where detail says that the outcome is \
                 unknown, the change may have been made.",
                "Repeat after Retry-After seconds, with the same Idempotency-Key, so that nothing is done twice.",
            ),
            Self::NotYet => (
                "What Daybook-Min-Position asks for has not come to the read models within 5 seconds. Or what is asked for \
                 is being put together for the first time, after an upgrade or an import, and would be told in part.",
                "Ask again after Retry-After seconds; check that the position is of this business.",
            ),
        };
        Advice { when, remedy }
    }
}
