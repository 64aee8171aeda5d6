//! The schema requires a currency of every price.

use wire::types::CpmOption;

fn main() {
    let _ = CpmOption {
        pricing_option_id: "cpm".into(),
        fixed_price: Some(12.into()),
        floor_price: None,
        max_bid: None,
        price_guidance: None,
        min_spend_per_package: None,
        price_breakdown: None,
        eligible_adjustments: None,
        extra: Default::default(),
    };
}
