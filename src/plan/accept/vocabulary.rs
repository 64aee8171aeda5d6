//! Words from a list: which are taken, which are planned, which mean nothing.

use super::Check;
use crate::manifest::written::{Text, Texts};
use crate::manifest::{Code, Diagnostic, words};

/// The words that a key takes.
pub(super) struct Vocabulary<'a> {
    /// What such a word is, with its article: `a transport`.
    pub(super) subject: &'a str,
    pub(super) key: &'a str,
    /// Whether it has no default.
    pub(super) required: bool,
    /// What this version generates.
    pub(super) generated: &'a [&'a str],
    /// What the spec has, or this tool is planned to have.
    pub(super) known: Vec<&'a str>,
}

impl Vocabulary<'_> {
    /// The word is none of these.
    pub(super) fn refuse(&self, text: &Text) -> Diagnostic {
        let word = text.get_ref();
        let near = words::did_you_mean(word, self.known.iter().copied());
        let diagnostic = Diagnostic::new(
            Code::UnknownWord,
            format!("`{word}` is not {}", self.subject),
            text.span(),
            near.unwrap_or_else(|| format!("not {}", self.subject)),
        );
        self.allowed(diagnostic)
    }

    /// The word is right, and its time hasn't come.
    pub(super) fn not_generated(&self, word: &str, text: &Text) -> Diagnostic {
        let diagnostic = Diagnostic::new(
            Code::NotGenerated,
            format!("`{word}` is not generated yet"),
            text.span(),
            format!("{}, but not one that this version generates", self.subject),
        );
        self.allowed(diagnostic)
            .help("use what is generated, until a later version has the rest")
    }

    fn allowed(&self, diagnostic: Diagnostic) -> Diagnostic {
        let generated = words::list(self.generated.iter().copied());
        let planned: Vec<&str> = self
            .known
            .iter()
            .copied()
            .filter(|word| !self.generated.contains(word))
            .collect();
        match planned.len() {
            0 => diagnostic.note(format!("allowed: {generated}")),
            // A longer list would bury the answer.
            1..=MOST_LISTED => diagnostic
                .note(format!("generated today: {generated}"))
                .note(format!("not generated yet: {}", words::list(planned))),
            more => diagnostic
                .note(format!("generated today: {generated}"))
                .note(format!(
                    "not generated yet: {more} others of the spec; \
                     `adcp-scaffold spec list --verbose` names them"
                )),
        }
    }
}

/// How many words that can't be used are worth listing.
const MOST_LISTED: usize = 8;

impl Check {
    /// A list of distinct words of a vocabulary; never empty.
    pub(super) fn list(
        &mut self,
        texts: &Texts,
        vocabulary: &Vocabulary<'_>,
    ) -> Option<Vec<String>> {
        let before = self.diagnostics.len();
        let key = vocabulary.key;
        let items = texts.get_ref();
        if items.is_empty() {
            self.report(
                Diagnostic::new(
                    Code::EmptyList,
                    format!("`{key}` is empty"),
                    texts.span(),
                    "needs at least one",
                )
                .note(format!(
                    "{}: {}",
                    if vocabulary.generated.len() == vocabulary.known.len() {
                        "allowed"
                    } else {
                        "generated today"
                    },
                    words::list(vocabulary.generated.iter().copied())
                ))
                .help(if vocabulary.required {
                    "add at least one".to_owned()
                } else {
                    format!("add one, or remove `{key}` to take the default")
                }),
            );
        }
        for (at, text) in items.iter().enumerate() {
            let earlier = items
                .iter()
                .take(at)
                .find(|earlier| earlier.get_ref() == text.get_ref());
            if let Some(earlier) = earlier {
                self.duplicate(text, earlier, key);
            } else if !vocabulary.known.contains(&text.get_ref().as_str()) {
                self.report(vocabulary.refuse(text));
            } else if !vocabulary.generated.contains(&text.get_ref().as_str()) {
                self.report(vocabulary.not_generated(text.get_ref(), text));
            }
        }
        (self.diagnostics.len() == before)
            .then(|| items.iter().map(|text| text.get_ref().clone()).collect())
    }

    /// Says that a word stands twice in a list.
    pub(super) fn duplicate(&mut self, text: &Text, earlier: &Text, key: &str) {
        self.report(
            Diagnostic::new(
                Code::Duplicate,
                format!("`{}` stands twice in `{key}`", text.get_ref()),
                text.span(),
                "again here",
            )
            .related(earlier.span(), "first here")
            .help("remove one of the two"),
        );
    }
}
