//! Which branch of a union a value is.
//!
//! Each branch carries the tests that the schema implies: the JSON kind, members that must or
//! must not be there, members with a fixed value. The generator orders the branches so that one
//! whose tests include another's comes first, and refuses a union whose branches can't be told
//! apart, so the first branch whose tests hold is the right one. Where two branches may hold at
//! once (an `anyOf`), the first that also reads is taken.

use serde_json::Value;

use super::Mismatch;
use super::members::Constant;
use super::mismatch::kind_of;

/// One thing to look at in a value before reading it.
#[derive(Clone, Copy, Debug)]
pub enum Test {
    /// The JSON kind.
    Kind(Kind),
    /// An object has this member.
    Has(&'static str),
    /// An object does not have this member.
    Lacks(&'static str),
    /// An object has this member, with one of these values.
    Says(&'static str, &'static [Constant]),
    /// An object's member, if present, has one of these values.
    Holds(&'static str, &'static [Constant]),
    /// An object's member, if present, has none of these values.
    Denies(&'static str, &'static [Constant]),
}

/// The kinds of JSON values that branches differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An object.
    Object,
    /// An array.
    List,
    /// A string.
    Text,
    /// Any number.
    Number,
    /// A number without a fraction.
    Integer,
    /// A boolean.
    Flag,
}

/// The value is an object.
pub const OBJECT: Test = Test::Kind(Kind::Object);
/// The value is an array.
pub const LIST: Test = Test::Kind(Kind::List);
/// The value is a string.
pub const TEXT: Test = Test::Kind(Kind::Text);
/// The value is a number.
pub const NUMBER: Test = Test::Kind(Kind::Number);
/// The value is a whole number.
pub const INTEGER: Test = Test::Kind(Kind::Integer);
/// The value is a boolean.
pub const FLAG: Test = Test::Kind(Kind::Flag);

/// The object has this member.
pub const fn has(name: &'static str) -> Test {
    Test::Has(name)
}

/// The object does not have this member.
pub const fn lacks(name: &'static str) -> Test {
    Test::Lacks(name)
}

/// The object has this member, with one of these values.
pub const fn says(name: &'static str, values: &'static [Constant]) -> Test {
    Test::Says(name, values)
}

/// The object's member, if it is there, has one of these values.
pub const fn holds(name: &'static str, values: &'static [Constant]) -> Test {
    Test::Holds(name, values)
}

/// The object's member, if it is there, has none of these values.
pub const fn denies(name: &'static str, values: &'static [Constant]) -> Test {
    Test::Denies(name, values)
}

/// One branch of a union: its name and how it is recognised.
pub type Branch = (&'static str, &'static [Test]);

/// Reads a value as one branch.
pub type Reader<T> = fn(Value) -> Result<T, Mismatch>;

/// The branches that a value can be, by their position, best first.
///
/// # Errors
/// When it can be none: names each branch and the first test that failed.
pub fn select(union: &str, branches: &[Branch], value: &Value) -> Result<Vec<usize>, Mismatch> {
    let mut fitting = Vec::new();
    let mut failed = String::new();
    for (at, (name, tests)) in branches.iter().enumerate() {
        match tests.iter().find_map(|test| test.failure(value)) {
            None => fitting.push(at),
            Some(reason) => failed.push_str(&format!("; {name}: {reason}")),
        }
    }
    if fitting.is_empty() {
        return Err(Mismatch::new(format!("fits no variant of {union}{failed}")));
    }
    Ok(fitting)
}

/// Reads a value as the first fitting branch that accepts it.
///
/// # Errors
/// With one candidate, that candidate's error, place included. With several, which were tried
/// and why each failed.
pub fn read<T>(
    union: &str,
    branches: &[Branch],
    readers: &[Reader<T>],
    value: Value,
) -> Result<T, Mismatch> {
    let fitting = select(union, branches, &value)?;
    let candidates = fitting
        .iter()
        .filter_map(|at| branches.get(*at).zip(readers.get(*at)));
    if let ([_], Some((_, read))) = (fitting.as_slice(), candidates.clone().next()) {
        return read(value);
    }
    let mut failed = String::new();
    for ((name, _), read) in candidates {
        match read(value.clone()) {
            Ok(found) => return Ok(found),
            Err(mismatch) => failed.push_str(&format!("; {name}: {mismatch}")),
        }
    }
    Err(Mismatch::new(format!("fits no variant of {union}{failed}")))
}

impl Test {
    /// Why the value does not pass, if it does not.
    fn failure(&self, value: &Value) -> Option<String> {
        let member = |name: &str| value.as_object().and_then(|members| members.get(name));
        match self {
            Self::Kind(kind) => (!kind.is(value))
                .then(|| format!("expected {}, found {}", kind.name(), kind_of(value))),
            Self::Has(name) => member(name)
                .is_none()
                .then(|| format!("`{name}` is missing")),
            Self::Lacks(name) => member(name)
                .is_some()
                .then(|| format!("`{name}` is present")),
            Self::Says(name, values) => match member(name) {
                None => Some(format!("`{name}` is missing")),
                Some(found) => differs(name, values, found),
            },
            Self::Holds(name, values) => {
                member(name).and_then(|found| differs(name, values, found))
            }
            Self::Denies(name, values) => {
                let found = member(name).filter(|found| values.iter().any(|value| value.is(found)));
                found.map(|found| format!("`{name}` is {found}"))
            }
        }
    }
}

fn differs(name: &str, values: &[Constant], found: &Value) -> Option<String> {
    if values.iter().any(|value| value.is(found)) {
        return None;
    }
    let wanted: Vec<String> = values
        .iter()
        .map(|value| value.value().to_string())
        .collect();
    Some(format!("`{name}` is {found}, not {}", wanted.join(" or ")))
}

impl Kind {
    fn is(self, value: &Value) -> bool {
        match self {
            Self::Object => value.is_object(),
            Self::List => value.is_array(),
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Integer => {
                matches!(value, Value::Number(number) if super::values::whole(number).is_some())
            }
            Self::Flag => value.is_boolean(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::List => "an array",
            Self::Text => "a string",
            Self::Number => "a number",
            Self::Integer => "an integer",
            Self::Flag => "a boolean",
        }
    }
}
