//! Which account a call acts for, and whether the account's state lets it.
//!
//! The two are asked apart: a request that was answered is answered again whatever became of its
//! account meanwhile, and what an ad server may have taken on is brought to its end.

use serde_json::{Map, Value};

use super::super::request::Members;
use super::super::{Services, books, changes, records};
use super::name::{Name, own_id};
use crate::clock::Timestamp;
use crate::domain::{AccountRecord, AccountStatus};
use crate::error::{Error, Result};
use crate::identity::{Principal, Scope, TenantId};
use crate::platform::Account;
use crate::profile::{AccountMode, Profile};
use crate::spec::Tool;

/// Tasks that manage accounts or steer the sandbox, and so do not act for one.
const UNBOUND: [&str; 4] = [
    "get_adcp_capabilities",
    "sync_accounts",
    "list_accounts",
    "comply_test_controller",
];

/// Finds the account that a call acts for.
///
/// # Errors
///
/// `ACCOUNT_NOT_FOUND` when the reference leads to no account of the caller's.
pub async fn resolve_account(
    services: &Services,
    tenant: &TenantId,
    principal: &Principal,
    tool: &Tool,
    request: &Value,
) -> Result<Option<Account>> {
    if UNBOUND.contains(&tool.name) && !(services.sandbox && tool.name == "comply_test_controller")
    {
        return Ok(None);
    }
    let Some(reference) = request.object("account") else {
        return match services.profile.accounts {
            AccountMode::Explicit => Ok(None),
            AccountMode::FromAuth | AccountMode::Singleton => {
                let record = own(services, tenant, principal).await?;
                Ok(Some(account_of(&record)))
            }
        };
    };
    let name = Name::of(reference);
    let account_id = match (&name, services.profile.accounts) {
        (Name::Id(id), _) => (*id).to_owned(),
        (Name::Natural { .. }, AccountMode::Explicit) => {
            name.derive(tenant, principal, services.sandbox)
        }
        (Name::Natural { .. }, _) => own_id(services.profile, tenant, principal),
    };
    // A sandbox takes a brand and its operator at their word, and reading is possible in every
    // state of an account: there is nothing to look up.
    if let (
        Name::Natural {
            brand, operator, ..
        },
        true,
        AccountMode::Explicit,
    ) = (
        &name,
        services.sandbox && !changes(tool, request),
        services.profile.accounts,
    ) {
        return Ok(Some(Account {
            account_id,
            brand: Some((*brand).clone()),
            operator: Some((*operator).to_owned()),
            provisioned: true,
            status: AccountStatus::Active,
        }));
    }
    let scope = Scope::principal(tenant, principal);
    if let Some(stored) =
        records::find::<AccountRecord>(&services.store, &scope, &account_id).await?
    {
        return Ok(Some(account_of(&stored.value)));
    }
    match (&name, services.profile.accounts) {
        (_, AccountMode::FromAuth | AccountMode::Singleton)
            if account_id == own_id(services.profile, tenant, principal) =>
        {
            let record = own(services, tenant, principal).await?;
            Ok(Some(Account {
                brand: name.brand().cloned(),
                operator: name.operator().map(str::to_owned),
                ..account_of(&record)
            }))
        }
        // A sandbox takes a brand and its operator at their word, and any id for an empty account,
        // under which test suites look at what they seeded. Nothing is ordered for such an account.
        (
            Name::Natural {
                brand, operator, ..
            },
            _,
        ) if services.sandbox => Ok(Some(Account {
            account_id,
            brand: Some((*brand).clone()),
            operator: Some((*operator).to_owned()),
            provisioned: true,
            status: AccountStatus::Active,
        })),
        (Name::Id(_), _) if services.sandbox && !books(tool, request) => Ok(Some(Account {
            account_id,
            brand: None,
            operator: None,
            provisioned: false,
            status: AccountStatus::Active,
        })),
        _ => Err(Error::new(
            "ACCOUNT_NOT_FOUND",
            "the account reference leads to no account that this caller may use",
        )
        .at("account")
        .suggest(
            "call sync_accounts to set the account up, or list_accounts to see which there are",
        )),
    }
}

/// The one account that a caller has when the manifest leaves no choice. It exists without having
/// been synced; a record of it exists only once its state was changed.
pub(super) async fn own(
    services: &Services,
    tenant: &TenantId,
    principal: &Principal,
) -> Result<AccountRecord> {
    let untouched = untouched(services.profile, tenant, principal);
    let stored = records::find::<AccountRecord>(
        &services.store,
        &Scope::principal(tenant, principal),
        &untouched.account_id,
    )
    .await?;
    Ok(stored.map_or(untouched, |stored| stored.value))
}

/// The one account that a caller has when the manifest leaves no choice, while its state was never
/// changed; `None` where callers have as many accounts as they sync.
pub(crate) fn own_account(
    profile: &Profile,
    tenant: &TenantId,
    principal: &Principal,
) -> Option<AccountRecord> {
    let one = profile.accounts != AccountMode::Explicit;
    one.then(|| untouched(profile, tenant, principal))
}

fn untouched(profile: &Profile, tenant: &TenantId, principal: &Principal) -> AccountRecord {
    AccountRecord {
        account_id: own_id(profile, tenant, principal),
        name: profile.name.to_owned(),
        status: AccountStatus::Active,
        brand: None,
        operator: None,
        created_at: Timestamp::UNIX_EPOCH,
        extra: Map::new(),
    }
}

fn account_of(record: &AccountRecord) -> Account {
    Account {
        account_id: record.account_id.clone(),
        brand: record.brand.clone(),
        operator: record.operator.clone(),
        provisioned: true,
        status: record.status,
    }
}

/// Which tasks an account's state rules out: reading is always possible, changing what is booked
/// or making a proposal firm needs an account in good standing.
///
/// # Errors
///
/// The code for an account's state, such as `ACCOUNT_SUSPENDED`, `ACCOUNT_PAYMENT_REQUIRED` and
/// `ACCOUNT_SETUP_REQUIRED`.
pub(crate) fn judge_standing(tool: &Tool, request: &Value, status: AccountStatus) -> Result<()> {
    if !changes(tool, request) || tool.name == "comply_test_controller" {
        return Ok(());
    }
    let refused = match status {
        AccountStatus::Active => return Ok(()),
        AccountStatus::PaymentRequired if !books(tool, request) => return Ok(()),
        AccountStatus::PaymentRequired => Error::new(
            "ACCOUNT_PAYMENT_REQUIRED",
            "the account has an outstanding balance; settle it before booking anew",
        ),
        AccountStatus::Suspended => Error::new(
            "ACCOUNT_SUSPENDED",
            "the account is suspended; the seller has to lift that",
        ),
        AccountStatus::PendingApproval => Error::new(
            "ACCOUNT_SETUP_REQUIRED",
            "the account is still being set up; wait until list_accounts shows it active",
        ),
        AccountStatus::Rejected | AccountStatus::Closed => Error::new(
            "ACCOUNT_NOT_FOUND",
            "the account reference leads to no account that this caller may use",
        ),
    };
    Err(refused.at("account"))
}
