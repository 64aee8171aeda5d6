//! What an adopter writes, reduced to what tests look at: which operations reached the ad server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adcp_seller::domain::{
    Booking, BuyDelivery, Creative, CreativeReview, DeliveryQuery, MediaBuy, MediaBuyChange,
};
use adcp_seller::error::Error;
use adcp_seller::platform::{Answer, Context, Outcome, Platform, Products};
use serde_json::Value;

/// How the ad server takes the next bookings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It books.
    #[default]
    Well,
    /// It books, but slowly.
    Slow,
    /// It does not answer.
    Down,
    /// It takes the order and never answers.
    Silent,
    /// Its adapter panics.
    Panicking,
    /// It answers `get_products` with something that is no product.
    Confused,
}

/// A platform over an ad server that counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Desk {
    mood: Arc<Mutex<Mood>>,
    booked: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Desk {
    pub(crate) fn mood(&self, mood: Mood) {
        *self.mood.lock().expect("a lock") = mood;
    }

    /// How often each operation reached the ad server.
    pub(crate) fn booked(&self) -> BTreeMap<String, usize> {
        self.booked.lock().expect("a lock").clone()
    }

    async fn book(&self, operation_id: &str) -> Result<Booking, Error> {
        let mood = *self.mood.lock().expect("a lock");
        *self
            .booked
            .lock()
            .expect("a lock")
            .entry(operation_id.to_owned())
            .or_default() += 1;
        match mood {
            Mood::Slow => tokio::time::sleep(Duration::from_millis(300)).await,
            Mood::Silent => std::future::pending().await,
            Mood::Down => {
                return Err(Error::unavailable(
                    "the ad server at 10.0.0.7 refused the connection",
                ));
            }
            Mood::Panicking => panic!("the adapter has a bug"),
            Mood::Well | Mood::Confused => {}
        }
        Ok(Booking::default())
    }
}

impl Platform for Desk {
    fn get_products<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
    ) -> Answer<'a, Outcome<Products>> {
        Box::pin(async move {
            let mut products = context
                .catalog
                .matching(request["brief"].as_str(), request.get("filters"));
            if *self.mood.lock().expect("a lock") == Mood::Confused {
                products
                    .products
                    .push(adcp_seller::platform::WireProduct::Made(
                        serde_json::json!({ "product_id": 7 }),
                    ));
            }
            Ok(Outcome::Done(products))
        })
    }

    fn create_media_buy<'a>(
        &'a self,
        context: &'a Context,
        _request: Value,
        _buy: &'a MediaBuy,
    ) -> Answer<'a, Outcome<Booking>> {
        Box::pin(async move { self.book(&context.operation_id).await.map(Outcome::Done) })
    }

    fn update_media_buy<'a>(
        &'a self,
        context: &'a Context,
        _request: Value,
        _change: &'a MediaBuyChange,
    ) -> Answer<'a, Booking> {
        Box::pin(self.book(&context.operation_id))
    }

    fn get_media_buy_delivery<'a>(
        &'a self,
        _context: &'a Context,
        _request: Value,
        _query: &'a DeliveryQuery,
    ) -> Answer<'a, Vec<BuyDelivery>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn sync_creatives<'a>(
        &'a self,
        _context: &'a Context,
        _request: Value,
        _creatives: &'a [Creative],
    ) -> Answer<'a, Vec<CreativeReview>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
