//! Where buyers reach the seller, in their own spelling.
//!
//! Challenges, metadata, audiences and signatures all name the URL of an endpoint, and each is
//! compared with what the buyer believes that URL to be. A live seller has one home, said by its
//! manifest, and believes no header about it: whoever could choose the `Host` could otherwise choose
//! for whom a token is good. A sandbox is reached under several spellings of this machine, and
//! takes the one of the request.

use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::uri::Authority;

/// The longest authority that is taken from a request: a host name of 253 bytes and a port.
const LONGEST_AUTHORITY: usize = 260;

/// The parts of a seller that are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// The Model Context Protocol.
    Mcp,
    /// The A2A protocol.
    A2a,
    /// AdCP as plain JSON, which only a signature opens.
    Plain,
}

impl Endpoint {
    /// The path, below where the seller is at home. The plain binding lies below the transports and
    /// has none of its own: what is said of a transport, tokens for it included, holds there.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Endpoint::Mcp | Endpoint::Plain => "/mcp",
            Endpoint::A2a => "/a2a",
        }
    }
}

/// Where a seller is at home.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// Scheme, authority and perhaps a path, without a slash at the end.
    home: String,
    /// Whether a request says by its `Host` where it found the seller.
    by_request: bool,
}

impl Addresses {
    /// The addresses of a seller at `home`. In a sandbox the requests say where that is.
    pub(crate) fn new(home: &str, sandbox: bool) -> Self {
        Addresses {
            home: home.trim_end_matches('/').to_owned(),
            by_request: sandbox,
        }
    }

    /// The seller's home, as the sender of a request knows it: `http://127.0.0.1:3001`.
    pub(crate) fn home(&self, parts: &Parts) -> String {
        let spelled = authority(parts).filter(|_| self.by_request);
        match spelled.filter(|authority| !self.is_at(authority)) {
            Some(authority) => format!("http://{authority}"),
            None => self.home.clone(),
        }
    }

    /// Whether the home has this authority. Then its scheme and path hold as well: a sandbox may
    /// stand behind a proxy with TLS.
    fn is_at(&self, authority: &str) -> bool {
        let (_, rest) = self.home.split_once("://").unwrap_or_default();
        rest.split('/').next() == Some(authority)
    }

    /// The URL of an endpoint, as the sender of a request knows it. Of the plain binding it is that
    /// of the transport below which it was called, since that is the one that metadata name.
    pub(crate) fn endpoint(&self, endpoint: Endpoint, parts: &Parts) -> String {
        let below = |transport: Endpoint| {
            let rest = parts.uri.path().strip_prefix(transport.path());
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let endpoint = match endpoint {
            Endpoint::Plain if below(Endpoint::A2a) => Endpoint::A2a,
            endpoint => endpoint,
        };
        self.home(parts) + endpoint.path()
    }

    /// The absolute URL of a request, its path and query spelled as on the wire: what a signature
    /// covers as `@target-uri` (RFC 9421, section 2.2.2).
    pub(crate) fn request(&self, parts: &Parts) -> String {
        let path = parts
            .uri
            .path_and_query()
            .map_or(parts.uri.path(), |path| path.as_str());
        self.home(parts) + path
    }
}

/// The authority of a request, if it is one that can be written into a URL.
fn authority(parts: &Parts) -> Option<String> {
    // HTTP/2 has it in the target, HTTP/1.1 in a header, which may occur once (RFC 9112, 3.2).
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = match (parts.uri.authority(), hosts.next(), hosts.next()) {
        (Some(authority), _, _) => authority.as_str(),
        (None, Some(host), None) => host.to_str().ok()?,
        _ => return None,
    };
    let sound =
        host.len() <= LONGEST_AUTHORITY && !host.contains('@') && host.parse::<Authority>().is_ok();
    sound.then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn parts(target: &str, hosts: &[&str]) -> Parts {
        let mut request = Request::get(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn a_live_seller_believes_its_manifest_and_a_sandbox_the_request() {
        let live = Addresses::new("https://ads.example/agent/", false);
        let sandbox = Addresses::new("http://127.0.0.1:3001", true);
        let named = parts("/mcp?x=%2F", &["localhost:3001"]);
        assert_eq!(
            live.endpoint(Endpoint::Mcp, &named),
            "https://ads.example/agent/mcp"
        );
        assert_eq!(live.request(&named), "https://ads.example/agent/mcp?x=%2F");
        assert_eq!(
            sandbox.endpoint(Endpoint::A2a, &named),
            "http://localhost:3001/a2a"
        );
        assert_eq!(sandbox.request(&named), "http://localhost:3001/mcp?x=%2F");
        for (path, endpoint) in [
            ("/mcp/adcp/get_products", "https://ads.example/agent/mcp"),
            ("/a2a/adcp/get_products", "https://ads.example/agent/a2a"),
            ("/a2adcp/get_products", "https://ads.example/agent/mcp"),
        ] {
            let called = parts(path, &["ads.example"]);
            assert_eq!(live.endpoint(Endpoint::Plain, &called), endpoint);
        }
        let target = parts("http://[::1]:3001/mcp", &["localhost:3001"]);
        assert_eq!(sandbox.home(&target), "http://[::1]:3001");
        let hosted = Addresses::new("https://sandbox.ads.example/agent", true);
        for (host, home) in [
            ("sandbox.ads.example", "https://sandbox.ads.example/agent"),
            ("127.0.0.1:3001", "http://127.0.0.1:3001"),
        ] {
            assert_eq!(hosted.home(&parts("/mcp", &[host])), home);
        }
    }

    #[test]
    fn what_is_no_authority_is_not_believed() {
        let sandbox = Addresses::new("http://127.0.0.1:3001", true);
        let long = "x".repeat(300);
        for hosts in [
            &[][..],
            &["one.example", "two.example"],
            &["user@one.example"],
            &["one.example/path"],
            &["one example"],
            &["one.example\"x"],
            &[long.as_str()],
        ] {
            let home = sandbox.home(&parts("/mcp", hosts));
            assert_eq!(home, "http://127.0.0.1:3001", "{hosts:?}");
        }
    }
}
