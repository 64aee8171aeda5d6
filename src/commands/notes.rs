//! What a run means for the adopter beyond single files: what it can't read off the list of changes.

use crate::workspace::{Action, Change};

/// What is on sale.
const PRODUCTS: &str = "catalog/products.toml";
/// Where a seller of proposals finds products.
const PROPOSALS: &str = "src/proposals.rs";
/// Where any other seller finds them.
const SALES: &str = "src/platform/sales.rs";

/// One sentence for each thing that the adopter should know.
pub(super) fn of_changes(changes: &[Change]) -> Vec<String> {
    let at = |path: &str| changes.iter().find(|change| change.path == path);
    let exempted = at(PRODUCTS).and_then(exempted);
    let moved = match (at(PROPOSALS), at(SALES)) {
        (Some(proposals), Some(sales)) => moved(proposals, sales),
        _ => None,
    };
    exempted.into_iter().chain(moved).collect()
}

/// The products that the run takes out of what a person has to agree to.
fn exempted(products: &Change) -> Option<String> {
    let before = exempt(products.before.as_deref().unwrap_or_default());
    let mut news = exempt(products.after.as_deref().unwrap_or_default());
    news.retain(|product| !before.contains(product));
    if news.is_empty() {
        return None;
    }
    Some(format!(
        "nobody is asked about buys of {}, which the storyboards buy: remove `approval = false` in `{PRODUCTS}` where somebody has to agree",
        crate::manifest::words::list(news.iter().map(String::as_str))
    ))
}

/// The ids of products whose entries say `approval = false`; none of a text that is no TOML, such as
/// one with the markers of a conflict.
fn exempt(text: &[u8]) -> Vec<String> {
    let table = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<toml::Table>().ok())
        .unwrap_or_default();
    let products = table.get("products").and_then(toml::Value::as_array);
    let says_so = |product: &&toml::Value| {
        product.get("approval").and_then(toml::Value::as_bool) == Some(false)
    };
    let id = |product: &toml::Value| Some(product.get("product_id")?.as_str()?.to_owned());
    let products = products.into_iter().flatten();
    products.filter(says_so).filter_map(id).collect()
}

/// That products are found elsewhere from now on.
fn moved(proposals: &Change, sales: &Change) -> Option<String> {
    let begins = matches!(proposals.action, Action::Create | Action::KeepYours);
    // Only a file that was there can have had the method.
    let had_it = sales.action.is_change() && sales.before.is_some();
    (begins && had_it).then(|| {
        format!(
            "`get_products` is in `{PROPOSALS}` from now on: what you changed of it in `{SALES}` belongs there"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Zone;

    fn change(path: &str, action: Action, before: Option<&str>, after: &str) -> Change {
        Change {
            path: path.to_owned(),
            zone: Zone::Seeded,
            action,
            before: before.map(|text| text.as_bytes().to_vec()),
            after: Some(after.as_bytes().to_vec()),
        }
    }

    #[test]
    fn products_are_named_that_nobody_is_asked_about_any_more() {
        let product = |id: &str, more: &str| format!("[[products]]\nproduct_id = {id:?}\n{more}\n");
        let asked = product("a", "") + &product("b", "") + &product("c", "approval = false");
        let exempt = product("a", "approval = false")
            + &product("b", "approval = true")
            + &product("c", "approval = false");
        let merged = change(PRODUCTS, Action::Merge, Some(&asked), &exempt);
        let notes = of_changes(&[merged]);
        assert_eq!(notes.len(), 1);
        assert!(notes[0].contains("buys of `a`, which"), "{notes:?}");

        let created = change(PRODUCTS, Action::Create, None, &exempt);
        let notes = of_changes(&[created]);
        assert!(notes[0].contains("buys of `a` and `c`, which"), "{notes:?}");

        let same = change(PRODUCTS, Action::Unchanged, Some(&exempt), &exempt);
        assert_eq!(of_changes(&[same]), Vec::<String>::new());
        let clash = change(PRODUCTS, Action::Conflict, Some(&asked), "<<<<<<< yours\n");
        assert_eq!(of_changes(&[clash]), Vec::<String>::new());
    }

    #[test]
    fn discovery_that_moves_is_told_of_once() {
        let sales = |action| change(SALES, action, Some("before"), "after");
        let proposals = |action| change(PROPOSALS, action, None, "after");
        for action in [Action::Create, Action::KeepYours] {
            let notes = of_changes(&[sales(Action::Conflict), proposals(action)]);
            assert_eq!(notes.len(), 1, "{action:?}");
            assert!(
                notes[0].contains("`src/proposals.rs` from now on"),
                "{notes:?}"
            );
        }
        for (sale, proposal) in [
            (Action::Unchanged, Action::KeepYours),
            (Action::Update, Action::Update),
        ] {
            assert!(of_changes(&[sales(sale), proposals(proposal)]).is_empty());
        }
        let new = change(SALES, Action::Create, None, "after");
        assert!(of_changes(&[new, proposals(Action::Create)]).is_empty());
    }
}
