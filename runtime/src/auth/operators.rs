//! The file of operators: the people who decide.
//!
//! ```toml
//! [[operator]]
//! name = "jo"
//! sha256 = "…"   # of the token: printf %s TOKEN | sha256sum
//! may = ["finalize"]   # left out: everything; ["view"]: look, decide nothing;
//!                      # "webhooks": have notifications to buyers tried again
//! ```

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use serde::Deserialize;

use super::Tokens;
use super::file::{self, Digests, KeysError};
use crate::profile::Approval;
use crate::tasks;
use crate::webhooks::REPLAY;

/// The operators that a seller knows.
pub type Operators = Tokens<Operator>;

/// The longest name of an operator, in characters. It stands in every audit entry.
const LONGEST_NAME: usize = 100;
/// The word for an operator who only looks.
const VIEW: &str = "view";

/// Somebody who looks at tasks and, with the right to, decides them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Who it is, in decisions and in the audit.
    pub name: String,
    /// The operations that the operator may decide; all of them when `None`.
    may: Option<BTreeSet<String>>,
}

impl Operator {
    /// An operator who may decide everything.
    pub fn new(name: impl Into<String>) -> Self {
        Operator {
            name: name.into(),
            may: None,
        }
    }

    /// The same operator with the right to decide these operations and no others.
    pub fn only<'o>(self, operations: impl IntoIterator<Item = &'o str>) -> Self {
        Operator {
            may: Some(operations.into_iter().map(str::to_owned).collect()),
            ..self
        }
    }

    /// Whether the operator may decide an operation.
    pub fn may_decide(&self, operation: &str) -> bool {
        self.may
            .as_ref()
            .is_none_or(|operations| operations.contains(operation))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    operator: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    sha256: String,
    may: Option<Vec<String>>,
}

/// Reads a file of operators into those that a seller knows.
///
/// # Errors
///
/// When the file can't be read, names nobody, or has an entry that is not usable.
pub fn read(path: &Path, operators: &mut Operators) -> Result<(), KeysError> {
    file::read("operators", path, |file| admit(file, operators))
}

fn admit(file: File, operators: &mut Operators) -> Result<(), String> {
    if file.operator.is_empty() {
        return Err("there is no [[operator]] in it".to_owned());
    }
    let mut digests = Digests::default();
    let mut names = HashSet::new();
    for (at, entry) in file.operator.into_iter().enumerate() {
        let place = format!("[[operator]] number {}", at + 1);
        let operator = entry.operator(&place)?;
        if !names.insert(operator.name.clone()) {
            return Err(format!(
                "{place} repeats the name `{}`; the audit could not tell the two apart",
                operator.name
            ));
        }
        operators.allow_digest(digests.take(&place, &entry.sha256)?, operator);
    }
    Ok(())
}

impl Entry {
    fn operator(&self, place: &str) -> Result<Operator, String> {
        let name = self.name.trim();
        if name.is_empty() {
            return Err(format!("{place} has no name"));
        }
        if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(format!(
                "{place}: a name has at most {LONGEST_NAME} characters and none that controls a terminal"
            ));
        }
        if name == tasks::NOBODY {
            return Err(format!(
                "{place}: `{name}` stands in the audit for a decision that nobody made; choose another name"
            ));
        }
        let operator = Operator::new(name);
        match &self.may {
            None => Ok(operator),
            Some(words) => rights(words)
                .map(|operations| operator.only(operations))
                .map_err(|reason| format!("{place}: {reason}")),
        }
    }
}

/// The operations among the words of `may`. Everybody may look.
fn rights(words: &[String]) -> Result<Vec<&str>, String> {
    let mut allowed = Approval::OPERATIONS.to_vec();
    allowed.push(REPLAY);
    if words.is_empty() {
        return Err(format!(
            "may is empty; write [\"{VIEW}\"] for an operator who only looks, or leave it out for one who decides everything"
        ));
    }
    if let Some(unknown) = words
        .iter()
        .find(|word| *word != VIEW && !allowed.contains(&word.as_str()))
    {
        return Err(format!(
            "may has `{}`, which is nothing that is decided; allowed are {VIEW}, {}",
            unknown.escape_debug(),
            allowed.join(", ")
        ));
    }
    Ok(words
        .iter()
        .map(String::as_str)
        .filter(|word| *word != VIEW)
        .collect())
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn parse(text: &str) -> Result<Operators, String> {
        let mut operators = Operators::default();
        file::parse(text).and_then(|file| admit(file, &mut operators))?;
        Ok(operators)
    }

    fn entry(name: &str, token: &str, rest: &str) -> String {
        let digest = crate::jcs::hex(&Sha256::digest(token));
        format!("[[operator]]\nname = \"{name}\"\nsha256 = \"{digest}\"\n{rest}\n")
    }

    #[test]
    fn rights_are_what_the_file_says() {
        let text = [
            entry("jo", "token-of-jo", ""),
            entry("kim", "token-of-kim", "may = [\"view\"]"),
            entry("lee", "token-of-lee", "may = [\"finalize\", \"view\"]"),
        ]
        .concat();
        let operators = parse(&text).expect("a good file");
        let rights: Vec<(&str, bool, bool)> = operators
            .holders()
            .map(|operator| {
                (
                    operator.name.as_str(),
                    operator.may_decide("finalize"),
                    operator.may_decide("create_media_buy"),
                )
            })
            .collect();
        assert_eq!(
            rights,
            [
                ("jo", true, true),
                ("kim", false, false),
                ("lee", true, false)
            ]
        );
        let mut headers = axum::http::HeaderMap::new();
        headers.insert(
            "authorization",
            "Bearer token-of-kim".parse().expect("a header value"),
        );
        let found = operators.authenticate(&headers).expect("a known token");
        assert_eq!(found.name, "kim");
    }

    #[test]
    fn bad_files_are_refused_with_the_place() {
        let jo = entry("jo", "token-of-jo", "");
        for (text, reason) in [
            (String::new(), "missing field `operator`"),
            ("operator = []".to_owned(), "no [[operator]]"),
            (
                format!("{jo}{}", entry("jo", "another", "")),
                "number 2 repeats the name `jo`",
            ),
            (
                format!("{jo}{}", entry("kim", "token-of-jo", "")),
                "number 2 repeats the token",
            ),
            (entry(" ", "t", ""), "number 1 has no name"),
            (entry(&"x".repeat(101), "t", ""), "at most 100 characters"),
            (
                entry("\\u001b[2J", "t", ""),
                "none that controls a terminal",
            ),
            (
                entry("nobody in time", "t", ""),
                "a decision that nobody made",
            ),
            (entry("jo", "t", "may = []"), "may is empty"),
            (
                entry("jo", "t", "may = [\"refine\"]"),
                "may has `refine`, which is nothing that is decided; allowed are view, finalize, create_media_buy",
            ),
            (jo.replace("sha256", "token"), "unknown field `token`"),
            (format!("{jo}role = \"admin\""), "unknown field `role`"),
        ] {
            let error = parse(&text).expect_err(&text);
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_token_on_both_sides_is_found() {
        let operators = parse(&entry("jo", "one-token", "")).expect("a good file");
        let mut callers = super::super::Callers::default();
        callers.allow("another-token", crate::identity::Principal("nova".into()));
        assert!(callers.shared_with(&operators).is_none());
        callers.allow("one-token", crate::identity::Principal("acme".into()));
        let (buyer, operator) = callers.shared_with(&operators).expect("the shared token");
        assert_eq!((buyer.as_str(), operator.as_str()), ("acme", "jo"));
    }
}
