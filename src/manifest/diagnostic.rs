//! One thing that is wrong with a manifest: what, where, what is allowed, what to do.

use std::ops::Range;

use super::{Code, Severity, Source};

/// One finding. Sentences start in lower case and end without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which rule it breaks.
    pub code: Code,
    /// What is wrong, with the offending word in backticks.
    pub message: String,
    /// Where, in bytes of the source's text; `None` when the whole file is meant.
    pub span: Option<Range<usize>>,
    /// What stands under the marked text; may be empty.
    pub label: String,
    /// Other places that matter: where a word was first used, what it contradicts.
    pub related: Vec<(Range<usize>, String)>,
    /// Facts: what is allowed, why the rule exists.
    pub notes: Vec<String>,
    /// What to do about it.
    pub helps: Vec<String>,
}

impl Diagnostic {
    /// A finding at a place.
    pub fn new(
        code: Code,
        message: impl Into<String>,
        span: Range<usize>,
        label: impl Into<String>,
    ) -> Self {
        Self {
            span: Some(span),
            label: visible(label.into()),
            ..Self::without_span(code, message)
        }
    }

    /// A finding about the file as a whole.
    pub fn without_span(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: visible(message.into()),
            span: None,
            label: String::new(),
            related: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
        }
    }

    /// Adds another place that matters.
    #[must_use]
    pub fn related(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related.push((span, visible(label.into())));
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(visible(note.into()));
        self
    }

    /// Adds a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(visible(help.into()));
        self
    }

    /// Adds a remedy if there is one.
    #[must_use]
    pub fn maybe_help(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// Whether it stops the work.
    pub fn is_error(&self) -> bool {
        self.code.entry().severity == Severity::Error
    }
}

/// A manifest that can't be used: its text and at least one error, with the warnings among them.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// What the spans point into.
    pub source: Source,
    /// In the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

impl Rejected {
    /// Findings about a source, put in the order of the file.
    pub fn new(source: Source, mut diagnostics: Vec<Diagnostic>) -> Self {
        sort(&mut diagnostics);
        Self {
            source,
            diagnostics,
        }
    }
}

/// Puts findings in the order of the file; what concerns the whole file comes first.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|one, other| {
        let key = |diagnostic: &Diagnostic| diagnostic.span.as_ref().map(|span| span.start);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.code.id().cmp(other.code.id()))
    });
}

/// The longest sentence that is printed, in characters.
const MAX_SENTENCE: usize = 400;

/// A sentence that may quote the file: on one line, of bearable length, and without control
/// characters, which a terminal would obey.
fn visible(text: String) -> String {
    if text.len() <= MAX_SENTENCE && !text.contains(char::is_control) {
        return text;
    }
    let mut shown = String::new();
    for letter in text.chars().take(MAX_SENTENCE) {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    if text.chars().count() > MAX_SENTENCE {
        shown.push('…');
    }
    shown
}

/// What the TOML parser objects to: the first objection to each line, since the parser recovers
/// in the middle of one and then objects to what it made of the rest, and every bracket that is
/// never closed.
pub(super) fn syntax(source: &Source, errors: &[toml::de::Error]) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = errors
        .iter()
        .map(|error| objection(source, error))
        .collect();
    sort(&mut diagnostics);
    let mut last_line = 0;
    diagnostics.retain(|diagnostic| {
        let line = diagnostic
            .span
            .as_ref()
            .map_or(0, |span| source.position(span.start).0);
        let first = line != last_line;
        last_line = line;
        first || diagnostic.message.contains("unclosed")
    });
    diagnostics
}

/// One objection, with a remedy for the slips that people make.
fn objection(source: &Source, error: &toml::de::Error) -> Diagnostic {
    let length = source.text().len();
    let span = error.span().unwrap_or(0..0);
    let span = span.start.min(length)..span.end.min(length);
    let detail = error.message().lines().next().unwrap_or_default();
    let marked = source.text().get(span.clone()).unwrap_or_default().trim();
    let (detail, help) = if detail.starts_with("duplicate key") {
        (
            detail,
            "keep one of the two and delete the other".to_owned(),
        )
    } else if detail.starts_with("invalid basic string") {
        (
            detail,
            "close the text with the quote that opened it, on the same line".to_owned(),
        )
    } else if detail.starts_with("string values must be quoted") && marked.is_empty() {
        ("a value is missing", "write a value after `=`".to_owned())
    } else if detail.starts_with("string values must be quoted") {
        (
            "a text without quotes",
            format!("put it in quotes: `\"{marked}\"`"),
        )
    } else if detail.starts_with("cannot recurse") {
        (
            "nested too deeply",
            "a manifest has one level of tables; remove the nesting".to_owned(),
        )
    } else if detail.starts_with("missing comma") {
        (
            detail,
            "put a comma between the entries, or close the list above with `]`".to_owned(),
        )
    } else if detail.starts_with("unclosed") {
        (detail, "close what was opened above".to_owned())
    } else {
        (
            detail,
            "look for a missing quote, bracket or `=` here or on the line above".to_owned(),
        )
    };
    Diagnostic::new(Code::Syntax, format!("not valid TOML: {detail}"), span, "").help(help)
}
