//! The canonical form of URLs, of which a signature is made.
//!
//! RFC 3986, 6.2.2 and 6.2.3, in the profile's order: scheme and host in lower case, hosts as
//! A-labels, no user information, no default port, dot segments resolved, unreserved characters
//! decoded, the query as it is, no fragment. Slashes are never merged. A text of which two readers
//! could think different things is refused.

use std::net::Ipv6Addr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use thiserror::Error;

use super::LARGEST_URL;

/// A URL in its canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical {
    /// The component `@target-uri`: `https://seller.example/mcp?x=1`.
    pub target_uri: String,
    /// The component `@authority`: `seller.example`, `[::1]:8443`.
    pub authority: String,
    path: usize,
}

impl Canonical {
    /// The path without the query: `/mcp`.
    pub fn path(&self) -> &str {
        let rest = &self.target_uri[self.path..];
        rest.split_once('?').map_or(rest, |(path, _)| path)
    }
}

/// Why a text is no URL that can be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    /// It is longer than [`LARGEST_URL`].
    #[error("the URL has more than {LARGEST_URL} bytes")]
    TooLong,
    /// It is not absolute, or not of HTTP.
    #[error("the URL does not begin with http:// or https://")]
    Scheme,
    /// There is no host.
    #[error("the URL has no host")]
    NoHost,
    /// The host is none.
    #[error("the host of the URL is not a name and not an address in brackets")]
    Host,
    /// The port is none.
    #[error("the port of the URL is not a number up to 65535")]
    Port,
    /// A character that a URL can't have.
    #[error("the URL holds a character that has to be percent-encoded")]
    Character,
    /// A percent sign that encodes nothing.
    #[error("the path of the URL holds a percent sign that encodes nothing")]
    Encoding,
    /// A dot segment that only shows once it is decoded.
    #[error("the path of the URL hides a dot segment")]
    HiddenSegment,
}

/// The canonical form of a URL.
///
/// # Errors
///
/// When the URL is malformed, or ambiguous.
pub fn canonical(url: &str) -> Result<Canonical, Malformed> {
    if url.len() > LARGEST_URL {
        return Err(Malformed::TooLong);
    }
    let (scheme, rest) = split_scheme(url)?;
    let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (rest, None),
    };
    if !rest
        .bytes()
        .all(|byte| matches!(byte, b'!'..=b'~') && byte != b'\\')
    {
        return Err(Malformed::Character);
    }
    let authority = self::authority(scheme, authority)?;
    let mut target_uri = String::with_capacity(url.len() + 8);
    target_uri.push_str(scheme);
    target_uri.push_str("://");
    target_uri.push_str(&authority);
    let start = target_uri.len();
    push_path(&mut target_uri, path)?;
    if let Some(query) = query {
        target_uri.push('?');
        target_uri.push_str(query);
    }
    Ok(Canonical {
        target_uri,
        authority,
        path: start,
    })
}

/// Whether the host of a URL holds characters that are not ASCII. A signer converts them; on the
/// wire they are an error.
pub(super) fn has_foreign_host(url: &str) -> bool {
    split_scheme(url).is_ok_and(|(_, rest)| {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        !rest[..end].is_ascii()
    })
}

/// The canonical form of what a `Host` header says, for a URL of that scheme.
pub(super) fn host_header(url: &str, host: &str) -> Result<String, Malformed> {
    let (scheme, _) = split_scheme(url)?;
    if host.contains(['/', '?', '#', '@']) {
        return Err(Malformed::Host);
    }
    authority(scheme, host)
}

fn split_scheme(url: &str) -> Result<(&'static str, &str), Malformed> {
    let (scheme, rest) = url.split_once("://").ok_or(Malformed::Scheme)?;
    ["https", "http"]
        .into_iter()
        .find(|known| scheme.eq_ignore_ascii_case(known))
        .map(|known| (known, rest))
        .ok_or(Malformed::Scheme)
}

/// Steps 2 to 4: host in its canonical form, no user information, no default port.
fn authority(scheme: &str, authority: &str) -> Result<String, Malformed> {
    let place = match authority.split_once('@') {
        Some((_, place)) if place.contains('@') => return Err(Malformed::Host),
        Some((_, place)) => place,
        None => authority,
    };
    let (mut host, port) = if place.starts_with('[') {
        let end = place.find(']').ok_or(Malformed::Host)?;
        let (address, port) = place.split_at(end + 1);
        (self::address(address)?, port)
    } else {
        let end = place.find(':').unwrap_or(place.len());
        let (name, port) = place.split_at(end);
        (self::name(name, port)?, port)
    };
    if let Some(port) = number(port)?
        && port != if scheme == "https" { 443 } else { 80 }
    {
        host.push(':');
        host.push_str(&port.to_string());
    }
    Ok(host)
}

/// An address in brackets, without a zone (RFC 6874): that would mean another thing elsewhere.
fn address(bracketed: &str) -> Result<String, Malformed> {
    let inner = &bracketed[1..bracketed.len() - 1];
    inner
        .parse::<Ipv6Addr>()
        .map(|_| bracketed.to_ascii_lowercase())
        .map_err(|_| Malformed::Host)
}

/// A name as A-labels (UTS 46, nontransitional, with its checks), without the dot of the root.
fn name(name: &str, port: &str) -> Result<String, Malformed> {
    if name.is_empty() {
        // `::1` without brackets begins like a port as well.
        return Err(Malformed::NoHost);
    }
    if port.get(1..).is_some_and(|rest| rest.contains(':')) {
        return Err(Malformed::Host);
    }
    let ascii = Uts46::new()
        .to_ascii(
            name.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::Check,
            DnsLength::VerifyAllowRootDot,
        )
        .map_err(|_| Malformed::Host)?;
    let ascii = ascii.strip_suffix('.').unwrap_or(&ascii);
    if ascii.is_empty() {
        return Err(Malformed::NoHost);
    }
    Ok(ascii.to_owned())
}

/// `:8443`, or nothing. An empty number is no port (RFC 3986, 6.2.3).
fn number(port: &str) -> Result<Option<u16>, Malformed> {
    let Some(digits) = port.strip_prefix(':') else {
        return if port.is_empty() {
            Ok(None)
        } else {
            Err(Malformed::Host)
        };
    };
    if digits.is_empty() {
        return Ok(None);
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Malformed::Port);
    }
    digits.parse().map(Some).map_err(|_| Malformed::Port)
}

/// Steps 5 and 6: no dot segments, one spelling of every character. Empty segments stay.
fn push_path(out: &mut String, path: &str) -> Result<(), Malformed> {
    if path.is_empty() {
        out.push('/');
        return Ok(());
    }
    let mut segments: Vec<&str> = Vec::new();
    let mut rest = path[1..].split('/').peekable();
    while let Some(segment) = rest.next() {
        let is_last = rest.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    segments.pop();
                }
                if is_last {
                    segments.push("");
                }
            }
            _ => segments.push(segment),
        }
    }
    for segment in segments {
        out.push('/');
        let start = out.len();
        push_segment(out, segment)?;
        // Decoded after dot segments are resolved, `%2E%2E` would become one that is not.
        if matches!(&out[start..], "." | "..") {
            return Err(Malformed::HiddenSegment);
        }
    }
    Ok(())
}

/// One segment with hexadecimal digits in upper case and unreserved characters decoded.
fn push_segment(out: &mut String, segment: &str) -> Result<(), Malformed> {
    let mut parts = segment.split('%');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (Some(hexadecimal), Some(rest)) = (part.get(..2), part.get(2..)) else {
            return Err(Malformed::Encoding);
        };
        // `from_str_radix` takes a sign as well.
        if !hexadecimal.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Malformed::Encoding);
        }
        let byte = u8::from_str_radix(hexadecimal, 16).map_err(|_| Malformed::Encoding)?;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hexadecimal.to_ascii_uppercase());
        }
        out.push_str(rest);
    }
    Ok(())
}
