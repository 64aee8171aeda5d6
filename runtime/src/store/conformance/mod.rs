//! The suite that every store passes: the contract of [`crate::store`], check by check.
//!
//! An adopter's own store runs it from a test:
//!
//! ```
//! use std::sync::Arc;
//! use adcp_seller::store::{SharedStore, conformance, memory::MemoryStore};
//!
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
//! conformance::run(|| async { Arc::new(MemoryStore::new()) as SharedStore }).await;
//! # });
//! ```
//!
//! Every check gets a new, empty store. A store that is durable, or that several processes share,
//! also says how the same data is opened again: see [`Subject`]. The suite needs a tokio runtime
//! with more than one thread, so that its races are races.

mod bodies;
mod commits;
mod durability;
mod fixtures;
mod leases;
mod limits;
mod lists;
mod races;
mod scopes;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::SharedStore;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Opens the data of a [`Subject`] once more.
pub type Again = Box<dyn Fn() -> Boxed<SharedStore> + Send + Sync>;

/// A new, empty store to be checked.
pub struct Subject {
    /// The store.
    pub store: SharedStore,
    /// Opens the same data again, as another process would: beside `store`, and after it is gone.
    /// A store that says it is durable must have it.
    pub again: Option<Again>,
}

impl From<SharedStore> for Subject {
    fn from(store: SharedStore) -> Self {
        Subject { store, again: None }
    }
}

impl Subject {
    /// A store whose data can be opened again.
    pub fn with_again<F, Opening>(store: SharedStore, again: F) -> Self
    where
        F: Fn() -> Opening + Send + Sync + 'static,
        Opening: Future<Output = SharedStore> + Send + 'static,
    {
        Subject {
            store,
            again: Some(Box::new(move || Box::pin(again()))),
        }
    }

    /// The store, and a second handle on its data where there is one.
    async fn handles(&self) -> Vec<SharedStore> {
        let mut handles = vec![self.store.clone()];
        if let Some(again) = &self.again {
            handles.push(again().await);
        }
        handles
    }
}

/// One check of the suite.
#[derive(Clone, Copy)]
pub struct Check {
    /// What holds when it passes: `an_absent_key_can_be_inserted_once`.
    pub name: &'static str,
    run: fn(Subject) -> Boxed<()>,
}

impl Check {
    /// Runs it on a new, empty store.
    ///
    /// # Panics
    ///
    /// When the store breaks the contract.
    pub async fn run(&self, subject: Subject) {
        (self.run)(subject).await;
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! checks {
    ($($module:ident { $($name:ident)* })*) => {
        &[$($(Check { name: stringify!($name), run: |subject| Box::pin($module::$name(subject)) },)*)*]
    };
}

/// All checks.
pub const CHECKS: &[Check] = checks! {
    commits {
        an_absent_key_can_be_inserted_once
        a_replacement_needs_the_revision_it_was_made_from
        an_unconditional_write_always_lands
        an_expectation_alone_changes_nothing
        a_batch_happens_whole_or_not_at_all
        a_conflict_names_the_first_key_that_failed
        revisions_grow_by_one_with_every_write
        a_deleted_record_is_gone_and_starts_anew
        an_empty_batch_is_fine
    }
    limits {
        a_key_twice_in_a_batch_is_refused
        names_of_the_greatest_length_are_kept
        names_that_are_too_long_or_hold_nul_are_refused
        bodies_that_are_too_large_or_too_deep_are_refused
        what_is_refused_writes_nothing
    }
    bodies {
        a_record_comes_back_as_it_was_written
        large_bodies_are_kept
        names_are_compared_byte_by_byte
        instants_are_kept_to_the_microsecond
    }
    scopes {
        tenants_owners_and_kinds_do_not_see_each_other
        names_with_separators_do_not_run_together
    }
    lists {
        lists_are_in_order_of_sort_then_id
        order_is_that_of_the_bytes
        a_walk_with_a_cursor_meets_every_record_once
        a_walk_beside_writers_meets_every_steady_record_once
        a_cursor_need_not_name_a_record
        tags_find_their_records
        tags_follow_every_write
        limits_of_lists_are_kept
    }
    leases {
        work_is_handed_out_when_it_is_due
        a_lease_keeps_others_away_until_it_runs_out
        writing_ends_a_lease
        writing_a_later_due_keeps_the_work_away
        a_holder_that_was_too_slow_can_not_overwrite_the_next
        the_longest_due_comes_first_and_the_limit_is_kept
        every_record_is_handed_to_one_caller
        waiting_for_work_ends_by_itself
        work_wakes_whoever_waits
    }
    races {
        one_of_many_replacements_wins
        one_of_many_insertions_wins
        counting_loses_nothing
        batches_that_exclude_each_other_do_not_both_happen
        a_commit_is_seen_by_every_read_after_it
    }
    durability {
        what_was_committed_is_there_after_reopening
    }
};

/// Runs every check, each on a store that `make` has just made.
///
/// # Panics
///
/// When a check fails, after all of them have run; the message lists each with its reason.
pub async fn run<F, Making, S>(make: F)
where
    F: Fn() -> Making,
    Making: Future<Output = S>,
    S: Into<Subject>,
{
    let mut failures = Vec::new();
    for check in CHECKS {
        let subject = make().await.into();
        if let Err(error) = tokio::spawn((check.run)(subject)).await {
            let reason = match error.try_into_panic() {
                Ok(panic) => message(panic.as_ref()),
                Err(error) => error.to_string(),
            };
            failures.push(format!("{}: {reason}", check.name));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} checks failed:\n{}",
        failures.len(),
        CHECKS.len(),
        failures.join("\n")
    );
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it panicked".to_owned())
}
