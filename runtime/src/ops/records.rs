//! Typed views over the store: how media buys, creatives and accounts are kept.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock;
use crate::domain::{AccountRecord, Creative, MediaBuy, Metrics};
use crate::error::{Error, Result};
use crate::identity::Scope;
use crate::store::{Batch, Draft, Expect, Key, Query, Record, SharedStore};

/// So many records are fetched at a time. Every store takes that many (see [`Query::limit`]).
const PAGE: usize = 1000;
/// The revision of what is yet to be written; the store counts from 1.
const UNWRITTEN: u64 = 0;
/// The tag of what a test has seeded.
const SEEDED: &str = "seeded";

/// Something that is kept as one record.
pub(crate) trait Kept: Serialize + DeserializeOwned {
    /// The sort of record.
    const KIND: &'static str;
    /// Its id within its scope.
    fn id(&self) -> &str;
    /// Its place in lists.
    fn sort(&self) -> String;
    /// Under what else lists find it.
    fn tags(&self) -> Vec<String> {
        Vec::new()
    }
    /// When work on it is due, if ever.
    fn due(&self) -> Option<clock::Timestamp> {
        None
    }
}

impl Kept for MediaBuy {
    const KIND: &'static str = "media_buy";

    fn id(&self) -> &str {
        &self.media_buy_id
    }

    fn sort(&self) -> String {
        in_order_of(self.created_at)
    }

    fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = self
            .packages
            .iter()
            .map(|package| of_package(&package.package_id))
            .collect();
        tags.extend(
            self.live_packages()
                .flat_map(|package| &package.creative_ids)
                .map(|creative_id| of_creative(creative_id)),
        );
        tags.sort_unstable();
        tags.dedup();
        tags
    }
}

impl Kept for Creative {
    const KIND: &'static str = "creative";

    fn id(&self) -> &str {
        &self.creative_id
    }

    fn sort(&self) -> String {
        in_order_of(self.created_at)
    }
}

impl Kept for AccountRecord {
    const KIND: &'static str = "account";

    fn id(&self) -> &str {
        &self.account_id
    }

    fn sort(&self) -> String {
        in_order_of(self.created_at)
    }
}

/// What the test controller made a buy deliver.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct SimulatedDelivery {
    /// The buy.
    pub(super) media_buy_id: String,
    /// What was delivered on which day, all packages together.
    pub(super) days: BTreeMap<NaiveDate, Metrics>,
}

impl Kept for SimulatedDelivery {
    const KIND: &'static str = "sandbox_delivery";

    fn id(&self) -> &str {
        &self.media_buy_id
    }

    fn sort(&self) -> String {
        String::new()
    }
}

/// How the test controller wants the next `create_media_buy` to be answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ForcedArm {
    /// `submitted` or `input-required`.
    pub(super) arm: String,
    /// The task handle of a submitted answer.
    pub(super) task_id: Option<String>,
    /// What the answer says.
    pub(super) message: Option<String>,
}

impl Kept for ForcedArm {
    const KIND: &'static str = "sandbox_directive";

    fn id(&self) -> &str {
        ForcedArm::ID
    }

    fn sort(&self) -> String {
        String::new()
    }
}

impl ForcedArm {
    /// There is at most one directive in a scope.
    pub(super) const ID: &'static str = "create_media_buy";
}

/// A product that a test seeded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SeededProduct {
    /// Its id.
    pub(super) product_id: String,
    /// The whole product.
    pub(super) product: Value,
    /// Whether its price was made up, because none has been seeded yet.
    pub(super) made_up_price: bool,
}

impl Kept for SeededProduct {
    const KIND: &'static str = "sandbox_product";

    fn id(&self) -> &str {
        &self.product_id
    }

    fn sort(&self) -> String {
        String::new()
    }
}

/// A creative format that a test seeded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SeededFormat {
    /// Its id at this seller.
    pub(super) id: String,
    /// The whole format.
    pub(super) format: Value,
}

impl Kept for SeededFormat {
    const KIND: &'static str = "sandbox_format";

    fn id(&self) -> &str {
        &self.id
    }

    fn sort(&self) -> String {
        String::new()
    }
}

/// A value as it was read, with what is needed to write over exactly that.
#[derive(Clone, Debug)]
pub(crate) struct Stored<T> {
    /// The record's key.
    pub(crate) key: Key,
    /// The record's revision.
    pub(crate) revision: u64,
    /// The record's place in lists.
    pub(crate) sort: String,
    /// Whether a test seeded it.
    pub(crate) seeded: bool,
    /// The value.
    pub(crate) value: T,
}

impl<T: Kept> Stored<T> {
    pub(crate) fn from_record(record: Record) -> Result<Self> {
        let value = T::deserialize(&*record.body).map_err(|error| {
            Error::internal(format!("the record {} can't be read: {error}", record.key))
        })?;
        let seeded = record.tags.iter().any(|tag| tag == SEEDED);
        Ok(Stored {
            key: record.key,
            revision: record.revision,
            sort: record.sort,
            seeded,
            value,
        })
    }

    /// A value that is yet to be written, where nothing of its id is.
    pub(crate) fn unwritten(scope: &Scope, value: T) -> Self {
        Stored {
            key: Key::new(scope.clone(), T::KIND, value.id()),
            revision: UNWRITTEN,
            sort: value.sort(),
            seeded: false,
            value,
        }
    }

    /// Whether it is yet to be written.
    pub(crate) fn is_unwritten(&self) -> bool {
        self.revision == UNWRITTEN
    }

    /// Writes the value over what was read; what is yet to be written, where nothing may be.
    pub(crate) fn save(&self, batch: &mut Batch) -> Result<()> {
        if self.is_unwritten() {
            batch.insert(self.key.clone(), draft(&self.value, self.seeded)?);
            return Ok(());
        }
        batch.replace(
            self.key.clone(),
            self.revision,
            draft(&self.value, self.seeded)?,
        );
        Ok(())
    }

    /// Has the commit fail if anybody has written over what was read.
    pub(super) fn unchanged(&self, batch: &mut Batch) {
        batch.push(
            self.key.clone(),
            Expect::Revision(self.revision),
            crate::store::Change::Keep,
        );
    }

    /// Removes what was read.
    pub(crate) fn remove(&self, batch: &mut Batch) {
        batch.push(
            self.key.clone(),
            Expect::Revision(self.revision),
            crate::store::Change::Delete,
        );
    }
}

/// Writes a new record; one that is already there makes the commit fail.
pub(crate) fn insert<T: Kept>(batch: &mut Batch, scope: &Scope, value: &T) -> Result<()> {
    batch.insert(
        Key::new(scope.clone(), T::KIND, value.id()),
        draft(value, false)?,
    );
    Ok(())
}

/// Writes a record over whatever is there.
pub(crate) fn put<T: Kept>(batch: &mut Batch, scope: &Scope, value: &T) -> Result<()> {
    batch.put(
        Key::new(scope.clone(), T::KIND, value.id()),
        draft(value, false)?,
    );
    Ok(())
}

/// Writes a seeded record over whatever is there.
pub(crate) fn seed<T: Kept>(batch: &mut Batch, scope: &Scope, value: &T) -> Result<()> {
    batch.put(
        Key::new(scope.clone(), T::KIND, value.id()),
        draft(value, true)?,
    );
    Ok(())
}

/// The record of a value.
pub(crate) fn draft<T: Kept>(value: &T, seeded: bool) -> Result<Draft> {
    let body = serde_json::to_value(value).map_err(Error::internal)?;
    let mut draft = Draft::new(body).sorted(value.sort());
    draft.tags = value.tags();
    draft.due = value.due();
    if seeded {
        draft.tags.push(SEEDED.to_owned());
    }
    Ok(draft)
}

/// The record of that id.
pub(crate) async fn find<T: Kept>(
    store: &SharedStore,
    scope: &Scope,
    id: &str,
) -> Result<Option<Stored<T>>> {
    // No store keeps a longer id, so nothing can be found under it.
    if id.len() > Key::MAX_ID {
        return Ok(None);
    }
    let record = store
        .get(&Key::new(scope.clone(), T::KIND, id))
        .await
        .map_err(Error::unavailable)?;
    record.map(Stored::from_record).transpose()
}

/// Every record of a scope, in list order.
pub(crate) async fn all<T: Kept>(store: &SharedStore, scope: &Scope) -> Result<Vec<Stored<T>>> {
    tagged(store, scope, None).await
}

/// Every record of a scope under a tag, in list order.
pub(crate) async fn tagged<T: Kept>(
    store: &SharedStore,
    scope: &Scope,
    tag: Option<String>,
) -> Result<Vec<Stored<T>>> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = chunk(store, scope, tag.clone(), after).await?;
        let full = page.len() == PAGE;
        found.extend(page);
        match found.last() {
            Some(last) if full => after = Some((last.sort.clone(), last.key.id.clone())),
            _ => return Ok(found),
        }
    }
}

/// The next records of a scope after a position: so many that fewer mean the end.
pub(crate) async fn chunk<T: Kept>(
    store: &SharedStore,
    scope: &Scope,
    tag: Option<String>,
    after: Option<(String, String)>,
) -> Result<Vec<Stored<T>>> {
    let query = Query {
        scope: scope.clone(),
        kind: T::KIND,
        tag,
        after,
        limit: PAGE,
    };
    store
        .list(&query)
        .await
        .map_err(Error::unavailable)?
        .into_iter()
        .map(Stored::from_record)
        .collect()
}

/// Whether a chunk of that length is the last one.
pub(crate) fn is_last(chunk: usize) -> bool {
    chunk < PAGE
}

/// The tag of the buy that has a package.
pub(super) fn of_package(package_id: &str) -> String {
    tag("package:", package_id)
}

/// The tag of the buys that show a creative.
pub(crate) fn of_creative(creative_id: &str) -> String {
    tag("creative:", creative_id)
}

/// A tag within the store's limit. An id too long for it can't be a record's, so what is cut off
/// distinguishes nothing that exists.
pub(crate) fn tag(prefix: &str, id: &str) -> String {
    let mut tag = format!("{prefix}{id}");
    let mut end = Key::MAX_ID.min(tag.len());
    while !tag.is_char_boundary(end) {
        end -= 1;
    }
    tag.truncate(end);
    tag
}

/// An instant so that texts sort as instants do.
pub(crate) fn in_order_of(at: clock::Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// An instant so that texts sort as instants do, the latest first.
pub(crate) fn newest_first(at: clock::Timestamp) -> String {
    format!("{:020}", i64::MAX - at.timestamp_micros())
}
