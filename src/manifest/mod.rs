//! `seller.toml` as written: text with positions, nothing decided yet.
//!
//! Every value keeps its span, so that whoever finds fault with it later can point at it. What
//! the values mean is [`crate::plan`]'s business. Nothing here reads the spec, renders a file or
//! prints.
//!
//! A reader collects every problem it can find instead of stopping at the first: an engineer
//! who mistyped three keys wants to hear of three.

pub mod source;
pub mod companions;
pub mod codes;
pub mod diagnostic;
pub mod words;
pub mod written;
pub mod schema;
pub mod shape;
pub mod answers;

pub use answers::Answers;
pub use codes::{CODES, Code, Severity};
pub use companions::{Beside, Companions};
pub use diagnostic::{Diagnostic, Rejected};
pub use schema::json_schema;
pub use source::Source;
pub use written::Manifest;

/// The manifest's file name inside a seller's folder.
pub const FILE_NAME: &str = "seller.toml";

/// Where a seller's folder keeps the manifest's JSON Schema, for editors.
pub const SCHEMA_PATH: &str = ".adcp/seller.schema.json";

/// The manifest as far as it can be read, and every fault in its form.
///
/// What is at fault (an unknown key, a value of the wrong type) is left out of the manifest, so
/// that the rest can still be judged. After a syntax error nothing else is looked at: the parser
/// recovers by guessing, and faults in a guess help nobody.
pub fn read(source: &Source) -> (Manifest, Vec<Diagnostic>) {
    let (document, errors) = toml::de::DeTable::parse_recoverable(source.text());
    if !errors.is_empty() {
        return (Manifest::default(), diagnostic::syntax(source, &errors));
    }
    let (document, mut diagnostics) = shape::check(document);
    let deserializer = toml::de::Deserializer::from(document);
    match serde::Deserialize::deserialize(deserializer) {
        Ok(manifest) => (manifest, diagnostics),
        Err(error) => {
            diagnostics.extend(diagnostic::syntax(source, &[error]));
            (Manifest::default(), diagnostics)
        }
    }
}
