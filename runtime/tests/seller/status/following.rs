//! Who is told, and of what.

use adcp_seller::domain::{CreativeStatus, MediaBuyStatus};
use adcp_seller::status::{Published, StatusChange};
use serde_json::{Value, json};

use super::{hook, stage};
use crate::market::{EXPLICIT, account, creative};

#[tokio::test]
async fn a_create_tells_its_receiver_once_and_a_dry_run_registers_nobody() {
    let stage = stage(&EXPLICIT, true).await;
    stage.booked(Some("buys")).await;
    assert_eq!(stage.waiting("buys").len(), 1);
    let mut request =
        json!({ "account": account("nova"), "creatives": [creative("tried", "rectangle")] });
    request["dry_run"] = json!(true);
    request["push_notification_config"] = hook("creatives");
    stage.market.call("sync_creatives", request).await;
    assert_eq!(stage.store.count("status_follower"), 1);
}

#[tokio::test]
async fn the_test_controller_publishes_through_the_same_bus() {
    let stage = stage(&EXPLICIT, true).await;
    let account_id = stage.account(Some("accounts")).await;
    let buy = stage.booked(Some("buys")).await;
    stage.synced("banner-1", Some("creatives")).await;
    let before = ["accounts", "buys", "creatives"].map(|path| stage.waiting(path).len());
    let market = &stage.market;
    market
        .steer(
            "force_media_buy_status",
            json!({ "media_buy_id": buy, "status": "active" }),
        )
        .await;
    market
        .steer(
            "force_creative_status",
            json!({ "creative_id": "banner-1", "status": "rejected", "rejection_reason": "too loud" }),
        )
        .await;
    market
        .steer(
            "force_account_status",
            json!({ "account_id": account_id, "status": "suspended" }),
        )
        .await;
    let after = ["accounts", "buys", "creatives"].map(|path| stage.waiting(path).len());
    assert_eq!(after, before.map(|count| count + 1));
    // Nothing orders notifications of the same instant.
    let told = stage.waiting("creatives");
    let rejected =
        |told: &Value| told["result"]["creatives"][0]["warnings"][0] == "rejected: too loud";
    assert!(told.iter().any(rejected), "{told:?}");
}

#[tokio::test]
async fn a_sync_that_ends_the_wait_of_a_buy_tells_the_buys_follower() {
    let stage = stage(&EXPLICIT, false).await;
    stage.account(None).await;
    let buy = stage.booked(Some("buys")).await;
    let before = stage.waiting("buys").len();
    let shown = stage.market.read(&json!(buy)).await;
    let package_id = &shown["packages"][0]["package_id"];
    let request = json!({
        "account": account("nova"),
        "creatives": [creative("banner-1", "rectangle")],
        "assignments": [{ "creative_id": "banner-1", "package_id": package_id }],
    });
    stage.market.call("sync_creatives", request).await;
    assert_eq!(stage.status_of(&buy).await, "pending_start");
    let waiting = stage.waiting("buys");
    assert_eq!(waiting.len(), before + 1);
}

#[tokio::test]
async fn a_later_sync_takes_the_place_of_an_earlier_receiver() {
    let stage = stage(&EXPLICIT, false).await;
    let account_id = stage.account(None).await;
    stage.synced("banner-1", Some("old")).await;
    stage.synced("banner-1", Some("new")).await;
    let before = ["old", "new"].map(|path| stage.waiting(path).len());
    let change = StatusChange::creative(&account_id, "banner-1", CreativeStatus::Approved);
    stage
        .market
        .publisher
        .publish(change)
        .await
        .expect("published");
    let after = ["old", "new"].map(|path| stage.waiting(path).len());
    assert_eq!(after, [before[0], before[1] + 1]);
}

#[tokio::test]
async fn what_has_ended_is_followed_no_longer() {
    let stage = stage(&EXPLICIT, false).await;
    let account_id = stage.account(None).await;
    let buy = stage.booked(Some("buys")).await;
    assert_eq!(stage.store.count("status_follower"), 1);
    let change = StatusChange::media_buy(&account_id, &buy, MediaBuyStatus::Rejected);
    let published = stage.market.publisher.publish(change).await;
    assert_eq!(
        published.expect("published"),
        Published { moved: 1, told: 1 }
    );
    assert_eq!(stage.store.count("status_follower"), 0);
}
