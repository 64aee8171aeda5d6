//! Tells the ad server which packages show other creatives after a `sync_creatives`.
//!
//! Such an assignment is the change that `update_media_buy` makes with `creative_assignments`, so
//! the adapter hears of it the same way, one media buy at a time.

use serde_json::{Value, json};

use super::super::request::Members;
use super::super::{Call, media_buys};
use crate::domain::{MediaBuy, MediaBuyChange, PackageChange};
use crate::error::Result;

/// Has the ad server follow the assignments of one buy, and takes over the ids that it gives.
///
/// The operation id is one of its own for every buy, and the same on every retry of the sync.
///
/// # Errors
///
/// The adapter's. Nothing of the sync is stored then.
pub(super) async fn follow(call: &Call<'_>, before: &MediaBuy, after: &mut MediaBuy) -> Result<()> {
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
    let mut context = call.context.clone();
    context.operation_id = format!("{}:{}", context.operation_id, after.media_buy_id);
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
