//! What may be booked and changed, and what it leads to.

mod booking;
mod states;
mod changes;
mod targeting;
mod flights;

use serde_json::Value;

/// A package with some members changed.
fn with(mut package: Value, members: Value) -> Value {
    for (name, value) in members.as_object().expect("members") {
        package[name] = value.clone();
    }
    package
}
