//! From a bearer token to the caller that an issuer says it is.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::claims::Claims;
use super::flaw::Flaw;
use super::jws::Jws;
use super::keys::KeySet;
use super::published::Published;
use super::remembered::Remembered;
use super::scopes::Scopes;
use super::server::AuthorizationServer;
use crate::clock::Timestamp;
use crate::identity::{Principal, Rights};
use crate::outbound::Client;
use crate::profile::OAuth;

/// How many signatures of tokens are verified at a time, so that strangers with made-up tokens never
/// have more than one of the process's threads. Tokens that were seen before need none. New ones
/// wait in the order in which they came: while more made-up ones arrive than a thread verifies,
/// some tens of thousands a second, a buyer's new token waits among them.
const VERIFYING: usize = 1;
/// How long a token waits for that.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whose tokens are good.
pub(crate) enum Issuer {
    /// Those of an authorization server elsewhere.
    Elsewhere {
        /// The issuer, as `iss` has it.
        name: &'static str,
        /// What `aud` must hold; the endpoint's URL when `None`.
        audience: Option<&'static str>,
        /// Its keys.
        keys: Arc<Published>,
    },
    /// Those of the sandbox's own authorization server.
    Own(Arc<AuthorizationServer>),
}

/// Judges access tokens.
pub(crate) struct Verifier {
    issuers: Vec<Issuer>,
    scopes: Scopes,
    remembered: Remembered,
    room: Semaphore,
}

/// Where a token is presented.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The URL of the endpoint, as the caller knows it.
    pub(crate) endpoint: String,
    /// The seller's home, as the caller knows it.
    pub(crate) home: String,
}

/// What a good token grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) subject: Subject,
    pub(crate) rights: Rights,
}

/// As whom a token lets its bearer call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Somebody whom only the issuer knows. The name holds the issuer.
    Named(Principal),
    /// A caller whom the seller knows by a key, which was exchanged for the token.
    Own(Principal),
}

/// Why a token was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unverified {
    /// It is no access token at all.
    NoToken,
    /// It is not good.
    Refused,
    /// That can't be told just now.
    Later,
}

/// What the names of callers begin with whom an issuer vouches for. No API key can have such a
/// name.
pub(crate) const PREFIX: &str = "oauth:";

impl Verifier {
    /// The judge of a seller's tokens, if it takes any: those of its issuer, and in a sandbox those
    /// of its own authorization server. Keys are fetched by `client`, from now on.
    ///
    /// # Errors
    ///
    /// When the operating system has no randomness for the sandbox's key.
    pub(crate) fn of(
        oauth: Option<&OAuth>,
        sandbox: bool,
        client: &Client,
    ) -> Result<Option<Arc<Self>>, ring::error::Unspecified> {
        let mut issuers = Vec::new();
        if sandbox {
            issuers.push(Issuer::Own(Arc::new(AuthorizationServer::new()?)));
        }
        if let Some(oauth) = oauth {
            let keys = Published::new(oauth.issuer, client.clone());
            // An issuer that can't be reached yet is no reason not to serve; it is logged.
            keys.refresh_in_background();
            issuers.push(Issuer::Elsewhere {
                name: oauth.issuer,
                audience: oauth.audience,
                keys,
            });
        }
        if issuers.is_empty() {
            return Ok(None);
        }
        let scopes = oauth.map(|oauth| oauth.scopes).unwrap_or_default();
        Ok(Some(Arc::new(Verifier::new(issuers, Scopes::new(scopes)))))
    }

    fn new(issuers: Vec<Issuer>, scopes: Scopes) -> Self {
        Verifier {
            issuers,
            scopes,
            remembered: Remembered::default(),
            room: Semaphore::new(VERIFYING),
        }
    }

    /// Which scopes open what.
    pub(crate) fn scopes(&self) -> Scopes {
        self.scopes
    }

    /// The issuers, as the sender of a request to the seller at `home` knows them.
    pub(crate) fn issuers(&self, home: &str) -> Vec<String> {
        let name = |issuer: &Issuer| match issuer {
            Issuer::Elsewhere { name, .. } => (*name).to_owned(),
            Issuer::Own(_) => home.to_owned(),
        };
        self.issuers.iter().map(name).collect()
    }

    /// The sandbox's own authorization server, if there is one.
    pub(crate) fn own(&self) -> Option<&Arc<AuthorizationServer>> {
        self.issuers.iter().find_map(|issuer| match issuer {
            Issuer::Own(server) => Some(server),
            Issuer::Elsewhere { .. } => None,
        })
    }

    /// Whether an issuer of this seller vouches for callers of that name.
    pub(crate) fn names(&self, principal: &Principal) -> bool {
        self.issuers.iter().any(|issuer| match issuer {
            Issuer::Elsewhere { name, .. } => principal.0.starts_with(&named(name, "")),
            Issuer::Own(_) => false,
        })
    }

    /// Judges a token.
    pub(crate) async fn verify(
        &self,
        token: &[u8],
        place: &Place,
        now: Timestamp,
    ) -> Result<Granted, Unverified> {
        if !Jws::looks_like(token) {
            return Err(Unverified::NoToken);
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        let claims = match self.remembered.find(&digest) {
            Some(claims) => Ok(claims),
            None => match self.examine(token, place, now).await {
                Ok(claims) => {
                    let claims = Arc::new(claims);
                    self.remembered.add(digest, Arc::clone(&claims));
                    Ok(claims)
                }
                Err(Examined::Flawed(flaw)) => Err(flaw),
                Err(Examined::Later) => return Err(Unverified::Later),
            },
        };
        let granted = claims.and_then(|claims| {
            let issuer = self.judge(&claims, place, now)?;
            Ok(Granted {
                subject: match issuer {
                    Issuer::Elsewhere { name, .. } => {
                        Subject::Named(Principal(named(name, &claims.sub)))
                    }
                    Issuer::Own(_) => Subject::Own(Principal(claims.sub.clone())),
                },
                rights: self.scopes.rights(claims.scopes()),
            })
        });
        granted.map_err(|flaw| {
            tracing::info!(%flaw, "an access token was refused");
            Unverified::Refused
        })
    }

    /// Everything about a token that was not seen before. What costs nothing comes first.
    async fn examine(
        &self,
        token: &[u8],
        place: &Place,
        now: Timestamp,
    ) -> Result<Claims, Examined> {
        let jws = Jws::parse(token)?;
        let claims = Claims::parse(&jws.claims)?;
        let issuer = self.judge(&claims, place, now)?;
        let kid = jws.kid.as_deref();
        let wanted = |keys: &KeySet| keys.find(kid, jws.algorithm).is_some();
        let keys = match issuer {
            Issuer::Elsewhere { keys, .. } => {
                keys.keys(wanted).await.map_err(|_| Examined::Later)?
            }
            Issuer::Own(server) => server.keys(),
        };
        let key = keys.find(kid, jws.algorithm).ok_or(Flaw::UnknownKey)?;
        let Ok(Ok(_place)) = timeout(PATIENCE, self.room.acquire()).await else {
            tracing::warn!("more access tokens are presented than can be verified");
            return Err(Examined::Later);
        };
        key.verify(jws.algorithm, jws.signed, &jws.signature)?;
        Ok(claims)
    }

    /// Whether claims are good here and now, and whose they are.
    fn judge(&self, claims: &Claims, place: &Place, now: Timestamp) -> Result<&Issuer, Flaw> {
        let issuer = self.issuers.iter().find(|issuer| match issuer {
            Issuer::Elsewhere { name, .. } => claims.iss == *name,
            Issuer::Own(_) => claims.iss == place.home,
        });
        let issuer = issuer.ok_or(Flaw::Issuer)?;
        let audience = match issuer {
            Issuer::Elsewhere {
                audience: Some(audience),
                ..
            } => audience,
            _ => place.endpoint.as_str(),
        };
        claims.judge(audience, now)?;
        Ok(issuer)
    }
}

enum Examined {
    Flawed(Flaw),
    Later,
}

impl From<Flaw> for Examined {
    fn from(flaw: Flaw) -> Self {
        Examined::Flawed(flaw)
    }
}

/// The name of a caller whom an issuer vouches for. An issuer's URL has no fragment (RFC 8414,
/// section 2), so that no two pairs have the same name.
fn named(issuer: &str, subject: &str) -> String {
    format!("{PREFIX}{issuer}#{subject}")
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier")
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::super::server::Grant;
    use super::*;

    const HOME: &str = "http://127.0.0.1:3001";

    #[tokio::test(start_paused = true)]
    async fn the_work_that_strangers_make_is_bounded_and_buyers_wait_their_turn() {
        let server = Arc::new(AuthorizationServer::new().expect("randomness"));
        let issuers = vec![Issuer::Own(Arc::clone(&server))];
        let verifier = Arc::new(Verifier::new(issuers, Scopes::default()));
        let place = Place {
            endpoint: format!("{HOME}/mcp"),
            home: HOME.to_owned(),
        };
        let now = "2026-03-10T12:00:00Z".parse().expect("an instant");
        let issue = |server: &AuthorizationServer| {
            let grant = Grant {
                issuer: HOME,
                client: "nova",
                audience: std::slice::from_ref(&place.endpoint),
                scope: "",
            };
            server.issue(&grant, now).expect("a token").into_bytes()
        };
        let token = issue(&server);
        let granted = Ok(Granted {
            subject: Subject::Own(Principal("nova".into())),
            rights: Rights::Everything,
        });
        assert_eq!(verifier.verify(&token, &place, now).await, granted);
        for _ in 0..5000 {
            let mut forged = issue(&server);
            let end = forged.len() - 10;
            forged[end] = if forged[end] == b'A' { b'B' } else { b'A' };
            let found = verifier.verify(&forged, &place, now).await;
            assert_eq!(found, Err(Unverified::Refused));
        }
        let fresh = issue(&server);
        let busy = verifier.room.acquire().await.expect("a place");
        // What is known, has an unknown key, or is no token needs no place.
        assert_eq!(verifier.verify(&token, &place, now).await, granted);
        let strange = issue(&AuthorizationServer::new().expect("randomness"));
        let [_, claims, seal] = [0, 1, 2].map(|at| {
            let parts: Vec<&[u8]> = strange.split(|byte| *byte == b'.').collect();
            parts[at].to_vec()
        });
        let header = br#"{"alg":"EdDSA","typ":"at+jwt","kid":"nobody's"}"#;
        let header = URL_SAFE_NO_PAD.encode(header).into_bytes();
        let unknown = [header, claims, seal].join(&b'.');
        let found = verifier.verify(&unknown, &place, now).await;
        assert_eq!(found, Err(Unverified::Refused));
        let found = verifier.verify(b"an-api-key", &place, now).await;
        assert_eq!(found, Err(Unverified::NoToken));
        // A new one waits, for a while.
        let found = verifier.verify(&fresh, &place, now).await;
        assert_eq!(found, Err(Unverified::Later));
        let waiting = tokio::spawn({
            let (verifier, place, fresh) = (Arc::clone(&verifier), place.clone(), fresh.clone());
            async move { verifier.verify(&fresh, &place, now).await }
        });
        tokio::task::yield_now().await;
        drop(busy);
        assert_eq!(waiting.await.expect("it ends"), granted);
    }

    #[test]
    fn callers_of_an_issuer_are_known_by_their_names() {
        assert_eq!(
            named("https://login.example", "agent-7"),
            "oauth:https://login.example#agent-7"
        );
        assert!(named("https://login.example", "x").starts_with(PREFIX));
    }
}
