//! A media buy and its packages (`core/package.json`, `media-buy/get-media-buys-response.json`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Timestamp;

/// Where a media buy stands (`enums/media-buy-status.json`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaBuyStatus {
    /// Booked, but nothing to show yet.
    PendingCreatives,
    /// Complete, waiting for its flight to begin.
    PendingStart,
    /// Delivering.
    Active,
    /// Held by the buyer.
    Paused,
    /// The flight is over.
    Completed,
    /// The seller declined it.
    Rejected,
    /// Called off for good.
    Canceled,
}

/// A campaign that a buyer bought: some packages with one flight, account and currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MediaBuy {
    /// The seller's id for it, the same on every retry of the call that created it.
    pub media_buy_id: String,
    /// The account that pays.
    pub account_id: String,
    /// Where it stands.
    pub status: MediaBuyStatus,
    /// ISO 4217 code that every amount in it is in.
    pub currency: String,
    /// When the flight begins.
    pub start_time: Timestamp,
    /// When the flight ends.
    pub end_time: Timestamp,
    /// Its line items.
    pub packages: Vec<Package>,
    /// The buyer has paused the whole buy. While it waits for creatives or for its flight it goes
    /// on saying so; see [`MediaBuy::is_held`].
    #[serde(default)]
    pub held: bool,
    /// Grows by one with every change; buyers may send it back to detect lost updates.
    pub revision: u64,
    /// When the seller committed to deliver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Set once it is called off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<Cancellation>,
    /// The ad server's own id for the order, as [`Booking::order_ref`] gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_ref: Option<String>,
    /// The proposal that was bought, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal_id: Option<String>,
    /// How its products are booked, by product id, where the runtime keeps recipes. Adapters read
    /// them typed, with [`crate::platform::Context::recipe`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) recipes: BTreeMap<String, Value>,
    /// What happened to it, oldest first.
    #[serde(default)]
    pub history: Vec<HistoryEntry>,
    /// Members of the creating request that are kept and echoed but decide nothing here:
    /// `brand`, `po_number`, `invoice_recipient`, `ext`, ….
    #[serde(default)]
    pub extra: Map<String, Value>,
}

impl MediaBuy {
    /// So many entries of the history are kept, as many as the wire can ask for.
    pub(crate) const MOST_HISTORY: usize = 1000;

    /// The package of that id.
    pub fn package(&self, package_id: &str) -> Option<&Package> {
        self.packages
            .iter()
            .find(|package| package.package_id == package_id)
    }

    /// Whether the buyer has paused the whole buy.
    ///
    /// The specification has no way back from `paused` to a state of waiting, only to `active`
    /// (media buy lifecycle). A buy that is paused while it waits therefore keeps its state and is
    /// only held: it becomes `paused` when it would become `active`, and a resume before that
    /// leaves it waiting, instead of calling a buy active that can't deliver.
    pub fn is_held(&self) -> bool {
        self.held || self.status == MediaBuyStatus::Paused
    }

    /// Whether a package of this buy is paused, on its own or with the whole buy.
    pub fn holds(&self, package: &Package) -> bool {
        package.paused || self.is_held()
    }

    /// The packages that have not been called off.
    pub fn live_packages(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| package.cancellation.is_none())
    }
}

/// One change of a media buy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The buy's revision after the change.
    pub revision: u64,
    /// When.
    pub timestamp: Timestamp,
    /// Who: the principal, or `seller`.
    pub actor: String,
    /// What happened, in the words of `get-media-buys-response.json`: `created`, `paused`, ….
    pub action: String,
    /// The package that it happened to, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_id: Option<String>,
    /// The change for people, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
}

/// One line item of a media buy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Package {
    /// The seller's id for it.
    pub package_id: String,
    /// The product that it buys.
    pub product_id: String,
    /// Which of the product's prices applies.
    pub pricing_option_id: String,
    /// What that price is based on: `cpm`.
    pub pricing_model: String,
    /// Money to spend, in the buy's currency.
    pub budget: f64,
    /// The price per unit of the pricing model, where it is fixed. Locked when the package was
    /// booked, whatever the catalogue says later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_price: Option<f64>,
    /// The lowest bid per unit, where the price is an auction. Locked like the fixed price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_price: Option<f64>,
    /// The least budget that the pricing option allows. Locked like the fixed price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_spend: Option<f64>,
    /// The buyer's bid per unit of the pricing model, where the price is an auction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bid_price: Option<f64>,
    /// Own flight start, where it differs from the buy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// Own flight end, where it differs from the buy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// Held by the buyer.
    #[serde(default)]
    pub paused: bool,
    /// Set once it is called off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<Cancellation>,
    /// The creatives that it shows, by id.
    #[serde(default)]
    pub creative_ids: Vec<String>,
    /// Since when it shows each of them, by creative id.
    #[serde(default)]
    pub assigned_at: BTreeMap<String, Timestamp>,
    /// The ad server's own id for the line item, as [`Booking::line_refs`] gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_ref: Option<String>,
    /// Members of the request that are kept and echoed as they came: `targeting_overlay`,
    /// `creative_assignments`, `pacing`, `optimization_goals`, ….
    #[serde(default)]
    pub extra: Map<String, Value>,
}

impl Package {
    /// Adds a creative, or changes how it is shown. `assignment` is the wire form that is echoed
    /// (`core/creative-assignment.json`). Says whether anything changed.
    pub(crate) fn assign(&mut self, creative_id: &str, assignment: Value, now: Timestamp) -> bool {
        let mut assignments = self
            .extra
            .get("creative_assignments")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        match assignments
            .iter_mut()
            .find(|known| known["creative_id"] == creative_id)
        {
            Some(known) if *known == assignment => return false,
            Some(known) => *known = assignment,
            None => assignments.push(assignment),
        }
        if !self.creative_ids.iter().any(|known| known == creative_id) {
            self.creative_ids.push(creative_id.to_owned());
            self.assigned_at.insert(creative_id.to_owned(), now);
        }
        self.extra
            .insert("creative_assignments".to_owned(), Value::Array(assignments));
        true
    }

    /// Takes every creative away.
    pub(crate) fn clear_assignments(&mut self) {
        self.creative_ids.clear();
        self.assigned_at.clear();
        self.extra.shift_remove("creative_assignments");
    }

    /// When the package's own flight begins, given its buy.
    pub fn starts(&self, buy: &MediaBuy) -> Timestamp {
        self.start_time.unwrap_or(buy.start_time)
    }

    /// When the package's own flight ends, given its buy.
    pub fn ends(&self, buy: &MediaBuy) -> Timestamp {
        self.end_time.unwrap_or(buy.end_time)
    }
}

/// Who called something off, when and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cancellation {
    /// When.
    pub canceled_at: Timestamp,
    /// `buyer` or `seller` (`enums/canceled-by.json`).
    pub canceled_by: String,
    /// The reason given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a buyer wants changed, already checked against the state of the buy.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaBuyChange {
    /// The buy as it stands.
    pub before: MediaBuy,
    /// The buy as it will stand once the ad server has followed.
    pub after: MediaBuy,
    /// The packages that differ.
    pub packages: Vec<PackageChange>,
}

/// A package that differs.
#[derive(Clone, Debug, PartialEq)]
pub enum PackageChange {
    /// It was not there before.
    Added(String),
    /// Budget, bid, flight, targeting or creatives changed.
    Changed(String),
    /// It is held.
    Paused(String),
    /// It runs again.
    Resumed(String),
    /// It is called off.
    Canceled(String),
}

impl PackageChange {
    /// The package that differs.
    pub fn package_id(&self) -> &str {
        match self {
            PackageChange::Added(id)
            | PackageChange::Changed(id)
            | PackageChange::Paused(id)
            | PackageChange::Resumed(id)
            | PackageChange::Canceled(id) => id,
        }
    }
}

/// What the ad server answered to an order or a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Booking {
    /// The ad server's id for the order, kept as [`MediaBuy::order_ref`].
    pub order_ref: Option<String>,
    /// The ad server's id for each line item, by package id, kept as [`Package::line_ref`].
    pub line_refs: BTreeMap<String, String>,
    /// Whether the seller has committed to deliver.
    pub state: BookingState,
}

/// Whether the seller has committed to deliver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BookingState {
    /// It has.
    #[default]
    Confirmed,
    /// The ad server took the order but has not committed to it.
    Unconfirmed,
}
