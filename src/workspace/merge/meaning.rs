//! Whether two pieces of TOML mean the same, whatever their layout, order of keys and comments.

use toml_edit::{Item, TableLike, Value};

use super::records::Records;

/// Whether two items mean the same. A list of records is one thing in both of its spellings.
pub(super) fn same(left: &Item, right: &Item) -> bool {
    if let (Some(left), Some(right)) = (left.as_table_like(), right.as_table_like()) {
        return same_tables(left, right);
    }
    if let (Item::Value(left), Item::Value(right)) = (left, right) {
        return same_values(left, right);
    }
    match (Records::of(left), Records::of(right)) {
        (Some(left), Some(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right.iter())
                    .all(|(left, right)| same_tables(left.table(), right.table()))
        }
        _ => left.is_none() && right.is_none(),
    }
}

/// Whether two tables have the same keys with the same meaning.
pub(super) fn same_tables(left: &dyn TableLike, right: &dyn TableLike) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .all(|(key, item)| right.get(key).is_some_and(|other| same(item, other)))
}

/// Whether two values mean the same; floats bit by bit.
pub(super) fn same_values(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.value() == right.value(),
        (Value::Integer(left), Value::Integer(right)) => left.value() == right.value(),
        (Value::Float(left), Value::Float(right)) => {
            left.value().to_bits() == right.value().to_bits()
        }
        (Value::Boolean(left), Value::Boolean(right)) => left.value() == right.value(),
        (Value::Datetime(left), Value::Datetime(right)) => left.value() == right.value(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right.iter())
                    .all(|(left, right)| same_values(left, right))
        }
        (Value::InlineTable(left), Value::InlineTable(right)) => same_tables(left, right),
        _ => false,
    }
}
