//! The manifest's own JSON Schema, for editors and for the check of its shape.

use std::sync::LazyLock;

use schemars::Schema;
use schemars::transform::RecursiveTransform;
use serde_json::Value;

use super::Manifest;

/// Derived once; the same structs always give the same schema.
static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let settings = schemars::generate::SchemaSettings::draft07().with(|settings| {
        // Without references the shape check can walk it as it is.
        settings.inline_subschemas = true;
        settings
            .transforms
            .push(Box::new(RecursiveTransform(without_null_default)));
    });
    settings
        .into_generator()
        .into_root_schema_for::<Manifest>()
        .to_value()
});

/// The schema as a value.
pub(super) fn value() -> &'static Value {
    &SCHEMA
}

/// The schema as a file: pretty-printed, with a line feed at the end.
pub fn json_schema() -> String {
    format!("{:#}\n", *SCHEMA)
}

/// A key that may be left out has no null to default to: TOML has none.
fn without_null_default(schema: &mut Schema) {
    if schema.get("default") == Some(&Value::Null) {
        schema.remove("default");
    }
}
