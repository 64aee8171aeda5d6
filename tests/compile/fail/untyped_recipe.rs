//! An adapter can't ask for a recipe as untyped JSON.

use adcp_seller::domain::MediaBuy;
use adcp_seller::error::Result;
use adcp_seller::platform::Context;
use serde_json::Value;

fn recipe(context: &Context, buy: &MediaBuy) -> Result<Value> {
    context.recipe::<Value>(buy, &buy.packages[0])
}

fn main() {
    let _ = recipe;
}
