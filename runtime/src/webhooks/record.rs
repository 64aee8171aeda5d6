//! What is kept of a notification: a row that says how far its delivery is, and a parcel with what is
//! sent.
//!
//! The row is small and is written anew after every attempt; lists read nothing else. The parcel has
//! the receiver, its credentials and the body. It is written once, so that every attempt sends the
//! same bytes, and nobody is shown it.

use serde::{Deserialize, Serialize};

use super::Subscription;
use crate::clock::Timestamp;
use crate::identity::Principal;
use crate::ops::records::{self, Kept, Stored, newest_first};
use crate::store::{Batch, Change, Expect, Key};
use crate::tasks::TaskStatus;

/// So many attempts are remembered, the latest ones.
pub(super) const MOST_TRIES: usize = 10;

/// How far a notification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is yet to be delivered.
    Waiting,
    /// It was set aside: nobody tries it again unless an operator says so.
    Dead,
}

impl Standing {
    /// The word on the wire: `waiting`.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Waiting => "waiting",
            Standing::Dead => "dead",
        }
    }
}

/// One attempt at a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// When it ended.
    pub at: Timestamp,
    /// The HTTP status of the answer, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What came of it, in a sentence.
    pub outcome: String,
}

/// One notification to one receiver. What is delivered is removed, so there is none for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its id, which is the `idempotency_key` of the payload: a UUID of version 4.
    pub webhook_id: String,
    /// The buyer.
    pub principal: Principal,
    /// What it is about: the tool whose task it is, or the type of the notification.
    pub topic: String,
    /// The task, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// Where the task stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TaskStatus>,
    /// Where it goes, as far as an operator may know: scheme, host and port.
    pub receiver: String,
    /// How far it is.
    pub standing: Standing,
    /// How large the parcel is, in bytes.
    pub size: usize,
    /// When it happened.
    pub created_at: Timestamp,
    /// How often it was tried since it was written or, if it was replayed, since then.
    pub attempts: u32,
    /// How often in a row the receiver has said that it will not have it.
    pub refusals: u32,
    /// The latest attempts, the oldest of them first; at most ten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Try>,
    /// When it is tried next or, of a dead one, when it is removed.
    pub due: Timestamp,
    /// When trying ends.
    pub until: Timestamp,
    /// Why it was set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Kept for Delivery {
    const KIND: &'static str = "webhook";

    fn id(&self) -> &str {
        &self.webhook_id
    }

    fn sort(&self) -> String {
        newest_first(self.created_at)
    }

    fn tags(&self) -> Vec<String> {
        vec![
            of_standing(self.standing),
            of_caller(self.standing, &self.principal),
        ]
    }

    fn due(&self) -> Option<Timestamp> {
        Some(self.due)
    }
}

/// The tag of notifications that are so far.
pub(super) fn of_standing(standing: Standing) -> String {
    standing.as_str().to_owned()
}

/// The tag of a caller's notifications that are so far. Two callers of very long names can share it.
pub(super) fn of_caller(standing: Standing, principal: &Principal) -> String {
    records::tag(&format!("{}:", standing.as_str()), &principal.0)
}

/// What is sent, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Parcel {
    /// The notification's id.
    pub(super) webhook_id: String,
    /// The receiver.
    pub(super) subscription: Subscription,
    /// The body, byte for byte: JSON in UTF-8.
    pub(super) body: String,
}

impl Kept for Parcel {
    const KIND: &'static str = "webhook_parcel";

    fn id(&self) -> &str {
        &self.webhook_id
    }

    fn sort(&self) -> String {
        String::new()
    }
}

/// Removes a notification and what it would have sent.
pub(super) fn remove(batch: &mut Batch, row: &Stored<Delivery>) {
    row.remove(batch);
    let parcel = Key::new(
        row.key.scope.clone(),
        Parcel::KIND,
        row.value.webhook_id.clone(),
    );
    batch.push(parcel, Expect::Anything, Change::Delete);
}
