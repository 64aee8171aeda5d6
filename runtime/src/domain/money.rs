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

/// Parts of an amount, one for each share of `whole`, each rounded down. What rounding leaves goes to
/// the last part that has a share, or to the last one when nothing has, so that the parts add up.
/// Shares that are more than the whole are shares of their sum, so that no part is less than nothing.
pub(crate) fn split(amount: Micros, shares: &[Micros], whole: Micros) -> Vec<Micros> {
    let whole = whole.max(shares.iter().copied().sum());
    let mut parts: Vec<Micros> = shares
        .iter()
        .map(|share| amount.share(*share, whole))
        .collect();
    let rest = amount.0 - parts.iter().map(|part| part.0).sum::<i128>();
    if let Some((last, _)) = parts
        .iter_mut()
        .zip(shares)
        .rev()
        .find(|(_, share)| share.0 > 0 || whole.0 == 0)
    {
        last.0 += rest;
    }
    parts
}

/// The same parts as [`split`], in amounts that can be paid: where the whole amount can be, each part
/// is so many of the currency's smallest unit. One that is finer than that is split in millionths.
pub(crate) fn split_to_pay(
    amount: Micros,
    currency: &str,
    shares: &[Micros],
    whole: Micros,
) -> Vec<Micros> {
    let unit = smallest_unit(currency);
    if amount.0 % unit.0 != 0 {
        return split(amount, shares, whole);
    }
    split(Micros(amount.0 / unit.0), shares, whole)
        .into_iter()
        .map(|units| Micros(units.0 * unit.0))
        .collect()
}

/// The smallest amount of a currency that can be paid (ISO 4217, "minor unit").
pub(crate) fn smallest_unit(currency: &str) -> Micros {
    Micros(match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 1_000_000,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 1_000,
        _ => 10_000,
    })
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
    use proptest::prelude::*;

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
    fn parts_add_up_to_what_was_split() {
        let shares = [10_000, 0, 15_000, 1].map(Micros);
        let whole: Micros = shares.into_iter().sum();
        for amount in [0, 1, 2, 7, 100, 5000, 250_000_001].map(Micros) {
            let parts = split(amount, &shares, whole);
            assert_eq!(parts.iter().copied().sum::<Micros>(), amount);
            assert_eq!(parts[1], Micros(0), "what has no share gets nothing");
        }
        let nothing = [Micros(0), Micros(0)];
        assert_eq!(
            split(Micros(5), &nothing, Micros(0)),
            [Micros(0), Micros(5)]
        );
        // Shares that miss the whole by a rounding: the last one makes up for it.
        let thirds = [Micros(3333); 3];
        assert_eq!(
            split(Micros(1_000_000), &thirds, Micros(10_000)),
            [333_300, 333_300, 333_400].map(Micros)
        );
    }

    #[test]
    fn what_can_be_paid_is_split_in_what_can_be_paid() {
        let thirds = [Micros(3333), Micros(3333), Micros(3334)];
        let split = |amount: f64, currency: &str| -> Vec<f64> {
            let parts = split_to_pay(Micros::from_wire(amount), currency, &thirds, Micros(10_000));
            parts.into_iter().map(Micros::to_wire).collect()
        };
        assert_eq!(split(100.01, "USD"), [33.33, 33.33, 33.35]);
        assert_eq!(split(100.0, "JPY"), [33.0, 33.0, 34.0]);
        assert_eq!(split(1.0, "KWD"), [0.333, 0.333, 0.334]);
        assert_eq!(
            split(0.001, "USD"),
            [0.000_333, 0.000_333, 0.000_334],
            "finer than a cent"
        );
        assert_eq!(split(0.5, "JPY"), [0.166_65, 0.166_65, 0.166_7]);
    }

    proptest! {
        /// Whatever is split, and whatever the shares come to: the parts add up, none is less than
        /// nothing, what has no share gets nothing, and what can be paid is split in what can be.
        #[test]
        fn parts_can_be_paid_and_add_up(
            units in 0_i128..=10_000_000_000_000_000,
            finer in prop_oneof![Just(0_i128), 1_i128..1_000_000],
            currency in prop_oneof![Just("USD"), Just("JPY"), Just("KWD"), Just("XXX")],
            shares in prop::collection::vec(
                prop_oneof![Just(0_i128), 1_i128..1_000, 1_i128..=100_000_000_000_000],
                1..12,
            ),
        ) {
            let unit = smallest_unit(currency);
            let amount = Micros(units * unit.0 + finer);
            let shares: Vec<Micros> = shares.into_iter().map(Micros).collect();
            prop_assume!(shares.iter().any(|share| share.0 > 0));
            let parts = split_to_pay(amount, currency, &shares, Micros(100_000_000_000_000));
            prop_assert_eq!(parts.len(), shares.len());
            prop_assert_eq!(parts.iter().copied().sum::<Micros>(), amount);
            for (part, share) in parts.iter().zip(&shares) {
                prop_assert!(part.0 >= 0, "{:?}", parts);
                prop_assert!(share.0 > 0 || part.0 == 0, "{:?}", parts);
                prop_assert!(amount.0 % unit.0 != 0 || part.0 % unit.0 == 0, "{:?}", parts);
            }
        }
    }

    #[test]
    fn numbers_are_written_the_short_way() {
        assert_eq!(number(5000.0).to_string(), "5000");
        assert_eq!(number(0.25).to_string(), "0.25");
    }
}
