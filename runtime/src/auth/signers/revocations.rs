//! The list of keys that a signer has revoked, fetched where it publishes it.
//!
//! The list is a JWS by a key of the same signer, so that whoever serves it can't take a revocation
//! back (AdCP security, "Revocation"). Nor can who has stolen a key: a key that was revoked signs
//! no list, and while the process runs it stays revoked whatever later lists say. It says itself when the next one comes, which is believed
//! between one minute and fifteen. A list that could not be renewed for twice as long as it was
//! meant to be valid counts as none: then no signature of the signer is taken, because somebody may
//! be keeping the news of a stolen key away.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta};
use serde::Deserialize;
use url::Url;

use crate::clock::Timestamp;
use crate::oauth::present;
use crate::outbound::Client;
use crate::signing::{PublicKey, SKEW, Standing};

/// The type that the header of a list declares.
const TYPE: &str = "adcp-gov-revocation+jws";
/// The largest list that is read, in bytes.
const LARGEST: usize = 1024 * 1024;
/// The shortest and the longest time between two lists.
const FLOOR: TimeDelta = TimeDelta::minutes(1);
const CEILING: TimeDelta = TimeDelta::minutes(15);
/// How long to wait after a failure before the list is asked for again.
const AFTER_FAILURE: TimeDelta = TimeDelta::seconds(30);
/// How many keys of one signer may have been revoked.
const MOST_REVOKED: usize = 100_000;

/// The list of one signer.
pub(super) struct Revocations {
    url: String,
    state: Mutex<State>,
    /// Held while the list is fetched, so that a rush fetches once.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    list: Option<List>,
    /// When the list was last asked for in vain.
    failed: Option<Timestamp>,
}

/// A list that was read and is genuine.
#[derive(Clone, Debug, PartialEq, Eq)]
struct List {
    /// The keys that this list or one before it has revoked.
    kids: HashSet<String>,
    updated: Timestamp,
    /// When the next one is to be fetched.
    due: Timestamp,
    /// Until when this one is believed.
    believed: Timestamp,
}

impl Revocations {
    pub(super) fn new(url: String) -> Self {
        Revocations {
            url,
            state: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// Whether a key may be used. Fetches the list when there is none that is believed.
    pub(super) async fn standing(
        &self,
        keyid: &str,
        client: &Client,
        now: Timestamp,
        keys: impl Fn(&str) -> Option<Arc<PublicKey>>,
    ) -> Standing {
        if let Some(known) = self.known(keyid, now) {
            return known;
        }
        self.renew(client, now, keys).await;
        self.known(keyid, now).unwrap_or(Standing::Stale)
    }

    fn known(&self, keyid: &str, now: Timestamp) -> Option<Standing> {
        let state = self.state();
        let list = state.list.as_ref()?;
        // A key that was ever revoked stays so, however old the list is.
        if list.kids.contains(keyid) {
            Some(Standing::Revoked)
        } else {
            (now <= list.believed).then_some(Standing::Good)
        }
    }

    /// Fetches the list if it is time to.
    pub(super) async fn renew(
        &self,
        client: &Client,
        now: Timestamp,
        keys: impl Fn(&str) -> Option<Arc<PublicKey>>,
    ) {
        let _fetching = self.fetching.lock().await;
        if !self.is_due(now) {
            return;
        }
        // Failed until it has succeeded, so that it counts also when nobody waits for the end.
        self.state().failed = Some(now);
        let answer = client.get_json(&self.url, LARGEST).await;
        let mut state = self.state();
        let taken = match &answer {
            Ok(answer) if answer.status == StatusCode::OK => {
                state.take(&answer.body, &self.url, now, keys)
            }
            Ok(answer) => Err(format!("the answer has the status {}", answer.status)),
            Err(error) => Err(error.to_string()),
        };
        match taken {
            Ok(()) => state.failed = None,
            Err(reason) => tracing::warn!(
                url = self.url,
                reason,
                "a list of revoked keys could not be renewed; its signer is turned away when the last one is too old"
            ),
        }
    }

    /// Whether the list is to be fetched.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let state = self.state();
        let rested = state
            .failed
            .is_none_or(|failed| now >= failed + AFTER_FAILURE);
        rested && state.list.as_ref().is_none_or(|list| now >= list.due)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes over a list that was fetched, if it is genuine and in order.
    fn take(
        &mut self,
        body: &[u8],
        url: &str,
        now: Timestamp,
        keys: impl Fn(&str) -> Option<Arc<PublicKey>>,
    ) -> Result<(), String> {
        let before = self.list.as_ref();
        let good = |kid: &str| {
            let revoked = before.is_some_and(|list| list.kids.contains(kid));
            keys(kid).filter(|_| !revoked)
        };
        let mut list = read(body, url, now, good)?;
        if let Some(before) = before {
            if list.updated < before.updated {
                return Err("it is older than the one before it".to_owned());
            }
            list.kids.extend(before.kids.iter().cloned());
        }
        if list.kids.len() > MOST_REVOKED {
            return Err(format!("more than {MOST_REVOKED} keys were revoked"));
        }
        self.list = Some(list);
        Ok(())
    }
}

/// A JWS in its JSON forms (RFC 7515, section 7.2).
#[derive(Deserialize)]
struct Envelope {
    payload: String,
    #[serde(default)]
    signatures: Vec<Seal>,
    #[serde(flatten)]
    seal: Option<Seal>,
}

#[derive(Clone, Deserialize)]
struct Seal {
    protected: String,
    signature: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

#[derive(Deserialize)]
struct Payload {
    issuer: String,
    updated: DateTime<chrono::FixedOffset>,
    next_update: DateTime<chrono::FixedOffset>,
    revoked_kids: Vec<String>,
}

/// Reads a list, and believes it only if one of the keys has signed it.
fn read(
    body: &[u8],
    url: &str,
    now: Timestamp,
    keys: impl Fn(&str) -> Option<Arc<PublicKey>>,
) -> Result<List, String> {
    let (payload, seals) = open(body)?;
    // All of them say the same; the first that is good will do.
    let mut reason = "nobody has signed it".to_owned();
    let genuine = seals.iter().take(4).any(|seal| {
        is_genuine(&payload, seal, &keys)
            .map_err(|wrong| reason = wrong)
            .is_ok()
    });
    if !genuine {
        return Err(reason);
    }
    let payload = URL_SAFE_NO_PAD
        .decode(&payload)
        .map_err(|_| "its payload is not Base64url".to_owned())?;
    let payload: Payload = serde_json::from_slice(&payload)
        .map_err(|error| format!("its payload is not a list of revoked keys: {error}"))?;
    if !same_origin(&payload.issuer, url) {
        return Err(format!(
            "it is the list of another issuer, {:?}",
            payload.issuer
        ));
    }
    let (updated, next) = (payload.updated.to_utc(), payload.next_update.to_utc());
    if next <= updated {
        return Err("its next update lies before it".to_owned());
    }
    if updated > now + TimeDelta::seconds(SKEW) {
        return Err("it comes from the future".to_owned());
    }
    let interval = (next - updated).clamp(FLOOR, CEILING);
    let due = next.clamp(now + FLOOR, now + CEILING);
    Ok(List {
        kids: payload.revoked_kids.into_iter().collect(),
        updated,
        due,
        believed: next.min(now + CEILING) + interval * 2,
    })
}

/// The payload and the signatures of a JWS in any of its three forms.
fn open(body: &[u8]) -> Result<(String, Vec<Seal>), String> {
    let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
    if text.trim_start().starts_with('{') {
        let envelope: Envelope = serde_json::from_str(text)
            .map_err(|error| format!("it is not a JWS in JSON: {error}"))?;
        let mut seals = envelope.signatures;
        seals.extend(envelope.seal);
        return Ok((envelope.payload, seals));
    }
    let text = text.trim().trim_matches('"');
    let mut parts = text.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(protected), Some(payload), Some(signature), None) => {
            let seal = Seal {
                protected: protected.to_owned(),
                signature: signature.to_owned(),
            };
            Ok((payload.to_owned(), vec![seal]))
        }
        _ => Err("it is no JWS".to_owned()),
    }
}

fn is_genuine(
    payload: &str,
    seal: &Seal,
    keys: impl Fn(&str) -> Option<Arc<PublicKey>>,
) -> Result<(), String> {
    let header = URL_SAFE_NO_PAD
        .decode(&seal.protected)
        .map_err(|_| "its header is not Base64url".to_owned())?;
    let header: Header = serde_json::from_slice(&header)
        .map_err(|error| format!("its header is not understood: {error}"))?;
    if header.typ != TYPE {
        return Err(format!("it is a {:?}, not a {TYPE}", header.typ));
    }
    if header.crit {
        return Err("its header demands what is not known here".to_owned());
    }
    let key = keys(&header.kid)
        .ok_or_else(|| format!("its signer has no key {:?} that is not revoked", header.kid))?;
    let signature = URL_SAFE_NO_PAD
        .decode(&seal.signature)
        .map_err(|_| "its signature is not Base64url".to_owned())?;
    let signed = format!("{}.{payload}", seal.protected);
    if key.has_signed(&header.alg, signed.as_bytes(), &signature) {
        Ok(())
    } else {
        Err("its signature is not genuine".to_owned())
    }
}

fn same_origin(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => one.origin() == other.origin(),
        _ => false,
    }
}
