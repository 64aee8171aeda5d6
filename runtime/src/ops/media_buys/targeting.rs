//! Targeting and goals of a package, as far as the runtime can tell that they can't be honoured.
//!
//! What refers to things that buyers could only have brought through a tool that this seller does
//! not offer is refused, and so is what contradicts itself or what the product rules out. The rest
//! reaches the ad server in [`Package::extra`](crate::domain::Package::extra): only there is it
//! known which countries, devices or hours can be targeted.

use serde_json::{Map, Value};

use super::super::request::Members;
use crate::catalog::CatalogProduct;
use crate::error::{Error, Result};
use crate::spec::Spec;

/// Members of an overlay that refer to what a tool has synced (`core/targeting.json`).
const SYNCED: [(&str, &str); 3] = [
    ("audience_include", "sync_audiences"),
    ("audience_exclude", "sync_audiences"),
    ("store_catchments", "sync_catalogs"),
];

/// Members of an overlay that include and exclude of the same kind, and the member that names the
/// classification where their entries carry a list of `values` instead of being the value.
const OPPOSED: [(&str, &str, Option<&str>); 5] = [
    ("geo_countries", "geo_countries_exclude", None),
    ("geo_regions", "geo_regions_exclude", None),
    ("geo_metros", "geo_metros_exclude", Some("system")),
    (
        "geo_postal_areas",
        "geo_postal_areas_exclude",
        Some("system"),
    ),
    ("device_type", "device_type_exclude", None),
];

/// Judges the `targeting_overlay` and the `optimization_goals` of a package.
pub(super) fn check(
    spec: &Spec,
    members: &Map<String, Value>,
    product: Option<&CatalogProduct>,
    field: &str,
) -> Result<()> {
    if let Some(overlay) = members.object("targeting_overlay") {
        check_overlay(
            spec,
            overlay,
            product,
            &format!("{field}.targeting_overlay"),
        )?;
    }
    for (at, goal) in members.list("optimization_goals").iter().enumerate() {
        check_goal(
            spec,
            goal,
            product,
            &format!("{field}.optimization_goals[{at}]"),
        )?;
    }
    Ok(())
}

fn check_overlay(
    spec: &Spec,
    overlay: &Map<String, Value>,
    product: Option<&CatalogProduct>,
    field: &str,
) -> Result<()> {
    for (name, tool) in SYNCED {
        if overlay.member(name).is_some() && spec.tool(tool).is_none() {
            return Err(Error::unsupported(format!(
                "this seller has no {tool}, so there is nothing that {name} could refer to"
            ))
            .at(format!("{field}.{name}")));
        }
    }
    for (include, exclude, system) in OPPOSED {
        let (wanted, unwanted) = (
            values(overlay.list(include), system),
            values(overlay.list(exclude), system),
        );
        if let Some((_, value)) = unwanted.iter().find(|value| wanted.contains(value)) {
            return Err(Error::invalid_request(format!(
                "{value} is both in {include} and in {exclude}"
            ))
            .at(format!("{field}.{exclude}")));
        }
    }
    for name in ["keyword_targets", "negative_keywords"] {
        let keywords = overlay.list(name);
        let twice = keywords.iter().enumerate().position(|(at, keyword)| {
            keywords[..at]
                .iter()
                .any(|earlier| is_same_keyword(earlier, keyword))
        });
        if let Some(at) = twice {
            return Err(Error::validation(
                "the same keyword with the same match_type is there twice",
            )
            .at(format!("{field}.{name}[{at}]")));
        }
    }
    // The schema's default is false as well, but a product that says nothing leaves it to the ad
    // server, which intersects the list with the inventory.
    let indivisible = product.is_some_and(|product| {
        product.value.get("property_targeting_allowed") == Some(&Value::Bool(false))
    });
    if indivisible && overlay.member("property_list").is_some() {
        return Err(Error::validation(
            "this product is sold with all of its properties or not at all",
        )
        .at(format!("{field}.property_list")));
    }
    Ok(())
}

/// The values of a list with the classification that each belongs to.
fn values<'a>(list: &'a [Value], system: Option<&str>) -> Vec<(&'a str, &'a str)> {
    match system {
        None => list
            .iter()
            .filter_map(|value| Some(("", value.as_str()?)))
            .collect(),
        Some(system) => list
            .iter()
            .flat_map(|entry| {
                let system = entry.text(system).unwrap_or_default();
                entry.texts("values").map(move |value| (system, value))
            })
            .collect(),
    }
}

/// A keyword is known by its text and how it is matched.
pub(super) fn is_same_keyword(one: &Value, other: &Value) -> bool {
    one.text("keyword") == other.text("keyword")
        && one.text("match_type") == other.text("match_type")
}

/// A goal can be pursued where the product says that it can (`core/product.json`,
/// `metric_optimization`), and where what it counts can be known.
fn check_goal(
    spec: &Spec,
    goal: &Value,
    product: Option<&CatalogProduct>,
    field: &str,
) -> Result<()> {
    if goal.text("kind") != Some("metric") {
        return if spec.tool("sync_event_sources").is_some() {
            Ok(())
        } else {
            Err(Error::unsupported(
                "this seller has no sync_event_sources, so it can't know the events of this goal",
            )
            .at(format!("{field}.kind")))
        };
    }
    let Some(product) = product else {
        return Ok(());
    };
    let offered = product.value.object("metric_optimization");
    let supports = |list: &str, value: &Value| {
        offered.is_some_and(|offered| offered.list(list).iter().any(|known| known == value))
    };
    let target = goal.get("target").and_then(|target| target.get("kind"));
    let asked = [
        ("metric", goal.get("metric"), "supported_metrics"),
        (
            "reach_unit",
            goal.get("reach_unit"),
            "supported_reach_units",
        ),
        (
            "view_duration_seconds",
            goal.get("view_duration_seconds"),
            "supported_view_durations",
        ),
        ("target.kind", target, "supported_targets"),
    ];
    for (name, value, list) in asked {
        if let Some(value) = value.filter(|value| !supports(list, value)) {
            return Err(Error::unsupported(format!(
                "the product {} can't be optimised for {value}: its metric_optimization.{list} does not have it",
                product.product_id
            ))
            .at(format!("{field}.{name}")));
        }
    }
    Ok(())
}
