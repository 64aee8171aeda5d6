//! Money as it is compared and added, which is never as floating point.
//!
//! The wire carries amounts as JSON numbers of a currency's main unit, so 0.1 and 0.2 arrive as
//! the nearest doubles. Sums and comparisons are made in millionths, to which every amount is
//! rounded first: finer than any currency's smallest unit and any price per impression in use.

use serde_json::{Number, Value};

/// Millionths of a currency's main unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Micros(pub(crate) i128);

/// The most that one amount can be, in a currency's main unit. Beyond it the doubles of the wire no
/// longer tell cents apart, and nothing is bought for ten trillion of any currency.
pub(crate) const MOST: f64 = 1e13;

impl Micros {
    /// The amount nearest to what the wire carries.
    pub(crate) fn from_wire(amount: f64) -> Self {
        // A float that is not finite saturates; the wire can't carry one.
        Micros((amount * 1e6).round() as i128)
    }

    /// The amount as the wire carries it.
    pub(crate) fn to_wire(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// A share of this amount: `part` of `whole`, rounded down.
    pub(crate) fn share(self, part: Micros, whole: Micros) -> Self {
        if whole.0 == 0 {
            return Micros(0);
        }
        // Where the product does not fit, what dividing first loses is less than one `part`.
        let product = self.0.checked_mul(part.0);
        Micros(product.map_or_else(
            || (self.0 / whole.0).saturating_mul(part.0),
            |product| product / whole.0,
        ))
    }
}

impl std::iter::Sum for Micros {
    fn sum<I: Iterator<Item = Micros>>(amounts: I) -> Self {
        Micros(amounts.map(|amount| amount.0).fold(0, i128::saturating_add))
    }
}

/// A JSON number that has no fraction where the value has none: `5000`, not `5000.0`.
pub(crate) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        Value::Number(Number::from(value as i64))
    } else {
        Number::from_f64(value).map_or(Value::Null, Value::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_cents_are_exact() {
        let parts = [0.1, 0.2, 0.7];
        assert_eq!(
            parts.map(Micros::from_wire).into_iter().sum::<Micros>(),
            Micros::from_wire(1.0)
        );
        assert!(Micros::from_wire(0.1 + 0.2) <= Micros::from_wire(0.3));
    }

    #[test]
    fn no_amount_overflows() {
        let endless = Micros::from_wire(f64::MAX);
        assert_eq!([endless, endless].into_iter().sum::<Micros>(), endless);
        let most = Micros::from_wire(MOST);
        let all: Micros = [most; 100].into_iter().sum();
        assert_eq!(all.share(most, all), most);
        assert!(endless.share(most, all) < endless);
        assert_eq!(Micros(7).share(Micros(1), Micros(3)), Micros(2));
    }

    #[test]
    fn cents_are_told_apart_up_to_the_most() {
        assert_ne!(Micros::from_wire(MOST), Micros::from_wire(MOST - 0.01));
    }

    #[test]
    fn numbers_are_written_the_short_way() {
        assert_eq!(number(5000.0).to_string(), "5000");
        assert_eq!(number(0.25).to_string(), "0.25");
    }
}
