//! The signers that a seller knows: whose signatures it takes, by which keys, and within which
//! bounds.
//!
//! A signer is an agent that somebody has onboarded. Its entry says under which name its calls are
//! made, where its public keys are, and where it says which of them it has revoked. A request never
//! brings a key with it and never says where one is: nothing is fetched that the operator has not
//! named (AdCP security, "Agent key publication").

mod file;
mod remote;
mod revocations;
mod nonces;
mod keyring;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::identity::Principal;
use crate::signing::KeySet;

pub use file::read;
pub(crate) use keyring::{Keyring, View};
pub(crate) use nonces::{COUNT_KIND, KIND};

/// How many nonces of one key may be in use at a time, unless its signer's entry says otherwise:
/// the ceiling that AdCP recommends.
pub const USUAL_CAP: u64 = 1_000_000;

/// The signers that a seller knows.
#[derive(Clone, Debug, Default)]
pub struct Signers {
    list: Vec<Arc<Signer>>,
}

/// An agent whose signatures are taken.
#[derive(Clone, Debug)]
pub struct Signer {
    /// As who its calls are made.
    pub principal: Principal,
    /// Its public keys.
    pub keys: Keys,
    /// Key ids that are no longer taken, whatever its own list says.
    pub revoked: BTreeSet<String>,
    /// Where it publishes which keys it has revoked, if it does.
    pub revocation_url: Option<String>,
    /// How many nonces of one of its keys may be in use at a time.
    pub cap: u64,
}

/// Where the keys of a signer are.
#[derive(Clone, Debug)]
pub enum Keys {
    /// Here. They change when the file does and the seller starts again.
    Known(Arc<KeySet>),
    /// Behind a URL, fetched and refreshed.
    Published(String),
}

impl Signer {
    /// A signer with these keys, none of them revoked, and the usual cap.
    pub fn new(principal: Principal, keys: Keys) -> Self {
        Signer {
            principal,
            keys,
            revoked: BTreeSet::new(),
            revocation_url: None,
            cap: USUAL_CAP,
        }
    }
}

impl Signers {
    /// Adds a signer. Of two that publish a key of the same id, the one whose keys are known here
    /// comes first, then the one that was added first.
    pub fn add(&mut self, signer: Signer) {
        let at = match signer.keys {
            Keys::Known(_) => self
                .list
                .partition_point(|other| matches!(other.keys, Keys::Known(_))),
            Keys::Published(_) => self.list.len(),
        };
        self.list.insert(at, Arc::new(signer));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether somebody is one of them.
    pub fn knows(&self, principal: &Principal) -> bool {
        self.list
            .iter()
            .any(|signer| signer.principal == *principal)
    }

    /// All of them, in the order in which they are asked for a key.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Signer>> {
        self.list.iter()
    }
}
