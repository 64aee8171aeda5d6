//! From whole JSON Schemas to a small dialect in which every definition is an object, a string
//! enum, a union of named branches, or an alias of something simpler.
//!
//! Each pass is small, counts its hits, and works on definitions by name. Nothing is patched
//! after generation: what a type looks like is decided here and in `names.toml`.
//!
//! In the order in which they run: simplifying single schemas, hoisting inline schemas under
//! names of their own, folding `allOf` and bases into branches (which hoists again).

pub mod walk;
pub mod simplify;
pub mod hoist;
pub mod fold;
pub mod branches;

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::WireError;
use super::report::PassReport;
use crate::spec::{Definitions, Names};

/// Definitions by name.
pub type Defs = BTreeMap<String, Value>;

/// Marks a schema that also allows `null`.
pub const NULLABLE: &str = "x-nullable";
/// The members that an object must not have.
pub const LACKS: &str = "x-lacks";
/// The values that an object's members must not have: pairs of member and value.
pub const DENIES: &str = "x-denies";
/// The names of a union's branches, in their order.
pub const BRANCHES: &str = "x-branches";

/// What the passes produce.
pub struct Normal {
    /// The definitions in the small dialect.
    pub defs: Defs,
    /// Where each comes from: file and pointer, or where it stood inside another.
    pub sources: BTreeMap<String, String>,
    /// What happened.
    pub report: PassReport,
}

/// Normalises everything that `roots` reach. `names` are those that people chose.
///
/// # Errors
/// A name collision, or a form that no pass knows.
pub fn normalise(
    definitions: &Definitions,
    names: &Names,
    roots: &[&str],
) -> Result<Normal, WireError> {
    let mut report = PassReport::default();
    let reached = definitions.reachable(roots.iter().copied());
    let mut defs: Defs = BTreeMap::new();
    let mut sources = BTreeMap::new();
    for name in reached {
        if let Some(schema) = definitions.schemas.get(&name) {
            defs.insert(name.clone(), schema.clone());
            let source = definitions.sources.get(&name).cloned().unwrap_or_default();
            sources.insert(name, source);
        }
    }
    simplify::drop_assertions(&mut defs, &mut report);
    simplify::unify_values(&mut defs, &mut report);
    simplify::unify_maps(&mut defs, &mut report);
    simplify::unify_unions(&mut defs, &mut report);
    let mut hoist = hoist::Hoist::new(defs, sources, names, report);
    hoist.properties()?;
    fold::fold(&mut hoist)?;
    Ok(hoist.finish())
}

/// The definition that a schema refers to, or the schema itself.
pub fn deref<'a>(schema: &'a Value, defs: &'a Defs) -> &'a Value {
    let mut schema = schema;
    // The import refused circles, so the chain ends.
    while let Some(next) = crate::spec::definitions::target(schema).and_then(|name| defs.get(name))
    {
        schema = next;
    }
    schema
}

/// The name that people chose for a derived one.
pub(super) fn chosen(names: &Names, derived: &str, report: &mut PassReport) -> String {
    match names.inline.get(derived) {
        Some(name) => {
            report.names_used.insert(derived.to_owned());
            name.clone()
        }
        None => derived.to_owned(),
    }
}
