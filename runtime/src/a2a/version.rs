//! The two versions of A2A that are spoken, and how a request says which one it speaks.
//!
//! A client of 1.0 says so with every request, in the `A2A-Version` header; who says nothing speaks
//! 0.3 (A2A 1.0, section 3.6). The methods of both have names of their own, so a request whose method
//! is of the other version is told so instead of being guessed at.

use axum::http::HeaderMap;

use super::fault::Fault;

/// The header that says it.
pub(crate) const HEADER: &str = "a2a-version";
/// The header that says which extensions a client makes use of.
const EXTENSIONS: &str = "a2a-extensions";
/// AdCP's own profile of A2A for AdCP 3.x. It narrows what a message may look like, and is described
/// for A2A 1.0.
pub(crate) const PROFILE: &str = "https://adcontextprotocol.org/extensions/adcp/v3";
/// The longest value of a header that is looked at, in bytes.
const LONGEST: usize = 4096;

/// A version of A2A.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// 0.3, whose messages say what they are by `kind`.
    V03,
    /// 1.0, whose messages are Protocol Buffers in JSON.
    V10,
}

/// How a request wants to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Manner {
    pub(super) version: Version,
    /// Whether AdCP's profile was made use of, so that exactly its shape is taken.
    pub(super) profile: bool,
}

impl Version {
    /// The version as cards name it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Version::V03 => "0.3.0",
            Version::V10 => "1.0",
        }
    }

    /// The version that a header names.
    ///
    /// # Errors
    ///
    /// When it names none that is spoken, or several.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Fault> {
        let mut said = headers.get_all(HEADER).iter();
        let (first, second) = (said.next(), said.next());
        let Some(first) = first else {
            return Ok(Version::V03);
        };
        let version = first.to_str().unwrap_or("?").trim();
        let mut numbers = version.splitn(3, '.');
        match (numbers.next(), numbers.next(), second) {
            (Some(""), None, None) | (Some("0"), Some("3"), None) => Ok(Version::V03),
            (Some("1"), Some("0"), None) => Ok(Version::V10),
            _ => {
                let shown: String = version.chars().take(32).collect();
                Err(Fault::version(format!(
                    "this agent speaks A2A 0.3 and 1.0, not `{shown}`; send one of them, once, as A2A-Version"
                )))
            }
        }
    }
}

impl Manner {
    /// How a request wants to be understood. `profile` is whether this seller offers AdCP's profile.
    pub(super) fn of(headers: &HeaderMap, profile: bool) -> Result<Self, Fault> {
        let version = Version::of(headers)?;
        let activated = headers
            .get_all(EXTENSIONS)
            .iter()
            .filter(|value| value.len() <= LONGEST)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|uri| uri.trim() == PROFILE);
        Ok(Manner {
            version,
            profile: profile && activated && version == Version::V10,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(said: &[&'static str]) -> Option<Version> {
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append(HEADER, value.parse().expect("a header"));
        }
        Version::of(&headers).ok()
    }

    #[test]
    fn who_says_nothing_speaks_the_older_one() {
        assert_eq!(version(&[]), Some(Version::V03));
        assert_eq!(version(&[""]), Some(Version::V03));
        for said in ["0.3", "0.3.0"] {
            assert_eq!(version(&[said]), Some(Version::V03));
        }
        for said in ["1.0", " 1.0.2"] {
            assert_eq!(version(&[said]), Some(Version::V10));
        }
        for said in ["1", "1.1", "0.2", "2.0", "latest", "10.0"] {
            assert_eq!(version(&[said]), None, "{said}");
        }
        assert_eq!(version(&["1.0", "0.3"]), None);
    }

    #[test]
    fn the_profile_is_one_of_several_extensions_of_the_newer_version() {
        let mut headers = HeaderMap::new();
        let all = format!("https://other.example/x, {PROFILE}");
        headers.insert(EXTENSIONS, all.parse().expect("a header"));
        assert!(!Manner::of(&headers, true).expect("0.3").profile);
        headers.insert(HEADER, "1.0".parse().expect("a header"));
        assert!(Manner::of(&headers, true).expect("1.0").profile);
        assert!(!Manner::of(&headers, false).expect("1.0").profile);
    }
}
