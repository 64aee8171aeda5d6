//! `list_accounts`: the caller's accounts, page by page.

use serde_json::{Map, Value};

use super::super::page::Page;
use super::super::records::{self, Stored};
use super::super::request::{Fill, Members};
use super::super::{Call, Outcome, scope};
use super::resolve::own;
use super::wire::to_wire;
use crate::domain::{AccountRecord, AccountStatus};
use crate::error::Result;
use crate::profile::AccountMode;

/// `list_accounts`: the caller's accounts.
pub(in super::super) async fn list(call: &Call<'_>) -> Result<Outcome> {
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
