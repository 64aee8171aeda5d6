//! A command line that makes no sense, for a machine: clap prints for people only.

use std::ffi::OsStr;

use clap::error::ErrorKind;

/// What clap objects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misuse {
    /// What is wrong.
    pub message: String,
    /// What to type instead.
    pub hints: Vec<String>,
}

impl Misuse {
    /// The objection in parts, when a machine asked; `None` when clap's own text is right: for
    /// people, and for `--help` and `--version`.
    pub fn of<Argument: AsRef<OsStr>>(
        error: &clap::Error,
        arguments: impl IntoIterator<Item = Argument>,
    ) -> Option<Self> {
        let asked = arguments
            .into_iter()
            .take_while(|argument| argument.as_ref() != "--")
            .any(|argument| argument.as_ref() == "--json");
        if !asked || !error.use_stderr() {
            return None;
        }
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return Some(Self {
                message: "a command is missing".to_owned(),
                hints: vec!["try `adcp-scaffold --help`".to_owned()],
            });
        }
        // Paragraphs: the objection, tips, the usage, where to read more.
        let text = error.render().to_string();
        let mut paragraphs = text
            .split("\n\n")
            .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|paragraph| !paragraph.is_empty());
        let first = paragraphs.next().unwrap_or_default();
        Some(Self {
            message: first.trim_start_matches("error: ").to_owned(),
            hints: paragraphs
                .map(|hint| hint.trim_start_matches("tip: ").to_owned())
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::Cli;
    use super::Misuse;

    fn misuse(arguments: &[&str]) -> Option<Misuse> {
        let line = ["adcp-scaffold"].iter().chain(arguments);
        let error = Cli::try_parse_from(line).expect_err("makes no sense");
        Misuse::of(&error, arguments)
    }

    #[test]
    fn objections_are_taken_apart_when_a_machine_asked() {
        let found = misuse(&["--json", "regenarate"]).expect("asked");
        assert_eq!(found.message, "unrecognized subcommand 'regenarate'");
        assert_eq!(
            found.hints,
            [
                "a similar subcommand exists: 'regenerate'",
                "Usage: adcp-scaffold [OPTIONS] <COMMAND>",
                "For more information, try '--help'."
            ]
        );
        let missing = misuse(&["--json", "spec"]).expect("asked");
        assert_eq!(missing.message, "a command is missing");
        assert_eq!(misuse(&["regenarate"]), None);
        assert_eq!(misuse(&["--json", "--help"]), None);
        assert_eq!(misuse(&["check", "a", "--", "b", "--json"]), None);
    }
}
