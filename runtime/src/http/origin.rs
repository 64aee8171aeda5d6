//! Which web pages may call.
//!
//! Buyer agents are programs and send no `Origin`. A browser does, and a page that made its own
//! name resolve to this machine (DNS rebinding) would otherwise reach a seller that listens only
//! here. MCP therefore demands that `Origin` be checked. `Host` is not: no request is answered
//! without a token, which a rebound page doesn't have.

use axum::http::HeaderMap;
use axum::http::header::ORIGIN;
use url::Url;

use crate::outbound::is_this_machine;

/// The origins whose pages may call.
#[derive(Clone, Debug)]
pub struct Origins {
    own: Option<url::Origin>,
    /// Whether pages of this machine may call, whatever their port.
    local: bool,
}

impl Origins {
    /// Allows this machine and the origin of the seller's public address, if it has one.
    pub fn new(public: Option<&str>) -> Self {
        Origins {
            own: public.and_then(origin_of),
            local: true,
        }
    }

    /// Allows the origin of one address and no other.
    pub(crate) fn only(url: &str) -> Self {
        Origins {
            own: origin_of(url),
            local: false,
        }
    }

    /// Whether a request may go on: it comes from no page or from an allowed one.
    pub fn allow(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else {
            return true;
        };
        let Some(origin) = origin
            .to_str()
            .ok()
            .and_then(|origin| Url::parse(origin).ok())
        else {
            return false;
        };
        origins.next().is_none()
            && ((self.local && origin.host().is_some_and(is_this_machine))
                || self.own.as_ref() == Some(&origin.origin()))
    }
}

fn origin_of(url: &str) -> Option<url::Origin> {
    Url::parse(url).ok().map(|url| url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_local_pages_and_own_pages_may_call() {
        let origins = Origins::new(Some("https://ads.example/agent"));
        for (origin, allowed) in [
            (None, true),
            (Some("http://localhost:5173"), true),
            (Some("http://127.0.0.1"), true),
            (Some("http://[::1]:80"), true),
            (Some("https://ads.example"), true),
            (Some("http://ads.example"), false),
            (Some("https://ads.example:8443"), false),
            (Some("https://localhost.evil.example"), false),
            (Some("null"), false),
        ] {
            assert_eq!(origins.allow(&from(origin)), allowed, "{origin:?}");
        }
    }

    #[test]
    fn operators_call_from_no_page_but_the_listener_s_own() {
        let origins = Origins::only("http://127.0.0.1:3002");
        for (origin, allowed) in [
            (None, true),
            (Some("http://127.0.0.1:3002"), true),
            (Some("http://127.0.0.1:3001"), false),
            (Some("https://127.0.0.1:3002"), false),
            (Some("http://localhost:3002"), false),
            (Some("null"), false),
        ] {
            assert_eq!(origins.allow(&from(origin)), allowed, "{origin:?}");
        }
    }

    fn from(origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().expect("a header value"));
        }
        headers
    }
}
