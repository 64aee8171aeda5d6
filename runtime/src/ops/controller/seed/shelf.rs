//! What a test puts on sale: products, their prices, formats.

use serde_json::{Map, Value, json};

use crate::catalog::{CatalogFormat, CatalogProduct, REQUIRED, own_format_ids, title};
use crate::identity::Scope;
use crate::ops::controller::{Answer, Failure, Params, Refusal};
use crate::ops::records::{self, SeededFormat, SeededProduct};
use crate::ops::request::Members;
use crate::ops::{Call, sandbox};
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

pub(in crate::ops::controller) async fn product(call: &Call<'_>, params: &Params<'_>) -> Answer {
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

pub(in crate::ops::controller) async fn pricing_option(
    call: &Call<'_>,
    params: &Params<'_>,
) -> Answer {
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

pub(in crate::ops::controller) async fn format(call: &Call<'_>, params: &Params<'_>) -> Answer {
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
    pruned(product, &REQUIRED, |product| {
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
