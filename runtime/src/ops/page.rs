//! One page of a list.

use serde_json::{Map, Value};

use super::Call;
use super::request::{Fill, Members};
use super::scope::View;
use crate::error::Result;
use crate::identity::Scope;

/// So many items a page has when the request does not say (`core/pagination-request.json`).
const DEFAULT: usize = 50;
/// So many it has at most.
const MOST: usize = 100;

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
    /// The page that a request asks for.
    ///
    /// `list` names the list and whatever in the request must stay the same from page to page.
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
            "{list}/{}/{}/{account}/{}",
            owner.tenant.0,
            owner.owner,
            View::of(call.context).name()
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
