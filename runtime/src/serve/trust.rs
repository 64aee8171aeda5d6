//! How the seller deals with strangers, as it was asked for at start-up: whose signatures it takes,
//! and what it signs with.

use std::path::Path;
use std::sync::Arc;

use super::StartError;
use super::options::Options;
use crate::auth::{Signers, read_signers};
use crate::outbound::Reach;
use crate::profile::Profile;
use crate::seller::Trust;
use crate::signing::{Edition, SigningKey, Usage};
use crate::spec::Spec;

/// The file of signers that a sandbox takes by itself, in the folder of its catalogue.
const SANDBOX_SIGNERS: &str = "signers.toml";

/// Reads the files that say so.
pub(super) fn trust(
    options: &Options,
    spec: &Spec,
    profile: &Profile,
) -> Result<Trust, StartError> {
    Ok(Trust {
        reach: reach(options),
        signers: signers(options, profile)?,
        webhook_key: webhook_key(options, Edition::of(spec.line))?,
        outbound: None,
    })
}

/// Which addresses the seller may be sent to. Only a sandbox for this machine alone is sent to it:
/// who calls from elsewhere must not get at what listens here for nobody else.
fn reach(options: &Options) -> Reach {
    match (options.sandbox, options.addr.ip().is_loopback()) {
        (true, true) => Reach::AndLoopback,
        (true, false) => {
            tracing::warn!(
                addr = %options.addr,
                "other machines reach this sandbox, so it sends no notifications to this one; listen on 127.0.0.1 to receive them here"
            );
            Reach::Public
        }
        (false, _) => Reach::Public,
    }
}

fn signers(options: &Options, profile: &Profile) -> Result<Signers, StartError> {
    let verifies = profile.request_signing.supported;
    let own = options.catalog.join(SANDBOX_SIGNERS);
    let file = match &options.signers {
        Some(_) if !verifies => return Err(StartError::SignersUnused),
        Some(file) => file,
        None if options.sandbox && verifies && own.is_file() => &own,
        None => return Ok(Signers::default()),
    };
    Ok(read_signers(file)?)
}

fn webhook_key(options: &Options, edition: Edition) -> Result<Option<Arc<SigningKey>>, StartError> {
    let key = match &options.webhook_key {
        Some(file) => read_key(file, edition)?,
        None if options.sandbox => {
            SigningKey::generate().map_err(|error| StartError::MadeUpKey(error.to_string()))?
        }
        None => return Ok(None),
    };
    Ok(Some(Arc::new(key)))
}

fn read_key(file: &Path, edition: Edition) -> Result<SigningKey, StartError> {
    let unusable = |reason: String| StartError::WebhookKey {
        path: file.to_owned(),
        reason,
    };
    let text = std::fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    #[cfg(unix)]
    warn_if_exposed(file);
    let key = SigningKey::from_jwk(&text).map_err(|error| unusable(error.to_string()))?;
    match key.purpose() {
        Some(purpose) if !Usage::Webhook.accepts(purpose, edition) => {
            Err(unusable(format!("it is for {purpose:?}, not for webhooks")))
        }
        _ => Ok(key),
    }
}

/// Says so when others on the machine can read a private key.
#[cfg(unix)]
fn warn_if_exposed(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(file).map(|data| data.permissions().mode());
    if mode.is_ok_and(|mode| mode & 0o077 != 0) {
        tracing::warn!(
            file = %file.display(),
            "others on this machine can read the private key; take that from them with chmod 600"
        );
    }
}
