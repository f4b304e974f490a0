//! How often somebody may try to sign in.

use std::{net::IpAddr, num::NonZeroUsize, sync::Mutex};

use jiff::{SignedDuration, Timestamp};
use lru::LruCache;

/// Tries before each further one has to wait.
const BURST: u32 = 5;
/// After so long one more try is given back.
const REFILL: SignedDuration = SignedDuration::from_secs(60);
/// Addresses remembered; of the others the longest unused are forgotten.
const REMEMBERED: usize = 20_000;

/// Counts failed tries by the sender's address and the e-mail address tried, both.
pub(crate) struct Throttle {
    tries: Mutex<LruCache<Who, Tries>>,
}

/// From where, and as whom (the keyed hash of an e-mail address).
pub(crate) type Who = (Option<IpAddr>, [u8; 32]);

#[derive(Clone, Copy)]
struct Tries {
    left: u32,
    /// Since when tries are being given back.
    since: Timestamp,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        let most = NonZeroUsize::new(REMEMBERED).expect("not zero");
        Self {
            tries: Mutex::new(LruCache::new(most)),
        }
    }

    /// Takes one try.
    ///
    /// # Errors
    /// With the seconds until there is one, when there is none.
    pub(crate) fn take(&self, who: Who, now: Timestamp) -> Result<(), u32> {
        let mut tries = self.tries.lock().unwrap_or_else(|e| e.into_inner());
        let fresh = Tries {
            left: BURST,
            since: now,
        };
        let mut known = tries.get(&who).copied().unwrap_or(fresh);
        let refill = REFILL.as_secs();
        let waited = now.duration_since(known.since).as_secs().max(0);
        let given_back = u32::try_from(waited / refill).unwrap_or(BURST);
        known.left = known.left.saturating_add(given_back).min(BURST);
        known.since = if known.left == BURST {
            now
        } else {
            let counted = SignedDuration::from_secs(i64::from(given_back) * refill);
            known.since.saturating_add(counted).unwrap_or(now)
        };
        let taken = match known.left {
            0 => {
                let waited = now.duration_since(known.since).as_secs().max(0);
                Err(u32::try_from((refill - waited).max(1)).unwrap_or(1))
            }
            _ => {
                known.left -= 1;
                Ok(())
            }
        };
        tries.put(who, known);
        taken
    }

    /// Who has signed in has all tries again.
    pub(crate) fn forget(&self, who: &Who) {
        let mut tries = self.tries.lock().unwrap_or_else(|e| e.into_inner());
        tries.pop(who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_five_tries_one_a_minute() {
        let throttle = Throttle::new();
        let who = (None, [1; 32]);
        let begin: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let after = |seconds| begin + SignedDuration::from_secs(seconds);
        for _ in 0..5 {
            assert_eq!(throttle.take(who, begin), Ok(()));
        }
        assert_eq!(throttle.take(who, begin), Err(60));
        assert_eq!(throttle.take(who, after(59)), Err(1));
        assert_eq!(throttle.take((None, [2; 32]), after(59)), Ok(()));
        assert_eq!(throttle.take(who, after(60)), Ok(()));
        assert_eq!(throttle.take(who, after(61)), Err(59));
        throttle.forget(&who);
        assert_eq!(throttle.take(who, after(62)), Ok(()));
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let throttle = Throttle::new();
        let who = (None, [1; 32]);
        let late: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        assert_eq!(throttle.take(who, late), Ok(()));
        let early = late - SignedDuration::from_hours(1);
        assert_eq!(throttle.take(who, early), Ok(()));
    }
}
