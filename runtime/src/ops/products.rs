//! `get_products`: what the adapter picked, in the form in which the buyer wants it.
//!
//! Choosing and ranking are the adapter's. Dropping what a refinement leaves out, paging,
//! projection and the account of what a refinement led to are done here, once for every seller.

use serde_json::{Map, Value};

use super::capabilities::FEATURES;
use super::page::Page;
use super::request::{Fill, Members};
use super::{Call, Outcome};
use crate::dispatch::{Assembled, Item, ResponseBody};
use crate::error::{Error, Result};
use crate::platform::{Products, WireProduct};
use crate::store::Batch;

/// Members that a product can't be without (`core/product.json`, `required`): a projection keeps
/// them, since its answer has to be a product.
const REQUIRED: [&str; 8] = [
    "product_id",
    "name",
    "description",
    "publisher_properties",
    "format_ids",
    "delivery_type",
    "pricing_options",
    "reporting_capabilities",
];

pub(super) async fn get(call: Call<'_>) -> Result<Outcome> {
    let page = Page::of(&call, "products")?;
    let request = &call.request;
    let mode = request.text("buying_mode").unwrap_or("brief").to_owned();
    check_mode(request, &mode)?;
    let empty = Map::new();
    let filters = request.object("filters").unwrap_or(&empty);
    check_filters(filters)?;
    let ruled_out = rules_out_the_seller(filters);
    let fields: Vec<String> = request.texts("fields").map(str::to_owned).collect();
    let refine = request.list("refine").to_vec();
    let policies: Vec<String> = request
        .texts("required_policies")
        .map(str::to_owned)
        .collect();
    let preferred: Vec<String> = request
        .texts("preferred_delivery_types")
        .map(str::to_owned)
        .collect();
    let Call {
        services,
        context,
        tool,
        request,
    } = call;
    let Products {
        mut products,
        extra,
    } = if ruled_out {
        Products::default()
    } else {
        services.platform.get_products(context, request).await?
    };
    let call = Call {
        services,
        context,
        tool,
        request: Value::Null,
    };

    // Policies exclude, preferences only order (`get-products-request.json`).
    products.retain(|product| enforces(members_of(product), &policies));
    if !preferred.is_empty() {
        let rank = |product: &WireProduct| {
            preferred
                .iter()
                .position(|kind| members_of(product).text("delivery_type") == Some(kind))
        };
        products.sort_by_key(|product| rank(product).unwrap_or(preferred.len()));
    }

    let mut body = Assembled::new();
    if mode == "refine" {
        let applied = apply(&refine, &mut products, &call);
        if !extra.contains_key("refinement_applied") {
            body.member("refinement_applied", Value::Array(applied));
        }
    }
    let total = products.len();
    let (products, resume) = page.cut(products);
    body.array(
        "products",
        products.into_iter().map(|product| item(product, &fields)),
    );
    for (name, value) in extra {
        body.member(name, value);
    }
    body.member("pagination", page.answer(&call, resume, Some(total)));
    if services.sandbox {
        body.member("sandbox", Value::Bool(true));
    }
    Ok(Outcome {
        body: ResponseBody::Assembled(body),
        batch: Batch::new(),
    })
}

/// Each mode needs its member, and wholesale takes neither (`get-products-request.json`,
/// descriptions of `brief` and `refine`). A brief beside a refinement is let through, although the
/// description rules it out: buyers' tools send the brief along with everything.
fn check_mode(request: &Value, mode: &str) -> Result<()> {
    let given = |name: &str| request.member(name).is_some();
    match mode {
        "brief" if !given("brief") => {
            Err(Error::invalid_request("`brief` is required when buying_mode is brief").at("brief"))
        }
        "refine" if !given("refine") => Err(Error::invalid_request(
            "`refine` is required when buying_mode is refine",
        )
        .at("refine")),
        "wholesale" if given("brief") => Err(Error::invalid_request(
            "`brief` is not allowed when buying_mode is wholesale",
        )
        .at("brief")),
        "brief" | "wholesale" if given("refine") => Err(Error::invalid_request(format!(
            "`refine` is not allowed when buying_mode is {mode}"
        ))
        .at("refine")),
        _ => Ok(()),
    }
}

/// Refuses filters that contradict themselves.
fn check_filters(filters: &Map<String, Value>) -> Result<()> {
    if let (Some(start), Some(end)) = (filters.text("start_date"), filters.text("end_date"))
        // Dates as `YYYY-MM-DD` sort as text.
        && end < start
    {
        return Err(
            Error::invalid_request("end_date lies before start_date").at("filters.end_date")
        );
    }
    if let Some(range) = filters.object("budget_range")
        && let (Some(least), Some(most)) = (range.number("min"), range.number("max"))
        && most < least
    {
        return Err(
            Error::invalid_request("the largest budget is below the least")
                .at("filters.budget_range.max"),
        );
    }
    Ok(())
}

/// Whether a filter asks for what this seller as a whole does not have
/// (`core/product-filters.json`): a feature that its capabilities don't declare, or an agentic
/// exchange, of which they declare none. No product can pass then, whatever the adapter finds.
fn rules_out_the_seller(filters: &Map<String, Value>) -> bool {
    let lacking = |name: &str| !FEATURES.contains(&(name, true));
    let features = filters.object("required_features").into_iter().flatten();
    let mut required = features.filter(|(_, wanted)| **wanted == Value::Bool(true));
    required.any(|(name, _)| lacking(name)) || !filters.list("required_axe_integrations").is_empty()
}

/// Carries out what of a refinement needs no judgement, and says what became of each entry.
fn apply(refine: &[Value], products: &mut Vec<WireProduct>, call: &Call<'_>) -> Vec<Value> {
    refine
        .iter()
        .map(|entry| {
            let scope = entry.text("scope").unwrap_or("request");
            let mut applied = Map::new();
            applied.put("scope", scope);
            let (status, notes) = match (scope, entry.text("product_id"), entry.text("proposal_id"))
            {
                ("product", Some(product_id), _) => {
                    applied.put("product_id", product_id);
                    apply_to_product(product_id, entry, products, call)
                }
                ("proposal", _, Some(proposal_id)) => {
                    applied.put("proposal_id", proposal_id);
                    ("unable", Some("this seller has no such proposal"))
                }
                _ => (
                    "unable",
                    Some("the selection is made from the catalogue; free text was not weighed"),
                ),
            };
            applied.put("status", status);
            applied.put_some("notes", notes);
            Value::Object(applied)
        })
        .collect()
}

fn apply_to_product(
    product_id: &str,
    entry: &Value,
    products: &mut Vec<WireProduct>,
    call: &Call<'_>,
) -> (&'static str, Option<&'static str>) {
    let listed = products
        .iter()
        .any(|product| id_of(product) == Some(product_id));
    let known = call.context.catalog.product(product_id);
    match entry.text("action").unwrap_or("include") {
        "omit" => {
            products.retain(|product| id_of(product) != Some(product_id));
            ("applied", None)
        }
        _ if !listed && known.is_none() => ("unable", Some("this seller has no such product")),
        "more_like_this" => {
            products.retain(|product| id_of(product) != Some(product_id));
            (
                "partial",
                Some("the other products on sale are listed; likeness was not weighed"),
            )
        }
        _ => {
            if let (false, Some(product)) = (listed, known) {
                products.insert(0, WireProduct::Catalog(product.clone()));
            }
            if entry.member("ask").is_some() {
                ("partial", Some("the product is included as it is on sale"))
            } else {
                ("applied", None)
            }
        }
    }
}

fn members_of(product: &WireProduct) -> &Value {
    match product {
        WireProduct::Catalog(product) => &product.value,
        WireProduct::Made(product) => product,
    }
}

/// Whether a product is sold under all of these policies (`core/product.json`,
/// `enforced_policies`).
fn enforces(product: &Value, policies: &[String]) -> bool {
    policies.iter().all(|policy| {
        product
            .texts("enforced_policies")
            .any(|enforced| enforced == policy)
    })
}

fn id_of(product: &WireProduct) -> Option<&str> {
    match product {
        WireProduct::Catalog(product) => Some(&product.product_id),
        WireProduct::Made(product) => product.text("product_id"),
    }
}

fn item(product: WireProduct, fields: &[String]) -> Item {
    let wanted = |name: &String| REQUIRED.contains(&name.as_str()) || fields.contains(name);
    match product {
        WireProduct::Catalog(product) if fields.is_empty() => Item::Ready(product.raw.clone()),
        WireProduct::Made(product) if fields.is_empty() => Item::Made(product),
        WireProduct::Catalog(product) => match product.value.as_object() {
            Some(members) => {
                let kept = members
                    .iter()
                    .filter(|(name, _)| wanted(name))
                    .map(|(name, value)| (name.clone(), value.clone()));
                Item::Made(Value::Object(kept.collect()))
            }
            None => Item::Ready(product.raw.clone()),
        },
        WireProduct::Made(Value::Object(mut members)) => {
            members.retain(|name, _| wanted(name));
            Item::Made(Value::Object(members))
        }
        WireProduct::Made(other) => Item::Made(other),
    }
}
