//! What a seller says about signatures: its capabilities, its keys, its place among agents.

use std::sync::Arc;

use adcp_seller::profile::{Profile, RequestSigning};
use adcp_seller::seller::Trust;
use adcp_seller::signing::SigningKey;
use serde_json::{Value, json};

use super::pen::Pen;
use super::shop::{Plan, VERIFIES, signer};
use crate::support::line;

static HOME: Profile = Profile {
    url: Some("https://ads.press.example"),
    request_signing: RequestSigning {
        required_for: &["create_media_buy"],
        ..VERIFIES
    },
    ..line::PROFILE
};

#[tokio::test]
async fn capabilities_say_how_requests_are_signed() {
    let pen = Pen::ed25519("nova-1");
    let plan = Plan::of([signer("nova", &[&pen])]);
    let shop = Plan {
        profile: &HOME,
        ..plan
    }
    .open()
    .await;
    let letter = shop.tool_letter("get_adcp_capabilities", &json!({}));
    let response = shop.send(&pen, &letter).await.json();
    let signing = &response["result"]["structuredContent"]["request_signing"];
    assert_eq!(
        (
            &signing["supported"],
            &signing["covers_content_digest"],
            &signing["required_for"],
            &signing["warn_for"]
        ),
        (
            &json!(true),
            &json!("either"),
            &json!(["create_media_buy"]),
            &json!([])
        )
    );
    let supported: Vec<&str> = signing["supported_for"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(supported.contains(&"create_media_buy") && supported.contains(&"sync_creatives"));
    assert!(!supported.contains(&"comply_test_controller"));
}

#[tokio::test]
async fn the_public_half_of_the_webhook_key_is_published_and_nothing_else() {
    let key = Arc::new(SigningKey::generate().expect("a key"));
    let plan = Plan::of([]);
    let shop = Plan {
        profile: &HOME,
        sandbox: false,
        trust: Trust {
            webhook_key: Some(Arc::clone(&key)),
            ..Trust::default()
        },
        ..plan
    }
    .open()
    .await;
    let answer = shop
        .client
        .send("GET", "/.well-known/jwks.json", &[], b"")
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let jwks = answer.json();
    let published = &jwks["keys"][0];
    assert_eq!(
        (&published["kid"], &published["use"], &published["key_ops"]),
        (&json!(key.keyid()), &json!("sig"), &json!(["verify"]))
    );
    // In 3.0 a webhook is verified by a key for webhooks and by no other.
    assert_eq!(published["adcp_use"], "webhook-signing");
    assert!(published.get("d").is_none(), "{jwks}");
    assert_eq!(jwks["keys"].as_array().map(Vec::len), Some(1));

    let brand = shop
        .client
        .send("GET", "/.well-known/brand.json", &[], b"")
        .await;
    assert_eq!(
        brand.json(),
        json!({
            "version": "1.0",
            "agents": [{
                "type": "sales",
                "url": "https://ads.press.example/mcp",
                "id": "press_desk",
                "jwks_uri": "https://ads.press.example/.well-known/jwks.json",
            }],
        })
    );
}

#[tokio::test]
async fn a_seller_without_a_home_is_in_no_brand_json() {
    let plan = Plan::of([]);
    let shop = Plan {
        sandbox: false,
        ..plan
    }
    .open()
    .await;
    let brand = shop
        .client
        .send("GET", "/.well-known/brand.json", &[], b"")
        .await;
    assert_eq!(brand.status, 404);
    let jwks = shop
        .client
        .send("GET", "/.well-known/jwks.json", &[], b"")
        .await;
    assert_eq!(jwks.json(), json!({ "keys": [] }));
}
