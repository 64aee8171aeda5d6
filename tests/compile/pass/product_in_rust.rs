//! A product with every kind of price, made in Rust and sent through serde.

use serde_json::{Map, json};
use wire::types::{
    AvailableMetric, CpcOption, CpmOption, DeliveryType, FormatId, PricingOption, Product,
    PublisherPropertySelector, PublisherPropertySelectorAll, ReportingCapabilities,
    ReportingCapabilitiesDateRangeSupport, ReportingFrequency,
};

fn cpm() -> CpmOption {
    CpmOption {
        pricing_option_id: "cpm-fixed".into(),
        currency: "EUR".into(),
        fixed_price: Some(12.into()),
        floor_price: None,
        max_bid: None,
        price_guidance: None,
        min_spend_per_package: None,
        price_breakdown: None,
        eligible_adjustments: None,
        extra: Map::new(),
    }
}

fn cpc() -> CpcOption {
    let auction = json!({
        "pricing_model": "cpc", "pricing_option_id": "cpc-auction", "currency": "EUR",
        "floor_price": 0.35, "max_bid": true,
    });
    serde_json::from_value(auction).expect("a price by auction")
}

fn main() {
    let formats = [(300, 250), (728, 90)].map(|(width, height)| {
        let format = json!({"agent_url": "https://ads.example/", "id": "display",
            "width": width, "height": height});
        serde_json::from_value::<FormatId>(format).expect("a format")
    });
    let product: Product = serde_json::from_value(json!({
        "product_id": "home", "name": "Homepage", "description": "The homepage, every device.",
        "publisher_properties": [{"publisher_domain": "news.example", "selection_type": "all"}],
        "format_ids": formats, "delivery_type": "non_guaranteed",
        "pricing_options": [PricingOption::Cpm(cpm()), PricingOption::Cpc(cpc())],
        "reporting_capabilities": ReportingCapabilities {
            available_reporting_frequencies: vec![ReportingFrequency::Daily],
            expected_delay_minutes: 240,
            timezone: "UTC".into(),
            supports_webhooks: false,
            available_metrics: vec![AvailableMetric::Impressions, AvailableMetric::Spend],
            supports_creative_breakdown: None,
            supports_keyword_breakdown: None,
            supports_geo_breakdown: None,
            supports_device_type_breakdown: None,
            supports_device_platform_breakdown: None,
            supports_audience_breakdown: None,
            supports_placement_breakdown: None,
            date_range_support: ReportingCapabilitiesDateRangeSupport::DateRange,
            measurement_windows: None,
            extra: Map::new(),
        },
    }))
    .expect("a product");

    assert_eq!(product.delivery_type, DeliveryType::NonGuaranteed);
    assert_eq!(
        product.publisher_properties,
        [PublisherPropertySelector::All(
            PublisherPropertySelectorAll {
                publisher_domain: "news.example".into(),
                extra: Map::new(),
            }
        )]
    );
    let prices = [PricingOption::Cpm(cpm()), PricingOption::Cpc(cpc())];
    assert_eq!(product.pricing_options, prices);

    let text = serde_json::to_string(&product).expect("a product is JSON");
    assert!(text.contains(r#""pricing_model":"cpm""#), "{text}");
    assert!(!text.contains("floor_price\":null"), "{text}");
    let again: Product = serde_json::from_str(&text).expect("its own text");
    assert_eq!(again, product);
}
