//! A keyring in memory, and the small things that every test here needs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use adcp_seller::clock::Timestamp;
use adcp_seller::signing::{
    Failure, Head, KeySet, KeyTrouble, Keyring, PublicKey, Rejection, Remembered, SignedHeaders,
    Signer, Standing, Terms, Unavailable, begin,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use futures_util::FutureExt;
use serde_json::{Value, json};

/// An instant: 2026-04-18T14:00:00Z, when most vectors are made.
pub(crate) const NOW: i64 = 1_776_520_800;

/// Keys and what is known of them.
#[derive(Default)]
pub(crate) struct Ring {
    pub(crate) keys: KeySet,
    pub(crate) revoked: BTreeSet<String>,
    pub(crate) is_stale: bool,
    pub(crate) full: BTreeSet<String>,
    /// Full only once the nonce is to be written, as when two verifiers race.
    pub(crate) is_full_at_last: bool,
    pub(crate) trouble: Option<KeyTrouble>,
    pub(crate) is_broken: bool,
    pub(crate) seen: Mutex<BTreeSet<(String, String)>>,
    pub(crate) until: Mutex<Option<Timestamp>>,
}

impl Ring {
    /// A ring with these JWKs.
    pub(crate) fn of(keys: impl IntoIterator<Item = Value>) -> Self {
        let keys: Vec<Value> = keys.into_iter().collect();
        let document = json!({ "keys": keys }).to_string();
        Ring {
            keys: KeySet::parse(document.as_bytes()).expect("keys"),
            ..Ring::default()
        }
    }

    /// How many nonces are known.
    pub(crate) fn nonces(&self) -> usize {
        self.seen.lock().expect("lock").len()
    }

    fn answer<T>(&self, value: T) -> Result<T, Unavailable> {
        if self.is_broken {
            return Err(Unavailable("the disk is full".to_owned()));
        }
        Ok(value)
    }
}

impl Keyring for Ring {
    async fn key(&self, keyid: &str) -> Result<Option<Arc<PublicKey>>, KeyTrouble> {
        match &self.trouble {
            Some(trouble) => Err(trouble.clone()),
            None => Ok(self.keys.get(keyid).cloned()),
        }
    }

    async fn standing(&self, keyid: &str) -> Result<Standing, Unavailable> {
        self.answer(if self.is_stale {
            Standing::Stale
        } else if self.revoked.contains(keyid) {
            Standing::Revoked
        } else {
            Standing::Good
        })
    }

    async fn has_room(&self, keyid: &str) -> Result<bool, Unavailable> {
        self.answer(!self.full.contains(keyid))
    }

    async fn remember(
        &self,
        keyid: &str,
        nonce: &str,
        until: Timestamp,
    ) -> Result<Remembered, Unavailable> {
        if self.is_full_at_last {
            return Ok(Remembered::Full);
        }
        *self.until.lock().expect("lock") = Some(until);
        let pair = (keyid.to_owned(), nonce.to_owned());
        let is_new = self.seen.lock().expect("lock").insert(pair);
        Ok(if is_new {
            Remembered::Fresh
        } else {
            Remembered::Seen
        })
    }
}

/// The whole checklist.
pub(crate) fn verify(
    terms: Terms,
    head: Head<'_>,
    body: &[u8],
    ring: &Ring,
) -> Result<Signer, Failure> {
    let verified = begin(terms, head, ring)
        .now_or_never()
        .expect("the ring answers at once")?;
    verified
        .finish(body, ring)
        .now_or_never()
        .expect("the ring answers at once")
}

/// The refusal in an answer.
pub(crate) fn rejection(answer: Result<Signer, Failure>) -> Rejection {
    match answer {
        Err(Failure::Rejected(rejection)) => rejection,
        other => panic!("not refused: {other:?}"),
    }
}

/// An instant out of Unix seconds.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(seconds, 0).expect("an instant")
}

/// Headers out of names and values.
pub(crate) fn headers<'a>(lines: impl IntoIterator<Item = (&'a str, &'a str)>) -> HeaderMap {
    lines
        .into_iter()
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            (
                name,
                HeaderValue::from_bytes(value.as_bytes()).expect("a value"),
            )
        })
        .collect()
}

/// Headers with those of a signature.
pub(crate) fn with(headers: &HeaderMap, signed: &SignedHeaders) -> HeaderMap {
    let mut headers = headers.clone();
    signed.write(&mut headers).expect("headers");
    headers
}
