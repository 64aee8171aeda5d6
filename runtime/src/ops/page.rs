//! One page of a list.

use serde_json::{Map, Value};

use super::Call;
use super::request::{Fill, Members};
use super::scope::View;
use crate::error::Result;
use crate::identity::Scope;
use crate::jcs;

/// So many items a page has when the request does not say (`core/pagination-request.json`).
const DEFAULT: usize = 50;
/// So many it has at most.
const MOST: usize = 100;

/// Members that may differ from page to page: they say nothing about what is listed. The account
/// is bound by its id, however the request names it.
const BESIDES: [&str; 9] = [
    "pagination",
    "fields",
    "account",
    "context",
    "ext",
    "adcp_version",
    "adcp_major_version",
    "governance_context",
    "push_notification_config",
];
/// Of the same kind: `include_history`, `include_items`, ….
const INCLUDED: &str = "include_";

/// What is asked, as a hash.
fn question(request: &Value) -> Result<String> {
    let members = request.as_object().into_iter().flatten();
    let asked: Map<String, Value> = members
        .filter(|(name, _)| !BESIDES.contains(&name.as_str()) && !name.starts_with(INCLUDED))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    jcs::hash(&Value::Object(asked))
}

/// Which page is asked for.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// At most so many items.
    pub(super) size: usize,
    /// Only those after this position.
    pub(super) after: Option<(String, String)>,
    purpose: String,
}

impl Page {
    /// The page that a request asks for. `list` names the list.
    ///
    /// The cursor is bound to everything that decides what the list holds and in which order: the
    /// caller, the account, and the request without what only shapes each answer. So a cursor never
    /// continues another question than the one that it answers.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` when the cursor was not issued for this list.
    pub(super) fn of(call: &Call<'_>, list: &str) -> Result<Self> {
        let owner = Scope::principal(&call.context.tenant, &call.context.principal);
        let account = call
            .context
            .account
            .as_ref()
            .map_or("", |account| account.account_id.as_str());
        let purpose = format!(
            "{list}/{}/{}/{account}/{}/{}",
            owner.tenant.0,
            owner.owner,
            View::of(call.context).name(),
            question(&call.request)?,
        );
        let pagination = call.request.object("pagination");
        let size = pagination
            .and_then(|pagination| pagination.count("max_results"))
            .map_or(DEFAULT, |size| usize::try_from(size).unwrap_or(MOST));
        let cursor = pagination.and_then(|pagination| pagination.text("cursor"));
        let after = cursor
            .map(|cursor| call.services.cursors.open(&purpose, cursor))
            .transpose()?;
        Ok(Page {
            size: size.clamp(1, MOST),
            after,
            purpose,
        })
    }

    /// The position in a list that is numbered, for pages of one.
    pub(super) fn offset(&self) -> usize {
        self.after
            .as_ref()
            .and_then(|(at, _)| at.parse().ok())
            .unwrap_or(0)
    }

    /// The `pagination` of the response. `resume` is the position of the page's last item when
    /// more follow.
    pub(super) fn answer(
        &self,
        call: &Call<'_>,
        resume: Option<(String, String)>,
        total: Option<usize>,
    ) -> Value {
        let mut pagination = Map::new();
        pagination.put("has_more", resume.is_some());
        pagination.put_some(
            "cursor",
            resume.map(|position| call.services.cursors.seal(&self.purpose, &position)),
        );
        pagination.put_some("total_count", total);
        Value::Object(pagination)
    }

    /// One page of a list that is whole in memory and stands still, numbered from nought.
    pub(super) fn cut<T>(&self, items: Vec<T>) -> (Vec<T>, Option<(String, String)>) {
        let from = self.offset().min(items.len());
        let to = (from + self.size).min(items.len());
        let resume = (to < items.len()).then(|| (to.to_string(), String::new()));
        (
            items.into_iter().skip(from).take(to - from).collect(),
            resume,
        )
    }
}
