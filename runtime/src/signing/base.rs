//! The text that is signed: the signature base (RFC 9421, 2.5).

use std::borrow::Cow;

use axum::http::HeaderMap;

use super::CONTENT_DIGEST;
use super::fields::{self, Malformed};
use super::url::Canonical;

/// What the derived components and the covered headers of a message say.
pub(super) struct Message<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a Canonical,
    pub(super) headers: &'a HeaderMap,
}

/// The derived components that the profile knows.
pub(super) const DERIVED: [&str; 3] = ["@method", "@target-uri", "@authority"];

impl Message<'_> {
    /// The base of a signature: one line for each component, and last the list of them as it
    /// stands in the header, without a line break at the end.
    pub(super) fn base<'n>(
        &self,
        components: impl IntoIterator<Item = &'n str>,
        raw: &str,
    ) -> Result<String, Malformed> {
        let mut base = String::with_capacity(512);
        for name in components {
            base.push('"');
            base.push_str(name);
            base.push_str("\": ");
            match name {
                "@method" => base.push_str(&self.method.to_ascii_uppercase()),
                "@target-uri" => base.push_str(&self.url.target_uri),
                "@authority" => base.push_str(&self.url.authority),
                _ => base.push_str(&self.header(name)?),
            }
            base.push('\n');
        }
        base.push_str("\"@signature-params\": ");
        base.push_str(raw);
        Ok(base)
    }

    fn header(&self, name: &str) -> Result<Cow<'_, str>, Malformed> {
        covered(self.headers, name)?.ok_or_else(|| format!("{name} is not there").into())
    }
}

/// The value of a covered header (RFC 9421, 2.1). Only `content-digest` is known to be a list;
/// what any other header means when it is there twice depends on who reads it.
pub(super) fn covered<'a>(
    headers: &'a HeaderMap,
    name: &str,
) -> Result<Option<Cow<'a, str>>, Malformed> {
    if name == CONTENT_DIGEST {
        return fields::combined(headers, name);
    }
    let value = fields::single(headers, name)?;
    if name == "content-type" && value.is_some_and(fields::is_list) {
        return Err("content-type has more than one value".into());
    }
    Ok(value.map(Into::into))
}
