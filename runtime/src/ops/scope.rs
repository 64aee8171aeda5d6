//! Which part of the store a call works in, and what of it the call may see.
//!
//! Outside a sandbox every record lies in the scope of the account that it belongs to, so another
//! account's id is answered like an unknown one by construction. In a sandbox all accounts of one
//! caller share a scope, because test suites touch one buy under several accounts; there, lists
//! show only what fits the account that the call names.

use crate::identity::{Principal, Scope, TenantId};
use crate::platform::{Account, Context};

/// The one place that decides where the media buys and creatives of an account lie.
pub(crate) fn resource_scope(
    sandbox: bool,
    tenant: &TenantId,
    principal: &Principal,
    account_id: &str,
) -> Scope {
    if sandbox {
        Scope::account(tenant, format!("sandbox:{}", principal.0))
    } else {
        Scope::account(tenant, account_id)
    }
}

/// Where the media buys and creatives of an account lie.
pub(super) fn of_account(context: &Context, account_id: &str) -> Scope {
    let (tenant, principal) = (&context.tenant, &context.principal);
    resource_scope(context.sandbox, tenant, principal, account_id)
}

/// Where everything lies that a sandbox caller makes.
pub(super) fn shared(context: &Context) -> Scope {
    resource_scope(true, &context.tenant, &context.principal, "")
}

/// Where a caller's own things lie: its accounts.
pub(super) fn of_principal(context: &Context) -> Scope {
    Scope::principal(&context.tenant, &context.principal)
}

/// What of a scope a list shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum View {
    /// Everything. Outside a sandbox the scope itself is the limit.
    All,
    /// What belongs to one account, and what tests have seeded.
    Account(String),
    /// Only what tests have seeded: the call names an account that nobody has provisioned.
    Seeded,
}

impl View {
    /// The view of a call.
    pub(super) fn of(context: &Context) -> Self {
        match &context.account {
            Some(account) if context.sandbox => View::of_account(account),
            _ => View::All,
        }
    }

    fn of_account(account: &Account) -> Self {
        if account.provisioned {
            View::Account(account.account_id.clone())
        } else {
            View::Seeded
        }
    }

    /// Whether a record is in view.
    pub(super) fn shows(&self, account_id: &str, seeded: bool) -> bool {
        match self {
            View::All => true,
            View::Account(own) => seeded || own == account_id,
            View::Seeded => seeded,
        }
    }

    /// Names the view, so that a page cursor of one does not open in another.
    pub(super) fn name(&self) -> String {
        match self {
            View::All => "all".to_owned(),
            View::Account(account_id) => format!("account:{account_id}"),
            View::Seeded => "seeded".to_owned(),
        }
    }
}
