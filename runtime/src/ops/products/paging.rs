//! The pages of an answer with proposals.
//!
//! A proposal is of no use without the products that it names, so both are on the first page,
//! whatever its size. From there on products follow in their order.

use std::collections::BTreeSet;

use super::super::page::Page;
use super::selection::id_of;
use crate::platform::WireProduct;

/// Products on a page, and where the next one begins when there is one.
type Cut = (Vec<WireProduct>, Option<(String, String)>);

/// Whether the page is the one that shows the proposals.
pub(super) fn is_first(page: &Page) -> bool {
    page.after.is_none()
}

/// One page of products. Those that are `named` by a proposal and lie below the first page are moved
/// up to its end. The cursor keeps how many places the first page had without them, so that the
/// order is the same on every page, whatever sizes the others are asked for.
pub(super) fn cut(page: &Page, products: Vec<WireProduct>, named: &BTreeSet<String>) -> Cut {
    let places = page
        .after
        .as_ref()
        .and_then(|(_, first)| first.parse().ok());
    let places: usize = places.unwrap_or(page.size);
    let is_named = |product: &WireProduct| id_of(product).is_some_and(|id| named.contains(id));
    let mut ordered = products;
    let below = ordered.split_off(places.min(ordered.len()));
    let (raised, rest): (Vec<_>, Vec<_>) = below.into_iter().partition(is_named);
    ordered.extend(raised);
    let first = ordered.len();
    ordered.extend(rest);
    let (from, to) = match &page.after {
        None => (0, first),
        Some(_) => (page.offset(), page.offset().saturating_add(page.size)),
    };
    let resume = (to < ordered.len()).then(|| (to.to_string(), places.to_string()));
    let shown = ordered.into_iter().take(to).skip(from);
    (shown.collect(), resume)
}
