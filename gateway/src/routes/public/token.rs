//! What visitors are given to act with: opaque, signed with a key that hangs on the master key, kept nowhere.
//!
//! A token says what it is for (its label is part of what is signed), in which business, and of which edition of a
//! booking it speaks. Another's cannot be made from one's own, nor any from an id.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    booking::Booking,
    id::{Id, Visit},
    staff::Staff,
};
use ledger::BusinessId;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::app::App;

const MAC: usize = 32;

/// What a link is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// One booking.
    Booking(Id<Booking>),
    /// Several in a row.
    Visit(Id<Visit>),
}

impl Subject {
    pub(super) const fn id(self) -> Uuid {
        match self {
            Self::Booking(id) => id.uuid(),
            Self::Visit(id) => id.uuid(),
        }
    }

    pub(super) const fn is_visit(self) -> bool {
        matches!(self, Self::Visit(_))
    }

    pub(super) const fn of(id: Uuid, is_visit: bool) -> Self {
        if is_visit {
            Self::Visit(Id::new(id))
        } else {
            Self::Booking(Id::new(id))
        }
    }

    fn bytes(self) -> [u8; 17] {
        let mut bytes = [0; 17];
        bytes[0] = u8::from(self.is_visit());
        bytes[1..].copy_from_slice(self.id().as_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (kind, id) = bytes.split_first()?;
        let id = Uuid::from_slice(id).ok()?;
        match kind {
            0 | 1 => Some(Self::of(id, *kind == 1)),
            _ => None,
        }
    }
}

/// A manage link: what it is about, and as it stood when the link was given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) subject: Subject,
    pub(super) edition: u32,
}

/// A time that is held, and whose: with it the visitor gets whom they were shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hold {
    pub(super) id: Uuid,
    /// One for each service.
    pub(super) staff: Vec<Id<Staff>>,
}

impl Hold {
    fn bytes(&self) -> Vec<u8> {
        let staff = self.staff.iter().map(|id| id.uuid());
        let ids = std::iter::once(self.id).chain(staff);
        ids.flat_map(Uuid::into_bytes).collect()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let ids = bytes.chunks(16).map(|id| Uuid::from_slice(id).ok());
        Self::of(&ids.collect::<Option<Vec<_>>>()?)
    }

    /// By its own id, then those of its staff.
    pub(super) fn of(ids: &[Uuid]) -> Option<Self> {
        let (id, staff) = ids.split_first()?;
        Some(Self {
            id: *id,
            staff: staff.iter().copied().map(Id::new).collect(),
        })
    }
}

impl App {
    pub(super) fn manage_token(&self, business: BusinessId, link: Link) -> String {
        let mut bytes = link.subject.bytes().to_vec();
        bytes.extend(link.edition.to_be_bytes());
        self.signed(business, "manage link", &bytes)
    }

    pub(super) fn manage_link(&self, business: BusinessId, token: &str) -> Option<Link> {
        let bytes = self.verified(business, "manage link", token)?;
        let (subject, edition) = bytes.split_at_checked(17)?;
        Some(Link {
            subject: Subject::read(subject)?,
            edition: u32::from_be_bytes(edition.try_into().ok()?),
        })
    }

    pub(super) fn hold_token(&self, business: BusinessId, hold: &Hold) -> String {
        self.signed(business, "hold", &hold.bytes())
    }

    pub(super) fn hold_of(&self, business: BusinessId, token: &str) -> Option<Hold> {
        Hold::read(&self.verified(business, "hold", token)?)
    }

    /// What a letter's link proves beside the manage token: that somebody read the letter.
    pub(super) fn proof_token(&self, business: BusinessId, subject: Subject) -> String {
        self.signed(business, "confirmation", &subject.bytes())
    }

    pub(super) fn proves(&self, business: BusinessId, proof: &str, subject: Subject) -> bool {
        self.verified(business, "confirmation", proof)
            .is_some_and(|bytes| Subject::read(&bytes) == Some(subject))
    }

    /// The six digits of a letter, the `number`th that was sent.
    pub(super) fn code(&self, business: BusinessId, subject: Subject, number: i16) -> String {
        let mut bytes = subject.bytes().to_vec();
        bytes.extend(number.to_be_bytes());
        let hash = self
            .vault()
            .keyed_hash(business.0, "confirmation code", &bytes);
        let four = [hash[0], hash[1], hash[2], hash[3]];
        format!("{:06}", u32::from_be_bytes(four) % 1_000_000)
    }

    /// What was signed, and its signature.
    pub(super) fn signed(&self, business: BusinessId, label: &str, bytes: &[u8]) -> String {
        let mac = self.vault().keyed_hash(business.0, label, bytes);
        URL_SAFE_NO_PAD.encode([bytes, &mac].concat())
    }

    /// What was signed, if it was by us, for this purpose, in this business.
    pub(super) fn verified(
        &self,
        business: BusinessId,
        label: &str,
        text: &str,
    ) -> Option<Vec<u8>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let mac = bytes.split_off(bytes.len().checked_sub(MAC)?);
        let wanted = self.vault().keyed_hash(business.0, label, &bytes);
        same(&wanted, &mac).then_some(bytes)
    }
}

/// Whether two secrets are the same. Their hashes are compared, so that how long that takes tells nothing of them.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    Sha256::digest(one) == Sha256::digest(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_as_written() {
        for subject in [
            Subject::of(Uuid::from_u128(7), false),
            Subject::of(Uuid::from_u128(7), true),
        ] {
            assert_eq!(Subject::read(&subject.bytes()), Some(subject));
        }
        assert_eq!(Subject::read(&[2; 17]), None);
        assert_eq!(Subject::read(&[0; 16]), None);
        assert_eq!(Subject::read(&[]), None);
    }

    #[test]
    fn a_hold_is_read_as_written() {
        let ids = [7, 8, 9].map(Uuid::from_u128);
        let hold = Hold::of(&ids).unwrap();
        assert_eq!(Hold::read(&hold.bytes()), Some(hold));
        assert_eq!(Hold::read(&[]), None);
        assert_eq!(Hold::read(&[1; 20]), None);
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd") && !same(b"abc", b"ab"));
    }
}
