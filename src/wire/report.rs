//! What the passes did, so that a pass that no longer finds anything does not go unnoticed.

use std::collections::{BTreeMap, BTreeSet};

/// Counts and findings of one emission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassReport {
    /// How often each pass changed something, by pass and what it met.
    pub hits: BTreeMap<&'static str, usize>,
    /// Unions whose branches can't be told apart by looking at a value; they are kept as JSON
    /// values, never read as an arbitrary branch. With the reason.
    pub kept_as_json: BTreeMap<String, String>,
    /// Entries of `names.toml` that were used: the derived names.
    pub names_used: BTreeSet<String>,
}

impl PassReport {
    /// Counts one hit.
    pub(super) fn hit(&mut self, pass: &'static str) {
        *self.hits.entry(pass).or_default() += 1;
    }
}
