//! The rules of a proposal's allocations that no schema states (`core/proposal.json`,
//! `core/product-allocation.json`): the same for a plan in the catalogue, a draft and a firm
//! proposal.

use serde_json::Value;

/// How far the shares may be from 100 together, for sums of rounded numbers: a hundredth, and what
/// adding up in binary costs.
const TOLERANCE: f64 = 0.01 + 1e-9;

/// What is wrong with a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// The place in the proposal, as an RFC 6901 pointer.
    pub(crate) pointer: String,
    /// What is wrong there, and what to do.
    pub(crate) message: String,
}

/// The ids of the products that a proposal is made of, in its order; one may come twice.
pub(crate) fn allocated(proposal: &Value) -> impl Iterator<Item = &str> {
    allocations(proposal)
        .iter()
        .filter_map(|allocation| allocation.get("product_id")?.as_str())
}

/// Names the price of each allocation that names none, where its product has only one.
pub(crate) fn fill_in_prices<'a>(
    proposal: &mut Value,
    product: impl Fn(&str) -> Option<&'a Value>,
) {
    let allocations = proposal
        .get_mut("allocations")
        .and_then(Value::as_array_mut);
    for allocation in allocations.into_iter().flatten() {
        let named = allocation
            .get("pricing_option_id")
            .is_some_and(|option| !option.is_null());
        let id = allocation.get("product_id").and_then(Value::as_str);
        if let (false, Some(product)) = (named, id.and_then(&product))
            && let [only] = options(product)
            && let Some(option) = only.get("pricing_option_id").cloned()
            && let Some(members) = allocation.as_object_mut()
        {
            members.insert("pricing_option_id".to_owned(), option);
        }
    }
}

/// Checks that each allocation names a product that is known and a price of it, and that the shares
/// add up.
///
/// # Errors
///
/// The first flaw.
pub(crate) fn check<'a>(
    proposal: &Value,
    product: impl Fn(&str) -> Option<&'a Value>,
) -> Result<(), Flaw> {
    let flaw = |pointer: String, message: String| Err(Flaw { pointer, message });
    let mut sum = 0.0;
    for (at, allocation) in allocations(proposal).iter().enumerate() {
        let id = allocation.get("product_id").and_then(Value::as_str);
        let Some(product) = id.and_then(&product) else {
            return flaw(
                format!("/allocations/{at}/product_id"),
                format!(
                    "there is no product {}; name one that is on sale",
                    id.unwrap_or_default()
                ),
            );
        };
        if let Some(option) = allocation.get("pricing_option_id").and_then(Value::as_str)
            && price(product, option).is_none()
        {
            return flaw(
                format!("/allocations/{at}/pricing_option_id"),
                format!(
                    "the product {} has no price {option}; name one of its pricing_options",
                    id.unwrap_or_default()
                ),
            );
        }
        sum += allocation
            .get("allocation_percentage")
            .and_then(Value::as_f64)
            .unwrap_or(0.0);
    }
    if (sum - 100.0).abs() > TOLERANCE {
        return flaw(
            "/allocations".to_owned(),
            format!("the shares add up to {sum} per cent; they must add up to 100"),
        );
    }
    Ok(())
}

/// The price of a product that an allocation names (`core/pricing-option.json`).
pub(crate) fn price<'a>(product: &'a Value, pricing_option_id: &str) -> Option<&'a Value> {
    options(product).iter().find(|option| {
        option.get("pricing_option_id").and_then(Value::as_str) == Some(pricing_option_id)
    })
}

fn allocations(proposal: &Value) -> &[Value] {
    list(proposal, "allocations")
}

fn options(product: &Value) -> &[Value] {
    list(product, "pricing_options")
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(allocations: Value) -> Option<String> {
        let banner = json!({ "pricing_options": [{ "pricing_option_id": "fixed" }] });
        let proposal = json!({ "allocations": allocations });
        check(&proposal, |id| (id == "banner").then_some(&banner))
            .err()
            .map(|flaw| flaw.pointer)
    }

    #[test]
    fn each_rule_has_its_place() {
        let banner = |share: f64| json!({ "product_id": "banner", "allocation_percentage": share });
        assert_eq!(judged(json!([banner(60.0), banner(40.0)])), None);
        assert_eq!(
            judged(json!([banner(33.33), banner(66.66)])),
            None,
            "rounded"
        );
        for sum in [99.0, 100.02, 0.0] {
            assert_eq!(
                judged(json!([banner(sum)])).as_deref(),
                Some("/allocations"),
                "{sum}"
            );
        }
        let stranger = json!({ "product_id": "nobody", "allocation_percentage": 50 });
        assert_eq!(
            judged(json!([banner(50.0), stranger])).as_deref(),
            Some("/allocations/1/product_id")
        );
        let dear = json!({ "product_id": "banner", "allocation_percentage": 100, "pricing_option_id": "dear" });
        assert_eq!(
            judged(json!([dear])).as_deref(),
            Some("/allocations/0/pricing_option_id")
        );
    }

    #[test]
    fn only_a_product_of_one_price_needs_none_named() {
        let one = json!({ "pricing_options": [{ "pricing_option_id": "fixed" }] });
        let two = json!({ "pricing_options": [{ "pricing_option_id": "a" }, { "pricing_option_id": "b" }] });
        let mut proposal = json!({ "allocations": [{ "product_id": "one" }, { "product_id": "two" }, { "product_id": "none" }] });
        fill_in_prices(&mut proposal, |id| match id {
            "one" => Some(&one),
            "two" => Some(&two),
            _ => None,
        });
        assert_eq!(
            proposal,
            json!({ "allocations": [{ "product_id": "one", "pricing_option_id": "fixed" }, { "product_id": "two" }, { "product_id": "none" }] })
        );
    }
}
