//! Reading members of a request that has passed its schema.
//!
//! The schema has already refused wrong types, so a member that is not of the type asked for is
//! taken to be absent.

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::domain::FormatId;

/// Members of an object, by type.
pub(super) trait Members {
    fn member(&self, name: &str) -> Option<&Value>;

    fn text(&self, name: &str) -> Option<&str> {
        self.member(name)?.as_str()
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.member(name)?.as_f64()
    }

    fn count(&self, name: &str) -> Option<u64> {
        self.member(name)?.as_u64()
    }

    fn truth(&self, name: &str) -> Option<bool> {
        self.member(name)?.as_bool()
    }

    fn list(&self, name: &str) -> &[Value] {
        self.member(name)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.member(name)?.as_object()
    }

    fn instant(&self, name: &str) -> Option<Timestamp> {
        self.text(name)?.parse().ok()
    }

    /// The texts of a list.
    fn texts<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str>
    where
        Self: 'a,
    {
        self.list(name).iter().filter_map(Value::as_str)
    }

    fn format_id(&self, name: &str) -> Option<FormatId> {
        as_format_id(self.member(name)?)
    }

    fn format_ids(&self, name: &str) -> Option<Vec<FormatId>> {
        Some(
            self.member(name)?
                .as_array()?
                .iter()
                .filter_map(as_format_id)
                .collect(),
        )
    }

    /// Copies the members of these names that are there.
    fn pick(&self, names: &[&str]) -> Map<String, Value> {
        names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.member(name)?.clone())))
            .collect()
    }
}

impl Members for Value {
    fn member(&self, name: &str) -> Option<&Value> {
        self.get(name).filter(|value| !value.is_null())
    }
}

impl Members for Map<String, Value> {
    fn member(&self, name: &str) -> Option<&Value> {
        self.get(name).filter(|value| !value.is_null())
    }
}

fn as_format_id(value: &Value) -> Option<FormatId> {
    serde::Deserialize::deserialize(value).ok()
}

/// Members that are set only when there is something to say.
pub(super) trait Fill {
    fn put(&mut self, name: &str, value: impl Into<Value>);

    fn put_some<T: Into<Value>>(&mut self, name: &str, value: Option<T>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }
}

impl Fill for Map<String, Value> {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.insert(name.to_owned(), value.into());
    }
}
