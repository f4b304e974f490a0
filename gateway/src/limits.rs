//! How often somebody may call: each user and each API key by itself, and each address from which somebody calls whom
//! we do not know. Counted in this process alone; visitors of the public side have allowances of their own
//! ([`visitors`](crate::visitors)).
//!
//! Who is counted is told so in each answer, as of draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy` (so many
//! within so many seconds) and `RateLimit` (so many are left; after so many seconds all are back).

use std::{
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};
use domain::actor::ActorKind;
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::{StateInformationMiddleware, StateSnapshot},
    state::keyed::DefaultKeyedStateStore,
};
use uuid::Uuid;

use crate::{
    access::{Caller, Sender},
    problem::{Code, Problem},
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// So many at once, and so many more as time goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// At once.
    pub burst: NonZeroU32,
    /// As time goes by, an hour.
    pub an_hour: NonZeroU32,
}

impl Allowance {
    /// `burst` at once, then `an_hour`. Zero counts as one.
    #[must_use]
    pub const fn new(burst: u32, an_hour: u32) -> Self {
        const fn at_least_one(number: u32) -> NonZeroU32 {
            match NonZeroU32::new(number) {
                Some(number) => number,
                None => NonZeroU32::MIN,
            }
        }
        Self {
            burst: at_least_one(burst),
            an_hour: at_least_one(an_hour),
        }
    }

    /// So many a minute, whenever within it. None for zero: any number.
    #[must_use]
    pub fn a_minute(number: u32) -> Option<Self> {
        (number > 0).then(|| Self::new(number, number.saturating_mul(60)))
    }

    const fn quota(self) -> Quota {
        Quota::per_hour(self.an_hour).allow_burst(self.burst)
    }
}

/// How often somebody may call. None: as often as they like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// One API key; not limited by default.
    pub keys: Option<Allowance>,
    /// One user, in all of their sessions; 1,200 a minute by default.
    pub users: Option<Allowance>,
    /// One address, with requests that nobody known has sent; 600 a minute by default.
    pub strangers: Option<Allowance>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            keys: None,
            users: Allowance::a_minute(1_200),
            strangers: Allowance::a_minute(600),
        }
    }
}

/// Who has called how often lately.
pub(crate) struct Callers {
    keys: Option<Counter<Uuid>>,
    users: Option<Counter<Uuid>>,
    strangers: Option<Counter<IpAddr>>,
}

impl Callers {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            keys: limits.keys.map(|most| Counter::new("key", most)),
            users: limits.users.map(|most| Counter::new("user", most)),
            strangers: limits.strangers.map(|most| Counter::new("address", most)),
        }
    }

    /// Somebody known calls.
    ///
    /// # Errors
    /// 429 when they do so too often.
    pub(crate) fn known(&self, caller: &Caller, meter: &Meter) -> Result<(), Problem> {
        let counter = match caller.actor().kind {
            ActorKind::ApiKey => &self.keys,
            ActorKind::User | ActorKind::Client | ActorKind::Import | ActorKind::System => {
                &self.users
            }
        };
        match (counter, caller.actor().id) {
            (Some(counter), Some(id)) => counter.take(id, meter),
            (None, _) | (_, None) => Ok(()),
        }
    }

    /// Somebody calls whom we do not know.
    ///
    /// # Errors
    /// 429 when that happens too often.
    pub(crate) fn stranger(&self, sender: Sender, meter: &Meter) -> Result<(), Problem> {
        match (&self.strangers, sender.counted()) {
            (Some(counter), Some(address)) => counter.take(address, meter),
            (None, _) | (_, None) => Ok(()),
        }
    }
}

/// What somebody has left of an allowance.
#[derive(Debug, Clone, Copy)]
struct Counted {
    policy: &'static str,
    quota: Quota,
    left: u32,
}

impl Counted {
    fn headers(self) -> [(HeaderName, String); 2] {
        let (policy, most) = (self.policy, self.quota.burst_size().get());
        let within = seconds(self.quota.burst_size_replenished_in());
        let missing = most.saturating_sub(self.left);
        let back = seconds(self.quota.replenish_interval().saturating_mul(missing));
        [
            (POLICY, format!("\"{policy}\";q={most};w={within}")),
            (LEFT, format!("\"{policy}\";r={};t={back}", self.left)),
        ]
    }
}

/// Whole seconds, the last one begun among them.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// Goes along with a request, so that whoever counts it can tell the answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter(Arc<OnceLock<Counted>>);

impl Meter {
    /// Tells the answer.
    pub(crate) fn tell(&self, response: &mut Response) {
        for (name, told) in self
            .0
            .get()
            .into_iter()
            .flat_map(|counted| counted.headers())
        {
            let told = HeaderValue::try_from(told);
            response.headers_mut().extend(told.map(|told| (name, told)));
        }
    }
}

/// An allowance, and what each has left of it.
pub(crate) struct Counter<K: Hash + Eq + Clone> {
    policy: &'static str,
    quota: Quota,
    limiter: RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>,
    asked: AtomicU32,
    clock: DefaultClock,
}

/// After so many questions, those who have all of their allowance again are forgotten.
const TIDY: u32 = 4_096;

impl<K: Hash + Eq + Clone> Counter<K> {
    /// `policy` names it in headers.
    pub(crate) fn new(policy: &'static str, allowance: Allowance) -> Self {
        let quota = allowance.quota();
        Self {
            policy,
            quota,
            limiter: RateLimiter::keyed(quota).with_middleware(),
            asked: AtomicU32::new(0),
            clock: DefaultClock::default(),
        }
    }

    /// Takes one of theirs; the answer tells what is left of the allowance that was asked first.
    ///
    /// # Errors
    /// 429 when none is left.
    pub(crate) fn take(&self, who: K, meter: &Meter) -> Result<(), Problem> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % TIDY == TIDY - 1 {
            self.limiter.retain_recent();
        }
        let taken = self.limiter.check_key(&who);
        let left = taken
            .as_ref()
            .map_or(0, StateSnapshot::remaining_burst_capacity);
        meter.0.get_or_init(|| Counted {
            policy: self.policy,
            quota: self.quota,
            left,
        });
        taken.map(drop).map_err(|not_until| {
            let wait = seconds(not_until.wait_time_from(self.clock.now())).max(1);
            too_many(u32::try_from(wait).unwrap_or(u32::MAX))
        })
    }
}

/// 429; worth another try in so many seconds.
pub(crate) fn too_many(seconds: u32) -> Problem {
    Problem::new(Code::TooManyRequests).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;

    use super::*;

    #[test]
    fn who_is_counted_is_told_what_is_left() {
        let counter = Counter::new("user", Allowance::new(3, 3_600));
        let take = |who: u8| {
            let meter = Meter::default();
            let taken = counter.take(who, &meter).map_err(|problem| problem.code());
            let mut answer = "done".into_response();
            meter.tell(&mut answer);
            let text = |name: HeaderName| answer.headers()[name].to_str().unwrap().to_owned();
            (taken, text(POLICY), text(LEFT))
        };
        let expected = [
            (Ok(()), "r=2;t=1"),
            (Ok(()), "r=1;t=2"),
            (Ok(()), "r=0;t=3"),
            (Err(Code::TooManyRequests), "r=0;t=3"),
        ];
        for (taken, left) in expected {
            let policy = "\"user\";q=3;w=3".to_owned();
            assert_eq!(take(1), (taken, policy, format!("\"user\";{left}")));
        }
        assert_eq!(take(2).0, Ok(()));
    }

    #[test]
    fn zero_a_minute_is_no_limit() {
        assert_eq!(Allowance::a_minute(0), None);
        assert_eq!(Allowance::a_minute(10), Some(Allowance::new(10, 600)));
    }
}
