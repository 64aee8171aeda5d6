//! No secret is logged, in whatever way it is presented.

use adcp_seller::profile::Entry;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{open, profile};
use crate::support::log::Ear;
use crate::support::{OTHER_TOKEN, TOKEN};

#[tokio::test]
async fn the_log_at_its_most_talkative_holds_no_secret() {
    let ear = Ear::open();
    let door = open(profile(Entry::PLAIN), |setting| setting.sandbox = true).await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("grant_type=client_credentials&client_id=first&client_secret={TOKEN}");
    let granted = door
        .client
        .send("POST", "/oauth/token", &form, body.as_bytes())
        .await;
    let token = granted.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let forged = format!("{}A", &token[..token.len() - 4]);
    let made_up = "a-token-that-nobody-gave-out";
    for (token, status) in [
        (TOKEN, 200),
        (token.as_str(), 200),
        (forged.as_str(), 401),
        (made_up, 401),
    ] {
        assert_eq!(door.knock(token).await, status);
    }
    let wrong = format!("Basic {}", STANDARD.encode(format!("first:{made_up}")));
    let headers = [form[0], ("authorization", wrong.as_str())];
    let body = b"grant_type=client_credentials";
    let refused = door
        .client
        .send("POST", "/oauth/token", &headers, body)
        .await;
    assert_eq!(refused.status, 401);
    let path = format!("/mcp?access_token={OTHER_TOKEN}");
    door.client.send("POST", &path, &[], b"").await;
    let query = json!({ "buying_mode": "wholesale" });
    door.call(OTHER_TOKEN, "get_products", query).await;
    door.running.stop().await;
    let log = ear.take();
    for said in [
        "a caller was turned away",
        "an access token was refused",
        "an access token was issued",
        "no access token was issued",
        "answered",
    ] {
        assert!(log.contains(said), "{said}");
    }
    let signature = token.rsplit('.').next().expect("a signature");
    for secret in [TOKEN, OTHER_TOKEN, made_up, signature, &forged, &wrong[6..]] {
        assert!(!log.contains(secret), "{secret}");
    }
}
