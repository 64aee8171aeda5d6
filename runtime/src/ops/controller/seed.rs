//! `seed_*`: objects that a test wants to find under names of its own.
//!
//! A fixture says only what matters to the test. What it leaves out is completed from the seller's
//! own catalogue, and an optional member that the line's schema refuses is left out, so that what
//! buyers read afterwards is always valid.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::super::media_buys::{PACKAGE_KEPT, priced};
use super::super::records::{self, SeededFormat, SeededProduct};
use super::super::request::Members;
use super::super::{Call, sandbox, scope};
use super::{Answer, Failure, Params, Refusal};
use crate::catalog::{CatalogFormat, CatalogProduct, own_format_ids, title};
use crate::domain::{Creative, CreativeStatus, MediaBuy, MediaBuyStatus, Package, money};
use crate::error::Error;
use crate::identity::Scope;
use crate::store::Batch;

/// Tries to make a fixture valid by leaving out members before giving up.
const TRIES: usize = 20;

fn seeds(call: &Call<'_>) -> Scope {
    sandbox::seeds(&call.context.tenant, &call.context.principal)
}

/// Writes a seed that changes what is on sale.
fn seeded<T: records::Kept>(call: &Call<'_>, value: &T) -> Answer {
    let mut batch = Batch::new();
    records::seed(&mut batch, &seeds(call), value)?;
    call.services.overlays.forget(&seeds(call));
    Ok((Map::new(), batch))
}

pub(super) async fn product(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let product_id = params.text("product_id")?;
    let mut product = params.fixture()?;
    product.insert("product_id".to_owned(), Value::from(product_id));
    let made_up_price = product
        .get("pricing_options")
        .and_then(Value::as_array)
        .is_none_or(Vec::is_empty);
    let product = completed(call, product, made_up_price)?;
    seeded(
        call,
        &SeededProduct {
            product_id: product_id.to_owned(),
            product,
            made_up_price,
        },
    )
}

pub(super) async fn pricing_option(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let product_id = params.text("product_id")?;
    let pricing_option_id = params.text("pricing_option_id")?;
    let mut option = params.fixture()?;
    option.insert(
        "pricing_option_id".to_owned(),
        Value::from(pricing_option_id),
    );
    let stored =
        records::find::<SeededProduct>(&call.services.store, &seeds(call), product_id).await?;
    let (mut product, made_up) = match (&stored, call.services.catalog.product(product_id)) {
        (Some(stored), _) => (stored.value.product.clone(), stored.value.made_up_price),
        (None, Some(product)) => (product.value.clone(), false),
        (None, None) => return Err(Refusal::missing("product")),
    };
    let default = usual_option(call, "default");
    for name in ["pricing_model", "currency"] {
        option.entry(name).or_insert_with(|| default[name].clone());
    }
    let mut options = if made_up {
        Vec::new()
    } else {
        product.list("pricing_options").to_vec()
    };
    options.retain(|known| known.text("pricing_option_id") != Some(pricing_option_id));
    options.push(Value::Object(option));
    product["pricing_options"] = Value::Array(options);
    let product = valid(call, product)?;
    seeded(
        call,
        &SeededProduct {
            product_id: product_id.to_owned(),
            product,
            made_up_price: false,
        },
    )
}

pub(super) async fn format(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let id = params.text("format_id")?;
    let mut format = params.fixture()?;
    let agent_url = call.services.catalog.agent_url();
    format.insert(
        "format_id".to_owned(),
        json!({ "agent_url": agent_url, "id": id }),
    );
    format
        .entry("name")
        .or_insert_with(|| Value::from(title(id)));
    let check = |format: &Value| match CatalogFormat::new(format.clone(), &call.services.schemas) {
        Ok(_) => Ok(()),
        Err(error) => Err((error.pointer().map(str::to_owned), error.message())),
    };
    let format = pruned(Value::Object(format), &["format_id", "name"], check)?;
    seeded(
        call,
        &SeededFormat {
            id: id.to_owned(),
            format,
        },
    )
}

/// A product with everything that it can't be without.
fn completed(
    call: &Call<'_>,
    mut product: Map<String, Value>,
    made_up_price: bool,
) -> Result<Value, Failure> {
    let catalog = &call.services.catalog;
    let id = product.text("product_id").unwrap_or_default().to_owned();
    let sample = catalog.products().first().map(|product| &product.value);
    let from_sample = |name: &str, otherwise: Value| {
        sample
            .and_then(|sample| sample.get(name))
            .cloned()
            .unwrap_or(otherwise)
    };
    let name = product
        .text("name")
        .map_or_else(|| title(&id), str::to_owned);
    let described = product
        .text("description")
        .map_or_else(|| format!("{name}, seeded by a test"), str::to_owned);
    let host = url::Url::parse(catalog.agent_url())
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "localhost".to_owned());
    if made_up_price {
        product.insert(
            "pricing_options".to_owned(),
            json!([usual_option(call, "default")]),
        );
    }
    let format_ids = json!([{ "id": catalog.formats().first().map_or("unspecified", |format| format.format_id.id.as_str()) }]);
    let defaults = [
        ("name", Value::from(name)),
        ("description", Value::from(described)),
        (
            "publisher_properties",
            from_sample(
                "publisher_properties",
                json!([{ "publisher_domain": host, "selection_type": "all" }]),
            ),
        ),
        ("format_ids", format_ids),
        ("delivery_type", Value::from("non_guaranteed")),
        (
            "reporting_capabilities",
            from_sample(
                "reporting_capabilities",
                json!({
                    "available_reporting_frequencies": ["daily"],
                    "expected_delay_minutes": 240,
                    "timezone": "UTC",
                    "supports_webhooks": false,
                    "available_metrics": ["impressions", "spend", "clicks"],
                    "date_range_support": "date_range",
                }),
            ),
        ),
    ];
    for (name, default) in defaults {
        product.entry(name).or_insert(default);
    }
    valid(call, Value::Object(product))
}

/// The price that a seeded product has until one is seeded.
fn usual_option(call: &Call<'_>, id: &str) -> Value {
    let model = call
        .services
        .profile
        .pricing_models
        .first()
        .copied()
        .unwrap_or("cpm");
    json!({ "pricing_option_id": id, "pricing_model": model, "currency": "USD", "fixed_price": 10 })
}

fn valid(call: &Call<'_>, mut product: Value) -> Result<Value, Failure> {
    own_format_ids(&mut product, call.services.catalog.agent_url());
    let required = [
        "product_id",
        "name",
        "description",
        "publisher_properties",
        "format_ids",
        "delivery_type",
        "pricing_options",
        "reporting_capabilities",
    ];
    pruned(product, &required, |product| {
        match CatalogProduct::new(product.clone(), &call.services.schemas) {
            Ok(_) => Ok(()),
            Err(error) => Err((error.pointer().map(str::to_owned), error.message())),
        }
    })
}

/// Leaves out optional members that make a value invalid.
fn pruned(
    mut value: Value,
    required: &[&str],
    check: impl Fn(&Value) -> Result<(), (Option<String>, String)>,
) -> Result<Value, Failure> {
    for _ in 0..TRIES {
        let Err((pointer, message)) = check(&value) else {
            return Ok(value);
        };
        let member = pointer
            .as_deref()
            .and_then(|pointer| pointer.split('/').nth(1))
            .unwrap_or_default()
            .to_owned();
        let removed = !required.contains(&member.as_str())
            && value
                .as_object_mut()
                .is_some_and(|members| members.shift_remove(&member).is_some());
        if !removed {
            return Err(Refusal::params(format!(
                "`fixture` can't be completed: {}: {message}",
                pointer.unwrap_or_default()
            )));
        }
    }
    Err(Refusal::params(
        "`fixture` can't be completed: too many of its members are invalid",
    ))
}

/// The account that seeded objects belong to: that of the call.
fn account_id(call: &Call<'_>) -> String {
    call.context.account.as_ref().map_or_else(
        || "sandbox".to_owned(),
        |account| account.account_id.clone(),
    )
}

pub(super) async fn creative(call: &Call<'_>, params: &Params<'_>) -> Answer {
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

pub(super) async fn media_buy(call: &Call<'_>, params: &Params<'_>) -> Answer {
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
