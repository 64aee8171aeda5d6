//! An adopter's file as JSON, strictly: what one parser reads otherwise than another is refused with
//! its place, as the runtime does with requests.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::error::RecipeError;
use crate::wire::passes::hoist::escaped;

/// How deep arrays and objects may be nested. A recipe has a few levels, each of which takes two or
/// three in its schema.
const MAX_DEPTH: usize = 64;

/// Reads a schema's text.
///
/// # Errors
/// What is no JSON, names a member twice or is nested too deep.
pub fn read(text: &str) -> Result<Value, RecipeError> {
    let mut defect = None;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Reader {
        defect: &mut defect,
        pointer: String::new(),
        depth: 0,
    }
    .deserialize(&mut reader)
    .and_then(|value| reader.end().map(|()| value));
    match (value, defect) {
        (_, Some(defect)) => Err(defect),
        (Ok(value), None) => Ok(value),
        (Err(error), None) => {
            let said = error.to_string();
            let remedy = if said.starts_with("number out of range") {
                "write a number that 64 bits can hold"
            } else {
                "mend the file; draft-07 and 2020-12 are understood"
            };
            Err(RecipeError::new("", said, remedy))
        }
    }
}

/// One value of the file. The first defect is kept and the rest still read, so that what is no JSON
/// at all is said before it.
struct Reader<'d> {
    defect: &'d mut Option<RecipeError>,
    pointer: String,
    depth: usize,
}

impl Reader<'_> {
    fn inner(&mut self, step: &str) -> Reader<'_> {
        Reader {
            pointer: format!("{}/{}", self.pointer, escaped(step)),
            depth: self.depth + 1,
            defect: self.defect,
        }
    }

    /// Whether this is nested too deep, which is noted.
    fn is_too_deep(&mut self) -> bool {
        let too_deep = self.depth >= MAX_DEPTH;
        if too_deep {
            self.defect.get_or_insert_with(|| {
                RecipeError::new(
                    "",
                    format!("it is nested deeper than {MAX_DEPTH} levels"),
                    "describe inner objects below $defs and refer to them",
                )
            });
        }
        too_deep
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        if self.is_too_deep() {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(self.inner(&values.len().to_string()))? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        if self.is_too_deep() {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        }
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let inner = self.inner(&name);
            let place = inner.pointer.clone();
            let value = members.next_value_seed(inner)?;
            if object.insert(name.clone(), value).is_some() {
                self.defect.get_or_insert_with(|| {
                    RecipeError::new(
                        place,
                        format!("the member {name:?} stands here twice, and one of the two would be lost"),
                        "remove one of the two",
                    )
                });
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn refusal(text: &str) -> (String, String) {
        let error = read(text).unwrap_err();
        (error.pointer, error.reason)
    }

    #[test]
    fn what_json_allows_and_nobody_means_is_refused_with_its_place() {
        let text = r#"{"a": {"b/c": [0, {"d": 1, "d": 2}]}, "a": 3}"#;
        let (pointer, reason) = refusal(text);
        assert_eq!(pointer, "/a/b~1c/1/d");
        assert!(reason.contains("twice"), "{reason}");
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let (_, reason) = refusal(&format!(
                "{}0{}",
                open.repeat(100_000),
                close.repeat(100_000)
            ));
            assert!(reason.contains("deeper than 64"), "{reason}");
        }
        let (_, reason) = refusal("{\"maximum\": 1e400}");
        assert!(reason.starts_with("number out of range"), "{reason}");
        for text in ["", "{", "{} {}", "nul"] {
            assert!(read(text).is_err(), "{text}");
        }
        let fine = r#"{"b": 1, "a": [1.5, -2, null, true, "x"]}"#;
        assert_eq!(
            read(fine).unwrap(),
            serde_json::from_str::<Value>(fine).unwrap()
        );
    }
}
