//! Does this seller speak the version that the buyer's payloads conform to?

use serde_json::Value;

use crate::error::{Error, Result};
use crate::spec::Spec;

/// Refuses a declared major version other than the line's own. A request that declares none is
/// taken to mean the seller's highest (`adcp_major_version` in every request schema).
///
/// What is not a number is left to the request schema.
pub(super) fn check(spec: &Spec, request: &Value) -> Result<()> {
    match request
        .get("adcp_major_version")
        .filter(|major| major.is_number())
    {
        Some(major) if major.as_f64() != Some(f64::from(spec.major)) => {
            let message = format!(
                "this seller speaks AdCP major version {}, not {major}",
                spec.major
            );
            Err(Error::new("VERSION_UNSUPPORTED", message)
                .at("adcp_major_version")
                .suggest("call get_adcp_capabilities without adcp_major_version to learn which versions are supported")
                .detail("requested_version", major.clone())
                .detail("supported_versions", vec![spec.major]))
        }
        _ => Ok(()),
    }
}
