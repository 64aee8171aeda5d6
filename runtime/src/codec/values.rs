//! The JSON forms of the types that are not generated.
//!
//! `Option<T>` here is a value that may be `null`. A member that may be absent is not a matter of
//! its type but of the object's table ([`super::Members::optional`]), so a member that may be
//! both is `Option<Option<T>>`.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::{Mismatch, Wire};

impl Wire for Value {
    fn read(value: Value) -> Result<Self, Mismatch> {
        Ok(value)
    }

    fn write(&self) -> Value {
        self.clone()
    }
}

impl Wire for Map<String, Value> {
    fn read(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Object(members) => Ok(members),
            other => Err(Mismatch::kind("an object", &other)),
        }
    }

    fn write(&self) -> Value {
        Value::Object(self.clone())
    }
}

impl Wire for String {
    fn read(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(Mismatch::kind("a string", &other)),
        }
    }

    fn write(&self) -> Value {
        Value::String(self.clone())
    }
}

impl Wire for bool {
    fn read(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Bool(flag) => Ok(flag),
            other => Err(Mismatch::kind("a boolean", &other)),
        }
    }

    fn write(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Wire for Number {
    fn read(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Number(number) => Ok(number),
            other => Err(Mismatch::kind("a number", &other)),
        }
    }

    fn write(&self) -> Value {
        Value::Number(self.clone())
    }
}

/// JSON Schema counts `5.0` as an integer, so it is read; it is the one form that is written
/// back otherwise (`5`).
impl Wire for i64 {
    fn read(value: Value) -> Result<Self, Mismatch> {
        match &value {
            Value::Number(number) => whole(number)
                .ok_or_else(|| Mismatch::new(format!("expected a 64-bit integer, found {number}"))),
            other => Err(Mismatch::kind("an integer", other)),
        }
    }

    fn write(&self) -> Value {
        Value::from(*self)
    }
}

/// The integer that a number stands for, if it is one that fits.
pub(super) fn whole(number: &Number) -> Option<i64> {
    /// From here on a float no longer tells neighbouring integers apart (2^53).
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(integer) = number.as_i64() {
        return Some(integer);
    }
    let float = number.as_f64()?;
    if float.fract() == 0.0 && float.abs() < EXACT {
        // Exact: the value is whole and within the range just checked.
        #[allow(clippy::cast_possible_truncation)]
        return Some(float as i64);
    }
    None
}

impl<T: Wire> Wire for Option<T> {
    fn read(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Null => Ok(None),
            other => T::read(other).map(Some),
        }
    }

    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, Wire::write)
    }
}

impl<T: Wire> Wire for Box<T> {
    fn read(value: Value) -> Result<Self, Mismatch> {
        T::read(value).map(Box::new)
    }

    fn write(&self) -> Value {
        T::write(self)
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Array(items) => items
                .into_iter()
                .enumerate()
                .map(|(at, item)| T::read(item).map_err(|mismatch| mismatch.within(at)))
                .collect(),
            other => Err(Mismatch::kind("an array", &other)),
        }
    }

    fn write(&self) -> Value {
        Value::Array(self.iter().map(Wire::write).collect())
    }
}

impl<T: Wire> Wire for BTreeMap<String, T> {
    fn read(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Object(members) => members
                .into_iter()
                .map(|(name, value)| match T::read(value) {
                    Ok(value) => Ok((name, value)),
                    Err(mismatch) => Err(mismatch.within(name)),
                })
                .collect(),
            other => Err(Mismatch::kind("an object", &other)),
        }
    }

    fn write(&self) -> Value {
        Value::Object(
            self.iter()
                .map(|(name, value)| (name.clone(), value.write()))
                .collect(),
        )
    }
}
