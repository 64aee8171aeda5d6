//! The keys that an issuer publishes: found by its metadata, kept for a while, and looked for again
//! when a token names one that is not among them.
//!
//! No stranger decides how often that is. However many unknown keys are named, the issuer is asked
//! once in half a minute, by one request at a time. An issuer that can't be reached keeps nobody
//! out whose key is known, for an hour.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::http::StatusCode;
use serde::Deserialize;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::keys::KeySet;
use crate::outbound::Client;

/// The largest document that is read of an issuer, in bytes.
const LARGEST: usize = 256 * 1024;

/// How long keys are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// So long they are used without another look.
    fresh: Duration,
    /// So long they are used while the issuer can't be reached.
    stale: Duration,
    /// So long the issuer is left in peace after it was asked.
    least: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            fresh: Duration::from_secs(10 * 60),
            stale: Duration::from_secs(60 * 60),
            least: Duration::from_secs(30),
        }
    }
}

/// The published keys of one issuer.
pub(crate) struct Published {
    issuer: &'static str,
    client: Client,
    pace: Pace,
    held: RwLock<Held>,
    /// When the issuer was last asked. Whoever holds the lock is asking.
    asked: Mutex<Option<Instant>>,
}

#[derive(Clone, Default)]
struct Held {
    keys: Arc<KeySet>,
    since: Option<Instant>,
}

/// The members of an issuer's metadata that matter (RFC 8414, section 2).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// No keys are known, and the issuer does not answer.
#[derive(Debug)]
pub(super) struct Unready;

impl Published {
    pub(crate) fn new(issuer: &'static str, client: Client) -> Arc<Self> {
        Self::paced(issuer, client, Pace::default())
    }

    fn paced(issuer: &'static str, client: Client, pace: Pace) -> Arc<Self> {
        Arc::new(Published {
            issuer,
            client,
            pace,
            held: RwLock::default(),
            asked: Mutex::default(),
        })
    }

    /// Keys among which is the wanted one, if the issuer has it.
    pub(super) async fn keys(
        self: &Arc<Self>,
        wanted: impl Fn(&KeySet) -> bool,
    ) -> Result<Arc<KeySet>, Unready> {
        let held = self.held();
        let age = held.since.map(|since| since.elapsed());
        if age.is_some_and(|age| age < self.pace.stale) && wanted(&held.keys) {
            if age.is_some_and(|age| age >= self.pace.fresh) {
                self.refresh_in_background();
            }
            return Ok(held.keys);
        }
        self.refresh(self.asked.lock().await).await;
        let held = self.held();
        match held.since {
            Some(since) if since.elapsed() < self.pace.stale => Ok(held.keys),
            _ => Err(Unready),
        }
    }

    /// Looks the keys up without anybody waiting for them.
    pub(crate) fn refresh_in_background(self: &Arc<Self>) {
        let published = Arc::clone(self);
        tokio::spawn(async move {
            // Who finds the lock taken has nothing left to do.
            if let Ok(asked) = published.asked.try_lock() {
                published.refresh(asked).await;
            }
        });
    }

    async fn refresh(&self, mut asked: MutexGuard<'_, Option<Instant>>) {
        if asked.is_some_and(|at| at.elapsed() < self.pace.least) {
            return;
        }
        match self.fetch().await {
            Ok(keys) => {
                tracing::debug!(issuer = self.issuer, keys = keys.len(), "keys were fetched");
                let held = Held {
                    keys: Arc::new(keys),
                    since: Some(Instant::now()),
                };
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = held;
            }
            Err(reason) => tracing::warn!(
                issuer = self.issuer,
                reason,
                "the keys of the issuer can't be fetched; access tokens whose keys are not known are refused until they can"
            ),
        }
        *asked = Some(Instant::now());
    }

    fn held(&self) -> Held {
        self.held
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn fetch(&self) -> Result<KeySet, String> {
        let metadata = self.metadata().await?;
        let document = self.document(&metadata.jwks_uri).await?;
        let keys = KeySet::parse(&document)
            .map_err(|error| format!("{} is no set of keys: {error}", metadata.jwks_uri))?;
        if keys.len() == 0 {
            return Err(format!("{} has no key of use", metadata.jwks_uri));
        }
        Ok(keys)
    }

    async fn metadata(&self) -> Result<Metadata, String> {
        let mut reasons = Vec::new();
        for url in places(self.issuer) {
            let read = self.document(&url).await.and_then(|document| {
                serde_json::from_slice::<Metadata>(&document)
                    .map_err(|error| format!("{url} is no metadata: {error}"))
            });
            match read {
                // Or else one issuer could pass for another (RFC 8414, section 3.3).
                Ok(metadata) if metadata.issuer == self.issuer => return Ok(metadata),
                Ok(_) => reasons.push(format!("{url} is that of another issuer")),
                Err(reason) => reasons.push(reason),
            }
        }
        Err(reasons.join("; "))
    }

    async fn document(&self, url: &str) -> Result<Vec<u8>, String> {
        let answer = self
            .client
            .get_json(url, LARGEST)
            .await
            .map_err(|error| format!("{url}: {error}"))?;
        if answer.status == StatusCode::OK {
            Ok(answer.body.to_vec())
        } else {
            Err(format!("{url} answered {}", answer.status))
        }
    }
}

/// Where the metadata of an issuer may be: the well-known path between its host and its path
/// (RFC 8414, section 3.1), or behind both, as OpenID Connect Discovery 1.0 (section 4) has it.
fn places(issuer: &str) -> [String; 2] {
    let trimmed = issuer.trim_end_matches('/');
    let path_at = trimmed
        .find("://")
        .and_then(|scheme| trimmed[scheme + 3..].find('/').map(|at| scheme + 3 + at))
        .unwrap_or(trimmed.len());
    let (origin, path) = trimmed.split_at(path_at);
    [
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
        format!("{trimmed}/.well-known/openid-configuration"),
    ]
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::routing::get;
    use serde_json::{Value, json};
    use tokio::net::TcpListener;

    use super::super::jws::Algorithm;
    use super::*;
    use crate::outbound::{Limits, Reach};

    const PACE: Pace = Pace {
        fresh: Duration::from_millis(200),
        stale: Duration::from_millis(1500),
        least: Duration::from_millis(100),
    };

    /// An issuer whose keys a test changes.
    #[derive(Clone, Default)]
    struct Bureau {
        kids: Arc<RwLock<Option<Vec<&'static str>>>>,
        asked: Arc<AtomicUsize>,
    }

    impl Bureau {
        /// Publishes keys of these names; nothing when `None`.
        fn publish(&self, kids: Option<&[&'static str]>) {
            *self.kids.write().expect("a lock") = kids.map(<[_]>::to_vec);
        }

        fn document(&self) -> (StatusCode, String) {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let kids = self.kids.read().expect("a lock").clone();
            let Some(kids) = kids else {
                return (StatusCode::SERVICE_UNAVAILABLE, String::new());
            };
            let x = "A".repeat(43);
            let keys: Vec<Value> = kids
                .into_iter()
                .map(|kid| json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x }))
                .collect();
            (StatusCode::OK, json!({ "keys": keys }).to_string())
        }

        /// Serves at an issuer's URL, which calls itself as the test wants.
        async fn open(&self, name: impl Fn(&str) -> String) -> &'static str {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let url = format!("http://{}", listener.local_addr().expect("an address"));
            let metadata =
                json!({ "issuer": name(&url), "jwks_uri": format!("{url}/keys") }).to_string();
            let bureau = self.clone();
            let routes = Router::new()
                .route(
                    "/.well-known/openid-configuration",
                    get(move || async move { metadata }),
                )
                .route("/keys", get(move || async move { bureau.document() }));
            tokio::spawn(async move { axum::serve(listener, routes).await });
            Box::leak(url.into_boxed_str())
        }
    }

    fn client() -> Client {
        Client::new(Reach::AndLoopback, Limits::default()).expect("a client")
    }

    /// Whether a key of that name is found.
    async fn has(published: &Arc<Published>, kid: &str) -> Option<bool> {
        let wanted = |keys: &KeySet| keys.find(Some(kid), Algorithm::EdDsa).is_some();
        published.keys(wanted).await.ok().map(|keys| wanted(&keys))
    }

    #[tokio::test]
    async fn a_new_key_is_found_an_old_one_forgotten_and_the_issuer_left_in_peace() {
        let bureau = Bureau::default();
        bureau.publish(Some(&["one"]));
        let issuer = bureau.open(str::to_owned).await;
        let published = Published::paced(issuer, client(), PACE);
        for _ in 0..5 {
            assert_eq!(has(&published, "one").await, Some(true));
        }
        for _ in 0..50 {
            assert_eq!(has(&published, "none").await, Some(false));
        }
        assert!(bureau.asked.load(Ordering::SeqCst) <= 2);
        // The issuer rotates, and says both names for a while.
        bureau.publish(Some(&["one", "two"]));
        tokio::time::sleep(PACE.least).await;
        assert_eq!(has(&published, "two").await, Some(true));
        assert_eq!(has(&published, "one").await, Some(true));
        bureau.publish(Some(&["two"]));
        tokio::time::sleep(PACE.fresh).await;
        // Nobody waits for the look-up that finds the old key gone.
        assert_eq!(has(&published, "one").await, Some(true));
        let gone = async {
            while has(&published, "one").await != Some(false) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), gone)
            .await
            .expect("the old key is forgotten");
    }

    #[tokio::test]
    async fn an_issuer_out_of_reach_keeps_nobody_out_for_a_while() {
        let bureau = Bureau::default();
        let issuer = bureau.open(str::to_owned).await;
        let published = Published::paced(issuer, client(), PACE);
        assert_eq!(has(&published, "one").await, None);
        bureau.publish(Some(&["one"]));
        tokio::time::sleep(PACE.least).await;
        assert_eq!(has(&published, "one").await, Some(true));
        bureau.publish(None);
        tokio::time::sleep(PACE.fresh).await;
        assert_eq!(has(&published, "one").await, Some(true));
        tokio::time::sleep(PACE.stale).await;
        assert_eq!(has(&published, "one").await, None);
    }

    #[tokio::test]
    async fn metadata_of_another_issuer_are_not_believed() {
        let bureau = Bureau::default();
        bureau.publish(Some(&["one"]));
        let issuer = bureau.open(|url| format!("{url}/")).await;
        let published = Published::paced(issuer, client(), PACE);
        assert_eq!(has(&published, "one").await, None);
        assert_eq!(bureau.asked.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn metadata_are_looked_for_where_either_document_has_them() {
        assert_eq!(
            places("https://login.example/tenant/7"),
            [
                "https://login.example/.well-known/oauth-authorization-server/tenant/7",
                "https://login.example/tenant/7/.well-known/openid-configuration",
            ]
        );
        assert_eq!(
            places("https://login.example/"),
            [
                "https://login.example/.well-known/oauth-authorization-server",
                "https://login.example/.well-known/openid-configuration",
            ]
        );
    }
}
