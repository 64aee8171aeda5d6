//! Work that takes a while: a spinner on a terminal, plain lines elsewhere, nothing when quiet.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Printer;

/// A piece of work in progress. Dropping it removes the spinner without a word.
#[derive(Debug)]
pub struct Progress {
    printer: Printer,
    bar: Option<ProgressBar>,
    plain: bool,
}

impl Progress {
    pub(super) fn start(printer: Printer, label: &str, live: bool, plain: bool) -> Self {
        let bar = live.then(|| {
            // The template is a constant; were it wrong, the default style would do.
            let style = ProgressStyle::with_template("{spinner:.cyan} {msg} {elapsed:.dim}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            let bar = ProgressBar::new_spinner()
                .with_style(style)
                .with_message(label.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let progress = Self {
            printer,
            bar,
            plain,
        };
        progress.line(label);
        progress
    }

    /// What is going on now.
    pub fn message(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None => self.line(text),
        }
    }

    /// The end: `built acme-media in 41 s`.
    pub fn done(self, verb: &str, what: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.plain {
            self.printer.done(verb, what);
        }
    }

    fn line(&self, text: &str) {
        if self.bar.is_none() && self.plain {
            self.printer.note(text);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
