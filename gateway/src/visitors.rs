//! How much visitors of the public side may ask for: by the address that they come from, and by the phone or e-mail
//! address that they book with. Counted in this process alone (docs/adr/0015).

use std::{net::IpAddr, num::NonZeroUsize, sync::Mutex};

use jiff::Timestamp;
use lru::LruCache;
use uuid::Uuid;

use crate::{
    access::Sender,
    limits::{Allowance, Counter, Meter, too_many},
    problem::Problem,
};

/// What a visitor must do before a booking is taken.
#[derive(Debug, Clone, Default)]
pub enum Challenge {
    /// Nothing.
    #[default]
    None,
    /// Let their machine work: find a number that gives a SHA-256 with so many leading zero bits. 1..=28.
    ProofOfWork {
        /// How many.
        bits: u32,
    },
    /// Solve somebody's captcha.
    Captcha {
        /// Where a solution is verified: takes the form fields `secret` and `response`, answers `{"success": bool}`.
        verify_url: String,
        /// Known to us and to them.
        secret: secrecy::SecretString,
        /// Under which the page asks for one.
        site_key: String,
    },
}

/// How much visitors of the public side may ask for.
#[derive(Debug, Clone)]
pub struct PublicSettings {
    /// What an address may look at: 300 at once, then 10 a second.
    pub looks: Allowance,
    /// What an address may do (hold, book, move, cancel): 120 at once, then one a second.
    pub acts: Allowance,
    /// Bookings tried with one phone or e-mail address: 40 at once, then 20 an hour.
    pub contact: Allowance,
    /// Letters to one e-mail address that ask to confirm, of all businesses: 10 at once, then 10 an hour.
    pub letters: Allowance,
    /// Holds that an address may have at a time: 10.
    pub holds: usize,
    /// What a visitor must do before a booking is taken.
    pub challenge: Challenge,
    /// Whose pages may show the booking page inside of them, besides our own: `https://salon.example`.
    pub frames: Vec<String>,
}

impl Default for PublicSettings {
    fn default() -> Self {
        Self {
            looks: Allowance::new(300, 36_000),
            acts: Allowance::new(120, 3_600),
            contact: Allowance::new(40, 20),
            letters: Allowance::new(10, 10),
            holds: 10,
            challenge: Challenge::None,
            frames: vec![],
        }
    }
}

/// Addresses whose holds are remembered; of the others the longest unused are forgotten.
const REMEMBERED: usize = 20_000;

/// What visitors have asked for lately.
pub(crate) struct Visitors {
    looks: Counter<IpAddr>,
    acts: Counter<IpAddr>,
    contacts: Counter<[u8; 32]>,
    letters: Counter<[u8; 32]>,
    holds: Mutex<LruCache<IpAddr, Vec<(Uuid, Timestamp)>>>,
    most_holds: usize,
}

impl Visitors {
    pub(crate) fn new(settings: &PublicSettings) -> Self {
        let most = NonZeroUsize::new(REMEMBERED).expect("not zero");
        Self {
            looks: Counter::new("looks", settings.looks),
            acts: Counter::new("acts", settings.acts),
            contacts: Counter::new("contact", settings.contact),
            letters: Counter::new("letters", settings.letters),
            holds: Mutex::new(LruCache::new(most)),
            most_holds: settings.holds,
        }
    }

    /// An address looks at something, or does something.
    ///
    /// # Errors
    /// 429 when it does so too often.
    pub(crate) fn passes(&self, sender: Sender, looks: bool, meter: &Meter) -> Result<(), Problem> {
        let counter = if looks { &self.looks } else { &self.acts };
        sender
            .counted()
            .map_or(Ok(()), |address| counter.take(address, meter))
    }

    /// A booking is tried with a phone or e-mail address, by its keyed hash.
    ///
    /// # Errors
    /// 429 when that happens too often.
    pub(crate) fn books_with(&self, contact: [u8; 32]) -> Result<(), Problem> {
        self.contacts.take(contact, &Meter::default())
    }

    /// A letter is to be written to an e-mail address, by its keyed hash.
    ///
    /// # Errors
    /// 429 when that happens too often.
    pub(crate) fn writes_to(&self, address: [u8; 32]) -> Result<(), Problem> {
        self.letters.take(address, &Meter::default())
    }

    /// An address has one more hold, of this id and until then.
    ///
    /// # Errors
    /// 429 when it has as many as it may.
    pub(crate) fn holds(
        &self,
        sender: Sender,
        hold: Uuid,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), Problem> {
        self.holding(sender, now, |live| live.push((hold, until)))
    }

    /// Whether an address may have one more hold.
    ///
    /// # Errors
    /// 429 when it has as many as it may.
    pub(crate) fn may_hold(&self, sender: Sender, now: Timestamp) -> Result<(), Problem> {
        self.holding(sender, now, |_| {})
    }

    fn holding(
        &self,
        sender: Sender,
        now: Timestamp,
        more: impl FnOnce(&mut Vec<(Uuid, Timestamp)>),
    ) -> Result<(), Problem> {
        let Some(address) = sender.counted() else {
            return Ok(());
        };
        let mut holds = self.holds.lock().unwrap_or_else(|e| e.into_inner());
        let live = holds.get_or_insert_mut(address, Vec::new);
        live.retain(|(_, until)| now < *until);
        if live.len() < self.most_holds {
            more(live);
            return Ok(());
        }
        let first = live.iter().map(|(_, until)| *until).min().unwrap_or(now);
        let wait = first.duration_since(now).as_secs().max(1);
        Err(too_many(u32::try_from(wait).unwrap_or(60)))
    }

    /// A hold was let go, or used.
    pub(crate) fn let_go(&self, sender: Sender, hold: Uuid) {
        let Some(address) = sender.counted() else {
            return;
        };
        let mut holds = self.holds.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(live) = holds.get_mut(&address) {
            live.retain(|(id, _)| *id != hold);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::problem::Code;

    fn sender(text: &str) -> Sender {
        Sender(Some(text.parse().unwrap()))
    }

    #[test]
    fn who_asks_too_often_waits_and_others_do_not() {
        let settings = PublicSettings {
            acts: Allowance::new(2, 1),
            ..PublicSettings::default()
        };
        let visitors = Visitors::new(&settings);
        let one = sender("192.0.2.7");
        let passes = |who, looks| visitors.passes(who, looks, &Meter::default());
        assert!(passes(one, false).is_ok());
        assert!(passes(one, false).is_ok());
        let refused = passes(one, false).unwrap_err();
        assert_eq!(refused.code(), Code::TooManyRequests);
        assert!(passes(sender("192.0.2.8"), false).is_ok());
        // Looking is counted apart.
        assert!(passes(one, true).is_ok());
    }

    #[test]
    fn an_address_has_so_many_holds_at_a_time() {
        let settings = PublicSettings {
            holds: 2,
            ..PublicSettings::default()
        };
        let visitors = Visitors::new(&settings);
        let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let until = now + SignedDuration::from_mins(10);
        let (one, hold) = (sender("192.0.2.7"), Uuid::from_u128);
        assert!(visitors.holds(one, hold(1), until, now).is_ok());
        assert!(visitors.holds(one, hold(2), until, now).is_ok());
        assert!(visitors.holds(one, hold(3), until, now).is_err());
        visitors.let_go(one, hold(1));
        assert!(visitors.holds(one, hold(3), until, now).is_ok());
        assert!(visitors.holds(one, hold(4), until, now).is_err());
        assert!(visitors.holds(one, hold(4), until, until).is_ok());
    }
}
