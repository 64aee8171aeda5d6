//! What accounts are called, and the ids that follow from it.

use serde_json::{Map, Value};

use super::super::Call;
use super::super::request::Members;
use crate::identity::{Principal, TenantId};
use crate::jcs;
use crate::profile::{AccountMode, Profile};

/// What a request calls an account (`core/account-ref.json`).
pub(super) enum Name<'a> {
    /// The seller's own id.
    Id(&'a str),
    /// A brand and who operates it.
    Natural {
        brand: &'a Value,
        operator: &'a str,
        sandbox: bool,
    },
}

impl<'a> Name<'a> {
    pub(super) fn of(reference: &'a Map<String, Value>) -> Self {
        match reference.text("account_id") {
            Some(id) => Name::Id(id),
            None => Name::Natural {
                brand: reference.member("brand").unwrap_or(&Value::Null),
                operator: reference.text("operator").unwrap_or_default(),
                sandbox: reference.truth("sandbox").unwrap_or(false),
            },
        }
    }

    pub(super) fn brand(&self) -> Option<&'a Value> {
        match self {
            Name::Natural { brand, .. } => Some(brand),
            Name::Id(_) => None,
        }
    }

    pub(super) fn operator(&self) -> Option<&'a str> {
        match self {
            Name::Natural { operator, .. } => Some(operator),
            Name::Id(_) => None,
        }
    }

    /// The id of the account of a brand and its operator. In a sandbox the `sandbox` flag tells
    /// nothing apart: every account there is one.
    pub(super) fn derive(
        &self,
        tenant: &TenantId,
        principal: &Principal,
        in_sandbox: bool,
    ) -> String {
        match self {
            Name::Id(id) => (*id).to_owned(),
            Name::Natural {
                brand,
                operator,
                sandbox,
            } => {
                let domain = brand.text("domain").unwrap_or_default().to_lowercase();
                let kind = if *sandbox && !in_sandbox {
                    "sandbox"
                } else {
                    "account"
                };
                account_id(&[
                    &tenant.0,
                    &principal.0,
                    kind,
                    &domain,
                    brand.text("brand_id").unwrap_or_default(),
                    &operator.to_lowercase(),
                ])
            }
        }
    }
}

fn account_id(parts: &[&str]) -> String {
    let digest = jcs::digest_of(parts.iter().copied());
    format!("acct_{}", jcs::hex(&digest[..10]))
}

/// The id of the one account that a caller has when the manifest leaves no choice.
pub(super) fn own_id(profile: &Profile, tenant: &TenantId, principal: &Principal) -> String {
    match profile.accounts {
        AccountMode::Singleton => account_id(&[&tenant.0]),
        AccountMode::FromAuth | AccountMode::Explicit => account_id(&[&tenant.0, &principal.0]),
    }
}

/// The id of the account that a reference names, whether or not there is one.
pub(in super::super) fn named(call: &Call<'_>, reference: &Map<String, Value>) -> String {
    let (tenant, principal) = (&call.context.tenant, &call.context.principal);
    match (Name::of(reference), call.services.profile.accounts) {
        (name @ Name::Natural { .. }, AccountMode::Explicit) => {
            name.derive(tenant, principal, call.services.sandbox)
        }
        (Name::Natural { .. }, _) => own_id(call.services.profile, tenant, principal),
        (Name::Id(id), _) => id.to_owned(),
    }
}
