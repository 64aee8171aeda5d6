//! The other end of the operator API: what the command line calls.
//!
//! Plain HTTP only, as the API itself speaks it. The token goes into a header and nowhere else.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use axum::http::{Method, Request, StatusCode, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::{Host, Url};

use super::Problem;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(20);
/// The largest answer that is read, in bytes: a task with the largest request there can be, written
/// out in full.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

/// Why the API was not reached, or what it said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// There is no token.
    #[error(
        "there is no operator token; set SELLER_OPERATOR_TOKEN to yours (a sandbox prints one when it starts)"
    )]
    NoToken,
    /// The token can't travel in a header.
    #[error("SELLER_OPERATOR_TOKEN must be visible ASCII characters without spaces; copy it again")]
    UnusableToken,
    /// The address is none.
    #[error(
        "`{url}` is no address of an operator API: {reason}; write --operator-url http://HOST:PORT"
    )]
    Address {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The address has a scheme that is not spoken.
    #[error(
        "`{url}` is an https address, and the operator API is called over plain HTTP; open a tunnel such as `ssh -L 3002:127.0.0.1:3002 HOST` and use http://127.0.0.1:3002"
    )]
    Https {
        /// What was given.
        url: String,
    },
    /// Nothing answered.
    #[error(
        "no operator API answers at {url}: {reason}; is the seller running, and does its banner name this address? Set --operator-url or SELLER_OPERATOR_URL otherwise"
    )]
    Unreachable {
        /// Where.
        url: String,
        /// Why not.
        reason: String,
    },
    /// Something answered that is no operator API.
    #[error(
        "what answers at {url} is no operator API ({status}); check --operator-url: the buyers' port is another one"
    )]
    Stranger {
        /// Where.
        url: String,
        /// What it said.
        status: StatusCode,
    },
    /// The seller refused.
    #[error("{}; {}", .0.detail, .0.remedy)]
    Refused(Box<Problem>),
}

/// A client of one operator API.
pub(crate) struct Client {
    base: Url,
    authorization: HeaderValue,
    http: hyper_util::client::legacy::Client<HttpConnector, Body>,
}

impl Client {
    /// A client with a token.
    pub(crate) fn new(url: &str, token: Option<&str>) -> Result<Self, ClientError> {
        let base = base(url)?;
        let token = token.ok_or(ClientError::NoToken)?;
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ClientError::UnusableToken);
        }
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| ClientError::UnusableToken)?;
        authorization.set_sensitive(true);
        Ok(Client {
            base,
            authorization,
            http: hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http(),
        })
    }

    /// Whether the token leaves this machine, in plain text.
    pub(crate) fn leaves_the_machine(&self) -> bool {
        match self.base.host() {
            Some(Host::Domain(name)) => name != "localhost",
            Some(Host::Ipv4(address)) => !address.is_loopback(),
            Some(Host::Ipv6(address)) => !address.is_loopback(),
            None => false,
        }
    }

    /// Reads something.
    pub(crate) async fn get<A: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<A, ClientError> {
        self.send(Method::GET, path, query, None).await
    }

    /// Does something.
    pub(crate) async fn post<A: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &Value,
    ) -> Result<A, ClientError> {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    async fn send<A: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<A, ClientError> {
        let request = self.request(method, path, query, body)?;
        let answer = async {
            let response = self
                .http
                .request(request)
                .await
                .map_err(|error| self.unreachable(causes(&error)))?;
            let status = response.status();
            let body = to_bytes(Body::new(response.into_body()), LARGEST_ANSWER)
                .await
                .map_err(|error| self.unreachable(causes(&error)))?;
            Ok((status, body))
        };
        let (status, body) = tokio::time::timeout(WITHIN, answer).await.map_err(|_| {
            self.unreachable(format!("no answer within {} seconds", WITHIN.as_secs()))
        })??;
        let stranger = |_| ClientError::Stranger {
            url: self.base.to_string(),
            status,
        };
        if status.is_success() {
            serde_json::from_slice(&body).map_err(stranger)
        } else {
            let problem = serde_json::from_slice(&body).map_err(stranger)?;
            Err(ClientError::Refused(Box::new(problem)))
        }
    }

    fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Request<Body>, ClientError> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let unusable = |reason: String| ClientError::Address {
            url: self.base.to_string(),
            reason,
        };
        let uri: Uri = url
            .as_str()
            .parse()
            .map_err(|error: axum::http::uri::InvalidUri| unusable(error.to_string()))?;
        let builder = Request::builder()
            .method(method)
            .uri(uri)
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/json, application/problem+json");
        let request = match body {
            Some(body) => builder
                .header(CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string())),
            None => builder.body(Body::empty()),
        };
        request.map_err(|error| unusable(error.to_string()))
    }

    fn unreachable(&self, reason: String) -> ClientError {
        ClientError::Unreachable {
            url: self.base.to_string(),
            reason,
        }
    }
}

/// An address that can be called.
fn base(text: &str) -> Result<Url, ClientError> {
    let wrong = |reason: &str| ClientError::Address {
        url: text.to_owned(),
        reason: reason.to_owned(),
    };
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    match url.scheme() {
        "http" => {}
        "https" => {
            return Err(ClientError::Https {
                url: text.to_owned(),
            });
        }
        _ => return Err(wrong("its scheme is not http")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it has a user's name or password in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it has a query or a fragment"));
    }
    Ok(url)
}

/// The innermost cause says what is the matter; what is around it says that something is.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_addresses_and_tokens_are_named_with_a_remedy() {
        for (url, token, said) in [
            (
                "127.0.0.1:3002",
                Some("t"),
                "write --operator-url http://HOST:PORT",
            ),
            ("ftp://127.0.0.1", Some("t"), "its scheme is not http"),
            ("https://ads.example", Some("t"), "open a tunnel"),
            (
                "http://u:p@127.0.0.1",
                Some("t"),
                "a user's name or password",
            ),
            ("http://127.0.0.1/?a=1", Some("t"), "a query or a fragment"),
            ("http://127.0.0.1", None, "set SELLER_OPERATOR_TOKEN"),
            ("http://127.0.0.1", Some(""), "visible ASCII"),
            ("http://127.0.0.1", Some("a b"), "visible ASCII"),
        ] {
            let error = Client::new(url, token).err().expect(url).to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn paths_are_put_below_the_address_and_escaped() {
        let client = Client::new("http://127.0.0.1:3002/ops/", Some("t")).expect("a client");
        let request = client
            .request(Method::GET, &["tasks", "a/b%"], &[("cursor", "x&y")], None)
            .expect("a request");
        assert_eq!(
            request.uri().to_string(),
            "http://127.0.0.1:3002/ops/tasks/a%2Fb%25?cursor=x%26y"
        );
        assert!(!client.leaves_the_machine());
        let far = Client::new("http://ads.example", Some("t")).expect("a client");
        assert!(far.leaves_the_machine());
    }
}
