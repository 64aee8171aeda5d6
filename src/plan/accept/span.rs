//! Spans of time: their form and their bounds.

use std::ops::RangeInclusive;

use super::Check;
use crate::manifest::written::Text;
use crate::manifest::{Code, Diagnostic};
use crate::plan::duration;

/// A key that takes a span of time.
pub(super) struct Span {
    /// The key in its table: `hold`.
    pub(super) key: &'static str,
    /// What it is too long or too short for, with its preposition: `for a hold`.
    pub(super) purpose: &'static str,
    /// What is taken when it is left out.
    pub(super) default: &'static str,
    /// What is allowed, in seconds.
    pub(super) bounds: RangeInclusive<u64>,
    /// Why the bounds are what they are, where that helps.
    pub(super) reason: Option<&'static str>,
}

impl Check {
    /// The seconds of a span within its bounds, or of its default.
    pub(super) fn span(&mut self, text: Option<&Text>, span: &Span) -> Option<u64> {
        let Some(text) = text else {
            return duration::seconds(span.default);
        };
        let seconds = self.seconds(text, span.key, span.default)?;
        if span.bounds.contains(&seconds) {
            return Some(seconds);
        }
        let (least, most) = (
            duration::text(*span.bounds.start()),
            duration::text(*span.bounds.end()),
        );
        let too = if seconds < *span.bounds.start() {
            "short"
        } else {
            "long"
        };
        let mut diagnostic = Diagnostic::new(
            Code::SpanRange,
            format!("`{}` is too {too} {}", text.get_ref(), span.purpose),
            text.span(),
            counted(seconds),
        )
        .note(format!(
            "allowed: from `{least}` to `{most}`; by default `{}`",
            span.default
        ));
        if let Some(reason) = span.reason {
            diagnostic = diagnostic.note(reason);
        }
        let key = span.key;
        self.report(diagnostic.help(if seconds < *span.bounds.start() {
            format!("write `{key} = \"{least}\"` or more")
        } else {
            format!("write `{key} = \"{most}\"` or less")
        }));
        None
    }

    /// The seconds that a text stands for, whatever their number.
    pub(super) fn seconds(&mut self, text: &Text, key: &str, example: &str) -> Option<u64> {
        let word = text.get_ref();
        let seconds = duration::seconds(word);
        if seconds.is_none() {
            self.report(
                Diagnostic::new(
                    Code::Duration,
                    format!("`{word}` is not a span of time"),
                    text.span(),
                    "expected a whole number and `s`, `m`, `h` or `d`",
                )
                .help(format!("for example `{key} = \"{example}\"`")),
            );
        }
        seconds
    }
}

/// A number of seconds for a message.
pub(super) fn counted(seconds: u64) -> String {
    match seconds {
        u64::MAX => "more seconds than can be counted".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}
