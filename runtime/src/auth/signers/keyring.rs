//! What the signers of one tenant have and have used up, as the verification of a signature asks
//! for it.
//!
//! A [`View`] serves one request. It settles on the signer when it is asked for the key, so that
//! everything after that, and the name under which the call is made, is of that one signer, also
//! when keys are renewed meanwhile.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use super::nonces::{KeyOf, Nonces, Use};
use super::remote::Remote;
use super::revocations::Revocations;
use super::{Keys, Signer, Signers};
use crate::clock::{Clock, Timestamp};
use crate::identity::TenantId;
use crate::outbound::Client;
use crate::signing::{self, KeySet, KeyTrouble, PublicKey, Remembered, Standing, Unavailable};
use crate::store::SharedStore;

/// How many signers are asked for their keys or lists at a time.
const AT_ONCE: usize = 8;
/// How long a request waits for keys that have to be fetched.
const WITHIN: Duration = Duration::from_secs(5);
/// How often is looked whether something has to be renewed.
const PERIOD: Duration = Duration::from_secs(5);

/// The keys, lists and nonces of one tenant's signers.
pub(crate) struct Keyring {
    holders: Vec<Holder>,
    nonces: Nonces,
    clock: Arc<dyn Clock>,
    client: Client,
}

/// A signer, and what was fetched of it.
struct Holder {
    signer: Arc<Signer>,
    keys: Source,
    revocations: Option<Revocations>,
}

enum Source {
    Known(Arc<KeySet>),
    Remote(Remote),
}

/// The keyring, as one request sees it.
pub(crate) struct View {
    keyring: Arc<Keyring>,
    holder: OnceLock<usize>,
}

impl Keyring {
    pub(crate) fn new(
        signers: &Signers,
        tenant: &TenantId,
        store: SharedStore,
        clock: Arc<dyn Clock>,
        client: Client,
    ) -> Self {
        let holder = |signer: &Arc<Signer>| Holder {
            signer: Arc::clone(signer),
            keys: match &signer.keys {
                Keys::Known(keys) => Source::Known(Arc::clone(keys)),
                Keys::Published(url) => Source::Remote(Remote::new(url.clone())),
            },
            revocations: signer.revocation_url.clone().map(Revocations::new),
        };
        Keyring {
            holders: signers.iter().map(holder).collect(),
            nonces: Nonces::new(store, tenant),
            clock,
            client,
        }
    }

    /// The keyring for one request.
    pub(crate) fn view(self: &Arc<Self>) -> View {
        View {
            keyring: Arc::clone(self),
            holder: OnceLock::new(),
        }
    }

    /// Renews keys and lists until it is told to stop.
    pub(crate) async fn keep_fresh(&self, stop: CancellationToken) {
        let changing = self
            .holders
            .iter()
            .any(|holder| matches!(holder.keys, Source::Remote(_)) || holder.revocations.is_some());
        if !changing {
            return;
        }
        let round = async {
            loop {
                stream::iter(self.holders.iter().enumerate())
                    .for_each_concurrent(AT_ONCE, |(at, holder)| self.renew(at, holder))
                    .await;
                let now = self.clock.now();
                self.nonces.retain(|key| self.is_known(key, now));
                tokio::time::sleep(PERIOD).await;
            }
        };
        stop.run_until_cancelled(round).await;
    }

    fn is_known(&self, key: KeyOf<'_>, now: Timestamp) -> bool {
        self.at_hand(key.keyid, now)
            .is_some_and(|(at, _)| self.holders[at].signer.principal.0 == key.principal)
    }

    /// Whether another signer than that one has a key of that id: it was first, and keeps it also
    /// while its keys can't be renewed.
    fn is_held_beside(&self, at: usize, keyid: &str) -> bool {
        let mut others = self
            .holders
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at);
        others.any(|(_, holder)| match &holder.keys {
            Source::Known(keys) => keys.get(keyid).is_some(),
            Source::Remote(remote) => remote.has(keyid),
        })
    }

    async fn renew(&self, at: usize, holder: &Holder) {
        let now = self.clock.now();
        if let Source::Remote(remote) = &holder.keys
            && remote.is_due(now)
        {
            let held = |keyid: &str| self.is_held_beside(at, keyid);
            remote.renew(&self.client, now, held).await;
        }
        // After the keys, because one of them has signed the list.
        if let Some(revocations) = &holder.revocations
            && revocations.is_due(now)
        {
            revocations
                .renew(&self.client, now, |keyid| holder.unrevoked(keyid, now))
                .await;
        }
    }

    /// The first signer that has a key at hand, and the key.
    fn at_hand(&self, keyid: &str, now: Timestamp) -> Option<(usize, Arc<PublicKey>)> {
        self.holders
            .iter()
            .enumerate()
            .find_map(|(at, holder)| Some((at, holder.at_hand(keyid, now)?)))
    }

    /// Asks the signers that publish their keys for one that is not at hand.
    async fn ask(
        &self,
        keyid: &str,
        now: Timestamp,
    ) -> Result<Option<(usize, Arc<PublicKey>)>, KeyTrouble> {
        let mut questions = Vec::new();
        for (at, holder) in self.holders.iter().enumerate() {
            if let Source::Remote(remote) = &holder.keys {
                let held = move |keyid: &str| self.is_held_beside(at, keyid);
                questions
                    .push(async move { (at, remote.ask(keyid, &self.client, now, held).await) });
            }
        }
        let asked = stream::iter(questions)
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>();
        let answers = tokio::time::timeout(WITHIN, asked)
            .await
            .map_err(|_| KeyTrouble::Unavailable("fetching them takes too long".to_owned()))?;
        let mut trouble = None;
        let mut found: Option<(usize, Arc<PublicKey>)> = None;
        for (at, answer) in answers {
            match answer {
                Ok(Some(key)) if found.as_ref().is_none_or(|(first, _)| at < *first) => {
                    found = Some((at, key));
                }
                Ok(_) => {}
                Err(error) => trouble = Some(error),
            }
        }
        match (found, trouble) {
            (Some(found), _) => Ok(Some(found)),
            (None, Some(trouble)) => Err(trouble),
            (None, None) => Ok(None),
        }
    }
}

impl Holder {
    fn at_hand(&self, keyid: &str, now: Timestamp) -> Option<Arc<PublicKey>> {
        match &self.keys {
            Source::Known(keys) => keys.get(keyid).cloned(),
            Source::Remote(remote) => remote.at_hand(keyid, now),
        }
    }

    /// A key that the operator has not revoked.
    fn unrevoked(&self, keyid: &str, now: Timestamp) -> Option<Arc<PublicKey>> {
        self.at_hand(keyid, now)
            .filter(|_| !self.signer.revoked.contains(keyid))
    }

    /// A key of this signer, by its id.
    fn key<'k>(&'k self, keyid: &'k str) -> KeyOf<'k> {
        KeyOf {
            principal: &self.signer.principal.0,
            keyid,
        }
    }
}

impl View {
    /// The signer whose key was found.
    pub(crate) fn signer(&self) -> Option<&Signer> {
        Some(&self.holder()?.signer)
    }

    fn holder(&self) -> Option<&Holder> {
        self.keyring.holders.get(*self.holder.get()?)
    }
}

impl signing::Keyring for View {
    async fn key(&self, keyid: &str) -> Result<Option<Arc<PublicKey>>, KeyTrouble> {
        let keyring = &self.keyring;
        let now = keyring.clock.now();
        let found = match keyring.at_hand(keyid, now) {
            Some(found) => Some(found),
            None => keyring.ask(keyid, now).await?,
        };
        Ok(found.map(|(at, key)| {
            self.holder.get_or_init(|| at);
            key
        }))
    }

    async fn standing(&self, keyid: &str) -> Result<Standing, Unavailable> {
        let Some(holder) = self.holder() else {
            return Ok(Standing::Stale);
        };
        if holder.signer.revoked.contains(keyid) {
            return Ok(Standing::Revoked);
        }
        let Some(revocations) = &holder.revocations else {
            return Ok(Standing::Good);
        };
        let now = self.keyring.clock.now();
        let keys = |kid: &str| holder.unrevoked(kid, now);
        let asked = revocations.standing(keyid, &self.keyring.client, now, keys);
        Ok(tokio::time::timeout(WITHIN, asked)
            .await
            .unwrap_or(Standing::Stale))
    }

    async fn has_room(&self, keyid: &str) -> Result<bool, Unavailable> {
        let Some(holder) = self.holder() else {
            return Ok(false);
        };
        let now = self.keyring.clock.now();
        let nonces = &self.keyring.nonces;
        nonces
            .has_room(holder.key(keyid), holder.signer.cap, now)
            .await
            .map_err(|error| Unavailable(error.to_string()))
    }

    async fn remember(
        &self,
        keyid: &str,
        nonce: &str,
        until: Timestamp,
    ) -> Result<Remembered, Unavailable> {
        let Some(holder) = self.holder() else {
            return Ok(Remembered::Full);
        };
        let now = self.keyring.clock.now();
        let nonces = &self.keyring.nonces;
        let used = nonces
            .take(holder.key(keyid), holder.signer.cap, nonce, until, now)
            .await
            .map_err(|error| Unavailable(error.to_string()))?;
        Ok(match used {
            Use::First => Remembered::Fresh,
            Use::Again => Remembered::Seen,
            Use::TooMany => Remembered::Full,
            Use::TooLate => Remembered::Late,
        })
    }
}
