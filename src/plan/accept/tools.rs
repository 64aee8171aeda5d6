//! Lists of tools that the seller offers: what a scope lets buyers call, what has to be signed.

use super::Check;
use crate::manifest::written::{Text, Texts};
use crate::manifest::{Code, Diagnostic, words};
use crate::plan::LineFacts;

/// What buyers can call.
pub(super) struct Offer<'a> {
    pub(super) facts: &'a LineFacts,
    /// The seller's tools, sorted.
    pub(super) tools: &'a [String],
}

impl Offer<'_> {
    /// The tools that are operations of AdCP: names with a slash are a transport's methods
    /// (description of `request_signing.required_for` in the capabilities).
    fn operations(&self) -> impl Iterator<Item = &str> {
        let tools = self.tools.iter().map(String::as_str);
        tools.filter(|tool| !tool.contains('/'))
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.tools.iter().map(String::as_str)
    }
}

/// A key that takes a list of tools.
pub(super) struct List {
    /// The key: `signing.required`.
    pub(super) key: &'static str,
    /// What to do about an empty list, where it says nothing.
    pub(super) empty: Option<&'static str>,
    /// Whether methods of a transport are left out.
    pub(super) operations: bool,
}

impl Check {
    /// The tools of a list, in its order. What is wrong with it is reported.
    pub(super) fn list_of_tools(
        &mut self,
        texts: &Texts,
        list: &List,
        offer: Option<&Offer<'_>>,
    ) -> Vec<String> {
        let items = texts.get_ref();
        if let (Some(help), true) = (list.empty, items.is_empty()) {
            self.report(
                Diagnostic::new(
                    Code::EmptyList,
                    format!("an entry of `{}` is empty", list.key),
                    texts.span(),
                    "needs at least one",
                )
                .help(help),
            );
        }
        for (at, text) in items.iter().enumerate() {
            let earlier = items
                .iter()
                .take(at)
                .find(|earlier| earlier.get_ref() == text.get_ref());
            if let Some(earlier) = earlier {
                self.duplicate(text, earlier, list.key);
            } else if let Some(offer) = offer {
                self.offered(text, list, offer);
            }
        }
        items.iter().map(|text| text.get_ref().clone()).collect()
    }

    /// Says that a tool is not among those that buyers can call.
    fn offered(&mut self, text: &Text, list: &List, offer: &Offer<'_>) {
        let word = text.get_ref().as_str();
        let offered: Vec<&str> = if list.operations {
            offer.operations().collect()
        } else {
            offer.all().collect()
        };
        if offered.contains(&word) {
            return;
        }
        let line = &offer.facts.line;
        let (what, whats) = match list.operations {
            true => ("an operation", "operations"),
            false => ("a tool", "tools"),
        };
        let label = if offer.all().any(|tool| tool == word) {
            "a method of the transport, which AdCP does not count among its operations".to_owned()
        } else if offer.facts.tools.contains(word) {
            format!("AdCP {line} has it, and nothing that this seller claims asks for it")
        } else {
            words::did_you_mean(word, offered.iter().copied())
                .unwrap_or_else(|| format!("no such tool in AdCP {line}"))
        };
        self.report(
            Diagnostic::new(
                Code::ToolNotOffered,
                format!("`{word}` is not {what} of this seller"),
                text.span(),
                label,
            )
            .note(format!("its {whats}: {}", words::list(offered)))
            .help(format!("write one of those in `{}`", list.key)),
        );
    }
}
