//! Which callers hold which account of a tenant.
//!
//! Accounts lie in the part of the store that belongs to their caller, so that no call can reach
//! another's. Whoever publishes a status change knows the account and not the caller; so the tenant
//! keeps, for each account that something was booked or synced under, who holds it. An account that
//! is not in this list is not the tenant's.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::identity::{Principal, Scope, TenantId};
use crate::jcs;
use crate::ops::records::{self, Kept};
use crate::platform::Context;
use crate::store::{Batch, Key, SharedStore};

#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    id: String,
    account_id: String,
    principal: Principal,
}

impl Kept for Holder {
    const KIND: &'static str = "account_holder";

    fn id(&self) -> &str {
        &self.id
    }

    fn sort(&self) -> String {
        String::new()
    }

    fn tags(&self) -> Vec<String> {
        vec![of_account(&self.account_id)]
    }
}

fn of_account(account_id: &str) -> String {
    records::tag("account:", account_id)
}

/// Adds to a batch that the caller holds an account, unless that is known.
pub(crate) async fn note(
    store: &SharedStore,
    context: &Context,
    account_id: &str,
    batch: &mut Batch,
) -> Result<()> {
    let scope = Scope::seller(&context.tenant);
    let holder = Holder {
        id: jcs::name_of([account_id, &context.principal.0]),
        account_id: account_id.to_owned(),
        principal: context.principal.clone(),
    };
    let key = Key::new(scope.clone(), Holder::KIND, holder.id.as_str());
    if store.get(&key).await.map_err(Error::unavailable)?.is_none() {
        records::put(batch, &scope, &holder)?;
    }
    Ok(())
}

/// Who holds an account of the tenant's.
pub(super) async fn of(
    store: &SharedStore,
    tenant: &TenantId,
    account_id: &str,
) -> Result<Vec<Principal>> {
    let tag = Some(of_account(account_id));
    let found = records::tagged::<Holder>(store, &Scope::seller(tenant), tag).await?;
    let holders = found.into_iter().map(|found| found.value);
    Ok(holders
        .filter(|holder| holder.account_id == account_id)
        .map(|holder| holder.principal)
        .collect())
}
