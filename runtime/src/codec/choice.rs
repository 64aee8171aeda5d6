//! String enums.

use serde_json::Value;

use super::Mismatch;

/// An enum whose values are written as strings.
pub trait Choice: Sized {
    /// The name of the type, for errors.
    const NAME: &'static str;
    /// The values that the schema lists, in its order.
    const VALUES: &'static [&'static str];

    /// The value of that name. An open enum keeps a name that it does not know.
    fn parse(text: &str) -> Option<Self>;

    /// The name of this value, as on the wire.
    fn as_str(&self) -> &str;
}

/// What the generated [`super::Wire`] implementations of string enums call.
///
/// # Errors
/// When the value is not a string, or not one of a closed enum's.
pub fn read<T: Choice>(value: &Value) -> Result<T, Mismatch> {
    let Value::String(text) = value else {
        return Err(Mismatch::kind("a string", value));
    };
    T::parse(text).ok_or_else(|| unknown(T::NAME, T::VALUES, text))
}

fn unknown(name: &str, values: &[&str], text: &str) -> Mismatch {
    Mismatch::new(format!(
        "{text:?} is not one of {name}: {}",
        values.join(", ")
    ))
}
