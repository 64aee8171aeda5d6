//! The file of API keys.
//!
//! ```toml
//! [[key]]
//! principal = "nova-trading-desk"
//! sha256 = "…"                          # of the token: printf %s TOKEN | sha256sum
//! label = "laptop of jo"                # for the log
//! not_before = 2026-03-01T00:00:00Z     # left out: at once
//! not_after = 2026-09-01T00:00:00Z      # left out: for good
//! tools = ["get_products"]              # left out: everything
//! ```
//!
//! A principal may have several keys. That is how one is replaced: the new one is added, the buyer
//! changes over, the old one is removed or runs out.

use std::path::Path;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;
use toml::value::{Datetime, Offset};

use super::file::{self, Digests, KeysError};
use super::{Known, Tokens, name};
use crate::clock::Timestamp;
use crate::identity::{Principal, Rights};
use crate::spec::Spec;

/// The most keys in a file. Each request is compared with every one of them.
const MOST: usize = 10_000;
/// The longest label, in characters. It stands in log lines.
const LONGEST_LABEL: usize = 100;

/// A key that opens the door to a buyer, for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) known: Known,
    label: Option<String>,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    key: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    principal: String,
    sha256: String,
    label: Option<String>,
    not_before: Option<Datetime>,
    #[serde(alias = "expires")]
    not_after: Option<Datetime>,
    tools: Option<Vec<String>>,
}

impl Key {
    /// A key without an end, for everything.
    pub(super) fn lasting(principal: Principal) -> Self {
        Key {
            known: Known {
                principal,
                rights: Rights::Everything,
            },
            label: None,
            not_before: None,
            not_after: None,
        }
    }

    /// Whether the key opens anything at an instant. The log is told of one that does not.
    pub(super) fn is_good(&self, now: Timestamp) -> bool {
        let reason = if self.not_before.is_some_and(|begin| now < begin) {
            "an API key is not yet good"
        } else if self.not_after.is_some_and(|end| now >= end) {
            "an API key has run out"
        } else {
            return true;
        };
        tracing::info!(
            principal = self.known.principal.0,
            label = self.label,
            "{reason}"
        );
        false
    }
}

/// Reads a file of API keys. `spec` says which tools there are.
///
/// # Errors
///
/// When the file can't be read, names no key, or has an entry that is not usable.
pub(super) fn read(path: &Path, spec: &Spec) -> Result<Tokens<Key>, KeysError> {
    let mut keys = Tokens::default();
    file::read("API keys", path, |file| admit(file, spec, &mut keys))?;
    Ok(keys)
}

fn admit(file: File, spec: &Spec, keys: &mut Tokens<Key>) -> Result<(), String> {
    if file.key.is_empty() {
        return Err("there is no [[key]] in it".to_owned());
    }
    if file.key.len() > MOST {
        return Err(format!("there are more than {MOST} keys in it"));
    }
    let mut digests = Digests::default();
    for (at, entry) in file.key.into_iter().enumerate() {
        let place = format!("[[key]] number {}", at + 1);
        let digest = digests.take(&place, &entry.sha256)?;
        let key = entry
            .key(spec)
            .map_err(|reason| format!("{place}{reason}"))?;
        keys.allow_digest(digest, key);
    }
    Ok(())
}

impl Entry {
    /// The key, or what is wrong with it, to be put behind its place.
    fn key(self, spec: &Spec) -> Result<Key, String> {
        let principal = name::principal(&self.principal).map_err(|reason| format!(": {reason}"))?;
        let label = self.label;
        if label.as_ref().is_some_and(|label| {
            label.chars().count() > LONGEST_LABEL || label.chars().any(char::is_control)
        }) {
            return Err(format!(
                ": a label has at most {LONGEST_LABEL} characters and none that controls a terminal"
            ));
        }
        let not_before = self
            .not_before
            .map(|at| instant("not_before", at))
            .transpose()?;
        let not_after = self
            .not_after
            .map(|at| instant("not_after", at))
            .transpose()?;
        if let (Some(begin), Some(end)) = (not_before, not_after)
            && begin >= end
        {
            return Err(": not_after must be later than not_before".to_owned());
        }
        let rights = match self.tools {
            None => Rights::Everything,
            Some(tools) => rights(&tools, spec)?,
        };
        Ok(Key {
            known: Known { principal, rights },
            label,
            not_before,
            not_after,
        })
    }
}

fn rights(tools: &[String], spec: &Spec) -> Result<Rights, String> {
    if tools.is_empty() {
        return Err(
            ": tools is empty; list what the key opens, or leave it out for everything".to_owned(),
        );
    }
    match tools.iter().find(|tool| spec.tool(tool).is_none()) {
        Some(unknown) => Err(format!(
            ": tools has `{}`, which this seller does not offer; correct the name or remove it",
            unknown.escape_debug()
        )),
        None => Ok(Rights::only(tools.iter().map(String::as_str))),
    }
}

/// A TOML date with time and offset, or a date alone, which begins in UTC.
fn instant(member: &str, at: Datetime) -> Result<Timestamp, String> {
    let understood = match (at.date, at.time, at.offset) {
        (Some(_), Some(_), Some(Offset::Z | Offset::Custom { .. })) => {
            DateTime::parse_from_rfc3339(&at.to_string())
                .ok()
                .map(|at| at.to_utc())
        }
        (Some(date), None, None) => {
            NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
                .map(|date| date.and_time(NaiveTime::MIN).and_local_timezone(Utc))
                .and_then(|at| at.single())
        }
        _ => None,
    };
    understood.ok_or_else(|| {
        format!(": {member} must be an instant such as 2026-09-01T00:00:00Z, or a date")
    })
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::spec::Tool;

    static SPEC: Spec = Spec {
        line: "3.0",
        version: "3.0.0",
        major: 3,
        tools: &[Tool {
            name: "get_products",
            mutating: false,
            request: "Request",
            response: "Response",
        }],
        errors: &[],
        schemas: "{}",
        tool_list: "[]",
    };

    fn parse(text: &str) -> Result<Tokens<Key>, String> {
        let mut keys = Tokens::default();
        file::parse(text).and_then(|file| admit(file, &SPEC, &mut keys))?;
        Ok(keys)
    }

    fn entry(token: &str, rest: &str) -> String {
        let digest = crate::jcs::hex(&Sha256::digest(token));
        format!("[[key]]\nprincipal = \"nova\"\nsha256 = \"{digest}\"\n{rest}\n")
    }

    #[test]
    fn a_principal_has_several_keys_each_with_its_time_and_rights() {
        let text = [
            entry("one", "not_after = 2026-03-10T12:00:00Z"),
            entry("two", "not_before = 2026-03-10\nlabel = \"the new one\""),
            entry("three", "tools = [\"get_products\"]"),
            entry("four", "expires = 2026-03-10T13:00:00+01:00"),
        ]
        .concat();
        let keys = parse(&text).expect("a good file");
        let at = |at: &str| at.parse::<Timestamp>().expect("an instant");
        let good = |token: &str, now: &str| {
            keys.find(token.as_bytes())
                .expect("a known key")
                .is_good(at(now))
        };
        for (now, one, two) in [
            ("2026-03-09T23:59:59Z", true, false),
            ("2026-03-10T00:00:00Z", true, true),
            ("2026-03-10T12:00:00Z", false, true),
        ] {
            let found = (good("one", now), good("two", now), good("four", now));
            assert_eq!(found, (one, two, one), "{now}");
        }
        let rights = &keys.find(b"three").expect("a known key").known.rights;
        assert!(rights.allow("get_products") && rights.allow("get_adcp_capabilities"));
        assert!(!rights.allow("create_media_buy"));
    }

    #[test]
    fn bad_files_are_refused_with_the_place() {
        let good = entry("a-token", "");
        let digest = crate::jcs::hex(&Sha256::digest("a-token"));
        for (text, reason) in [
            (String::new(), "missing field `key`"),
            ("key = []".to_owned(), "no [[key]]"),
            (format!("{good}{good}"), "number 2 repeats"),
            (good.replace("nova", " "), "number 1: it names no principal"),
            (
                good.replace("nova", "oauth:me"),
                "number 1: names that begin with `oauth:`",
            ),
            (good.replace("nova", &"x".repeat(256)), "at most 255 bytes"),
            (good.replace(&digest, "abc"), "64 hexadecimal digits"),
            (
                good.replace(&digest, &"x".repeat(64)),
                "64 hexadecimal digits",
            ),
            (good.replace("sha256", "token"), "unknown field `token`"),
            (entry("t", "tools = []"), "number 1: tools is empty"),
            (
                entry("t", "tools = [\"get_product\"]"),
                "tools has `get_product`, which this seller does not offer",
            ),
            (
                entry("t", "not_after = 2026-03-10T12:00:00"),
                "not_after must be an instant",
            ),
            (entry("t", "not_after = 12:00:00"), "not_after must be"),
            (entry("t", "not_before = \"soon\""), "not_before"),
            (
                entry("t", "not_before = 2026-03-10\nnot_after = 2026-03-10"),
                "later than not_before",
            ),
            (
                entry("t", &format!("label = \"{}\"", "x".repeat(101))),
                "at most 100 characters",
            ),
        ] {
            let error = parse(&text).expect_err(&text);
            assert!(error.contains(reason), "{reason}: {error}");
        }
    }
}
