//! What a message claims about itself: the steps of the checklist that need its headers only.

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};

use super::algorithm::Algorithm;
use super::base::{DERIVED, covered};
use super::binary::decode_url;
use super::digest::{Digests, alphabets};
use super::fields::{self, Input};
use super::key_set::LONGEST_KEYID;
use super::rejection::{Failure, Fault};
use super::url;
use super::usage::{Edition, Usage};
use super::verify::Terms;
use super::{CONTENT_DIGEST, Head, LONGEST_WINDOW, SIGNATURE, SKEW};
use crate::profile::DigestPolicy;

/// The name of the signature that is verified when there are several.
const LABEL: &str = "sig1";
/// How long a nonce has to be, in bytes, and how long its text may be.
const SHORTEST_NONCE: usize = 16;
const LONGEST_NONCE: usize = 256;

/// What the headers say, once steps 1 to 6 have passed.
pub(super) struct Claim<'a> {
    pub(super) input: Input<'a>,
    pub(super) signature: Vec<u8>,
    pub(super) digests: Option<Digests>,
    pub(super) expires: i64,
    pub(super) nonce: String,
    pub(super) keyid: String,
    pub(super) algorithm: Algorithm,
}

/// Steps 1 to 6.
pub(super) fn read<'a>(terms: &Terms, head: Head<'_>, text: &'a str) -> Result<Claim<'a>, Failure> {
    let (input, signature, digests) = parse(terms, head, text)?;

    let fault = Fault::ParamsIncomplete;
    let missing = |name| terms.fail(fault, 2, format!("the parameter {name} is missing"));
    let created = input.created.ok_or_else(|| missing("created"))?;
    let expires = input.expires.ok_or_else(|| missing("expires"))?;
    let nonce = input.nonce.as_deref().ok_or_else(|| missing("nonce"))?;
    let keyid = input.keyid.as_deref().ok_or_else(|| missing("keyid"))?;
    let alg = input.alg.as_deref().ok_or_else(|| missing("alg"))?;
    let tag = input.tag.as_deref().ok_or_else(|| missing("tag"))?;
    let malformed = |reason: String| terms.fail(Fault::HeaderMalformed, 2, reason);
    if keyid.len() > LONGEST_KEYID {
        return Err(malformed(format!(
            "the keyid has more than {LONGEST_KEYID} bytes"
        )));
    }
    if nonce.len() > LONGEST_NONCE
        || decode_url(nonce).is_none_or(|bytes| bytes.len() < SHORTEST_NONCE)
    {
        return Err(malformed(format!(
            "the nonce is not Base64url without padding of at least {SHORTEST_NONCE} bytes"
        )));
    }
    if tag != terms.usage.tag() {
        return Err(terms.fail(Fault::TagInvalid, 3, format!("the tag is {tag:?}")));
    }
    let algorithm = Algorithm::named(alg).ok_or_else(|| {
        let reason = format!("the algorithm {alg:?} is not allowed");
        terms.fail(Fault::AlgNotAllowed, 4, reason)
    })?;
    in_window(terms, created, expires)?;
    check_components(terms, head.headers, &input)?;

    let (nonce, keyid) = (nonce.to_owned(), keyid.to_owned());
    Ok(Claim {
        input,
        signature,
        digests,
        expires,
        nonce,
        keyid,
        algorithm,
    })
}

/// Step 1: one signature out of the headers, and nothing ambiguous in what it covers.
fn parse<'a>(
    terms: &Terms,
    head: Head<'_>,
    text: &'a str,
) -> Result<(Input<'a>, Vec<u8>, Option<Digests>), Failure> {
    let malformed = |reason| terms.fail(Fault::HeaderMalformed, 1, reason);
    let alphabets = alphabets(terms.usage, terms.edition);
    let mut inputs = fields::inputs(text).map_err(malformed)?;
    let input = if let Some(at) = inputs.iter().position(|input| input.label == LABEL) {
        inputs.swap_remove(at)
    } else if let (Some(only), true) = (inputs.pop(), inputs.is_empty()) {
        only
    } else {
        let reason = format!("of several signatures none is labelled {LABEL}");
        return Err(malformed(reason.into()));
    };
    let signatures = fields::combined(head.headers, SIGNATURE).map_err(malformed)?;
    let Some(signatures) = signatures else {
        return Err(malformed(format!("there is no {SIGNATURE}").into()));
    };
    let signature = fields::byte_sequences(&signatures, alphabets)
        .map_err(malformed)?
        .into_iter()
        .find_map(|(label, bytes)| (label == input.label).then_some(bytes))
        .ok_or_else(|| malformed(format!("{SIGNATURE} has no {}", input.label).into()))?;
    let headers = input
        .components
        .iter()
        .filter(|component| !component.name.starts_with('@'));
    for component in headers {
        covered(head.headers, &component.name).map_err(malformed)?;
    }
    let digests = if covers(&input, CONTENT_DIGEST) {
        Digests::read(head.headers, alphabets).map_err(malformed)?
    } else {
        None
    };
    if terms.edition == Edition::V3_0 && url::has_foreign_host(head.url) {
        let reason = "the host of the URL is not ASCII";
        return Err(malformed(reason.into()));
    }
    Ok((input, signature, digests))
}

/// Step 5.
fn in_window(terms: &Terms, created: i64, expires: i64) -> Result<(), Failure> {
    let now = terms.now.timestamp();
    let reason = if expires <= created {
        "the signature expires before it is created"
    } else if created > now + SKEW {
        "the signature is from the future"
    } else if expires < now - SKEW {
        "the signature has expired"
    } else if expires - created > LONGEST_WINDOW {
        "the signature is valid for too long"
    } else {
        return Ok(());
    };
    Err(terms.fail(Fault::WindowInvalid, 5, reason))
}

/// Step 6.
fn check_components(terms: &Terms, headers: &HeaderMap, input: &Input<'_>) -> Result<(), Failure> {
    for name in DERIVED {
        if !covers(input, name) {
            let reason = format!("the signature does not cover {name}");
            return Err(terms.fail(Fault::ComponentsIncomplete, 6, reason));
        }
    }
    if terms.usage == Usage::Webhook || announces_body(headers) {
        let (content_type, digest) = (covers(input, "content-type"), covers(input, CONTENT_DIGEST));
        covers_enough(terms, content_type, digest)?;
    }
    if terms.digest == DigestPolicy::Forbidden && covers(input, CONTENT_DIGEST) {
        let reason = "the signature covers content-digest, which this seller does not take";
        return Err(terms.fail(Fault::ComponentsUnexpected, 6, reason));
    }
    for component in &input.components {
        let name = &*component.name;
        if component.is_qualified || (name.starts_with('@') && !DERIVED.contains(&name)) {
            let reason = format!("the component {name} is not one of the profile");
            return Err(terms.fail(Fault::ComponentsUnexpected, 6, reason));
        }
        if !name.starts_with('@') && !headers.contains_key(name) {
            let reason = format!("the covered header {name} is not there");
            return Err(terms.fail(Fault::ComponentsIncomplete, 6, reason));
        }
    }
    Ok(())
}

/// What step 6 demands of a message with a body.
pub(super) fn covers_enough(
    terms: &Terms,
    content_type: bool,
    digest: bool,
) -> Result<(), Failure> {
    if !content_type {
        let reason = "the signature does not cover content-type";
        return Err(terms.fail(Fault::ComponentsIncomplete, 6, reason));
    }
    if terms.digest == DigestPolicy::Required && !digest {
        let reason = "the signature does not cover content-digest";
        return Err(terms.fail(Fault::ComponentsIncomplete, 6, reason));
    }
    Ok(())
}

/// Whether headers speak of a body. HTTP/2 needs none that does, so a body that comes without is
/// held to the same rules once it is there.
fn announces_body(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_TYPE)
        || headers.contains_key(TRANSFER_ENCODING)
        || headers
            .get(CONTENT_LENGTH)
            .is_some_and(|length| length.as_bytes() != b"0")
}

pub(super) fn covers(input: &Input<'_>, name: &str) -> bool {
    input
        .components
        .iter()
        .any(|component| component.name == name && !component.is_qualified)
}
