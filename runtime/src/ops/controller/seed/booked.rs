//! What a test has booked already: creatives, and media buys with their packages.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use crate::catalog::{own_format_ids, title};
use crate::domain::{Creative, CreativeStatus, MediaBuy, MediaBuyStatus, Package, money};
use crate::error::Error;
use crate::ops::controller::{Answer, Failure, Params, Refusal};
use crate::ops::media_buys::{PACKAGE_KEPT, priced};
use crate::ops::request::Members;
use crate::ops::{Call, records, scope};
use crate::store::Batch;

/// The account that seeded objects belong to: that of the call.
fn account_id(call: &Call<'_>) -> String {
    call.context.account.as_ref().map_or_else(
        || "sandbox".to_owned(),
        |account| account.account_id.clone(),
    )
}

pub(in crate::ops::controller) async fn creative(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let creative_id = params.text("creative_id")?;
    let fixture = params.fixture()?;
    let status = match fixture.text("status") {
        Some(word) => CreativeStatus::from_wire(word)
            .ok_or_else(|| Refusal::params(format!("`fixture.status` can't be {word}")))?,
        None => CreativeStatus::Approved,
    };
    let catalog = &call.context.catalog;
    let mut named =
        json!({ "format_id": fixture.get("format_id").cloned().unwrap_or_else(|| json!({})) });
    if let Some(format_id) = named["format_id"].as_object_mut() {
        format_id.entry("id").or_insert_with(|| {
            Value::from(
                catalog
                    .formats()
                    .first()
                    .map_or("unspecified", |format| format.format_id.id.as_str()),
            )
        });
    }
    own_format_ids(&mut named, catalog.agent_url());
    let format_id = named
        .format_id("format_id")
        .ok_or_else(|| Refusal::params("`fixture.format_id` is an object with an id"))?;
    let mut extra = fixture.clone();
    for taken in ["creative_id", "status", "format_id", "name"] {
        extra.shift_remove(taken);
    }
    let now = call.context.now;
    let creative = Creative {
        creative_id: creative_id.to_owned(),
        account_id: account_id(call),
        name: fixture
            .text("name")
            .map_or_else(|| title(creative_id), str::to_owned),
        format_id,
        status,
        archived_from: None,
        rejection_reason: None,
        created_at: now,
        updated_at: now,
        creative_ref: None,
        extra,
    };
    let mut batch = Batch::new();
    records::seed(&mut batch, &scope::shared(call.context), &creative)?;
    Ok((Map::new(), batch))
}

pub(in crate::ops::controller) async fn media_buy(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let media_buy_id = params.text("media_buy_id")?;
    let fixture = params.fixture()?;
    let status = match fixture.text("status") {
        Some(word) => MediaBuyStatus::from_wire(word)
            .ok_or_else(|| Refusal::params(format!("`fixture.status` can't be {word}")))?,
        None => MediaBuyStatus::Active,
    };
    let now = call.context.now;
    let pending = matches!(
        status,
        MediaBuyStatus::PendingCreatives | MediaBuyStatus::PendingStart
    );
    let begin = if pending {
        now + TimeDelta::days(1)
    } else {
        now - TimeDelta::days(1)
    };
    let start_time = fixture.instant("start_time").unwrap_or(begin);
    let end_time = fixture
        .instant("end_time")
        .unwrap_or(start_time.max(now) + TimeDelta::days(30));
    if end_time <= start_time {
        return Err(Refusal::params(
            "`fixture.end_time` has to be later than `fixture.start_time`",
        ));
    }
    let packages = packages(call, media_buy_id, &fixture)?;
    let mut buy = MediaBuy {
        media_buy_id: media_buy_id.to_owned(),
        account_id: account_id(call),
        status,
        currency: fixture.text("currency").unwrap_or("USD").to_owned(),
        start_time,
        end_time,
        packages,
        held: status == MediaBuyStatus::Paused,
        revision: 1,
        confirmed_at: Some(fixture.instant("confirmed_at").unwrap_or(now)),
        created_at: now,
        updated_at: now,
        cancellation: None,
        order_ref: None,
        proposal_id: None,
        recipes: std::collections::BTreeMap::new(),
        history: Vec::new(),
        extra: fixture.pick(&["brand", "po_number", "ext"]),
    };
    buy.note(now, None, "created", None, None);
    let mut batch = Batch::new();
    records::seed(&mut batch, &scope::shared(call.context), &buy)?;
    Ok((Map::new(), batch))
}

/// The packages of a seeded buy: those of the fixture, or one of the first product on sale.
fn packages(
    call: &Call<'_>,
    media_buy_id: &str,
    fixture: &Map<String, Value>,
) -> Result<Vec<Package>, Failure> {
    let one = [json!({})];
    let wanted = match fixture.list("packages") {
        [] => &one[..],
        wanted => wanted,
    };
    let budget = fixture
        .get("total_budget")
        .and_then(|total| total.as_f64().or_else(|| total.number("amount")))
        .unwrap_or(10_000.0)
        / wanted.len() as f64;
    let catalog = &call.context.catalog;
    let build = |(at, wanted): (usize, &Value)| {
        let product = match wanted.text("product_id") {
            Some(product_id) => catalog
                .product(product_id)
                .ok_or_else(|| Refusal::missing("product"))?,
            None => catalog
                .products()
                .first()
                .ok_or_else(|| Refusal::missing("product on sale"))?,
        };
        let option = wanted
            .text("pricing_option_id")
            .and_then(|id| product.pricing_option(id))
            .or_else(|| product.pricing_options.first());
        let option = option.ok_or_else(|| {
            Failure::Broken(Error::internal("a product without a price is on sale"))
        })?;
        let package_id = wanted
            .text("package_id")
            .map_or_else(|| format!("{media_buy_id}_pkg_{}", at + 1), str::to_owned);
        let mut package = priced(package_id, &product.product_id, option);
        package.budget = wanted.number("budget").unwrap_or(budget);
        if !(0.0..=money::MOST).contains(&package.budget) {
            return Err(Refusal::params(format!(
                "a budget in `fixture` is a number from 0 to {}",
                money::number(money::MOST)
            )));
        }
        package.bid_price = wanted.number("bid_price").or(option.floor_price);
        package.paused = wanted.truth("paused").unwrap_or(false);
        package.extra = wanted.pick(&PACKAGE_KEPT);
        for assignment in wanted.list("creative_assignments") {
            if let Some(creative_id) = assignment.text("creative_id") {
                package.assign(creative_id, assignment.clone(), call.context.now);
            }
        }
        Ok(package)
    };
    wanted.iter().enumerate().map(build).collect()
}
