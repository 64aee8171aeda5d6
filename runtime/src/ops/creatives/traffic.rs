//! Tells the ad server which packages show other creatives after a `sync_creatives`.
//!
//! Such an assignment is the change that `update_media_buy` makes with `creative_assignments`, so
//! the adapter hears of it the same way, one media buy at a time.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::request::Members;
use super::super::{Call, media_buys, overlap, recipes};
use crate::domain::{MediaBuy, MediaBuyChange, Package, PackageChange, Recipes};
use crate::error::Result;

/// The way of assignments to the ad server, for one sync.
pub(super) struct Traffic<'a> {
    call: &'a Call<'a>,
    /// The recipes of the buys that were looked at, by media buy id.
    recipes: BTreeMap<String, Recipes>,
}

impl<'a> Traffic<'a> {
    pub(super) fn new(call: &'a Call<'_>) -> Self {
        Traffic {
            call,
            recipes: BTreeMap::new(),
        }
    }

    /// Checks that a package's recipe allows what an assignment makes of it, as `update_media_buy`
    /// does. Only an axis of the adopter's own can say anything about creatives.
    ///
    /// # Errors
    ///
    /// As [`overlap::check_package`], at the assignment's `package_id`.
    pub(super) async fn check(
        &mut self,
        buy: &MediaBuy,
        package: &Package,
        assignment: &Value,
        field: &str,
    ) -> Result<()> {
        let call = self.call;
        let axes = call.services.profile.recipe.map(|recipe| recipe.axes);
        if axes.is_none_or(<[_]>::is_empty) {
            return Ok(());
        }
        let known = self.recipes_of(buy).await?;
        let Some(recipe) = recipes::of_package(call, known, buy, package)? else {
            return Ok(());
        };
        let product = call.context.catalog.product(&package.product_id);
        let product = product.map(|product| &product.value);
        overlap::check_package(call, recipe, package, product, assignment, field)
    }

    /// Has the ad server follow the assignments of one buy, and takes over the ids that it gives.
    ///
    /// The operation id is one of its own for every buy, and the same on every retry of the sync.
    ///
    /// # Errors
    ///
    /// The adapter's. Nothing of the sync is stored then.
    pub(super) async fn follow(&mut self, before: &MediaBuy, after: &mut MediaBuy) -> Result<()> {
        let call = self.call;
        let shown = |buy: &MediaBuy, package_id: &str| {
            buy.package(package_id)
                .map(|package| package.extra.list("creative_assignments").to_vec())
                .unwrap_or_default()
        };
        let mut packages = Vec::new();
        let mut updates = Vec::new();
        for package in after.live_packages() {
            let assignments = shown(after, &package.package_id);
            if assignments != shown(before, &package.package_id) {
                packages.push(PackageChange::Changed(package.package_id.clone()));
                updates.push(
                    json!({ "package_id": package.package_id, "creative_assignments": assignments }),
                );
            }
        }
        if packages.is_empty() {
            return Ok(());
        }
        let request = json!({
            "account": { "account_id": after.account_id },
            "media_buy_id": after.media_buy_id,
            "packages": updates,
            "idempotency_key": call.request.member("idempotency_key").unwrap_or(&Value::Null),
        });
        let context = call
            .context
            .as_operation(format!(
                "{}:{}",
                call.context.operation_id, after.media_buy_id
            ))
            .with_recipes(self.recipes_of(after).await?.clone());
        let change = MediaBuyChange {
            before: before.clone(),
            after: after.clone(),
            packages,
        };
        let booking = call
            .services
            .platform
            .update_media_buy(&context, request, &change)
            .await?;
        media_buys::take_references(after, booking);
        Ok(())
    }

    /// The recipes of a buy, asked for once.
    async fn recipes_of(&mut self, buy: &MediaBuy) -> Result<&Recipes> {
        let media_buy_id = &buy.media_buy_id;
        if !self.recipes.contains_key(media_buy_id) {
            let found = recipes::of_buys(self.call, &[buy]).await?;
            self.recipes.insert(media_buy_id.clone(), found);
        }
        Ok(&self.recipes[media_buy_id])
    }
}
