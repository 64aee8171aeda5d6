//! Reading an object member by member, and writing one.

use serde_json::{Map, Value};

use super::{Mismatch, Wire};

/// The members of an object that nobody has asked for yet.
pub struct Members(Map<String, Value>);

impl Members {
    /// Opens an object.
    ///
    /// # Errors
    /// When the value is not an object.
    pub fn of(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Object(members) => Ok(Self(members)),
            other => Err(Mismatch::kind("an object", &other)),
        }
    }

    /// Takes a member that must be there.
    ///
    /// # Errors
    /// When it is missing or does not fit.
    pub fn required<T: Wire>(&mut self, name: &str) -> Result<T, Mismatch> {
        match self.0.remove(name) {
            Some(value) => T::read(value).map_err(|mismatch| mismatch.within(name)),
            None => Err(Mismatch::new(format!("member `{name}` is missing"))),
        }
    }

    /// Takes a member that may be absent. An explicit `null` is for `T` to judge.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn optional<T: Wire>(&mut self, name: &str) -> Result<Option<T>, Mismatch> {
        match self.0.remove(name) {
            Some(value) => T::read(value)
                .map(Some)
                .map_err(|mismatch| mismatch.within(name)),
            None => Ok(None),
        }
    }

    /// Takes a member that always has the same value, and so has no field.
    ///
    /// # Errors
    /// When it is missing or another value.
    pub fn constant(&mut self, name: &str, wanted: Constant) -> Result<(), Mismatch> {
        let found: Value = self.required(name)?;
        if wanted.is(&found) {
            return Ok(());
        }
        let reason = format!("expected {}, found {found}", wanted.value());
        Err(Mismatch::new(reason).within(name))
    }

    /// What is left: members that the schema does not name.
    pub fn rest(self) -> Map<String, Value> {
        self.0
    }

    /// Closes an object whose schema allows no further members.
    ///
    /// # Errors
    /// When a member is left over.
    pub fn end(self) -> Result<(), Mismatch> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(Mismatch::new("no such member is allowed here").within(name)),
        }
    }
}

/// An object in the making.
#[derive(Default)]
pub struct Writer(Map<String, Value>);

impl Writer {
    /// Adds a member.
    pub fn required<T: Wire>(&mut self, name: &str, value: &T) {
        self.0.insert(name.to_owned(), value.write());
    }

    /// Adds a member if it is present.
    pub fn optional<T: Wire>(&mut self, name: &str, value: &Option<T>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.write());
        }
    }

    /// Adds a member that has no field.
    pub fn constant(&mut self, name: &str, value: Constant) {
        self.0.insert(name.to_owned(), value.value());
    }

    /// Adds the members that the schema does not name. A named one wins.
    pub fn rest(&mut self, members: &Map<String, Value>) {
        for (name, value) in members {
            if !self.0.contains_key(name) {
                self.0.insert(name.clone(), value.clone());
            }
        }
    }

    /// The finished object.
    pub fn end(self) -> Value {
        Value::Object(self.0)
    }
}

/// A value that a schema fixes with `const`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constant {
    /// A string.
    Text(&'static str),
    /// A boolean.
    Flag(bool),
    /// An integer.
    Integer(i64),
}

impl Constant {
    /// Whether a JSON value is this one.
    pub fn is(self, value: &Value) -> bool {
        match self {
            Self::Text(text) => value.as_str() == Some(text),
            Self::Flag(flag) => value.as_bool() == Some(flag),
            Self::Integer(integer) => match value {
                Value::Number(number) => super::values::whole(number) == Some(integer),
                _ => false,
            },
        }
    }

    /// As JSON.
    pub fn value(self) -> Value {
        match self {
            Self::Text(text) => Value::from(text),
            Self::Flag(flag) => Value::from(flag),
            Self::Integer(integer) => Value::from(integer),
        }
    }
}
