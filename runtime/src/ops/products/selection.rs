//! The products of an answer: what is taken out, put in and put in order, and how each is shown.

use std::collections::HashMap;

use serde_json::Value;

use super::super::Call;
use super::super::request::Members;
use crate::catalog::{REQUIRED, private_member};
use crate::dispatch::Item;
use crate::error::{Error, Result};
use crate::platform::WireProduct;

/// What a request says about the products of its answer.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Selection {
    policies: Vec<String>,
    preferred: Vec<String>,
    fields: Vec<String>,
}

impl Selection {
    pub(in super::super) fn of(request: &Value) -> Self {
        let texts = |name: &str| request.texts(name).map(str::to_owned).collect();
        Selection {
            policies: texts("required_policies"),
            preferred: texts("preferred_delivery_types"),
            fields: texts("fields"),
        }
    }

    /// Policies exclude, preferences only order (`get-products-request.json`).
    pub(super) fn arrange(&self, products: &mut Vec<WireProduct>) {
        products.retain(|product| self.admits(members_of(product)));
        if !self.preferred.is_empty() {
            let rank = |product: &WireProduct| {
                self.preferred
                    .iter()
                    .position(|kind| members_of(product).text("delivery_type") == Some(kind))
            };
            products.sort_by_key(|product| rank(product).unwrap_or(self.preferred.len()));
        }
    }

    /// Whether a product is sold under all of the policies that the request requires
    /// (`core/product.json`, `enforced_policies`).
    pub(super) fn admits(&self, product: &Value) -> bool {
        self.policies.iter().all(|policy| {
            product
                .texts("enforced_policies")
                .any(|enforced| enforced == policy)
        })
    }

    /// A product with the members that the request wants to see.
    pub(in super::super) fn item(&self, product: WireProduct) -> Item {
        match product {
            WireProduct::Catalog(product) if self.fields.is_empty() => {
                Item::Ready(product.raw.clone())
            }
            product => Item::Made(self.value(product)),
        }
    }

    /// The same for an answer that is written as a whole.
    pub(in super::super) fn value(&self, product: WireProduct) -> Value {
        let wanted = |name: &String| {
            self.fields.is_empty()
                || REQUIRED.contains(&name.as_str())
                || self.fields.contains(name)
        };
        match product {
            WireProduct::Catalog(product) => match product.value.as_object() {
                Some(members) => {
                    let kept = members
                        .iter()
                        .filter(|(name, _)| wanted(name))
                        .map(|(name, value)| (name.clone(), value.clone()));
                    Value::Object(kept.collect())
                }
                None => product.value.clone(),
            },
            WireProduct::Made(Value::Object(mut members)) => {
                members.retain(|name, _| wanted(name));
                Value::Object(members)
            }
            WireProduct::Made(other) => other,
        }
    }
}

/// Takes a product out.
pub(super) fn omit(product_id: &str, products: &mut Vec<WireProduct>) {
    products.retain(|product| id_of(product) != Some(product_id));
}

/// Puts a product of the catalogue in front, unless it is listed. Says whether it is now.
pub(super) fn include(product_id: &str, products: &mut Vec<WireProduct>, call: &Call<'_>) -> bool {
    if products
        .iter()
        .any(|product| id_of(product) == Some(product_id))
    {
        return true;
    }
    match call.context.catalog.product(product_id) {
        Some(product) => {
            products.insert(0, WireProduct::Catalog(product.clone()));
            true
        }
        None => false,
    }
}

/// Lists every product that a proposal names, as it was offered with it: an allocation has to name a
/// product of the same answer (`core/product-allocation.json`).
pub(super) fn complete<'a>(
    products: &mut Vec<WireProduct>,
    offered: impl IntoIterator<Item = (&'a String, &'a Value)>,
    call: &Call<'_>,
) {
    for (product_id, product) in offered {
        let listed = products
            .iter()
            .any(|listed| id_of(listed) == Some(product_id));
        if !listed {
            let known = call.context.catalog.product(product_id);
            products.push(match known.filter(|known| known.value == *product) {
                Some(known) => WireProduct::Catalog(known.clone()),
                None => WireProduct::Made(product.clone()),
            });
        }
    }
}

/// The products by id.
pub(super) fn by_id(products: &[WireProduct]) -> HashMap<&str, &Value> {
    products
        .iter()
        .filter_map(|product| Some((id_of(product)?, members_of(product))))
        .collect()
}

/// Refuses an adapter's answer that would show a buyer how something is booked.
///
/// # Errors
///
/// `INTERNAL_ERROR`.
pub(in super::super) fn refuse_private(what: &str, value: &Value) -> Result<()> {
    match private_member(value) {
        Some(name) => Err(Error::internal(format!(
            "the adapter's {what} has a member `{name}`, which buyers must not see; hand recipes over beside the proposal"
        ))),
        None => Ok(()),
    }
}

pub(super) fn members_of(product: &WireProduct) -> &Value {
    match product {
        WireProduct::Catalog(product) => &product.value,
        WireProduct::Made(product) => product,
    }
}

pub(super) fn id_of(product: &WireProduct) -> Option<&str> {
    match product {
        WireProduct::Catalog(product) => Some(&product.product_id),
        WireProduct::Made(product) => product.text("product_id"),
    }
}
