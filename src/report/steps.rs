//! What to type after a command, and what it does.

use std::path::Path;

use serde::Serialize;

use crate::plan::Plan;

/// One thing to do after a command.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// What to type.
    pub command: String,
    /// What it does, in a few words.
    pub purpose: String,
}

impl Step {
    fn new(command: impl Into<String>, purpose: &str) -> Self {
        Self {
            command: command.into(),
            purpose: purpose.to_owned(),
        }
    }
}

/// What to do with a seller that has just been written into `dir`.
pub fn after_new(plan: &Plan, dir: &Path) -> Vec<Step> {
    let mut steps = Vec::new();
    if dir.as_os_str() != "." {
        steps.push(Step::new(
            format!("cd {}", quoted(&dir.display().to_string())),
            "what to edit first is in `README.md`",
        ));
    }
    steps.push(Step::new(
        "cargo run -- serve --sandbox",
        "build and start it; it prints its URL and a token",
    ));
    if plan.approval.is_needed() {
        steps.push(Step::new(
            "SELLER_OPERATOR_TOKEN=… cargo run -- tasks list",
            "what waits for a person; `tasks approve ID` lets it go on",
        ));
    }
    steps.push(Step::new(
        "adcp-scaffold verify",
        "run the official storyboards against it",
    ));
    steps.push(Step::new(
        "adcp-scaffold regenerate",
        "after a change of `seller.toml`",
    ));
    steps
}

/// What to do with a key that has just been written to `file`.
pub fn after_key(signs_webhooks: bool, file: &str, kid: &str) -> Vec<Step> {
    let file = quoted(file);
    if signs_webhooks {
        return vec![
            Step::new(
                format!("cargo run -- serve --webhook-key {file}"),
                "or SELLER_WEBHOOK_KEY: the seller signs with it and publishes the public part",
            ),
            Step::new(
                format!("adcp-scaffold keys show {file}"),
                "print the public part again",
            ),
        ];
    }
    vec![Step::new(
        format!("adcp-scaffold keys show --jwks {file} > {kid}.jwks.json"),
        "the set of keys that your counterparty reads",
    )]
}

/// A file's name as a shell takes it, in quotes where it needs them.
fn quoted(name: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "/._-+:@%=,".contains(letter);
    if !name.is_empty() && name.chars().all(plain) {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::manifest::{Answers, Beside, Source};
    use crate::plan::{LineFacts, Lines, accept};

    struct BuiltIn;

    impl Lines for BuiltIn {
        fn names(&self) -> Vec<String> {
            vec!["3.0".to_owned()]
        }

        fn facts(&self, line: &str) -> Option<LineFacts> {
            crate::spec::embedded(line)
                .ok()
                .map(|line| LineFacts::of(&line))
        }
    }

    fn commands(approvals: &[&str], dir: &str) -> Vec<String> {
        let answers = Answers {
            name: Some("acme".to_owned()),
            approvals: approvals.iter().map(|word| (*word).to_owned()).collect(),
            ..Answers::default()
        };
        let source = Source::from_text("seller.toml", answers.to_toml());
        let plan = accept(source, &BuiltIn, &Beside::new("")).unwrap().plan;
        let steps = after_new(&plan, Path::new(dir));
        steps.into_iter().map(|step| step.command).collect()
    }

    #[test]
    fn deciding_is_a_step_where_something_waits() {
        let plain = commands(&[], ".");
        assert_eq!(plain[0], "cargo run -- serve --sandbox");
        assert!(!plain.iter().any(|command| command.contains("tasks")));
        let waiting = commands(&["create_media_buy"], "acme");
        assert_eq!(waiting[0], "cd acme");
        assert_eq!(commands(&[], "J 5")[0], "cd 'J 5'");
        assert_eq!(commands(&[], "it's")[0], r"cd 'it'\''s'");
        assert_eq!(
            waiting[2],
            "SELLER_OPERATOR_TOKEN=… cargo run -- tasks list"
        );
        assert_eq!(waiting.len(), plain.len() + 2);
    }
}
