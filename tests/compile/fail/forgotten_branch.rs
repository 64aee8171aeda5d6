//! A pricing model that a `match` forgets, and a value of an open enum that the schema does not list.

use wire::types::{GetProductsRequestBuyingMode, PricingOption};

fn charge(option: &PricingOption) -> &str {
    match option {
        PricingOption::Cpm(_) | PricingOption::Vcpm(_) => "per thousand",
        PricingOption::Cpc(_) => "per click",
        PricingOption::Cpcv(_) | PricingOption::Cpv(_) => "per view",
        PricingOption::Cpp(_) | PricingOption::Cpa(_) => "per result",
        PricingOption::FlatRate(_) => "once",
    }
}

fn wants_ranking(mode: GetProductsRequestBuyingMode) -> bool {
    match mode {
        GetProductsRequestBuyingMode::Brief => true,
        GetProductsRequestBuyingMode::Wholesale => false,
    }
}

fn main() {
    let _ = (charge, wants_ranking);
}
