//! The callers that a seller knows, however they prove it.
//!
//! This is the one thing that is asked who somebody is, and whether somebody who once called would
//! still be let in.

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::HeaderMap;
use tokio_util::sync::CancellationToken;

use super::key_file::KeyFile;
use super::keys::Key;
use super::{Denied, KeysError, Operators, Signers, Tokens, token};
use crate::clock::Timestamp;
use crate::identity::{Principal, Rights};
use crate::oauth::{Place, Subject, Unverified, Verifier};
use crate::spec::Spec;

/// The callers that a seller knows.
#[derive(Clone, Debug, Default)]
pub struct Callers {
    fixed: Tokens<Key>,
    file: Option<Arc<KeyFile>>,
    tokens: Option<Arc<Verifier>>,
    signers: Signers,
}

/// A caller that proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Who it is.
    pub principal: Principal,
    /// What its credential allows.
    pub rights: Rights,
}

/// Why nobody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stranger {
    /// The credentials are not good.
    Denied(Denied),
    /// Whether they are can't be told just now.
    Later,
}

impl Callers {
    /// Lets somebody in by the token that will be presented, for everything and for good.
    pub fn allow(&mut self, token: &str, principal: Principal) {
        self.fixed.allow(token, Key::lasting(principal));
    }

    /// Lets those in whom a file of API keys lists. `spec` says which tools there are.
    ///
    /// # Errors
    ///
    /// When the file can't be used.
    pub fn read(&mut self, path: PathBuf, spec: &'static Spec) -> Result<(), KeysError> {
        self.file = Some(Arc::new(KeyFile::open(path, spec)?));
        Ok(())
    }

    /// Lets those in as well for whom an issuer vouches.
    pub(crate) fn with_tokens(mut self, tokens: Option<Arc<Verifier>>) -> Self {
        self.tokens = tokens;
        self
    }

    /// Lets those in as well who sign their requests.
    pub(crate) fn with_signers(mut self, signers: Signers) -> Self {
        self.signers = signers;
        self
    }

    /// What judges access tokens, where they are taken.
    pub(crate) fn tokens(&self) -> Option<&Arc<Verifier>> {
        self.tokens.as_ref()
    }

    /// Whether nobody could be let in by a key.
    pub fn is_empty(&self) -> bool {
        self.fixed.is_empty() && self.file.is_none()
    }

    /// Whether somebody who called before would still be let in. A key that has run out counts as
    /// long as it is listed: its buyer is about to have another one, not a stranger.
    pub fn knows(&self, principal: &Principal) -> bool {
        self.some_key(|key| key.known.principal == *principal)
            || self
                .tokens
                .as_ref()
                .is_some_and(|tokens| tokens.names(principal))
            || self.signers.knows(principal)
    }

    fn some_key(&self, wanted: impl Fn(&Key) -> bool) -> bool {
        self.fixed.holders().any(&wanted)
            || self
                .file
                .as_ref()
                .is_some_and(|file| file.keys().holders().any(&wanted))
    }

    /// A buyer and an operator who hold the same token, by name.
    pub fn shared_with(&self, operators: &Operators) -> Option<(String, String)> {
        let names = |(key, operator): (&Key, &super::Operator)| {
            (key.known.principal.0.clone(), operator.name.clone())
        };
        self.fixed.shared_with(operators).map(names).or_else(|| {
            let keys = self.file.as_ref()?.keys();
            keys.shared_with(operators).map(names)
        })
    }

    /// Keeps to what the file of API keys says while it changes, until the seller stops.
    pub(crate) async fn watch(&self, operators: &Operators, stop: CancellationToken) {
        if let Some(file) = &self.file {
            file.watch(operators, stop).await;
        }
    }

    /// Who holds an API key that is good now.
    pub(crate) fn by_key(&self, key: &[u8], now: Timestamp) -> Option<Known> {
        let fixed = self.fixed.find(key).cloned();
        let listed = self
            .file
            .as_ref()
            .and_then(|file| file.keys().find(key).cloned());
        fixed
            .or(listed)
            .filter(|key| key.is_good(now))
            .map(|key| key.known)
    }

    /// Who sent a request.
    ///
    /// # Errors
    ///
    /// Why nobody is let in.
    pub(crate) async fn authenticate(
        &self,
        headers: &HeaderMap,
        place: &Place,
        now: Timestamp,
    ) -> Result<Known, Stranger> {
        let token = token(headers).map_err(Stranger::Denied)?;
        let unknown = Stranger::Denied(Denied::Unknown);
        if let Some(known) = self.by_key(token, now) {
            return Ok(known);
        }
        let Some(tokens) = &self.tokens else {
            return Err(unknown);
        };
        let granted = match tokens.verify(token, place, now).await {
            Ok(granted) => granted,
            Err(Unverified::Later) => return Err(Stranger::Later),
            Err(Unverified::NoToken | Unverified::Refused) => return Err(unknown),
        };
        match granted.subject {
            Subject::Named(principal) => Ok(Known {
                principal,
                rights: granted.rights,
            }),
            // Only keys for everything are exchanged for tokens. Whoever has lost its keys since
            // has lost its tokens, too.
            Subject::Own(principal) if self.knows(&principal) => Ok(Known {
                principal,
                rights: granted.rights,
            }),
            Subject::Own(_) => Err(unknown),
        }
    }
}
