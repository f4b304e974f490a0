//! What is said of a booking: its reference, comments on it, the client's review.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Booking, BookingError, BookingEvent};
use crate::{
    actor::Actor,
    id::{self, Id},
    sealed::Sealed,
    text::FreeText,
};

/// What people call a booking by, over the phone: eight letters and digits, none that looks like another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Reference(String);

impl Reference {
    /// Crockford's base 32: no I, L, O, U.
    const LETTERS: &'static [u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// The reference that a random number gives: 40 bits of it, in two groups of four.
    #[must_use]
    pub fn from_random(bits: u64) -> Self {
        let letter = |i: u32| {
            let five = usize::try_from((bits >> (5 * i)) & 31).unwrap_or(0);
            char::from(Self::LETTERS[five])
        };
        let (first, second): (String, String) =
            ((0..4).map(letter).collect(), (4..8).map(letter).collect());
        Self(format!("{first}-{second}"))
    }

    /// The reference.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something written on a booking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comment {
    /// Which comment.
    pub comment_id: Id<id::Comment>,
    /// What.
    pub text: Sealed<FreeText>,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// The other system's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Sealed<FreeText>>,
}

/// How the client said it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Review {
    /// 1 to 5.
    pub rating: u8,
    /// In words.
    pub text: Option<Sealed<FreeText>>,
    /// When.
    pub at: Timestamp,
}

impl Booking {
    pub(super) fn comment(&self, comment: Comment) -> Result<Vec<BookingEvent>, BookingError> {
        self.undeleted("comments")?;
        Ok(vec![BookingEvent::Commented(comment)])
    }

    pub(super) fn review(&self, review: Review) -> Result<Vec<BookingEvent>, BookingError> {
        let held = self.undeleted("review")?;
        if held.status != super::Status::Completed {
            return Err(BookingError::WrongState {
                status: held.status,
                asked: "review",
            });
        }
        if !(1..=5).contains(&review.rating) {
            return Err(BookingError::Rating);
        }
        Ok(vec![BookingEvent::Reviewed(review)])
    }
}
