//! The one client for requests to addresses that buyers have named.
//!
//! It follows no redirect, asks no proxy of the environment, keeps no cookie, unpacks nothing,
//! tries nothing twice, and ends every request at a fixed time. HTTP/1.1 only: a delivery is one
//! request and one short answer, and a receiver gets no streams and windows to play with.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{ACCEPT, CONTENT_ENCODING};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use bytes::{Bytes, BytesMut};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout, timeout_at};

use super::failure::{Failed, Refused};
use super::lookup::{Guarded, Lookup, SystemLookup};
use super::reach::Reach;
use super::target::Target;
use super::trust::{self, SetupError};

/// How the seller introduces itself to receivers.
const USER_AGENT: &str = concat!("adcp-seller/", env!("CARGO_PKG_VERSION"));

/// How long a request may take and how much of an answer is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For one name to be looked up.
    pub lookup: Duration,
    /// For a connection, with its lookup and its TLS handshake.
    pub connect: Duration,
    /// For everything, from the lookup to the last byte that is read.
    pub whole: Duration,
    /// For the body of an answer of which only the status matters.
    pub tail: Duration,
    /// How much of such a body is kept, in bytes.
    pub prefix: usize,
    /// How many idle connections are kept for one host.
    pub idle_per_host: usize,
    /// How long a connection is kept idle.
    pub idle: Duration,
    /// The ports that may be connected to; empty for any, which is what AdCP asks for. Operators
    /// who want less list them (AdCP security, "Destination port: permissive by default").
    pub ports: Vec<u16>,
}

impl Default for Limits {
    /// Half of the ten seconds that AdCP recommends for connecting, ten for everything, any port.
    fn default() -> Self {
        Limits {
            lookup: Duration::from_secs(4),
            connect: Duration::from_secs(5),
            whole: Duration::from_secs(10),
            tail: Duration::from_secs(1),
            prefix: 2 * 1024,
            idle_per_host: 2,
            idle: Duration::from_secs(30),
            ports: Vec::new(),
        }
    }
}

/// What a receiver answered, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status. A redirect is an answer like any other: it is not followed.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or its beginning where only the status matters.
    pub body: Bytes,
}

/// The client. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    reach: Reach,
    limits: Arc<Limits>,
}

/// A client that is being set up.
pub struct Builder {
    reach: Reach,
    limits: Limits,
    lookup: Arc<dyn Lookup>,
    roots: Vec<CertificateDer<'static>>,
}

impl Client {
    /// A client that uses the resolver and the root certificates of the machine.
    ///
    /// # Errors
    ///
    /// When TLS can't be set up.
    pub fn new(reach: Reach, limits: Limits) -> Result<Self, SetupError> {
        Self::builder(reach).limits(limits).build()
    }

    /// A client with the limits that AdCP recommends, to be changed where that is needed.
    pub fn builder(reach: Reach) -> Builder {
        Builder {
            reach,
            limits: Limits::default(),
            lookup: Arc::new(SystemLookup::default()),
            roots: Vec::new(),
        }
    }

    /// Judges a URL by every rule that needs no lookup. What its name stands for is judged when a
    /// connection is opened, each time anew.
    ///
    /// # Errors
    ///
    /// The rule that it breaks.
    pub fn judge(&self, url: &str) -> Result<Target, Refused> {
        Target::judge(url, self.reach, &self.limits.ports)
    }

    /// Posts a body. Once there is a status there is an answer: a body that is long or slow is cut.
    ///
    /// # Errors
    ///
    /// When there is no status.
    pub async fn post(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, Failed> {
        let request = self.http.post(target.url()).headers(headers).body(body);
        let response = self.send(request, self.end()).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let beginning = beginning(response, self.limits.prefix);
        let body = timeout(self.limits.tail, beginning)
            .await
            .unwrap_or_default();
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    /// Fetches JSON of at most so many bytes. The status is the caller's to judge.
    ///
    /// # Errors
    ///
    /// When the URL is refused, when there is no status, or when the body is too large, too slow or
    /// compressed.
    pub async fn get_json(&self, url: &str, most: usize) -> Result<Answer, Failed> {
        let target = self.judge(url)?;
        let request = self
            .http
            .get(target.url())
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        let end = self.end();
        let response = self.send(request, end).await?;
        if response.headers().contains_key(CONTENT_ENCODING) {
            return Err(Failed::Compressed);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let body = timeout_at(end, whole(response, most))
            .await
            .map_err(|_| Failed::TooSlow)??;
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    fn end(&self) -> Instant {
        Instant::now() + self.limits.whole
    }

    async fn send(&self, request: RequestBuilder, end: Instant) -> Result<Response, Failed> {
        timeout_at(end, request.send())
            .await
            .map_err(|_| Failed::TooSlow)?
            .map_err(|error| failure(&error))
    }
}

impl Builder {
    /// Other limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Another source of addresses. What it says is judged all the same.
    #[must_use]
    pub fn lookup(mut self, lookup: impl Lookup) -> Self {
        self.lookup = Arc::new(lookup);
        self
    }

    /// One more root certificate, in DER, beside those of the machine.
    #[must_use]
    pub fn root(mut self, certificate: Vec<u8>) -> Self {
        self.roots.push(CertificateDer::from(certificate));
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// When a root certificate is none or TLS can't be set up.
    pub fn build(self) -> Result<Client, SetupError> {
        let Builder {
            reach,
            limits,
            lookup,
            roots,
        } = self;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(trust::tls(roots)?)
            .dns_resolver(Guarded {
                lookup,
                reach,
                patience: limits.lookup,
            })
            .no_proxy()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_only()
            .user_agent(USER_AGENT)
            .connect_timeout(limits.connect)
            .pool_max_idle_per_host(limits.idle_per_host)
            .pool_idle_timeout(limits.idle)
            .build()
            .map_err(|error| SetupError::from(rustls::Error::General(error.to_string())))?;
        Ok(Client {
            http,
            reach,
            limits: Arc::new(limits),
        })
    }
}

/// The beginning of a body, as far as it comes.
async fn beginning(mut response: Response, most: usize) -> Bytes {
    let mut body = BytesMut::new();
    while body.len() < most {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            // The status has been told; how the body ends changes nothing.
            Ok(None) | Err(_) => break,
        }
    }
    body.truncate(most);
    body.freeze()
}

/// A whole body, unless it is too large.
async fn whole(mut response: Response, most: usize) -> Result<Bytes, Failed> {
    let announced = response.content_length().unwrap_or_default();
    if usize::try_from(announced).unwrap_or(usize::MAX) > most {
        return Err(Failed::TooLarge(most));
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > most {
            return Err(Failed::TooLarge(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// What an error of the client comes from. The resolver's own verdict lies at the end of a chain.
fn failure(error: &reqwest::Error) -> Failed {
    if error.is_timeout() {
        return Failed::TooSlow;
    }
    let mut cause: &(dyn Error + 'static) = error;
    loop {
        if let Some(refused) = cause.downcast_ref::<Refused>() {
            return Failed::Refused(refused.clone());
        }
        if let Some(failed) = cause.downcast_ref::<Failed>() {
            return failed.clone();
        }
        match cause.source() {
            Some(deeper) => cause = deeper,
            // The outermost text holds the URL, and with it what the receiver keeps secret in it.
            None => return Failed::Unreachable(cause.to_string()),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("reach", &self.reach)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("reach", &self.reach)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
