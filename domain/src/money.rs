//! Money: an exact amount in an ISO 4217 currency, never a float.

use std::fmt;

pub use iso_currency::Currency;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The largest amount that is taken, either side of zero: what `numeric(19, 4)` holds with room for sums.
const LIMIT: Decimal = Decimal::from_parts(1_215_752_192, 23, 0, false, 0); // 100,000,000,000

/// An amount in a currency, with no more decimals than that currency has.
///
/// May be negative: a refund of a deposit in imported history is a payment below zero.
/// Where only zero and above make sense, the command says so ([`Money::is_negative`]).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

/// Why an amount is not money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// More decimals than the currency has (ISO 4217 minor unit).
    #[error("{currency} has {decimals} decimals", currency = currency.code())]
    TooPrecise {
        /// The currency.
        currency: Currency,
        /// How many decimals it has.
        decimals: u32,
    },
    /// Beyond a hundred thousand million.
    #[error("the amount is too large")]
    TooLarge,
    /// Not a decimal number.
    #[error("not a decimal number such as \"120.00\"")]
    NotANumber,
    /// Two currencies in one sum.
    #[error("{} and {} do not add up", .0.code(), .1.code())]
    Mixed(Currency, Currency),
}

impl Money {
    /// Takes `amount` as money of `currency`, padded to the currency's decimals.
    ///
    /// # Errors
    /// When it has more decimals than the currency, or is too large.
    pub fn new(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let decimals = decimals(currency);
        let mut amount = amount.normalize();
        if amount.scale() > decimals {
            return Err(MoneyError::TooPrecise { currency, decimals });
        }
        if amount.abs() > LIMIT {
            return Err(MoneyError::TooLarge);
        }
        amount.rescale(decimals);
        if amount.is_zero() {
            amount.set_sign_positive(true);
        }
        Ok(Self { amount, currency })
    }

    /// Reads a decimal number without exponent, such as `"120.00"`.
    ///
    /// # Errors
    /// When it is no decimal number, or [`Money::new`] refuses it.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.')
            && digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.ends_with(|c: char| c.is_ascii_digit());
        if !plain {
            return Err(MoneyError::NotANumber);
        }
        let amount = Decimal::from_str_exact(text).map_err(|_| MoneyError::NotANumber)?;
        Self::new(amount, currency)
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        let mut amount = Decimal::ZERO;
        amount.rescale(decimals(currency));
        Self { amount, currency }
    }

    /// The bare number.
    #[must_use]
    pub const fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.amount.is_sign_negative() && !self.amount.is_zero()
    }

    /// Neither more nor less than nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.amount.is_zero()
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// When the currencies differ or the sum is too large.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        Self::new(self.amount + other.amount, self.currency)
    }

    /// The difference of two amounts of one currency.
    ///
    /// # Errors
    /// As [`Money::plus`].
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(Self {
            amount: -other.amount,
            ..other
        })
    }
}

/// How many decimals `currency` has (ISO 4217 minor unit); none for those that have no subdivision.
#[must_use]
pub fn decimals(currency: Currency) -> u32 {
    currency.exponent().map_or(0, u32::from)
}

impl fmt::Display for Money {
    /// The number alone, with the currency's decimals: `120.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.amount, f)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency.code())
    }
}

/// How money stands in an event: a fact must be readable without today's settings.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Stored {
    amount: String,
    currency: String,
}

impl From<Money> for Stored {
    fn from(money: Money) -> Self {
        Self {
            amount: money.amount.to_string(),
            currency: money.currency.code().to_owned(),
        }
    }
}

impl TryFrom<Stored> for Money {
    type Error = String;
    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let currency = Currency::from_code(&stored.currency)
            .ok_or_else(|| format!("{:?} is no ISO 4217 currency", stored.currency))?;
        Self::parse(&stored.amount, currency).map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_padded_to_the_currencys_decimals() {
        assert_eq!(
            Money::parse("120", Currency::PLN).unwrap().to_string(),
            "120.00"
        );
        assert_eq!(
            Money::parse("120", Currency::JPY).unwrap().to_string(),
            "120"
        );
        assert_eq!(
            Money::parse("1.5", Currency::KWD).unwrap().to_string(),
            "1.500"
        );
    }

    #[test]
    fn more_decimals_than_the_currency_has_are_refused() {
        let refused = MoneyError::TooPrecise {
            currency: Currency::EUR,
            decimals: 2,
        };
        assert_eq!(Money::parse("0.001", Currency::EUR), Err(refused));
        assert_eq!(
            Money::parse("0.010", Currency::EUR).unwrap().to_string(),
            "0.01"
        );
    }

    #[test]
    fn only_plain_decimals_are_read() {
        for text in [
            "", "-", ".5", "5.", "1e3", "1,5", "+1", " 1", "NaN", "1_000", "١", "--1", "1.2.3",
        ] {
            assert_eq!(
                Money::parse(text, Currency::EUR),
                Err(MoneyError::NotANumber),
                "{text:?}"
            );
        }
        let huge = "9".repeat(40);
        assert_eq!(
            Money::parse(&huge, Currency::EUR),
            Err(MoneyError::NotANumber)
        );
        assert_eq!(
            Money::parse("100000000000.01", Currency::EUR),
            Err(MoneyError::TooLarge)
        );
        assert_eq!(
            Money::parse("100000000000.00", Currency::EUR)
                .unwrap()
                .amount(),
            LIMIT
        );
    }

    #[test]
    fn there_is_no_negative_zero() {
        assert_eq!(
            Money::parse("-0.00", Currency::EUR).unwrap().to_string(),
            "0.00"
        );
    }

    proptest! {
        #[test]
        fn adding_and_taking_away_again_changes_nothing(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
            let a = Money::new(Decimal::new(a, 2), Currency::EUR).unwrap();
            let b = Money::new(Decimal::new(b, 2), Currency::EUR).unwrap();
            prop_assert_eq!(a.plus(b).unwrap().minus(b).unwrap(), a);
            let stored = serde_json::to_string(&a).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&stored).unwrap(), a);
        }
    }
}
