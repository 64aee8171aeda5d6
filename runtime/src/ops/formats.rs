//! `list_creative_formats`: the formats that this seller's products take.

use bytes::Bytes;
use serde_json::Value;

use super::page::Page;
use super::request::Members;
use super::scope::View;
use super::{Call, Outcome};
use crate::catalog::CatalogFormat;
use crate::dispatch::{Assembled, Item, ResponseBody};
use crate::domain::FormatId;
use crate::error::Result;
use crate::store::Batch;

pub(super) fn list(call: &Call<'_>) -> Result<Outcome> {
    let page = Page::of(call, "creative_formats")?;
    let only_seeded = View::of(call.context) == View::Seeded;
    let catalog = &call.context.catalog;
    let found: Vec<Bytes> = catalog
        .formats()
        .iter()
        .filter(|format| (format.seeded || !only_seeded) && passes(format, &call.request))
        .map(|format| format.raw.clone())
        .collect();
    let total = found.len();
    let (formats, resume) = page.cut(found);
    let mut body = Assembled::new();
    body.array("formats", formats.into_iter().map(Item::Ready));
    body.member("pagination", page.answer(call, resume, Some(total)));
    if call.services.sandbox {
        body.member("sandbox", Value::Bool(true));
    }
    Ok(Outcome {
        body: ResponseBody::Assembled(body),
        batch: Batch::new(),
        submission: None,
        events: Vec::new(),
    })
}

/// Each filter of `list-creative-formats-request.json`, of the sales and of the creative protocol.
fn passes(format: &CatalogFormat, request: &Value) -> bool {
    let names = |name: &str| request.format_ids(name);
    let any_of = |member: &str, wanted: Vec<FormatId>| {
        let listed = format.value.format_ids(member).unwrap_or_default();
        wanted
            .iter()
            .any(|wanted| listed.iter().any(|id| id.names_same(wanted)))
    };
    names("format_ids")
        .is_none_or(|wanted| wanted.iter().any(|id| id.names_same(&format.format_id)))
        && request
            .text("type")
            .is_none_or(|wanted| is_of_type(format, wanted))
        && wanted_assets(format, request)
        && fits(format, request)
        && request
            .truth("is_responsive")
            .is_none_or(|wanted| wanted == format.is_responsive())
        && request
            .text("name_search")
            .is_none_or(|text| format.name.to_lowercase().contains(&text.to_lowercase()))
        && request
            .text("wcag_level")
            .is_none_or(|least| conforms(format, least))
        && names("output_format_ids").is_none_or(|wanted| any_of("output_format_ids", wanted))
        && names("input_format_ids").is_none_or(|wanted| any_of("input_format_ids", wanted))
        && discloses(format, request)
}

/// The technical category, which 3.0 formats no longer declare: what a format's assets say it is.
fn is_of_type(format: &CatalogFormat, wanted: &str) -> bool {
    if let Some(declared) = format.value.text("type") {
        return declared == wanted;
    }
    let kinds: Vec<&str> = format.asset_types().collect();
    let kind = if kinds.iter().any(|kind| matches!(*kind, "video" | "vast")) {
        "video"
    } else if kinds.iter().any(|kind| matches!(*kind, "audio" | "daast")) {
        "audio"
    } else {
        "display"
    };
    kind == wanted
}

fn wanted_assets(format: &CatalogFormat, request: &Value) -> bool {
    let wanted = request.list("asset_types");
    wanted.is_empty()
        || wanted
            .iter()
            .filter_map(Value::as_str)
            .any(|kind| format.asset_types().any(|own| own == kind))
}

/// Whether any rendered piece lies within the wanted sizes.
fn fits(format: &CatalogFormat, request: &Value) -> bool {
    let bounds =
        ["max_width", "max_height", "min_width", "min_height"].map(|name| request.number(name));
    if bounds.iter().all(Option::is_none) {
        return true;
    }
    let [max_width, max_height, min_width, min_height] = bounds;
    let within = |size: Option<f64>, least: Option<f64>, most: Option<f64>| {
        if least.is_none() && most.is_none() {
            return true;
        }
        size.is_some_and(|size| {
            least.is_none_or(|least| size >= least) && most.is_none_or(|most| size <= most)
        })
    };
    format.sizes().any(|(width, height)| {
        within(width, min_width, max_width) && within(height, min_height, max_height)
    })
}

fn conforms(format: &CatalogFormat, least: &str) -> bool {
    const LEVELS: [&str; 3] = ["A", "AA", "AAA"];
    let rank = |level: &str| LEVELS.iter().position(|known| *known == level);
    let own = format
        .value
        .get("accessibility")
        .and_then(|accessibility| accessibility.text("wcag_level"));
    own.and_then(rank)
        .is_some_and(|own| rank(least).is_none_or(|least| own >= least))
}

/// Positions and persistence modes of disclosures (`core/format.json`, `disclosure_capabilities`).
fn discloses(format: &CatalogFormat, request: &Value) -> bool {
    let capabilities = format.value.list("disclosure_capabilities");
    let takes_position = |position: &str| {
        if capabilities.is_empty() {
            format
                .value
                .texts("supported_disclosure_positions")
                .any(|own| own == position)
        } else {
            capabilities
                .iter()
                .any(|capability| capability.text("position") == Some(position))
        }
    };
    let takes_persistence = |mode: &str| {
        capabilities
            .iter()
            .any(|capability| capability.texts("persistence").any(|own| own == mode))
    };
    request.texts("disclosure_positions").all(takes_position)
        && request
            .texts("disclosure_persistence")
            .all(takes_persistence)
}
