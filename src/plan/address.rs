//! Addresses that a manifest names: the seller's own, an origin since each transport adds its own
//! path, and others that are called with secrets.

use url::{Host, Url};

/// Why an address can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Not an absolute URL, or without a host; what the parser said.
    Malformed(String),
    /// Another scheme than `http` or `https`.
    Scheme(String),
    /// It carries a user name or password.
    Credentials,
    /// The host is no name that a buyer could look up (RFC 1123): what it is.
    Host(String),
    /// It goes on after the host; the usable origin nearest to it.
    MoreThanOrigin(String),
    /// Plain `http` to a host that isn't this machine; the same with `https`.
    PlainHttp(String),
}

/// The origin that an address names: `https://ads.acme.example`, without a slash at the end.
///
/// # Errors
/// The first reason why it can't be used.
pub fn check(address: &str) -> Result<String, Unusable> {
    let url = match check_url(address) {
        // What is plain as well as too long is told of both at once.
        Err(Unusable::PlainHttp(secure)) => {
            let origin =
                Url::parse(&secure).map_or(secure, |url| url.origin().ascii_serialization());
            let goes_on = Url::parse(address).is_ok_and(|url| goes_on(&url));
            return Err(if goes_on {
                Unusable::MoreThanOrigin(origin)
            } else {
                Unusable::PlainHttp(origin)
            });
        }
        checked => checked?,
    };
    let origin = url.origin().ascii_serialization();
    if goes_on(&url) {
        return Err(Unusable::MoreThanOrigin(origin));
    }
    Ok(origin)
}

/// A URL that can be called without giving secrets away: `https`, or `http` on this machine, with the
/// name of a host and without credentials. What follows the host is not looked at.
///
/// # Errors
/// The first reason why it can't be used.
pub fn check_url(address: &str) -> Result<Url, Unusable> {
    let url = Url::parse(address).map_err(|error| Unusable::Malformed(error.to_string()))?;
    if url.scheme() != "https" && url.scheme() != "http" {
        return Err(Unusable::Scheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Unusable::Credentials);
    }
    // The URL parser takes hosts that DNS does not: `..`, `a".example`.
    if let Some(Host::Domain(domain)) = url.host()
        && !is_host_name(domain)
    {
        return Err(Unusable::Host(domain.to_owned()));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        let rest = &url[url::Position::BeforeHost..];
        return Err(Unusable::PlainHttp(format!("https://{rest}")));
    }
    Ok(url)
}

/// Whether a URL goes on after the host.
fn goes_on(url: &Url) -> bool {
    url.path() != "/" || url.query().is_some() || url.fragment().is_some()
}

/// Labels of letters, digits and inner hyphens between dots (RFC 1123, 2.1). The parser has already
/// turned other alphabets into `xn--` labels.
fn is_host_name(domain: &str) -> bool {
    domain.len() <= 253
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// Bearer tokens travel in the clear over `http`, which only a machine's own loopback forgives.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost" || domain.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_kept_and_everything_else_is_named() {
        assert_eq!(
            check("https://ads.acme.example/"),
            Ok("https://ads.acme.example".to_owned())
        );
        assert_eq!(
            check("http://127.0.0.1:3001"),
            Ok("http://127.0.0.1:3001".to_owned())
        );
        assert_eq!(
            check("http://[::1]:3001"),
            Ok("http://[::1]:3001".to_owned())
        );
        assert!(matches!(
            check("ads.acme.example"),
            Err(Unusable::Malformed(_))
        ));
        assert!(matches!(
            check("ftp://acme.example"),
            Err(Unusable::Scheme(_))
        ));
        assert_eq!(
            check("https://me:pw@acme.example"),
            Err(Unusable::Credentials)
        );
        assert_eq!(
            check("https://b\u{fc}cher.example"),
            Ok("https://xn--bcher-kva.example".to_owned())
        );
        for host in [
            "..",
            "acme.",
            "a\".example",
            "-acme.example",
            "a_b.example",
            "a..b",
        ] {
            assert_eq!(
                check(&format!("https://{host}/mcp")),
                Err(Unusable::Host(host.to_owned())),
                "{host}"
            );
        }
        assert!(matches!(
            check("https://acme.example/mcp"),
            Err(Unusable::MoreThanOrigin(_))
        ));
        assert!(matches!(
            check("https://acme.example?a=1"),
            Err(Unusable::MoreThanOrigin(_))
        ));
        assert!(matches!(
            check("http://10.0.0.1"),
            Err(Unusable::PlainHttp(_))
        ));
    }
}
