//! What a booking costs, what was paid for it, what was given back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Booking, BookingError, BookingEvent, Held};
use crate::{
    actor::Actor,
    id::{self, Id},
    money::Money,
    sealed::Sealed,
    text::{FreeText, Label},
};

/// Money taken for a booking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Payment {
    /// Which payment.
    pub payment_id: Id<id::Payment>,
    /// How much. Below or at zero only in imported history.
    pub amount: Money,
    /// How: `cash`, `card`.
    pub method: Label,
    /// When.
    pub at: Timestamp,
    /// Who took it.
    pub by: Actor,
    /// The other system's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Sealed<FreeText>>,
}

/// Money given back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refund {
    /// Which refund.
    pub refund_id: Id<id::Refund>,
    /// Of which payment; none: of what was paid in all.
    pub payment_id: Option<Id<id::Payment>>,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: Option<Sealed<FreeText>>,
    /// When.
    pub at: Timestamp,
    /// Who gave it.
    pub by: Actor,
}

impl Booking {
    pub(super) fn change_price(
        &self,
        to: Money,
        reason: Option<Sealed<FreeText>>,
    ) -> Result<Vec<BookingEvent>, BookingError> {
        let held = self.undeleted("price")?;
        if to.is_negative() {
            return Err(BookingError::NegativePrice);
        }
        held.same_currency(to)?;
        let from = held.plan.price;
        Ok(if from == to {
            vec![]
        } else {
            vec![BookingEvent::PriceChanged { from, to, reason }]
        })
    }

    pub(super) fn record_payment(
        &self,
        payment: Payment,
        imported: bool,
    ) -> Result<Vec<BookingEvent>, BookingError> {
        let held = self.undeleted("payments")?;
        if !imported && (payment.amount.is_negative() || payment.amount.is_zero()) {
            return Err(BookingError::NotPositive);
        }
        held.same_currency(payment.amount)?;
        Ok(vec![BookingEvent::PaymentRecorded(payment)])
    }

    pub(super) fn refund(&self, refund: Refund) -> Result<Vec<BookingEvent>, BookingError> {
        let held = self.undeleted("refunds")?;
        if refund.amount.is_negative() || refund.amount.is_zero() {
            return Err(BookingError::NotPositive);
        }
        held.same_currency(refund.amount)?;
        let left = match refund.payment_id {
            Some(id) => held
                .left_of(id)
                .ok_or(BookingError::NoSuchPayment)?
                .min_of(held.paid()),
            None => held.paid(),
        };
        if refund.amount.amount() > left.amount() {
            return Err(BookingError::MoreThanPaid { left });
        }
        Ok(vec![BookingEvent::PaymentRefunded(refund)])
    }
}

impl Held {
    /// What was paid, less what was given back.
    #[must_use]
    pub fn paid(&self) -> Money {
        let zero = Money::zero(self.plan.price.currency());
        let taken = self
            .payments
            .iter()
            .fold(zero, |sum, p| sum.plus(p.amount).unwrap_or(sum));
        self.refunds
            .iter()
            .fold(taken, |sum, r| sum.minus(r.amount).unwrap_or(sum))
    }

    /// What is still to be paid: nothing once it is cancelled, deleted or a no-show.
    #[must_use]
    pub fn due(&self) -> Money {
        let zero = Money::zero(self.plan.price.currency());
        if self.deleted || !self.status.holds_time() {
            return zero;
        }
        let due = self.plan.price.minus(self.paid()).unwrap_or(zero);
        if due.is_negative() { zero } else { due }
    }

    fn left_of(&self, payment_id: Id<id::Payment>) -> Option<Money> {
        let payment = self.payments.iter().find(|p| p.payment_id == payment_id)?;
        let refunds = self
            .refunds
            .iter()
            .filter(|r| r.payment_id == Some(payment_id));
        Some(refunds.fold(payment.amount, |left, r| {
            left.minus(r.amount).unwrap_or(left)
        }))
    }

    fn same_currency(&self, money: Money) -> Result<(), BookingError> {
        let agreed = self.plan.price.currency();
        if money.currency() == agreed {
            Ok(())
        } else {
            Err(BookingError::OtherCurrency { agreed })
        }
    }
}

impl Money {
    fn min_of(self, other: Self) -> Self {
        if other.amount() < self.amount() {
            other
        } else {
            self
        }
    }
}
