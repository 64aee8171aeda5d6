//! Whether a creative's assets are what its format asks for (`core/format.json`, `assets`).
//!
//! Only what the buyer states can be compared: an asset that does not say how long it runs is left
//! to the review, which sees the file. Nothing is fetched here. Formats of other agents never come
//! this way, and neither do repeatable groups, for which `core/creative-asset.json` has no key.

use serde_json::{Map, Value};

use super::super::request::Members;
use crate::catalog::CatalogFormat;
use crate::error::{Error, Result};

/// A stated number, and the requirements that bound it: `core/requirements/`.
const BOUNDED: [(&str, &str, &str); 5] = [
    ("width", "min_width", "max_width"),
    ("height", "min_height", "max_height"),
    ("duration_ms", "min_duration_ms", "max_duration_ms"),
    ("video_bitrate_kbps", "min_bitrate_kbps", "max_bitrate_kbps"),
    ("bitrate_kbps", "min_bitrate_kbps", "max_bitrate_kbps"),
];
/// A stated word, and the requirement that lists the words allowed.
const LISTED: [(&str, &str); 4] = [
    ("format", "formats"),
    ("container_format", "containers"),
    ("container_format", "formats"),
    ("video_codec", "codecs"),
];
/// How far a picture's sides may be off the ratio asked for: sides are whole pixels.
const RATIO_TOLERANCE: f64 = 0.01;
/// Bytes of a kilobyte. The schema does not say which is meant; the larger one refuses less.
const KILOBYTE: f64 = 1024.0;

/// Compares the assets of a creative with its format.
///
/// # Errors
///
/// `VALIDATION_ERROR` at the first asset that is missing, unknown to the format, or not as it has
/// to be.
pub(super) fn check(
    format: &CatalogFormat,
    assets: &Map<String, Value>,
    field: &str,
) -> Result<()> {
    let slots = format.value.list("assets");
    let individual = |slot: &&Value| slot.text("asset_id").is_some();
    for slot in slots.iter().filter(individual) {
        let asset_id = slot.text("asset_id").unwrap_or_default();
        let place = format!("{field}.{asset_id}");
        match assets.member(asset_id) {
            Some(asset) => check_asset(slot, asset, &place)?,
            None if slot.truth("required").unwrap_or(false) => {
                let message = format!(
                    "the format {} needs the asset {asset_id}, which is missing",
                    format.format_id.id
                );
                return Err(Error::validation(message).at(place));
            }
            None => {}
        }
    }
    // Keys are asset ids of the format (`core/creative-manifest.json`, `assets`). A format that
    // describes nothing takes everything.
    let known = |name: &str| slots.iter().any(|slot| slot.text("asset_id") == Some(name));
    if !slots.is_empty()
        && slots.iter().all(|slot| individual(&slot))
        && let Some(stranger) = assets.keys().find(|name| !known(name))
    {
        let message = format!("the format {} has no asset {stranger}", format.format_id.id);
        return Err(Error::validation(message)
            .at(format!("{field}.{stranger}"))
            .suggest("call list_creative_formats to see which assets the format takes"));
    }
    Ok(())
}

fn check_asset(slot: &Value, asset: &Value, place: &str) -> Result<()> {
    let wrong = |member: &str, message: String| {
        Err(Error::validation(message).at(format!("{place}.{member}")))
    };
    let kind = slot.text("asset_type").unwrap_or_default();
    if asset.text("asset_type") != Some(kind) {
        return wrong(
            "asset_type",
            format!("the format takes an asset of the type {kind} here"),
        );
    }
    let empty = Map::new();
    let required = slot.object("requirements").unwrap_or(&empty);
    // Other units are those of print, whose assets state no size in them.
    if required.text("unit").is_none_or(|unit| unit == "px") {
        for (member, least, most) in BOUNDED {
            let (least, most) = (required.number(least), required.number(most));
            if let Some(stated) = asset.number(member)
                && (least.is_some_and(|least| stated < least)
                    || most.is_some_and(|most| stated > most))
            {
                return wrong(
                    member,
                    format!("{member} is {stated}, {}", range(least, most)),
                );
            }
        }
    }
    for (member, list) in LISTED {
        if let Some(stated) = asset.text(member)
            && !required.list(list).is_empty()
            && !required
                .texts(list)
                .any(|known| plain(known) == plain(stated))
        {
            let listed = required.texts(list).collect::<Vec<_>>().join(", ");
            return wrong(
                member,
                format!("the format takes {listed} here, not {stated}"),
            );
        }
    }
    if let (Some(ratio), Some(width), Some(height)) = (
        required.text("aspect_ratio").and_then(ratio),
        asset.number("width"),
        asset.number("height"),
    ) && (width / height / ratio - 1.0).abs() > RATIO_TOLERANCE
    {
        let asked = required.text("aspect_ratio").unwrap_or_default();
        return wrong(
            "width",
            format!("{width} by {height} is not in the ratio {asked}"),
        );
    }
    let content = asset.text("content");
    let bytes = asset
        .number("file_size_bytes")
        .or_else(|| content.map(|content| content.len() as f64));
    if let (Some(most), Some(bytes)) = (required.number("max_file_size_kb"), bytes)
        && bytes > most * KILOBYTE
    {
        let member = if content.is_some() {
            "content"
        } else {
            "file_size_bytes"
        };
        return wrong(member, format!("the asset is larger than {most} kilobytes"));
    }
    match (kind, content, asset.text("url")) {
        ("url", _, Some(url)) => check_url(url, required, place),
        (_, Some(content), _) => check_content(content, required, place),
        _ => Ok(()),
    }
}

fn check_url(url: &str, required: &Map<String, Value>, place: &str) -> Result<()> {
    let wrong = |message: String| Err(Error::validation(message).at(format!("{place}.url")));
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let scheme = scheme.to_ascii_lowercase();
    if !required.list("protocols").is_empty()
        && !required.texts("protocols").any(|known| known == scheme)
    {
        let listed = required.texts("protocols").collect::<Vec<_>>().join(", ");
        return wrong(format!("the URL has to begin with one of: {listed}"));
    }
    if let Some(most) = required.number("max_length")
        && url.chars().count() as f64 > most
    {
        return wrong(format!("the URL has more than {most} characters"));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host
        .split(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let belongs = |domain: &str| {
        host.strip_suffix(&domain.to_ascii_lowercase())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if !required.list("allowed_domains").is_empty()
        && !required.texts("allowed_domains").any(belongs)
    {
        return wrong(format!("the format takes no URL of the host {host}"));
    }
    Ok(())
}

fn check_content(content: &str, required: &Map<String, Value>, place: &str) -> Result<()> {
    let wrong = |message: String| Err(Error::validation(message).at(format!("{place}.content")));
    let length = content.chars().count();
    let (least, most) = (required.number("min_length"), required.number("max_length"));
    if least.is_some_and(|least| (length as f64) < least)
        || most.is_some_and(|most| length as f64 > most)
    {
        return wrong(format!(
            "the text has {length} characters, {}",
            range(least, most)
        ));
    }
    let lower = content.to_lowercase();
    match required
        .texts("prohibited_terms")
        .find(|term| lower.contains(&term.to_lowercase()))
    {
        Some(term) => wrong(format!("the text must not contain \"{term}\"")),
        None => Ok(()),
    }
}

/// What is asked for, to follow what is there.
fn range(least: Option<f64>, most: Option<f64>) -> String {
    match (least, most) {
        (Some(least), Some(most)) if least == most => format!("but has to be {least}"),
        (Some(least), Some(most)) => format!("but has to lie between {least} and {most}"),
        (Some(least), None) => format!("but has to be at least {least}"),
        (None, Some(most)) => format!("but may be at most {most}"),
        (None, None) => String::new(),
    }
}

/// `16:9` as a number.
fn ratio(text: &str) -> Option<f64> {
    let (width, height) = text.split_once(':')?;
    Some(width.parse::<f64>().ok()? / height.parse::<f64>().ok()?)
}

/// A file format or codec without the spellings that mean nothing: `image/jpeg` is `jpg`, `H.264`
/// is `h264`.
fn plain(word: &str) -> String {
    let word = word.rsplit('/').next().unwrap_or_default().to_lowercase();
    let word: String = word
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    if word == "jpeg" {
        "jpg".to_owned()
    } else {
        word
    }
}
