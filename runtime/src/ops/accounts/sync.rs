//! `sync_accounts`: sets accounts up, or brings them up to date.

use serde_json::{Map, Value, json};

use super::super::records::{self, Stored};
use super::super::request::{Fill, Members};
use super::super::{Call, Outcome, Services, scope};
use super::name::{Name, own_id};
use super::wire::{account_scope, to_wire};
use crate::domain::{AccountRecord, AccountStatus};
use crate::error::{Error, Result};
use crate::identity::Scope;
use crate::profile::AccountMode;
use crate::status;
use crate::store::Batch;

/// Who may be invoiced (`enums/billing-party.json`).
pub(in super::super) const BILLING: [&str; 2] = ["operator", "agent"];

/// Members of a synced account that are kept and echoed.
const KEPT: [&str; 3] = ["billing", "billing_entity", "payment_terms"];

/// `sync_accounts`: sets accounts up, or brings them up to date.
pub(in super::super) async fn sync(call: &Call<'_>) -> Result<Outcome> {
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
    for account_id in &synced {
        status::note_holder(&call.services.store, call.context, account_id, &mut batch).await?;
    }
    let named = synced.iter().map(String::as_str);
    let asked = (call.tool.name, &call.request);
    status::follow::<AccountRecord>(
        call.services,
        call.context,
        asked,
        &owner,
        named,
        &mut batch,
    )?;
    if call.request.truth("delete_missing").unwrap_or(false) {
        for mut stored in records::all::<AccountRecord>(&call.services.store, &owner).await? {
            if !synced.contains(&stored.value.account_id)
                && stored.value.status != AccountStatus::Closed
            {
                stored.value.status = AccountStatus::Closed;
                stored.save(&mut batch)?;
                results.push(Value::Object(result(
                    call.services,
                    &stored.value,
                    "updated",
                )));
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
        own_id(call.services.profile, tenant, principal)
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
                call.services,
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
            result(call.services, &record, "created")
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
pub(in super::super) fn result(
    services: &Services,
    record: &AccountRecord,
    action: &str,
) -> Map<String, Value> {
    let mut result = to_wire(services, record);
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
