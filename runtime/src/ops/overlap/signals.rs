//! Of which type a signal is, as far as a reference to it tells (`core/signal-id.json`,
//! `core/signal-ref.json`).
//!
//! No reference names its type. A data provider's catalogue is what `marketplace` means; a signal
//! of an agent's own is `owned` or `custom`, and of a product's own option or a bare segment id not
//! even that is known. So a reference stands for all types that it may be of, and a list denies it
//! only if it has none of them: what can't be told apart is never refused on a guess.

use serde_json::{Map, Value};

use super::super::request::Members;

const MARKETPLACE: &str = "marketplace";
const NATIVE: &[&str] = &["custom", "owned"];
const ANY: &[&str] = &["custom", MARKETPLACE, "owned"];

/// Something in a targeting overlay that uses a signal.
pub(super) struct Used {
    /// Its place below the package.
    pub(super) field: String,
    /// The types that it may be of.
    pub(super) types: &'static [&'static str],
}

/// The types that a reference may be of: the `signal_ref` of AdCP 3.1 or the `signal_id` before it.
pub(super) fn types_of(entry: &Value) -> &'static [&'static str] {
    let reference = entry.object("signal_ref").or(entry.object("signal_id"));
    let origin = reference
        .and_then(|reference| reference.text("scope").or_else(|| reference.text("source")));
    match origin {
        Some("catalog" | "data_provider") => &[MARKETPLACE],
        Some("agent" | "signal_source") => NATIVE,
        _ => ANY,
    }
}

/// The types that a product lets buyers choose from; `None` when it leaves that to `get_signals`.
pub(super) fn offered_by(product: &Value) -> Option<Vec<&'static str>> {
    if product.truth("signal_targeting_allowed") != Some(true) {
        return Some(Vec::new());
    }
    let mut types: Vec<&str> = product
        .list("signal_targeting_options")
        .iter()
        .flat_map(|option| types_of(option))
        .copied()
        .collect();
    if !product.list("data_provider_signals").is_empty() {
        types.push(MARKETPLACE);
    }
    (!types.is_empty()).then_some(types)
}

/// Everything in an overlay that uses a signal. A buyer's own audiences are none
/// (`audience_include` is a dimension like any other).
pub(super) fn used_by(overlay: &Map<String, Value>) -> Vec<Used> {
    let mut used = Vec::new();
    for (at, entry) in overlay.list("signal_targeting").iter().enumerate() {
        used.push(Used {
            field: format!("targeting_overlay.signal_targeting[{at}]"),
            types: types_of(entry),
        });
    }
    let groups = overlay
        .member("signal_targeting_groups")
        .map_or(&[][..], |groups| groups.list("groups"));
    for (group_at, group) in groups.iter().enumerate() {
        for (at, entry) in group.list("signals").iter().enumerate() {
            used.push(Used {
                field: format!(
                    "targeting_overlay.signal_targeting_groups.groups[{group_at}].signals[{at}]"
                ),
                types: types_of(entry),
            });
        }
    }
    for name in ["axe_include_segment", "axe_exclude_segment"] {
        if overlay.member(name).is_some() {
            used.push(Used {
                field: format!("targeting_overlay.{name}"),
                types: ANY,
            });
        }
    }
    used
}
