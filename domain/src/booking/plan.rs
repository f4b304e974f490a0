//! What was agreed: which service, by whom, where, from when to when, for how much, and the time that takes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    client::Client,
    desk::Desk,
    id::Id,
    money::Money,
    service::{Service, Timing},
    session::Session,
    staff::Staff,
    time::{Minutes, Span},
};

/// What a booking was made with. Later changes of the catalogue leave it alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Plan {
    /// What is done; none only where another system did not tell.
    pub service_id: Option<Id<Service>>,
    /// By whom; none only where another system did not tell.
    pub staff_id: Option<Id<Staff>>,
    /// Where; none if the service needs no desk.
    pub desk_id: Option<Id<Desk>>,
    /// When it begins; the day's first instant while the hour is unknown.
    pub start: Timestamp,
    /// Only the day is known, from another system. Such a booking holds no time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hour_unknown: bool,
    /// How long it takes, around and in its middle.
    pub timing: Timing,
    /// Inside a visit, between two services of one person or desk, no buffer is kept: what is left out.
    #[serde(default, skip_serializing_if = "Joints::is_none")]
    pub joints: Joints,
    /// What it costs.
    pub price: Money,
    /// It is a seat in this session of a class, which holds the time of its staff member and desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Id<Session>>,
}

/// A start and what is taken from it on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeTaken {
    pub(crate) start: Timestamp,
    pub(crate) timing: Timing,
    pub(crate) joints: Joints,
}

/// Which buffers fall away because the visit's neighbouring service has the same person or desk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts, not a state"
)]
pub struct Joints {
    /// The service before has the same staff member.
    pub staff_before: bool,
    /// The service after has the same staff member.
    pub staff_after: bool,
    /// The service before has the same desk.
    pub desk_before: bool,
    /// The service after has the same desk.
    pub desk_after: bool,
}

impl Joints {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Who or what is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// A staff member, who does one thing at a time.
    Staff(Id<Staff>),
    /// A desk, which serves as many as it has room for.
    Desk(Id<Desk>),
    /// A session of a class, which has so many seats.
    Session(Id<Session>),
    /// A client's place in a session: nobody sits on two seats.
    Guest(Id<Session>, Id<Client>),
}

impl Resource {
    /// What it is known by among claims: its own id, but a place in a session has one of its own.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        match self {
            Self::Staff(id) => id.uuid(),
            Self::Desk(id) => id.uuid(),
            Self::Session(id) => id.uuid(),
            Self::Guest(session, client) => Uuid::new_v5(&session.uuid(), client.uuid().as_bytes()),
        }
    }
}

/// A stretch of time that a booking takes of somebody or something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claim {
    /// Who or what.
    pub resource: Resource,
    /// With buffers.
    pub during: Span,
    /// Without them: what an absence or closure collides with.
    pub body: Span,
}

impl Plan {
    /// When it ends.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.taken().end()
    }

    /// From start to end, without buffers.
    #[must_use]
    pub fn span(&self) -> Span {
        self.taken().span()
    }

    /// The time that it takes: of its staff member the busy parts, of its desk the whole (API §8, rule 9). Of a seat:
    /// the seat, until the session is over.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        self.claims_for(None)
    }

    /// As [`claims`](Self::claims); `client` takes one seat of a session, and no other beside it.
    #[must_use]
    pub fn claims_for(&self, client: Option<Id<Client>>) -> Vec<Claim> {
        if let Some(session_id) = self.session_id {
            // All seats of a session meet in time, whenever it is: they are counted, not laid side by side.
            let during = between(LONG_AGO, self.end());
            let claim = |resource| Claim {
                resource,
                during,
                body: self.span(),
            };
            let guest = client.map(|client| claim(Resource::Guest(session_id, client)));
            return std::iter::once(claim(Resource::Session(session_id)))
                .chain(guest)
                .collect();
        }
        if self.hour_unknown {
            return vec![];
        }
        self.taken().claims(self.staff_id, self.desk_id)
    }

    fn taken(&self) -> TimeTaken {
        TimeTaken {
            start: self.start,
            timing: self.timing,
            joints: self.joints,
        }
    }
}

impl TimeTaken {
    pub(crate) fn end(&self) -> Timestamp {
        later(self.start, self.timing.duration_min)
    }

    pub(crate) fn span(&self) -> Span {
        between(self.start, self.end())
    }

    pub(crate) fn claims(
        &self,
        staff_id: Option<Id<Staff>>,
        desk_id: Option<Id<Desk>>,
    ) -> Vec<Claim> {
        if self.timing.duration_min.get() == 0 {
            return vec![];
        }
        let mut claims = vec![];
        let Timing {
            buffer_before_min: before,
            buffer_after_min: after,
            ..
        } = self.timing;
        let kept = |joined: bool, buffer: Minutes| if joined { Minutes::ZERO } else { buffer };
        if let Some(staff_id) = staff_id {
            let first = earlier(self.start, kept(self.joints.staff_before, before));
            let last = later(self.end(), kept(self.joints.staff_after, after));
            let resource = Resource::Staff(staff_id);
            match self.timing.processing {
                None => claims.push(Claim {
                    resource,
                    during: between(first, last),
                    body: self.span(),
                }),
                Some(p) => {
                    let pause = later(self.start, p.after_min);
                    let resume = later(pause, p.for_min);
                    claims.push(Claim {
                        resource,
                        during: between(first, pause),
                        body: between(self.start, pause),
                    });
                    claims.push(Claim {
                        resource,
                        during: between(resume, last),
                        body: between(resume, self.end()),
                    });
                }
            }
        }
        if let Some(desk_id) = desk_id {
            let first = earlier(self.start, kept(self.joints.desk_before, before));
            let last = later(self.end(), kept(self.joints.desk_after, after));
            claims.push(Claim {
                resource: Resource::Desk(desk_id),
                during: between(first, last),
                body: self.span(),
            });
        }
        // A service that begins or ends with its processing time takes nothing of the staff member there.
        claims.retain(|c| !c.during.is_empty());
        claims
    }
}

/// Before all bookings; and not the first instant that can be written here, which databases cannot.
pub(crate) const LONG_AGO: Timestamp = Timestamp::constant(-2_208_988_800, 0);

/// `start` is never after `end` here: both come from one start by adding lengths.
fn between(start: Timestamp, end: Timestamp) -> Span {
    Span::new(start, end.max(start)).expect("an end that is not before the start")
}

fn later(instant: Timestamp, by: Minutes) -> Timestamp {
    instant.saturating_add(by.to_duration()).unwrap_or(instant)
}

fn earlier(instant: Timestamp, by: Minutes) -> Timestamp {
    instant.saturating_sub(by.to_duration()).unwrap_or(instant)
}
