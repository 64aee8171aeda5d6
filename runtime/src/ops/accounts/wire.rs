//! Accounts as the wire shows them.

use serde_json::{Map, Value};

use super::super::Services;
use super::super::request::Fill;
use crate::domain::AccountRecord;
use crate::profile::AccountMode;

/// For whom an account is (`enums/account-scope.json`).
pub(super) fn account_scope(mode: AccountMode) -> &'static str {
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
pub(in super::super) fn without_bank(entity: &Value) -> Value {
    let mut entity = entity.clone();
    if let Some(members) = entity.as_object_mut() {
        members.shift_remove("bank");
    }
    entity
}
