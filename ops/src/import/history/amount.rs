//! Amounts as other systems write them, taken exactly.

use std::str::FromStr;

use domain::money::{Currency, Money, decimals};
use rust_decimal::Decimal;

use super::fields::Reason;

/// What a sum of binary fractions leaves behind its last true decimal: `0.30000000000000004`.
const FLOAT_NOISE: Decimal = Decimal::from_parts(1, 0, 0, false, 7);

/// A number in JSON's own form (RFC 8259), whatever it stands in.
pub(super) fn number(text: &str) -> Option<Decimal> {
    serde_json::from_str::<serde_json::Number>(text).ok()?;
    if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()
    } else {
        Decimal::from_str(text).ok()
    }
}

/// The number as money. Decimals that the currency does not have are refused, unless they are noise.
pub(super) fn money(number: Decimal, currency: Currency) -> Result<Money, Reason> {
    let rounded = number.round_dp(decimals(currency));
    let exact = if (number - rounded).abs() < FLOAT_NOISE {
        rounded
    } else {
        number
    };
    Money::new(exact, currency).map_err(|error| format!("`amount` {number}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, Reason> {
        let number = number(text).ok_or("no number")?;
        money(number, Currency::CAD).map(|money| money.to_string())
    }

    #[test]
    fn is_taken_as_written() {
        for (written, taken) in [
            ("56.0", "56.00"),
            ("56", "56.00"),
            ("-20.5", "-20.50"),
            ("0.0", "0.00"),
            ("-0.0", "0.00"),
            ("5.6e1", "56.00"),
            ("1E2", "100.00"),
            ("0.30000000000000004", "0.30"),
            ("55121.090000000004", "55121.09"),
            ("44.99999999999999", "45.00"),
        ] {
            assert_eq!(read(written).as_deref(), Ok(taken), "{written}");
        }
    }

    #[test]
    fn what_the_currency_cannot_hold_is_not_rounded_away() {
        for written in ["45.004999", "0.001", "45.00001"] {
            let reason = read(written).unwrap_err();
            assert!(reason.contains("CAD has 2 decimals"), "{reason}");
        }
        assert!(read("1e12").unwrap_err().contains("too large"));
    }

    #[test]
    fn only_numbers_are_numbers() {
        for text in [
            "", "+1", ".5", "5.", "1_000", "1,5", "NaN", "0x1", "12 €", "1e999", "null",
        ] {
            assert_eq!(number(text), None, "{text:?}");
        }
    }
}
