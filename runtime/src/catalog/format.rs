//! One creative format, with the facts that filters need taken out once.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::load::CatalogError;
use crate::domain::FormatId;
use crate::schema::Schemas;

/// The definition that a format must satisfy.
pub const FORMAT: &str = "Format";

/// A format that is valid and serialised.
#[derive(Clone, Debug)]
pub struct CatalogFormat {
    /// Its name.
    pub format_id: FormatId,
    /// What people call it.
    pub name: String,
    /// The whole format (`core/format.json`).
    pub value: Value,
    /// The same as JSON text.
    pub raw: Bytes,
    /// Whether a test put it there, in a sandbox.
    pub seeded: bool,
}

#[derive(Deserialize)]
struct Facts {
    format_id: FormatId,
    name: String,
}

impl CatalogFormat {
    /// A format from its wire form.
    ///
    /// # Errors
    ///
    /// When it breaks its schema.
    pub fn new(value: Value, schemas: &Schemas) -> Result<Self, CatalogError> {
        let name = value
            .pointer("/format_id/id")
            .and_then(Value::as_str)
            .unwrap_or("without a format_id")
            .to_owned();
        schemas
            .check(FORMAT, &value)
            .map_err(|violations| CatalogError::violations("format", &name, &violations))?;
        let failed = |error: serde_json::Error| {
            CatalogError::entry("format", &name, String::new(), error.to_string())
        };
        let facts = Facts::deserialize(&value).map_err(failed)?;
        let raw = serde_json::to_vec(&value).map_err(failed)?;
        Ok(CatalogFormat {
            format_id: facts.format_id,
            name: facts.name,
            raw: Bytes::from(raw),
            value,
            seeded: false,
        })
    }

    /// The widths and heights of its rendered pieces, where they are fixed, in pixels.
    pub fn sizes(&self) -> impl Iterator<Item = (Option<f64>, Option<f64>)> {
        self.dimensions().map(|size| {
            (
                size.get("width").and_then(Value::as_f64),
                size.get("height").and_then(Value::as_f64),
            )
        })
    }

    /// Whether any rendered piece adapts to its container.
    pub fn is_responsive(&self) -> bool {
        self.dimensions().any(|size| {
            size.get("responsive")
                .and_then(Value::as_object)
                .is_some_and(|axes| axes.values().any(|axis| axis == &Value::Bool(true)))
        })
    }

    fn dimensions(&self) -> impl Iterator<Item = &Value> {
        self.value
            .get("renders")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|render| render.get("dimensions"))
    }

    /// The kinds of its assets: `image`, `video`, ….
    pub fn asset_types(&self) -> impl Iterator<Item = &str> {
        let assets = self
            .value
            .get("assets")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let nested = assets
            .clone()
            .filter_map(|asset| asset.get("assets").and_then(Value::as_array))
            .flatten();
        assets
            .chain(nested)
            .filter_map(|asset| asset.get("asset_type").and_then(Value::as_str))
    }
}
