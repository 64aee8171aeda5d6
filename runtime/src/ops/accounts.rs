//! Accounts: which one a call acts for, `sync_accounts`, `list_accounts`.
//!
//! An account belongs to the caller that synced it, and its id follows from what names it, so that
//! syncing twice never makes two. Two callers who act for the same brand have two accounts.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::page::Page;
use super::records::{self, Stored};
use super::request::{Fill, Members};
use super::{Call, Outcome, Services, scope};
use crate::clock::Timestamp;
use crate::domain::{AccountRecord, AccountStatus};
use crate::error::{Error, Result};
use crate::identity::{Principal, Scope, TenantId};
use crate::platform::Account;
use crate::profile::AccountMode;
use crate::spec::Tool;
use crate::store::Batch;

/// Who may be invoiced (`enums/billing-party.json`).
pub(super) const BILLING: [&str; 2] = ["operator", "agent"];

/// Members of a synced account that are kept and echoed.
const KEPT: [&str; 3] = ["billing", "billing_entity", "payment_terms"];

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
/// `ACCOUNT_NOT_FOUND` when the reference leads to no account of the caller's, and the code for an
/// account's state (`ACCOUNT_SUSPENDED`, `ACCOUNT_PAYMENT_REQUIRED`, `ACCOUNT_SETUP_REQUIRED`) when
/// that rules the task out.
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
                gate(tool, record.status)?;
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
        (Name::Natural { .. }, _) => own_id(services, tenant, principal),
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
        services.sandbox && !tool.mutating,
        services.profile.accounts,
    ) {
        return Ok(Some(Account {
            account_id,
            brand: Some((*brand).clone()),
            operator: Some((*operator).to_owned()),
            provisioned: true,
        }));
    }
    let scope = Scope::principal(tenant, principal);
    if let Some(stored) =
        records::find::<AccountRecord>(&services.store, &scope, &account_id).await?
    {
        gate(tool, stored.value.status)?;
        return Ok(Some(account_of(&stored.value)));
    }
    match (&name, services.profile.accounts) {
        (_, AccountMode::FromAuth | AccountMode::Singleton)
            if account_id == own_id(services, tenant, principal) =>
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
        })),
        (Name::Id(_), _) if services.sandbox && tool.name != "create_media_buy" => {
            Ok(Some(Account {
                account_id,
                brand: None,
                operator: None,
                provisioned: false,
            }))
        }
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

/// The id of the account that a reference names, whether or not there is one.
pub(super) fn named(call: &Call<'_>, reference: &Map<String, Value>) -> String {
    let (tenant, principal) = (&call.context.tenant, &call.context.principal);
    match (Name::of(reference), call.services.profile.accounts) {
        (name @ Name::Natural { .. }, AccountMode::Explicit) => {
            name.derive(tenant, principal, call.services.sandbox)
        }
        (Name::Natural { .. }, _) => own_id(call.services, tenant, principal),
        (Name::Id(id), _) => id.to_owned(),
    }
}

/// What a request calls an account (`core/account-ref.json`).
enum Name<'a> {
    Id(&'a str),
    Natural {
        brand: &'a Value,
        operator: &'a str,
        sandbox: bool,
    },
}

impl<'a> Name<'a> {
    fn of(reference: &'a Map<String, Value>) -> Self {
        match reference.text("account_id") {
            Some(id) => Name::Id(id),
            None => Name::Natural {
                brand: reference.member("brand").unwrap_or(&Value::Null),
                operator: reference.text("operator").unwrap_or_default(),
                sandbox: reference.truth("sandbox").unwrap_or(false),
            },
        }
    }

    fn brand(&self) -> Option<&'a Value> {
        match self {
            Name::Natural { brand, .. } => Some(brand),
            Name::Id(_) => None,
        }
    }

    fn operator(&self) -> Option<&'a str> {
        match self {
            Name::Natural { operator, .. } => Some(operator),
            Name::Id(_) => None,
        }
    }

    /// The id of the account of a brand and its operator. In a sandbox the `sandbox` flag tells
    /// nothing apart: every account there is one.
    fn derive(&self, tenant: &TenantId, principal: &Principal, in_sandbox: bool) -> String {
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
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    format!(
        "acct_{}",
        digest
            .iter()
            .take(10)
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    )
}

/// The id of the one account that a caller has when the manifest leaves no choice.
fn own_id(services: &Services, tenant: &TenantId, principal: &Principal) -> String {
    match services.profile.accounts {
        AccountMode::Singleton => account_id(&[&tenant.0]),
        AccountMode::FromAuth | AccountMode::Explicit => account_id(&[&tenant.0, &principal.0]),
    }
}

/// The one account that a caller has when the manifest leaves no choice. It exists without having
/// been synced; a record of it exists only once its state was changed.
async fn own(
    services: &Services,
    tenant: &TenantId,
    principal: &Principal,
) -> Result<AccountRecord> {
    let account_id = own_id(services, tenant, principal);
    let stored = records::find::<AccountRecord>(
        &services.store,
        &Scope::principal(tenant, principal),
        &account_id,
    )
    .await?;
    Ok(stored
        .map(|stored| stored.value)
        .unwrap_or_else(|| AccountRecord {
            account_id,
            name: services.profile.name.to_owned(),
            status: AccountStatus::Active,
            brand: None,
            operator: None,
            created_at: Timestamp::UNIX_EPOCH,
            extra: Map::new(),
        }))
}

fn account_of(record: &AccountRecord) -> Account {
    Account {
        account_id: record.account_id.clone(),
        brand: record.brand.clone(),
        operator: record.operator.clone(),
        provisioned: true,
    }
}

/// Which tasks an account's state rules out: reading is always possible, changing what is booked
/// needs an account in good standing.
fn gate(tool: &Tool, status: AccountStatus) -> Result<()> {
    if !tool.mutating || tool.name == "comply_test_controller" {
        return Ok(());
    }
    let refused = match status {
        AccountStatus::Active => return Ok(()),
        AccountStatus::PaymentRequired if tool.name != "create_media_buy" => return Ok(()),
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

/// `sync_accounts`: sets accounts up, or brings them up to date.
pub(super) async fn sync(call: &Call<'_>) -> Result<Outcome> {
    let owner = scope::of_principal(call.context);
    let dry_run = call.request.truth("dry_run").unwrap_or(false);
    let mut batch = Batch::new();
    let mut results = Vec::new();
    let mut synced: Vec<String> = Vec::new();
    for entry in call.request.list("accounts") {
        let (account_id, result) = sync_one(call, &owner, entry, &synced, &mut batch).await?;
        synced.extend(account_id);
        results.push(Value::Object(result));
    }
    if call.request.truth("delete_missing").unwrap_or(false) {
        for mut stored in records::all::<AccountRecord>(&call.services.store, &owner).await? {
            if !synced.contains(&stored.value.account_id)
                && stored.value.status != AccountStatus::Closed
            {
                stored.value.status = AccountStatus::Closed;
                stored.save(&mut batch)?;
                results.push(Value::Object(result(call, &stored.value, "updated")));
            }
        }
    }
    let mut body = Map::new();
    if dry_run {
        body.put("dry_run", true);
        batch = Batch::new();
    }
    body.put("accounts", results);
    Ok(Outcome::write(body, batch))
}

async fn sync_one(
    call: &Call<'_>,
    owner: &Scope,
    entry: &Value,
    synced: &[String],
    batch: &mut Batch,
) -> Result<(Option<String>, Map<String, Value>)> {
    let Some(members) = entry.as_object() else {
        return Err(Error::invalid_request("an account is an object").at("accounts"));
    };
    let refuse = |code: &str, message: &str| {
        let mut failed = members.pick(&["brand", "operator"]);
        failed.put("action", "failed");
        failed.put("status", "rejected");
        failed.put("errors", json!([{ "code": code, "message": message }]));
        failed
    };
    let billing = members.text("billing").unwrap_or(BILLING[0]);
    if !BILLING.contains(&billing) {
        let message = format!(
            "this seller invoices {}, not the {billing}",
            BILLING.join(" or ")
        );
        return Ok((None, refuse("UNSUPPORTED_FEATURE", &message)));
    }
    if members.truth("sandbox").unwrap_or(false) && !call.services.sandbox {
        return Ok((
            None,
            refuse(
                "UNSUPPORTED_FEATURE",
                "this seller has no sandbox accounts here; it runs a sandbox of its own",
            ),
        ));
    }
    let explicit = call.services.profile.accounts == AccountMode::Explicit;
    let (tenant, principal) = (&call.context.tenant, &call.context.principal);
    let account_id = if explicit {
        Name::of(members).derive(tenant, principal, call.services.sandbox)
    } else {
        own_id(call.services, tenant, principal)
    };
    if synced.contains(&account_id) {
        let message =
            "this brand and operator lead to the same account as an earlier entry of the request";
        return if explicit {
            Ok((None, refuse("INVALID_REQUEST", message)))
        } else {
            Ok((None, echo(call, &account_id, members, "unchanged")))
        };
    }
    let stored: Option<Stored<AccountRecord>> =
        records::find(&call.services.store, owner, &account_id).await?;
    let wanted = members.pick(&KEPT);
    let answer = match stored {
        Some(mut stored) if stored.value.status != AccountStatus::Closed => {
            let changed = wanted
                .iter()
                .any(|(name, value)| stored.value.extra.get(name) != Some(value));
            if changed {
                stored.value.extra.extend(wanted);
                stored.save(batch)?;
            }
            result(
                call,
                &stored.value,
                if changed { "updated" } else { "unchanged" },
            )
        }
        // An account that was given up and is wanted again begins anew under its old id.
        known => {
            let record = AccountRecord {
                name: name(members),
                status: AccountStatus::Active,
                brand: members.member("brand").cloned().filter(|_| explicit),
                operator: members
                    .text("operator")
                    .map(str::to_owned)
                    .filter(|_| explicit),
                created_at: call.context.now,
                extra: wanted,
                account_id: account_id.clone(),
            };
            match known {
                Some(closed) => Stored {
                    value: record.clone(),
                    ..closed
                }
                .save(batch)?,
                None => records::insert(batch, owner, &record)?,
            }
            result(call, &record, "created")
        }
    };
    let mut answer = answer;
    answer.extend(members.pick(&["brand", "operator"]));
    Ok((Some(account_id), answer))
}

fn echo(
    call: &Call<'_>,
    account_id: &str,
    members: &Map<String, Value>,
    action: &str,
) -> Map<String, Value> {
    let mut echo = members.pick(&["brand", "operator", "billing", "payment_terms"]);
    echo.put("account_id", account_id);
    echo.put("action", action);
    echo.put("status", AccountStatus::Active.as_str());
    echo.put(
        "account_scope",
        account_scope(call.services.profile.accounts),
    );
    echo
}

/// One result of `sync_accounts`.
fn result(call: &Call<'_>, record: &AccountRecord, action: &str) -> Map<String, Value> {
    let mut result = to_wire(call.services, record);
    // The response requires both, also of the one account that has neither.
    result.entry("brand").or_insert_with(|| json!({}));
    result.entry("operator").or_insert_with(|| json!(""));
    result.put("action", action);
    result
}

/// `Acme c/o Pinnacle`: how people tell accounts apart.
fn name(members: &Map<String, Value>) -> String {
    let brand = members
        .get("brand")
        .and_then(|brand| brand.text("brand_id").or_else(|| brand.text("domain")))
        .unwrap_or("account");
    match members.text("operator") {
        Some(operator) if operator != brand => format!("{brand} c/o {operator}"),
        _ => brand.to_owned(),
    }
}

fn account_scope(mode: AccountMode) -> &'static str {
    match mode {
        AccountMode::Explicit => "operator_brand",
        AccountMode::FromAuth | AccountMode::Singleton => "agent",
    }
}

/// An account as the wire shows it (`core/account.json`). Bank details never leave.
pub(super) fn to_wire(services: &Services, record: &AccountRecord) -> Map<String, Value> {
    let mut account = Map::new();
    account.put("account_id", record.account_id.as_str());
    account.put("name", record.name.as_str());
    account.put("status", record.status.as_str());
    account.put_some("brand", record.brand.clone());
    account.put_some("operator", record.operator.clone());
    account.extend(record.extra.clone());
    if let Some(entity) = account.get_mut("billing_entity") {
        *entity = without_bank(entity);
    }
    account.put("account_scope", account_scope(services.profile.accounts));
    if services.sandbox {
        account.put("sandbox", true);
    }
    account
}

/// A business entity without its bank details, which are write-only (`core/business-entity.json`).
pub(super) fn without_bank(entity: &Value) -> Value {
    let mut entity = entity.clone();
    if let Some(members) = entity.as_object_mut() {
        members.shift_remove("bank");
    }
    entity
}

/// `list_accounts`: the caller's accounts.
pub(super) async fn list(call: &Call<'_>) -> Result<Outcome> {
    let page = Page::of(call, "accounts")?;
    let status = call
        .request
        .text("status")
        .and_then(AccountStatus::from_wire);
    let in_mode = call
        .request
        .truth("sandbox")
        .is_none_or(|wanted| wanted == call.services.sandbox);
    let mut records =
        records::all::<AccountRecord>(&call.services.store, &scope::of_principal(call.context))
            .await?;
    if call.services.profile.accounts != AccountMode::Explicit && records.is_empty() {
        let own = own(call.services, &call.context.tenant, &call.context.principal).await?;
        let key = crate::store::Key::new(
            scope::of_principal(call.context),
            "account",
            own.account_id.clone(),
        );
        records.push(Stored {
            key,
            revision: 0,
            sort: String::new(),
            seeded: false,
            value: own,
        });
    }
    records.retain(|stored| in_mode && status.is_none_or(|status| stored.value.status == status));
    if let Some(after) = &page.after {
        records.retain(|stored| (&stored.sort, &stored.key.id) > (&after.0, &after.1));
    }
    let more = records.len() > page.size;
    records.truncate(page.size);
    let resume = records
        .last()
        .filter(|_| more)
        .map(|stored| (stored.sort.clone(), stored.key.id.clone()));
    let mut body = Map::new();
    body.put(
        "accounts",
        records
            .iter()
            .map(|stored| Value::Object(to_wire(call.services, &stored.value)))
            .collect::<Vec<_>>(),
    );
    body.put("pagination", page.answer(call, resume, None));
    Ok(Outcome::read(body))
}
