//! What can't work is refused before the first connection is accepted.
//!
//! Here is what follows from the manifest and the surroundings, however the seller is started. What
//! only the command line can get wrong is found where it is read.

use super::StartError;
use crate::profile::Profile;
use crate::seller::Setting;

/// Refuses a setting in which the seller could not do what its manifest says.
///
/// # Errors
///
/// What is missing, with the key or flag to add.
pub(crate) fn check(profile: &Profile, setting: &Setting) -> Result<(), StartError> {
    keeps_promises(profile, setting)?;
    can_decide(profile, setting)?;
    knows_its_audience(profile, setting);
    match setting.callers.shared_with(&setting.operators) {
        Some((buyer, operator)) => Err(StartError::SharedToken { buyer, operator }),
        None => Ok(()),
    }
}

fn keeps_promises(profile: &Profile, setting: &Setting) -> Result<(), StartError> {
    let promises = profile
        .proposals
        .is_some_and(|proposals| proposals.finalize);
    match (promises && !setting.store.is_durable(), setting.development) {
        (true, false) => Err(StartError::ForgetsProposals),
        (true, true) => {
            tracing::warn!(
                "finalized proposals are forgotten when the process ends; never serve live buyers so"
            );
            Ok(())
        }
        (false, _) => Ok(()),
    }
}

/// Warns of a seller whose tokens nobody could ask for, or for which nobody could sign, since it does
/// not say where it is.
fn knows_its_audience(profile: &Profile, setting: &Setting) {
    let by_url = profile
        .entry
        .oauth
        .is_some_and(|oauth| oauth.audience.is_none());
    if profile.url.is_some() || setting.sandbox {
        return;
    }
    if !setting.trust.signers.is_empty() {
        tracing::warn!(
            "signed requests have to name the address that this process listens on, since seller.toml has no `url`; those for any other address are refused"
        );
    }
    if by_url {
        tracing::warn!(
            "access tokens have to name the address that this process listens on, since seller.toml has neither `url` nor `audience` under [auth]"
        );
    }
}

fn can_decide(profile: &Profile, setting: &Setting) -> Result<(), StartError> {
    let approval = &profile.approval;
    if approval.is_needed() && setting.operators.is_empty() {
        return Err(StartError::NobodyDecides {
            operations: listed(profile),
        });
    }
    let undecided = approval.operations().find(|operation| {
        !setting
            .operators
            .holders()
            .any(|operator| operator.may_decide(operation))
    });
    match undecided {
        Some(operation) => Err(StartError::NoRight {
            operation: operation.to_owned(),
        }),
        None => Ok(()),
    }
}

/// What a person has to agree to, for a message.
pub(super) fn listed(profile: &Profile) -> String {
    let operations: Vec<&str> = profile.approval.operations().collect();
    operations.join(" and ")
}
