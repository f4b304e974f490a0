//! What is answered when a request cannot be done: RFC 9457 `application/problem+json`.
//!
//! [`Code`] is the list of the API's refusals; [`refusals`] says which of them each error of the layers below
//! becomes. A [`Problem`] is put into the reader's language by [`speak`], the outermost layer of the router; its
//! cause, if it has one, is logged there, once, and never told.

mod advice;
mod refusals;

use std::{error::Error, fmt, sync::Arc};

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

pub use self::advice::Advice;
pub(crate) use self::refusals::{body_fault, bookings_affected, violations_of_hours};
use crate::texts::{Message, Speech};

/// The kinds of refusals, as programs tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request cannot be read at all.
    Malformed,
    /// Nobody is known to have sent it.
    Unauthenticated,
    /// No user has this e-mail address and password.
    BadCredentials,
    /// The password is right, and the second factor is asked for.
    CodeRequired,
    /// Who sent it may not.
    Forbidden,
    /// It belongs to a part of Daybook that the business has switched off.
    ModuleOff,
    /// A browser sent it on behalf of another site.
    CrossSite,
    /// There is no such thing in this business.
    NotFound,
    /// The thing is there, the method is not.
    MethodNotAllowed,
    /// The time is not free.
    SlotTaken,
    /// Something else happened at the same moment, or stands in the way.
    Conflict,
    /// The step does not fit where the thing stands in its life.
    WrongState,
    /// Bookings lie in time that would be closed.
    BookingsAffected,
    /// What was changed cannot be put back; `why` says what stands in the way.
    CannotRevert,
    /// The thing moved on since it was read (`If-Match`).
    Stale,
    /// The body is larger than is taken.
    TooLarge,
    /// The body is of a kind that is not taken here.
    UnsupportedMediaType,
    /// It can be read and makes no sense; `violations` say where.
    Invalid,
    /// The key was used for another request.
    IdempotencyKeyReused,
    /// The link is of what was agreed before; a newer one was given out since.
    LinkSuperseded,
    /// The client turned out to be another one, whom `merged_into` names.
    Merged,
    /// Not to be had online; the house will tell why.
    NotOnline,
    /// The visitor has not done what is asked of them before they book.
    ChallengeFailed,
    /// Tried too often.
    TooManyRequests,
    /// A fault of ours.
    Internal,
    /// The database is away, or the service is too busy.
    Unavailable,
    /// The position asked for has not been projected in time.
    NotYet,
}

impl Code {
    /// All of them, for the description of the API.
    pub const ALL: [Self; 27] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::BadCredentials,
        Self::CodeRequired,
        Self::Forbidden,
        Self::ModuleOff,
        Self::CrossSite,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::SlotTaken,
        Self::Conflict,
        Self::WrongState,
        Self::BookingsAffected,
        Self::CannotRevert,
        Self::Stale,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::IdempotencyKeyReused,
        Self::LinkSuperseded,
        Self::Merged,
        Self::NotOnline,
        Self::ChallengeFailed,
        Self::TooManyRequests,
        Self::Internal,
        Self::Unavailable,
        Self::NotYet,
    ];

    /// Status, word for programs, and the id of its title.
    const fn told(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::Malformed => (S::BAD_REQUEST, "malformed", "problem-malformed"),
            Self::Unauthenticated => (
                S::UNAUTHORIZED,
                "unauthenticated",
                "problem-unauthenticated",
            ),
            Self::BadCredentials => (
                S::UNAUTHORIZED,
                "bad_credentials",
                "problem-bad-credentials",
            ),
            Self::CodeRequired => (S::UNAUTHORIZED, "code_required", "problem-code-required"),
            Self::Forbidden => (S::FORBIDDEN, "forbidden", "problem-forbidden"),
            Self::ModuleOff => (S::FORBIDDEN, "module_off", "problem-module-off"),
            Self::CrossSite => (S::FORBIDDEN, "cross_site", "problem-cross-site"),
            Self::NotFound => (S::NOT_FOUND, "not_found", "problem-not-found"),
            Self::MethodNotAllowed => (
                S::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "problem-method-not-allowed",
            ),
            Self::SlotTaken => (S::CONFLICT, "slot_taken", "problem-slot-taken"),
            Self::Conflict => (S::CONFLICT, "conflict", "problem-conflict"),
            Self::WrongState => (S::CONFLICT, "wrong_state", "problem-wrong-state"),
            Self::BookingsAffected => (
                S::CONFLICT,
                "bookings_affected",
                "problem-bookings-affected",
            ),
            Self::CannotRevert => (S::CONFLICT, "cannot_revert", "problem-cannot-revert"),
            Self::Stale => (S::PRECONDITION_FAILED, "stale", "problem-stale"),
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, "too_large", "problem-too-large"),
            Self::UnsupportedMediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "problem-unsupported-media-type",
            ),
            Self::Invalid => (S::UNPROCESSABLE_ENTITY, "invalid", "problem-invalid"),
            Self::IdempotencyKeyReused => (
                S::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "problem-idempotency-key-reused",
            ),
            Self::LinkSuperseded => (S::GONE, "link_superseded", "problem-link-superseded"),
            Self::Merged => (S::GONE, "merged", "problem-merged"),
            Self::NotOnline => (S::CONFLICT, "not_online", "problem-not-online"),
            Self::ChallengeFailed => (S::FORBIDDEN, "challenge_failed", "problem-challenge-failed"),
            Self::TooManyRequests => (
                S::TOO_MANY_REQUESTS,
                "too_many_requests",
                "problem-too-many-requests",
            ),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "problem-internal"),
            Self::Unavailable => (S::SERVICE_UNAVAILABLE, "unavailable", "problem-unavailable"),
            Self::NotYet => (S::SERVICE_UNAVAILABLE, "not_yet", "problem-not-yet"),
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.told().0
    }

    /// The word for it in `code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.told().1
    }

    /// What people read.
    #[must_use]
    pub const fn title(self) -> Message {
        Message::new(self.told().2)
    }
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// Where it stands: the path in the body (`phones[0].number`), a query parameter, or a header's name.
    pub field: String,
    /// What is wrong. Its code is the message's id without `violation-`, in snake case.
    pub message: Message,
}

impl Violation {
    /// `field` is at fault; the message's id begins with `violation-`.
    pub fn new(field: impl Into<String>, message: Message) -> Self {
        Self {
            field: field.into(),
            message,
        }
    }

    /// The word for it in `code`.
    #[must_use]
    pub fn code(&self) -> String {
        let id = self.message.id();
        id.strip_prefix("violation-")
            .unwrap_or(id)
            .replace('-', "_")
    }
}

/// Why a request was not done.
#[derive(Clone)]
pub struct Problem(Box<Told>);

#[derive(Clone)]
struct Told {
    code: Code,
    detail: Option<Message>,
    violations: Vec<Violation>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A refusal without particulars.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self(Box::new(Told {
            code,
            detail: None,
            violations: vec![],
            members: Map::new(),
            headers: vec![],
            cause: None,
        }))
    }

    /// 422 for these fields.
    #[must_use]
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let mut problem = Self::new(Code::Invalid);
        problem.0.violations = violations;
        problem
    }

    /// 422 for one field.
    pub fn field(field: impl Into<String>, message: Message) -> Self {
        Self::invalid(vec![Violation::new(field, message)])
    }

    /// 404: absent, or another business's, which nobody is told.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// 500: a fault of ours, told to the log alone.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Code::Internal).because(cause)
    }

    /// 503: what is needed is away; worth another try in so many seconds.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Code::Unavailable).because(cause).retry_after(2)
    }

    /// With a sentence about this very case.
    #[must_use]
    pub fn detail(mut self, detail: Message) -> Self {
        self.0.detail = Some(detail);
        self
    }

    /// With fields at fault.
    #[must_use]
    pub fn violations(mut self, violations: Vec<Violation>) -> Self {
        self.0.violations = violations;
        self
    }

    /// With a member of its own: `next_free`, `bookings`.
    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.0.members.insert(member.to_owned(), value);
        self
    }

    /// The fields at fault stand inside of this one.
    #[must_use]
    pub fn under(mut self, field: &str) -> Self {
        for violation in &mut self.0.violations {
            violation.field = format!("{field}.{}", violation.field);
        }
        self
    }

    /// The word for what is wrong: of the first field at fault, else of the whole.
    #[must_use]
    pub fn word(&self) -> String {
        let first = self.0.violations.first();
        first.map_or_else(|| self.code().as_str().to_owned(), Violation::code)
    }

    /// All that is wrong is that ids name nothing in this business. It is answered alike, 404, whether such an id stands
    /// in the path, a query or a body.
    fn names_what_is_not_there(&self) -> bool {
        let violations = &self.0.violations;
        let is_absent = |violation: &Violation| {
            let name = violation.field.rsplit('.').next().unwrap_or_default();
            let name = name.split('[').next().unwrap_or_default();
            let by_id = name.ends_with("_id") || name.ends_with("_ids");
            by_id && violation.message.id() == "violation-not-found"
        };
        !violations.is_empty() && violations.iter().all(is_absent)
    }

    /// With a header of its own.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Worth another try in so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// With what goes to the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.cause = Some(Arc::from(cause.into()));
        self
    }

    /// Which refusal it is.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.0.code
    }

    /// The id of its sentence about this very case.
    pub(crate) fn detail_id(&self) -> Option<&'static str> {
        self.0.detail.as_ref().map(Message::id)
    }

    /// As JSON, in a language.
    #[must_use]
    pub fn say(&self, speech: Speech) -> Value {
        let Told {
            code,
            detail,
            violations,
            members,
            ..
        } = &*self.0;
        let mut json = members.clone();
        if *code == Code::SlotTaken {
            // Empty where nothing else is free, or nothing else would do.
            json.entry("next_free").or_insert_with(|| json!([]));
        }
        let (status, word, _) = code.told();
        let title = code.title();
        let mut put = |name: &str, value| json.insert(name.to_owned(), value);
        put("type", json!(format!("/api/docs#problem-{word}")));
        put("title", json!(title.say(speech)));
        put("status", json!(status.as_u16()));
        put("code", json!(word));
        // Always there, so that a reader needs no case for their absence.
        let detail = detail.as_ref().unwrap_or(&title);
        put("detail", json!(detail.say(speech)));
        let violations = violations.iter().map(|violation| {
            json!({
                "field": violation.field,
                "code": violation.code(),
                "message": violation.message.say(speech),
            })
        });
        put("violations", violations.collect());
        Value::Object(json)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("said", &self.say(Speech::En))
            .field("cause", &self.0.cause)
            .finish()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Told {
            code,
            detail,
            violations,
            ..
        } = &*self.0;
        f.write_str(&code.title().say(Speech::En))?;
        if let Some(detail) = detail {
            write!(f, ": {}", detail.say(Speech::En))?;
        }
        for violation in violations {
            let message = violation.message.say(Speech::En);
            write!(f, "; {} {message}", violation.field)?;
        }
        Ok(())
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let cause = self.0.cause.as_deref();
        cause.map(|cause| cause as &(dyn Error + 'static))
    }
}

impl From<Vec<Violation>> for Problem {
    fn from(violations: Vec<Violation>) -> Self {
        Self::invalid(violations)
    }
}

impl IntoResponse for Problem {
    /// Without words yet: [`speak`] finds it among the extensions and writes them.
    fn into_response(mut self) -> Response {
        if self.0.code == Code::Invalid && self.names_what_is_not_there() {
            self.0.code = Code::NotFound;
        }
        let mut response = self.0.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes each problem in the language of its reader, and its cause to the log.
pub async fn speak(request: Request, next: Next) -> Response {
    let speech = Speech::of(request.headers());
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    if let Some(cause) = &problem.0.cause {
        let told = chain(cause.as_ref());
        if problem.code() == Code::Internal {
            tracing::error!(error = told, "a request could not be done");
        } else {
            tracing::warn!(
                error = told,
                problem.code = problem.code().as_str(),
                "a request was put off"
            );
        }
    }
    *response.body_mut() = Body::from(problem.say(speech).to_string());
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/problem+json");
    headers.insert(CONTENT_TYPE, json);
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(speech.tag()));
    headers.extend(problem.0.headers);
    response
}

fn chain(error: &(dyn Error + Send + Sync)) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        told.push_str(": ");
        told.push_str(&cause.to_string());
        next = cause.source();
    }
    told
}
