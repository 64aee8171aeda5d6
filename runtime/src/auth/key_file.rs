//! API keys that change while the seller runs.
//!
//! The file is looked at again every few seconds and whenever the process gets SIGHUP. A file that
//! is not usable changes nothing: the keys of before stay good, and the log says what is wrong.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;

use super::keys::{self, Key};
use super::{KeysError, Operators, Tokens};
use crate::spec::Spec;

/// How often the file is looked at.
const EVERY: Duration = Duration::from_secs(2);

/// A file of API keys and what it says now.
pub(super) struct KeyFile {
    path: PathBuf,
    spec: &'static Spec,
    keys: RwLock<Arc<Tokens<Key>>>,
}

/// What tells one state of a file from the next, without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Looks {
    modified: Option<SystemTime>,
    length: u64,
    #[cfg(unix)]
    inode: u64,
}

impl KeyFile {
    /// Reads a file for the first time.
    pub(super) fn open(path: PathBuf, spec: &'static Spec) -> Result<Self, KeysError> {
        let keys = keys::read(&path, spec)?;
        Ok(KeyFile {
            path,
            spec,
            keys: RwLock::new(Arc::new(keys)),
        })
    }

    /// The keys that are good now.
    pub(super) fn keys(&self) -> Arc<Tokens<Key>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over what the file says, each time it changes, until the seller stops. A key that an
    /// operator has, too, is never taken over.
    pub(super) async fn watch(&self, operators: &Operators, stop: CancellationToken) {
        let mut asked = Hangups::new();
        // What the file was like when it was opened is not known, so the first look reads it again.
        let mut seen = None;
        loop {
            let looks = self.looks();
            if looks != seen {
                self.take_over(operators);
                seen = looks;
            }
            let again = async {
                tokio::select! {
                    () = tokio::time::sleep(EVERY) => false,
                    () = asked.next() => true,
                }
            };
            match stop.run_until_cancelled(again).await {
                Some(true) => seen = None,
                Some(false) => {}
                None => return,
            }
        }
    }

    fn take_over(&self, operators: &Operators) {
        let keys = match keys::read(&self.path, self.spec) {
            Ok(keys) => keys,
            Err(error) => {
                tracing::error!(%error, "the API keys stay as they were");
                return;
            }
        };
        if let Some((key, operator)) = keys.shared_with(operators) {
            tracing::error!(
                buyer = key.known.principal.0,
                operator = operator.name,
                file = %self.path.display(),
                "a buyer has the token of an operator; the API keys stay as they were"
            );
            return;
        }
        let mut held = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if **held != keys {
            tracing::info!(file = %self.path.display(), keys = keys.len(), "the API keys have changed");
            *held = Arc::new(keys);
        }
    }

    fn looks(&self) -> Option<Looks> {
        let file = std::fs::metadata(&self.path).ok()?;
        Some(Looks {
            modified: file.modified().ok(),
            length: file.len(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(&file),
        })
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The times at which the process is asked to read its files again (SIGHUP).
struct Hangups {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangups {
    #[cfg(unix)]
    fn new() -> Self {
        let signal = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup());
        Hangups {
            signal: signal
                .inspect_err(|error| tracing::warn!(%error, "SIGHUP will not be noticed"))
                .ok(),
        }
    }

    #[cfg(not(unix))]
    fn new() -> Self {
        Hangups {}
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}
