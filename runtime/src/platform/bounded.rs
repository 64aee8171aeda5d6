//! A platform whose every call ends in time.
//!
//! An ad server that takes a request and never answers would keep a buyer waiting for ever, and a
//! worker's place with it. So each call has a deadline: [`INLINE`] while a buyer waits for the
//! answer, [`IN_TASK`] where the call is carried out as a task. A call that runs out of time is
//! dropped and answered like an ad server that does not respond: `SERVICE_UNAVAILABLE`. Nobody knows
//! then what came of it, and dispatch treats it so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{Answer, Context, Outcome, Platform, Products, Requested};
use crate::domain::{
    Booking, BuyDelivery, Creative, CreativeReview, DeliveryQuery, Finalized, MediaBuy,
    MediaBuyChange, ToFinalize, Wish,
};
use crate::error::{Error, Result};

/// How long a call may take while its buyer waits for the answer.
pub const INLINE: Duration = Duration::from_secs(60);
/// How long a call may take that is carried out as a task.
pub const IN_TASK: Duration = Duration::from_secs(300);

/// The platform that the adopter wrote, with a deadline for each call.
pub(crate) struct Bounded(Arc<dyn Platform>);

impl Bounded {
    pub(crate) fn new(platform: Arc<dyn Platform>) -> Self {
        Bounded(platform)
    }
}

fn within<'a, T: Send + 'a>(
    context: &Context,
    method: &'a str,
    answer: Answer<'a, T>,
) -> Answer<'a, T> {
    let limit = match context.work {
        None => INLINE,
        Some(_) => IN_TASK,
    };
    Box::pin(async move {
        match tokio::time::timeout(limit, answer).await {
            Ok(answered) => answered,
            Err(_) => Err(Error::unavailable(format!(
                "the adapter has not returned from {method} within {} seconds; where the ad server takes longer, hand the work off",
                limit.as_secs()
            ))),
        }
    })
}

impl Platform for Bounded {
    fn get_products<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
    ) -> Answer<'a, Outcome<Products>> {
        within(
            context,
            "get_products",
            self.0.get_products(context, request),
        )
    }

    fn refine<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        wishes: Vec<Wish>,
    ) -> Answer<'a, Outcome<Products>> {
        within(context, "refine", self.0.refine(context, request, wishes))
    }

    fn finalize<'a>(
        &'a self,
        context: &'a Context,
        draft: ToFinalize,
    ) -> Answer<'a, Outcome<Finalized>> {
        within(context, "finalize", self.0.finalize(context, draft))
    }

    fn recipes<'a>(
        &'a self,
        context: &'a Context,
        product_ids: &'a [String],
    ) -> Answer<'a, BTreeMap<String, Value>> {
        within(context, "recipes", self.0.recipes(context, product_ids))
    }

    fn requested(&self, axis: &str, package: &Value) -> Result<Vec<Requested>> {
        self.0.requested(axis, package)
    }

    fn create_media_buy<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        buy: &'a MediaBuy,
    ) -> Answer<'a, Outcome<Booking>> {
        within(
            context,
            "create_media_buy",
            self.0.create_media_buy(context, request, buy),
        )
    }

    fn update_media_buy<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        change: &'a MediaBuyChange,
    ) -> Answer<'a, Booking> {
        within(
            context,
            "update_media_buy",
            self.0.update_media_buy(context, request, change),
        )
    }

    fn get_media_buy_delivery<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        query: &'a DeliveryQuery,
    ) -> Answer<'a, Vec<BuyDelivery>> {
        within(
            context,
            "get_media_buy_delivery",
            self.0.get_media_buy_delivery(context, request, query),
        )
    }

    fn sync_creatives<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        creatives: &'a [Creative],
    ) -> Answer<'a, Vec<CreativeReview>> {
        within(
            context,
            "sync_creatives",
            self.0.sync_creatives(context, request, creatives),
        )
    }

    fn call<'a>(
        &'a self,
        context: &'a Context,
        tool: &'a str,
        request: Value,
    ) -> Answer<'a, Value> {
        within(context, tool, self.0.call(context, tool, request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::clock::Timestamp;
    use crate::identity::{Principal, TenantId};
    use crate::platform::Work;

    /// An ad server that takes every request and answers none.
    struct Silent;

    impl Platform for Silent {
        fn get_products<'a>(&'a self, _: &'a Context, _: Value) -> Answer<'a, Outcome<Products>> {
            Box::pin(std::future::pending())
        }

        fn refine<'a>(
            &'a self,
            _: &'a Context,
            _: Value,
            _: Vec<Wish>,
        ) -> Answer<'a, Outcome<Products>> {
            Box::pin(std::future::pending())
        }

        fn finalize<'a>(&'a self, _: &'a Context, _: ToFinalize) -> Answer<'a, Outcome<Finalized>> {
            Box::pin(std::future::pending())
        }

        fn recipes<'a>(
            &'a self,
            _: &'a Context,
            _: &'a [String],
        ) -> Answer<'a, BTreeMap<String, Value>> {
            Box::pin(std::future::pending())
        }

        fn call<'a>(&'a self, _: &'a Context, _: &'a str, _: Value) -> Answer<'a, Value> {
            Box::pin(std::future::pending())
        }
    }

    fn context(work: Option<Work>) -> Context {
        let catalog = Catalog::new("http://127.0.0.1/mcp", Vec::new(), Vec::new());
        Context {
            operation_id: "op_1".to_owned(),
            tenant: TenantId(TenantId::SINGLE.to_owned()),
            principal: Principal("first".to_owned()),
            account: None,
            sandbox: false,
            now: Timestamp::UNIX_EPOCH,
            catalog: Arc::new(catalog.expect("an empty catalogue")),
            work,
            recipes: Arc::default(),
            changes: Default::default(),
        }
    }

    async fn runs_out<T>(answer: Answer<'_, T>, after: Duration) {
        let began = tokio::time::Instant::now();
        let error = answer.await.err().expect("it runs out of time");
        assert_eq!(error.code, "SERVICE_UNAVAILABLE");
        let took = began.elapsed();
        assert!(
            took >= after && took < after + Duration::from_secs(1),
            "{took:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_ad_server_keeps_nobody_waiting_for_ever() {
        let platform = Bounded::new(Arc::new(Silent));
        let work = Work {
            task_id: "task_1".to_owned(),
            attempt: 0,
            state: None,
            approved_by: None,
        };
        for (context, limit) in [(context(None), INLINE), (context(Some(work)), IN_TASK)] {
            let draft = ToFinalize {
                proposal: Value::Null,
                recipes: BTreeMap::new(),
                ask: None,
                hold_until: Timestamp::UNIX_EPOCH,
            };
            runs_out(platform.get_products(&context, Value::Null), limit).await;
            runs_out(platform.refine(&context, Value::Null, Vec::new()), limit).await;
            runs_out(platform.finalize(&context, draft), limit).await;
            runs_out(platform.recipes(&context, &[]), limit).await;
            runs_out(platform.call(&context, "get_signals", Value::Null), limit).await;
        }
    }
}
