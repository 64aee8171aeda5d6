//! Keyword changes of a package update, merged into its targeting overlay
//! (`media-buy/package-update.json`).

use serde_json::{Map, Value};

use super::super::request::Members;
use super::targeting::is_same_keyword;
use crate::error::{Error, Result};

/// One list of the overlay with the two members that change it.
const LISTS: [(&str, &str, &str); 2] = [
    (
        "keyword_targets",
        "keyword_targets_add",
        "keyword_targets_remove",
    ),
    (
        "negative_keywords",
        "negative_keywords_add",
        "negative_keywords_remove",
    ),
];

/// The overlay after the update, if the update touches it.
pub(super) fn merged(update: &Value, before: Option<&Value>, field: &str) -> Result<Option<Value>> {
    let replaced = update.get("targeting_overlay");
    let touched = replaced.is_some()
        || LISTS
            .iter()
            .any(|(_, add, remove)| update.get(add).is_some() || update.get(remove).is_some());
    if !touched {
        return Ok(None);
    }
    let mut overlay: Map<String, Value> = replaced
        .or(before)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for (name, add, remove) in LISTS {
        let (added, removed) = (update.list(add), update.list(remove));
        if added.is_empty() && removed.is_empty() {
            continue;
        }
        if replaced.is_some_and(|replaced| replaced.get(name).is_some()) {
            return Err(Error::validation(format!(
                "{name} can be replaced or changed in one update, not both"
            ))
            .at(format!("{field}.targeting_overlay.{name}")));
        }
        let mut keywords = overlay.list(name).to_vec();
        keywords.retain(|keyword| !removed.iter().any(|gone| is_same_keyword(keyword, gone)));
        for keyword in added {
            match keywords
                .iter_mut()
                .find(|known| is_same_keyword(known, keyword))
            {
                Some(known) => *known = keyword.clone(),
                None => keywords.push(keyword.clone()),
            }
        }
        if keywords.is_empty() {
            overlay.shift_remove(name);
        } else {
            overlay.insert(name.to_owned(), Value::Array(keywords));
        }
    }
    Ok(Some(Value::Object(overlay)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keywords_are_added_changed_and_removed_by_text_and_match() {
        let before = json!({"geo_countries": ["US"], "keyword_targets": [{"keyword": "shoes", "match_type": "exact", "bid_price": 1}, {"keyword": "boots", "match_type": "broad"}]});
        let update = json!({
            "keyword_targets_add": [{"keyword": "shoes", "match_type": "exact", "bid_price": 2}, {"keyword": "shoes", "match_type": "broad"}],
            "keyword_targets_remove": [{"keyword": "boots", "match_type": "broad"}, {"keyword": "hats", "match_type": "broad"}],
        });
        let after = merged(&update, Some(&before), "packages[0]")
            .expect("merged")
            .expect("touched");
        assert_eq!(
            after,
            json!({"geo_countries": ["US"], "keyword_targets": [{"keyword": "shoes", "match_type": "exact", "bid_price": 2}, {"keyword": "shoes", "match_type": "broad"}]})
        );
        assert_eq!(
            merged(&json!({"budget": 1}), Some(&before), "packages[0]").expect("nothing to merge"),
            None
        );
    }

    #[test]
    fn a_list_is_replaced_or_changed_not_both() {
        let update = json!({"targeting_overlay": {"negative_keywords": []}, "negative_keywords_add": [{"keyword": "free", "match_type": "broad"}]});
        let error = merged(&update, None, "packages[1]").expect_err("refused");
        assert_eq!(
            (error.code, error.field.as_deref()),
            (
                "VALIDATION_ERROR",
                Some("packages[1].targeting_overlay.negative_keywords")
            )
        );
    }
}
