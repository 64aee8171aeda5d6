//! An ad server that exists only in this process, to try the seller out.
//!
//! Each line item spends its budget evenly over its flight. It remembers nothing after a restart: a
//! line item that it does not know is taken to have run unchanged since it was booked.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use adcp_seller::domain::{Booking, BuyDelivery, DeliveryQuery, MediaBuy, Package};
use adcp_seller::error::Result;
use adcp_seller::platform::{Context, Outcome};
use adcp_seller::simulation::SimulatedLine;
use chrono::TimeDelta;
use wire::{Recipe, ToFinalize, types};

use super::AdServer;

/// How far reports lag behind, as `expected_delay_minutes` in the catalogue tells buyers.
const REPORTING_LAG: TimeDelta = TimeDelta::minutes(60);

/// An ad server that makes delivery up.
#[derive(Debug, Default)]
pub struct SimulatedAdServer {
    lines: Mutex<HashMap<String, SimulatedLine>>,
}

impl AdServer for SimulatedAdServer {
    /// Its inventory has no end, so that nothing has to be set aside.
    async fn hold(
        &self,
        _context: &Context,
        _draft: &ToFinalize,
        _allocation: &types::ProductAllocation,
    ) -> Result<Outcome<()>> {
        Ok(Outcome::Done(()))
    }

    async fn release(&self, _context: &Context) -> Result<()> {
        Ok(())
    }

    async fn book(&self, context: &Context, buy: &MediaBuy) -> Result<Outcome<Booking>> {
        let order_ref = Some(format!("order-{}", buy.media_buy_id));
        let mut booking = Booking {
            order_ref,
            ..Booking::default()
        };
        for package in &buy.packages {
            let line_ref = self.change(context, buy, package).await?;
            booking
                .line_refs
                .insert(package.package_id.clone(), line_ref);
        }
        Ok(Outcome::Done(booking))
    }

    async fn change(&self, context: &Context, buy: &MediaBuy, package: &Package) -> Result<String> {
        // A real ad server books what the recipe says; here it only has to be there.
        context.recipe::<Recipe>(buy, package)?;
        let line_ref = line_ref(package);
        let mut lines = self.lines();
        let line = lines.entry(line_ref.clone()).or_default();
        line.follow(context.now, buy, package);
        Ok(line_ref)
    }

    async fn pause(&self, context: &Context, buy: &MediaBuy, package: &Package) -> Result<()> {
        self.change(context, buy, package).await.map(drop)
    }

    async fn cancel(&self, context: &Context, buy: &MediaBuy, package: &Package) -> Result<()> {
        self.change(context, buy, package).await.map(drop)
    }

    async fn report(
        &self,
        context: &Context,
        buy: &MediaBuy,
        query: &DeliveryQuery,
    ) -> Result<BuyDelivery> {
        let known = context.now - REPORTING_LAG;
        let mut lines = self.lines();
        let mut packages = Vec::with_capacity(buy.packages.len());
        for package in &buy.packages {
            let line = lines.entry(line_ref(package));
            let line = line.or_insert_with(|| SimulatedLine::booked(buy, package));
            packages.push(line.report(package, query, known));
        }
        let media_buy_id = buy.media_buy_id.clone();
        Ok(BuyDelivery {
            media_buy_id,
            packages,
        })
    }
}

impl SimulatedAdServer {
    /// The line items. A thread that died holding them left them whole.
    fn lines(&self) -> MutexGuard<'_, HashMap<String, SimulatedLine>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line_ref(package: &Package) -> String {
    format!("line-{}", package.package_id)
}
