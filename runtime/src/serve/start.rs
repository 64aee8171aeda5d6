//! What was asked for becomes a running seller, or an error that says what to do.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::options::Options;
use super::secret;
use crate::auth::{Callers, KeysError, read_keys};
use crate::catalog::CatalogError;
use crate::clock::{Clock, ShiftedClock, SystemClock};
use crate::identity::Principal;
use crate::schema::SchemasError;
use crate::seller::{Running, Seller, Setting};
use crate::store::{self, OpenError, StoreError};

/// The caller behind the token of a sandbox.
const SANDBOX_CALLER: &str = "sandbox";

/// Why a seller did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nobody could be let in, and the seller is not a sandbox.
    #[error(
        "outside a sandbox buyers must be authenticated, and no API keys are configured; name a file of keys with --api-keys or SELLER_API_KEYS, or start a sandbox with --sandbox"
    )]
    NoAuthentication,
    /// A clock was set outside a sandbox.
    #[error(
        "SELLER_CLOCK sets the clock of a sandbox only, since a live seller must bill by real time; remove it, or start a sandbox with --sandbox"
    )]
    ClockOutsideSandbox,
    /// A sandbox token was set outside a sandbox.
    #[error(
        "SELLER_TOKEN is the token of a sandbox only; give live buyers keys of their own with --api-keys, or start a sandbox with --sandbox"
    )]
    TokenOutsideSandbox,
    /// The sandbox token can't travel in a header.
    #[error(
        "SELLER_TOKEN must be at least 8 visible ASCII characters without spaces; choose another one, or remove it to have one made up"
    )]
    UnusableToken,
    /// The API keys can't be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The store can't be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The store was opened but does not work.
    #[error("the store does not work: {0}")]
    StoreFails(#[from] StoreError),
    /// The catalogue is not usable.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The generated schemas are not usable.
    #[error(transparent)]
    Schemas(#[from] SchemasError),
    /// The generated tool list is not usable.
    #[error("the tool list in the wire crate can't be used: {0}; run `adcp-scaffold regenerate`")]
    Tools(serde_json::Error),
    /// The address can't be listened on.
    #[error("can't listen on {addr}: {source}; choose another address with --addr or SELLER_ADDR")]
    Address {
        /// Which address.
        addr: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
}

impl StartError {
    /// Whether the environment failed, as opposed to having been asked for something impossible.
    pub(super) fn is_fault(&self) -> bool {
        matches!(self, StartError::Address { .. } | StartError::StoreFails(_))
    }
}

/// A seller that serves.
pub(super) struct Started {
    pub(super) running: Running,
    /// The store that it uses, as it was named.
    pub(super) store: String,
    /// The token that was made up because a sandbox had none.
    pub(super) made_up_token: Option<String>,
}

pub(super) async fn start(seller: Seller, options: Options) -> Result<Started, StartError> {
    let (callers, made_up_token) = callers(&options)?;
    let clock = clock(&options)?;
    let store_url = options
        .store
        .clone()
        .unwrap_or_else(|| seller.profile().store.to_owned());
    let store = store::open(&store_url)?;
    if !store.is_durable() && !options.sandbox {
        tracing::warn!(
            store = store_url,
            "this store forgets everything when the process ends"
        );
    }
    let listener = TcpListener::bind(options.addr)
        .await
        .map_err(|source| StartError::Address {
            addr: options.addr,
            source,
        })?;
    let setting = Setting {
        store,
        clock,
        callers,
        catalog: options.catalog,
        sandbox: options.sandbox,
    };
    let running = seller.start(listener, setting).await?;
    Ok(Started {
        running,
        store: store_url,
        made_up_token,
    })
}

/// Who will be let in, and the token that was made up for it, if any.
fn callers(options: &Options) -> Result<(Callers, Option<String>), StartError> {
    let mut callers = Callers::default();
    if let Some(file) = &options.api_keys {
        read_keys(file, &mut callers)?;
    }
    let principal = Principal(SANDBOX_CALLER.to_owned());
    match (&options.token, options.sandbox) {
        (Some(_), false) => return Err(StartError::TokenOutsideSandbox),
        (Some(token), true)
            if token.len() < 8 || !token.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            return Err(StartError::UnusableToken);
        }
        (Some(token), true) => callers.allow(token, principal),
        (None, true) if callers.is_empty() => {
            let token = format!("sandbox-{}", secret::random());
            callers.allow(&token, principal);
            return Ok((callers, Some(token)));
        }
        (None, _) => {}
    }
    if callers.is_empty() {
        Err(StartError::NoAuthentication)
    } else {
        Ok((callers, None))
    }
}

fn clock(options: &Options) -> Result<Arc<dyn Clock>, StartError> {
    match options.clock {
        Some(_) if !options.sandbox => Err(StartError::ClockOutsideSandbox),
        Some(start) => Ok(Arc::new(ShiftedClock::starting_at(start))),
        None => Ok(Arc::new(SystemClock)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            store: None,
            sandbox: false,
            catalog: "catalog".into(),
            api_keys: None,
            clock: None,
            token: None,
            log: "info".into(),
            log_format: "text".into(),
        }
    }

    #[test]
    fn a_live_seller_needs_keys_and_real_time() {
        assert!(matches!(
            callers(&options()),
            Err(StartError::NoAuthentication)
        ));
        let with_token = Options {
            token: Some("a-long-enough-token".into()),
            ..options()
        };
        assert!(matches!(
            callers(&with_token),
            Err(StartError::TokenOutsideSandbox)
        ));
        let with_clock = Options {
            clock: Some("2026-03-10T00:00:00Z".parse().expect("an instant")),
            ..options()
        };
        assert!(matches!(
            clock(&with_clock),
            Err(StartError::ClockOutsideSandbox)
        ));
        let shifted = clock(&Options {
            sandbox: true,
            ..with_clock
        })
        .expect("a sandbox may set its clock");
        assert_eq!(shifted.now().date_naive().to_string(), "2026-03-10");
    }

    #[test]
    fn a_sandbox_without_a_token_makes_one_up() {
        let sandbox = Options {
            sandbox: true,
            ..options()
        };
        let (_, first) = callers(&sandbox).expect("a token is made up");
        let (_, second) = callers(&sandbox).expect("a token is made up");
        assert!(first.is_some() && first != second);
        for unusable in ["short", "with a space in it", "with-ümlaut-in-it"] {
            let options = Options {
                token: Some(unusable.into()),
                ..sandbox.clone()
            };
            assert!(
                matches!(callers(&options), Err(StartError::UnusableToken)),
                "{unusable}"
            );
        }
    }
}
