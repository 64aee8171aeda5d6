//! Tokens whose signature was verified a moment ago, by their digest, so that a caller who sends
//! the same one with every request is not the work of an RSA key each time.
//!
//! What is remembered is only that the signature was good; the clock and the audience are asked
//! every time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::claims::Claims;

/// How many tokens are remembered.
const MOST: usize = 4096;
/// For how long. A key that its issuer has withdrawn opens nothing for longer than this.
const FOR: Duration = Duration::from_secs(5 * 60);

/// Tokens whose signature was verified.
#[derive(Default)]
pub(super) struct Remembered(Mutex<HashMap<[u8; 32], Seen>>);

struct Seen {
    claims: Arc<Claims>,
    since: Instant,
}

impl Seen {
    fn counts(&self) -> bool {
        self.since.elapsed() < FOR
    }
}

impl Remembered {
    pub(super) fn find(&self, digest: &[u8; 32]) -> Option<Arc<Claims>> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = tokens.get(digest).filter(|seen| seen.counts())?;
        Some(Arc::clone(&seen.claims))
    }

    pub(super) fn add(&self, digest: [u8; 32], claims: Arc<Claims>) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MOST {
            tokens.retain(|_, seen| seen.counts());
        }
        if tokens.len() >= MOST {
            tokens.clear();
        }
        let since = Instant::now();
        tokens.insert(digest, Seen { claims, since });
    }
}
