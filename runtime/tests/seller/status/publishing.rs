//! From code beside the server, and for another tenant.

use adcp_seller::Seller;
use adcp_seller::domain::{AccountStatus, CreativeStatus, MediaBuyStatus};
use adcp_seller::identity::TenantId;
use adcp_seller::status::{PublishError, Published, StatusChange};
use chrono::TimeDelta;
use serde_json::json;

use super::{Stage, stage};
use crate::market::{self, AdServer, EXPLICIT, FROM_AUTH, account};
use crate::support::{Bench, OTHER_TOKEN, line, sandbox};

const EARNEST: (&adcp_seller::profile::Profile, bool) = (&EXPLICIT, false);

async fn earnest() -> Stage {
    stage(EARNEST.0, EARNEST.1).await
}

#[tokio::test]
async fn a_media_buy_moves_and_its_follower_is_told_once() {
    let stage = earnest().await;
    let account_id = stage.account(None).await;
    let buy = stage.booked(Some("buys")).await;
    let before = stage.waiting("buys").len();
    assert_eq!(stage.status_of(&buy).await, "pending_creatives");

    stage.market.clock.advance(TimeDelta::seconds(5));
    let change = StatusChange::media_buy(&account_id, &buy, MediaBuyStatus::Rejected)
        .because("the brand is not accepted here");
    let published = stage.market.publisher.publish(change.clone()).await;
    assert_eq!(
        published.expect("published"),
        Published { moved: 1, told: 1 }
    );
    let shown = stage.market.read(&json!(buy)).await;
    assert_eq!(shown["status"], "rejected");
    assert_eq!(
        shown["history"][0]["summary"],
        "the brand is not accepted here"
    );

    let waiting = stage.waiting("buys");
    assert_eq!(waiting.len(), before + 1);
    let told = waiting.last().expect("a notification");
    assert_eq!(told["task_type"], "create_media_buy");
    assert_eq!(told["status"], "completed");
    assert_eq!(told["result"]["media_buy_id"], buy.as_str());
    assert_eq!(told["result"]["status"], "rejected");

    // The same again is nothing new.
    let again = stage.market.publisher.publish(change).await;
    assert_eq!(again.expect("published"), Published::default());
    assert_eq!(stage.waiting("buys").len(), before + 1);
}

#[tokio::test]
async fn a_step_that_no_life_cycle_has_changes_nothing() {
    let stage = earnest().await;
    let account_id = stage.account(None).await;
    let buy = stage.booked(Some("buys")).await;
    let before = (stage.store.contents(), stage.waiting("buys"));
    let change = StatusChange::media_buy(&account_id, &buy, MediaBuyStatus::Completed);
    let error = stage.market.publisher.publish(change).await;
    match error.expect_err("refused") {
        PublishError::Illegal { from, to, .. } => {
            assert_eq!((from, to), ("pending_creatives", "completed"));
        }
        other => panic!("{other}"),
    }
    assert_eq!((stage.store.contents(), stage.waiting("buys")), before);
}

#[tokio::test]
async fn the_account_must_be_the_tenants_and_the_thing_the_accounts() {
    let stage = earnest().await;
    let account_id = stage.account(None).await;
    let buy = stage.booked(Some("buys")).await;
    let mut entry = account("nova");
    entry["billing"] = json!("operator");
    let others = stage
        .market
        .call_as(OTHER_TOKEN, "sync_accounts", json!({ "accounts": [entry] }))
        .await;
    let others = others["accounts"][0]["account_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_ne!(others, account_id);
    let before = stage.store.contents();
    let here = &stage.market.publisher;
    let elsewhere = here.for_tenant(TenantId("another".to_owned()));
    let active = MediaBuyStatus::Active;
    let wrong = [
        (here, StatusChange::media_buy(&others, &buy, active)),
        (here, StatusChange::media_buy("acct_unknown", &buy, active)),
        (
            here,
            StatusChange::media_buy(&account_id, "mb_none", active),
        ),
        (
            here,
            StatusChange::creative(&account_id, "none", CreativeStatus::Approved),
        ),
        (
            here,
            StatusChange::account("acct_unknown", AccountStatus::Suspended),
        ),
        (
            &elsewhere,
            StatusChange::media_buy(&account_id, &buy, active),
        ),
        (
            &elsewhere,
            StatusChange::account(&account_id, AccountStatus::Suspended),
        ),
    ];
    for (publisher, change) in wrong {
        let said = change.to_string();
        let error = publisher.publish(change).await.expect_err(&said);
        assert!(matches!(error, PublishError::Unknown { .. }), "{error}");
        assert!(error.to_string().contains(&said), "{error}");
    }
    assert_eq!(stage.store.contents(), before);
    let tenant = TenantId(TenantId::SINGLE.to_owned());
    let own = StatusChange::media_buy(&account_id, &buy, active);
    let published = here.for_tenant(tenant).publish(own).await;
    assert_eq!(published.expect("published").moved, 1);
}

#[tokio::test]
async fn a_suspended_account_books_nothing_until_it_is_active_again() {
    for (profile, sandbox) in [EARNEST, (&EXPLICIT, true)] {
        let stage = stage(profile, sandbox).await;
        let account_id = stage.account(Some("accounts")).await;
        let publish = |to| {
            stage
                .market
                .publisher
                .publish(StatusChange::account(&account_id, to))
        };
        let before = stage.waiting("accounts").len();
        let published = publish(AccountStatus::Suspended).await.expect("published");
        assert_eq!(published, Published { moved: 1, told: 1 });
        let order = market::order(json!([market::banner(5000.0)]));
        let (code, _) = stage.market.refused("create_media_buy", order).await;
        assert_eq!(code, "ACCOUNT_SUSPENDED");
        stage.market.clock.advance(TimeDelta::seconds(1));
        publish(AccountStatus::Active).await.expect("published");
        stage.booked(None).await;
        let waiting = stage.waiting("accounts");
        assert_eq!(waiting.len(), before + 2);
        let told = waiting.last().expect("a notification");
        assert_eq!(told["task_type"], "sync_accounts");
        assert_eq!(told["result"]["accounts"][0]["status"], "active");
    }
}

#[tokio::test]
async fn the_one_account_of_a_caller_moves_without_having_been_synced() {
    let stage = stage(&FROM_AUTH, false).await;
    stage.booked(None).await;
    let listed = stage.market.call("list_accounts", json!({})).await;
    let account_id = listed["accounts"][0]["account_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let change = StatusChange::account(account_id, AccountStatus::PaymentRequired);
    let published = stage.market.publisher.publish(change).await;
    assert_eq!(
        published.expect("published"),
        Published { moved: 1, told: 0 }
    );
    let order = market::order(json!([market::banner(5000.0)]));
    let (code, _) = stage.market.refused("create_media_buy", order).await;
    assert_eq!(code, "ACCOUNT_PAYMENT_REQUIRED");
}

#[tokio::test]
async fn a_review_wakes_the_buys_that_waited_for_the_creative() {
    let stage = stage(&EXPLICIT, true).await;
    let account_id = stage.account(None).await;
    stage.synced("banner-1", Some("creatives")).await;
    let publish = |to| {
        let change = StatusChange::creative(&account_id, "banner-1", to).because("too loud");
        stage.market.publisher.publish(change)
    };
    publish(CreativeStatus::Rejected).await.expect("published");
    let packages = json!([{ "product_id": "banner", "creative_assignments": [{ "creative_id": "banner-1" }] }]);
    let fixture = json!({ "status": "pending_creatives", "packages": packages });
    let seed = json!({ "media_buy_id": "waiting", "fixture": fixture });
    stage.market.steer("seed_media_buy", seed).await;

    stage.market.clock.advance(TimeDelta::seconds(1));
    let published = publish(CreativeStatus::PendingReview).await;
    assert_eq!(
        published.expect("published"),
        Published { moved: 2, told: 1 }
    );
    assert_eq!(stage.status_of("waiting").await, "pending_start");
    let told = stage.waiting("creatives").pop().expect("a notification");
    assert_eq!(told["task_type"], "sync_creatives");
    let line = &told["result"]["creatives"][0];
    assert_eq!(line["creative_id"], "banner-1");
    assert_eq!(line["status"], "pending_review");
}

#[tokio::test]
async fn what_is_published_while_others_write_is_neither_lost_nor_told_twice() {
    let stage = earnest().await;
    let account_id = stage.account(None).await;
    let buy = stage.booked(Some("buys")).await;
    let before = stage.waiting("buys").len();
    let change = StatusChange::media_buy(&account_id, &buy, MediaBuyStatus::Active);
    let publishing = (0..20).map(|_| stage.market.publisher.publish(change.clone()));
    let published = futures_util::future::join_all(publishing).await;
    let moved: usize = published
        .into_iter()
        .map(|published| published.expect("published").moved)
        .sum();
    assert_eq!(moved, 1);
    assert_eq!(stage.waiting("buys").len(), before + 1);
}

#[tokio::test]
async fn without_a_seller_that_serves_nothing_is_published() {
    let seller = Seller::new(line::spec(), &line::PROFILE, AdServer::default());
    let publisher = seller.publisher();
    drop(seller);
    let change = StatusChange::account("acct", AccountStatus::Active);
    let error = publisher.publish(change.clone()).await;
    assert!(matches!(error, Err(PublishError::NotServing)), "{error:?}");

    let Bench { running, .. } = sandbox().await;
    let publisher = running.publisher();
    let unknown = publisher.publish(change.clone()).await;
    assert!(matches!(unknown, Err(PublishError::Unknown { .. })));
    running.stop().await;
    let error = publisher.publish(change).await;
    assert!(matches!(error, Err(PublishError::NotServing)), "{error:?}");
}
