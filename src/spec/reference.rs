//! Where a `$ref` leads.
//!
//! AdCP bundles spell references in three ways: by canonical address, by `/schemas/<version>/…`
//! and relative to the file; each may carry a JSON Pointer as fragment.

/// A schema's place: its file below the schema root, and a JSON Pointer into it.
pub type Place = (String, String);

/// The address under which the protocol publishes its schemas.
const CANONICAL: &str = "https://adcontextprotocol.org";

/// The place that `reference` means when it stands in `file`, if it can be one at all.
pub fn resolve(reference: &str, file: &str) -> Option<Place> {
    let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let pointer = percent_decoded(fragment)?;
    if !(pointer.is_empty() || pointer.starts_with('/')) {
        return None;
    }
    let path = path.strip_prefix(CANONICAL).unwrap_or(path);
    if path.is_empty() {
        return Some((file.to_owned(), pointer));
    }
    if let Some(rest) = path.strip_prefix("/schemas/") {
        let (_version, rest) = rest.split_once('/')?;
        return Some((rest.to_owned(), pointer));
    }
    if path.starts_with('/') || path.contains("://") {
        return None;
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for step in path.split('/') {
        match step {
            ".." => {
                parts.pop()?;
            }
            "." => {}
            step => parts.push(step),
        }
    }
    Some((parts.join("/"), pointer))
}

fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn every_spelling_leads_to_the_same_place() {
        let place = Some(("core/format.json".to_owned(), String::new()));
        for reference in [
            "https://adcontextprotocol.org/schemas/3.0.18/core/format.json",
            "/schemas/3.0.18/core/format.json",
            "../core/format.json",
            "format.json",
            "./format.json",
            "format.json#",
        ] {
            let file = if reference.starts_with("../") {
                "media-buy/x.json"
            } else {
                "core/x.json"
            };
            assert_eq!(resolve(reference, file), place, "{reference}");
        }
    }

    #[test]
    fn fragments_are_pointers_into_the_file() {
        let place = Some(("core/x.json".to_owned(), "/$defs/base".to_owned()));
        assert_eq!(resolve("#/$defs/base", "core/x.json"), place);
        assert_eq!(resolve("#/%24defs/base", "core/x.json"), place);
    }

    #[test]
    fn what_leaves_the_bundle_is_no_place() {
        for reference in [
            "../../x.json",
            "https://example.org/x.json",
            "/x.json",
            "#anchor",
            "#/%zz",
        ] {
            assert_eq!(resolve(reference, "core/x.json"), None, "{reference}");
        }
    }
}
