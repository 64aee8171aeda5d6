//! In a handler: with the call, or not at all.

use std::sync::{Arc, Mutex};

use adcp_seller::domain::{
    Booking, BuyDelivery, Creative, CreativeReview, DeliveryQuery, MediaBuy, MediaBuyChange,
    MediaBuyStatus,
};
use adcp_seller::error::Error;
use adcp_seller::platform::{Answer, Context, Outcome, Platform, Products};
use adcp_seller::status::{PublishError, StatusChange};
use serde_json::{Value, json};

use super::{Stage, hook, staged};
use crate::market::{AdServer, EXPLICIT, account};

/// An adapter that publishes what it was given whenever it is asked to change something or to
/// report.
#[derive(Clone, Default)]
struct Herald {
    ad_server: AdServer,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    publishes: Vec<StatusChange>,
    fails: bool,
    refused: Vec<String>,
}

impl Herald {
    async fn publish(&self, context: &Context) -> Result<(), Error> {
        let changes = self.script.lock().expect("a lock").publishes.clone();
        for change in changes {
            if let Err(error) = context.publish(change).await {
                let kind = match error {
                    PublishError::Unknown { .. } => "unknown",
                    PublishError::Illegal { .. } => "illegal",
                    PublishError::TooMany(_) => "too many",
                    _ => "else",
                };
                let refused = &mut self.script.lock().expect("a lock").refused;
                refused.push(kind.to_owned());
            }
        }
        match self.script.lock().expect("a lock").fails {
            true => Err(Error::validation("the ad server says no")),
            false => Ok(()),
        }
    }
}

impl Platform for Herald {
    fn get_products<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
    ) -> Answer<'a, Outcome<Products>> {
        self.ad_server.get_products(context, request)
    }

    fn create_media_buy<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        buy: &'a MediaBuy,
    ) -> Answer<'a, Outcome<Booking>> {
        Box::pin(async move {
            self.publish(context).await?;
            self.ad_server.create_media_buy(context, request, buy).await
        })
    }

    fn update_media_buy<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        change: &'a MediaBuyChange,
    ) -> Answer<'a, Booking> {
        Box::pin(async move {
            self.publish(context).await?;
            self.ad_server
                .update_media_buy(context, request, change)
                .await
        })
    }

    fn get_media_buy_delivery<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        query: &'a DeliveryQuery,
    ) -> Answer<'a, Vec<BuyDelivery>> {
        Box::pin(async move {
            self.publish(context).await?;
            self.ad_server
                .get_media_buy_delivery(context, request, query)
                .await
        })
    }

    fn sync_creatives<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        creatives: &'a [Creative],
    ) -> Answer<'a, Vec<CreativeReview>> {
        self.ad_server.sync_creatives(context, request, creatives)
    }
}

async fn open() -> (Stage, Herald, String) {
    let herald = Herald::default();
    let stage = staged(&EXPLICIT, false, herald.clone(), herald.ad_server.clone()).await;
    let account_id = stage.account(None).await;
    (stage, herald, account_id)
}

impl Herald {
    fn will(&self, publishes: Vec<StatusChange>, fails: bool) {
        *self.script.lock().expect("a lock") = Script {
            publishes,
            fails,
            refused: Vec::new(),
        };
    }

    fn refused(&self) -> Vec<String> {
        self.script.lock().expect("a lock").refused.clone()
    }
}

fn report(buy: &str) -> Value {
    json!({ "account": account("nova"), "media_buy_ids": [buy] })
}

#[tokio::test]
async fn a_report_that_finds_a_buy_stopped_moves_it_and_tells_its_follower() {
    let (stage, herald, account_id) = open().await;
    let buy = stage.booked(Some("buys")).await;
    let before = stage.waiting("buys").len();
    let stopped = StatusChange::media_buy(&account_id, &buy, MediaBuyStatus::Canceled)
        .because("stopped at the ad server");
    herald.will(vec![stopped], false);
    stage
        .market
        .call("get_media_buy_delivery", report(&buy))
        .await;
    let shown = stage.market.read(&json!(buy)).await;
    assert_eq!(shown["status"], "canceled");
    assert_eq!(shown["cancellation"]["canceled_by"], "seller");
    assert_eq!(stage.waiting("buys").len(), before + 1);
}

#[tokio::test]
async fn what_a_failed_call_published_never_was() {
    let (stage, herald, account_id) = open().await;
    let buy = stage.booked(Some("buys")).await;
    let before = stage.store.contents();
    let paused = StatusChange::media_buy(&account_id, &buy, MediaBuyStatus::Active);
    herald.will(vec![paused], true);
    stage
        .market
        .refused("get_media_buy_delivery", report(&buy))
        .await;
    assert_eq!(herald.refused(), Vec::<String>::new());
    assert_eq!(stage.store.contents(), before);
}

#[tokio::test]
async fn a_call_may_change_what_it_publishes_about() {
    let (stage, herald, account_id) = open().await;
    let buy = stage.booked(Some("buys")).await;
    let before = stage.waiting("buys").len();
    // The update writes the very record that the change moves.
    let active = StatusChange::media_buy(&account_id, &buy, MediaBuyStatus::Active);
    let paused = StatusChange::media_buy(&account_id, &buy, MediaBuyStatus::Paused);
    herald.will(vec![active, paused], false);
    let change = json!({ "end_time": "2026-04-20T00:00:00Z" });
    stage.market.change(&json!(buy), change).await;
    let shown = stage.market.read(&json!(buy)).await;
    assert_eq!(shown["status"], "paused");
    assert_eq!(shown["end_time"], "2026-04-20T00:00:00Z");
    assert_eq!(stage.waiting("buys").len(), before + 2);
}

#[tokio::test]
async fn a_handler_is_told_at_once_what_can_not_be_published() {
    let (stage, herald, account_id) = open().await;
    let buy = stage.booked(None).await;
    let to = |to| StatusChange::media_buy(&account_id, &buy, to);
    let wrong = vec![
        to(MediaBuyStatus::Completed),
        StatusChange::media_buy("acct_of_nobody", &buy, MediaBuyStatus::Active),
        // Each stands on what the handler published before.
        to(MediaBuyStatus::Rejected),
        to(MediaBuyStatus::Active),
    ];
    herald.will(wrong, false);
    stage
        .market
        .call("get_media_buy_delivery", report(&buy))
        .await;
    assert_eq!(herald.refused(), ["illegal", "unknown", "illegal"]);
    assert_eq!(stage.status_of(&buy).await, "rejected");
}

#[tokio::test]
async fn one_call_publishes_a_bounded_number_of_changes() {
    let (stage, herald, account_id) = open().await;
    let buy = stage.booked(None).await;
    // What is known already counts too. Most are that, since a history is long to write.
    let turn = |at| match at {
        0..998 | 1000 => MediaBuyStatus::Active,
        _ => MediaBuyStatus::Paused,
    };
    let many = (0..1001).map(|at| StatusChange::media_buy(&account_id, &buy, turn(at)));
    herald.will(many.collect(), false);
    stage
        .market
        .call("get_media_buy_delivery", report(&buy))
        .await;
    assert_eq!(herald.refused(), ["too many"]);
    assert_eq!(stage.status_of(&buy).await, "paused");
}

#[tokio::test]
async fn a_buy_that_is_being_created_can_not_be_published_about() {
    let (stage, herald, account_id) = open().await;
    let unknown = StatusChange::media_buy(&account_id, "mb_of_this_call", MediaBuyStatus::Active);
    herald.will(vec![unknown], false);
    let mut order = crate::market::order(json!([crate::market::banner(5000.0)]));
    order["push_notification_config"] = hook("buys");
    stage.market.call("create_media_buy", order).await;
    assert_eq!(herald.refused(), ["unknown"]);
    assert_eq!(stage.waiting("buys").len(), 1, "the answer's own");
}
