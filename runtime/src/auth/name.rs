//! What a principal may be called, in whatever file of an operator's it stands.

use crate::identity::Principal;
use crate::oauth;

/// The longest name of a principal, in bytes. It is part of keys in the store.
const LONGEST: usize = 255;

/// The principal that a file names, without the space around its name.
///
/// # Errors
///
/// What is wrong with the name, to be put behind its place.
pub(super) fn principal(name: &str) -> Result<Principal, String> {
    let name = name.trim();
    if name.is_empty() {
        return Err("it names no principal".to_owned());
    }
    if name.len() > LONGEST || name.chars().any(char::is_control) {
        return Err(format!(
            "a principal has at most {LONGEST} bytes and no control character"
        ));
    }
    if name.starts_with(oauth::PREFIX) {
        return Err(format!(
            "names that begin with `{}` are those of access tokens; choose another one",
            oauth::PREFIX
        ));
    }
    Ok(Principal(name.to_owned()))
}
