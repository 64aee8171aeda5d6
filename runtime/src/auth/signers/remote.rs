//! The keys of a signer who publishes them: fetched, kept, refreshed.
//!
//! Keys are renewed in the background every few minutes. A key id that is not among them makes
//! them be fetched at once, since their owner may have rotated, but not more often than every half
//! minute however many such ids come (AdCP security, "JWKS discovery"). Keys that could not be
//! renewed for fifteen minutes are not used any more.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use chrono::TimeDelta;

use crate::clock::Timestamp;
use crate::outbound::{Client, Failed};
use crate::signing::{KeySet, KeyTrouble, PublicKey};

/// How long keys are used before they are renewed.
const FRESH: TimeDelta = TimeDelta::minutes(5);
/// How long keys are used at most.
const OLDEST: TimeDelta = TimeDelta::minutes(15);
/// The least time between two fetches for the sake of an unknown key id, and after a failure.
const COOLDOWN: TimeDelta = TimeDelta::seconds(30);

/// The published keys of one signer.
pub(super) struct Remote {
    url: String,
    state: Mutex<State>,
    /// Held while keys are fetched, so that a rush fetches once.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    keys: Option<Arc<KeySet>>,
    /// When the keys were fetched.
    fetched: Option<Timestamp>,
    /// When they were last fetched for the sake of an unknown key id.
    asked: Option<Timestamp>,
    /// When fetching last failed, and why.
    failed: Option<(Timestamp, KeyTrouble)>,
}

impl Remote {
    pub(super) fn new(url: String) -> Self {
        Remote {
            url,
            state: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// A key that is at hand.
    pub(super) fn at_hand(&self, keyid: &str, now: Timestamp) -> Option<Arc<PublicKey>> {
        self.state().usable(now)?.get(keyid).cloned()
    }

    /// Whether a key is among those that were last fetched, however long ago.
    pub(super) fn has(&self, keyid: &str) -> bool {
        let state = self.state();
        state
            .keys
            .as_ref()
            .is_some_and(|keys| keys.get(keyid).is_some())
    }

    /// A key that is not at hand, after asking its owner if that is in order.
    ///
    /// # Errors
    ///
    /// When there are no keys that may be used, so that nobody can say whether it exists.
    pub(super) async fn ask(
        &self,
        keyid: &str,
        client: &Client,
        now: Timestamp,
        held: impl Fn(&str) -> bool,
    ) -> Result<Option<Arc<PublicKey>>, KeyTrouble> {
        let _fetching = self.fetching.lock().await;
        if let Some(key) = self.at_hand(keyid, now) {
            return Ok(Some(key));
        }
        if self.state().may_ask(now) {
            self.fetch(client, now, held).await;
        }
        let state = self.state();
        match state.usable(now) {
            Some(keys) => Ok(keys.get(keyid).cloned()),
            None => Err(state.trouble()),
        }
    }

    /// Renews the keys if it is time to.
    pub(super) async fn renew(&self, client: &Client, now: Timestamp, held: impl Fn(&str) -> bool) {
        let _fetching = self.fetching.lock().await;
        if self.is_due(now) {
            self.fetch(client, now, held).await;
        }
    }

    /// Whether the keys are to be renewed.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let state = self.state();
        state.is_rested(now) && state.fetched.is_none_or(|fetched| now >= fetched + FRESH)
    }

    /// Fetches the keys. Those whose ids are `held` by somebody else are passed over.
    async fn fetch(&self, client: &Client, now: Timestamp, held: impl Fn(&str) -> bool) {
        // Failed until it has succeeded, so that it counts also when nobody waits for the end.
        let unfinished = KeyTrouble::Unavailable("fetching them takes too long".to_owned());
        self.state().failed = Some((now, unfinished));
        let read = match client.get_json(&self.url, KeySet::LARGEST).await {
            Ok(answer) if answer.status == StatusCode::OK => KeySet::parse(&answer.body)
                .map_err(|error| KeyTrouble::Unavailable(error.to_string())),
            Ok(answer) => Err(KeyTrouble::Unavailable(format!(
                "the answer has the status {}",
                answer.status
            ))),
            Err(Failed::Refused(refused)) => Err(KeyTrouble::Untrusted(refused.to_string())),
            Err(error) => Err(KeyTrouble::Unavailable(error.to_string())),
        };
        let read = read.map(|keys| {
            keys.filter(|keyid| {
                let held = held(keyid);
                if held {
                    tracing::error!(
                        url = self.url,
                        keyid,
                        "a signer publishes a key with the id of another signer's; it is passed over, since a signature names nothing but the id"
                    );
                }
                !held
            })
        });
        let mut state = self.state();
        match read {
            Ok(keys) => {
                state.keys = Some(Arc::new(keys));
                state.fetched = Some(now);
                state.failed = None;
            }
            Err(trouble) => {
                tracing::warn!(url = self.url, %trouble, "the keys of a signer could not be fetched");
                state.failed = Some((now, trouble));
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn usable(&self, now: Timestamp) -> Option<&Arc<KeySet>> {
        let keys = self.keys.as_ref()?;
        self.fetched
            .is_some_and(|fetched| now <= fetched + OLDEST)
            .then_some(keys)
    }

    /// Whether the owner may be asked for an unknown key; if so, that is noted.
    fn may_ask(&mut self, now: Timestamp) -> bool {
        // The first keys are fetched, not fetched again.
        let again = self.fetched.is_some();
        let rested = self.asked.is_none_or(|asked| now >= asked + COOLDOWN);
        if !rested || !self.is_rested(now) {
            return false;
        }
        if again {
            self.asked = Some(now);
        }
        true
    }

    fn is_rested(&self, now: Timestamp) -> bool {
        self.failed
            .as_ref()
            .is_none_or(|(failed, _)| now >= *failed + COOLDOWN)
    }

    fn trouble(&self) -> KeyTrouble {
        match &self.failed {
            Some((_, trouble)) => trouble.clone(),
            None => KeyTrouble::Unavailable("they are too old".to_owned()),
        }
    }
}
