//! The only place that prints.
//!
//! Data goes to stdout (what a pipe or a script wants), everything else to stderr. A [`Printer`]
//! is made once and handed down; nobody else knows about colours, terminals, `--quiet` or
//! `--json`. Text starts in lower case, ends without a full stop and reads the same without
//! colour; commands and paths stand in backticks.
//!
//! With `--json` a command prints one JSON value on stdout, and nothing else there or on stderr.
//! Keys are only ever added.
//!
//! | command | value |
//! |---|---|
//! | `new` | `{folder, name, manifest, written, changes, problems, notes, warnings}` |
//! | `regenerate` | `{in_step, refused, written, changes, problems, upkeep: [{path, cause, remedy}], notes, warnings}` |
//! | `check` | `{in_step, drift: [{path, cause, remedy}], warnings}` |
//! | `verify` | the verdict: runs, storyboards, failures, tally, warnings |
//! | `spec list` | `[{line, version, tools, specialisms, types, built_in, sha256, source, findings}]` |
//! | `spec add` | `{line, version, tools, types, sha256, source, findings, folder, replaced}` |
//! | `spec remove` | `{line, removed, built_in}` |
//! | `explain` | `{code, severity, title, explanation, wrong, right}`, or a list of these |
//! | any, when it fails | `{error: {message, causes, hints}}` |
//! | any, with a manifest at fault | `{error: {message, diagnostics: [{code, severity, message, file, place, label, related, notes, helps}]}}` |
//!
//! `notes` are sentences about what a run means for the adopter, beyond single files. `warnings` are what a manifest was warned about, in the form of `diagnostics`; a command that
//! reads a manifest always has them, in `{error}` too. A command line that makes no sense is an
//! `error` as well. A `place` is `{line, column, end_line, end_column}`, all from 1, columns in characters.

mod diagnostics;
mod progress;
mod steps;
mod table;
pub mod wizard;

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::Value;

use crate::cli::Misuse;
use crate::manifest::{Diagnostic, Rejected, Source};

pub use progress::Progress;
pub use steps::{Step, after_key, after_new};
pub use table::Table;

/// Success and commands.
const GREEN: Style = AnsiColor::Green.on_default().bold();
/// Paths and hints.
const CYAN: Style = AnsiColor::Cyan.on_default();
/// Warnings.
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
/// Errors.
const RED: Style = AnsiColor::Red.on_default().bold();
/// What is there and matters less.
const DIM: Style = Style::new().dimmed();

/// How much is said on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Warnings and errors only.
    Quiet,
    /// What a person wants to know.
    Normal,
    /// Everything.
    Verbose,
}

/// Where output goes and what it looks like.
#[derive(Clone, Debug)]
pub struct Printer {
    colors: ColorChoice,
    verbosity: Verbosity,
    json: bool,
    /// Warnings about the manifest that was read, for the one JSON value; `None` before that.
    warned: Arc<Mutex<Option<Value>>>,
}

impl Printer {
    /// A printer. `ColorChoice::Auto` means: on a terminal, unless `NO_COLOR` or `TERM=dumb`.
    pub fn new(colors: ColorChoice, verbosity: Verbosity, json: bool) -> Self {
        Self {
            colors,
            verbosity,
            json,
            warned: Arc::default(),
        }
    }

    /// Whether a machine reads stdout.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person can be asked: both ends are a terminal and nothing asked for silence.
    pub fn can_ask(&self) -> bool {
        !self.json
            && self.verbosity > Verbosity::Quiet
            && io::stdin().is_terminal()
            && io::stderr().is_terminal()
    }

    /// Data for people or pipes, as it is; the caller ends lines.
    ///
    /// # Errors
    /// Stdout can't be written to; a closed pipe is for `main` to forgive.
    pub fn data(&self, text: &str) -> io::Result<()> {
        let mut out = AutoStream::new(io::stdout().lock(), self.choice(io::stdout().is_terminal()));
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// The one JSON value of a command under `--json`, with the warnings about its manifest.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub fn json(&self, value: &impl Serialize) -> io::Result<()> {
        let mut value = serde_json::to_value(value).map_err(io::Error::other)?;
        let warned = self.warned.lock().map_or(None, |warned| warned.clone());
        if let (Some(object), Some(warned)) = (value.as_object_mut(), warned) {
            object.insert("warnings".to_owned(), warned);
        }
        let text = serde_json::to_string_pretty(&value).map_err(io::Error::other)?;
        self.data(&format!("{text}\n"))
    }

    /// Rows for people, on stdout.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub fn table(&self, table: &Table) -> io::Result<()> {
        self.data(&table.render())
    }

    /// A unified diff on stdout, coloured by its first letters.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub fn diff(&self, diff: &str) -> io::Result<()> {
        let mut out = String::with_capacity(diff.len());
        for line in diff.split_inclusive('\n') {
            let style = match line.as_bytes().first() {
                Some(b'+') => AnsiColor::Green.on_default(),
                Some(b'-') => AnsiColor::Red.on_default(),
                Some(b'@') => CYAN,
                _ => Style::new(),
            };
            let (text, end) = line
                .strip_suffix('\n')
                .map_or((line, ""), |text| (text, "\n"));
            out.push_str(&format!("{style}{text}{style:#}{end}"));
        }
        self.data(&out)
    }

    /// Something was done: `created acme-media`.
    pub fn done(&self, verb: &str, what: &str) {
        if self.verbosity >= Verbosity::Normal {
            self.say(&format!("{GREEN}{verb}{GREEN:#} {what}"));
        }
    }

    /// Something that a person wants to know.
    pub fn note(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            self.say(text);
        }
    }

    /// Something for `--verbose` only.
    pub fn detail(&self, text: &str) {
        if self.verbosity >= Verbosity::Verbose {
            self.say(&format!("{DIM}{text}{DIM:#}"));
        }
    }

    /// Something to act on, though the work goes on.
    pub fn warn(&self, text: &str) {
        self.say(&format!("{YELLOW}warning{YELLOW:#}: {text}"));
    }

    /// What to do about what was said before.
    pub fn hint(&self, text: &str) {
        self.say(&format!("{CYAN}hint{CYAN:#}: {text}"));
    }

    /// What to type next, commands in one column, purposes in another.
    pub fn next_steps(&self, steps: &[Step]) {
        if self.verbosity < Verbosity::Normal || steps.is_empty() {
            return;
        }
        let width = steps
            .iter()
            .map(|step| step.command.chars().count())
            .max()
            .unwrap_or(0);
        self.say("\nnext:");
        for Step { command, purpose } in steps {
            let pad = " ".repeat(width - command.chars().count());
            self.say(&format!(
                "  {GREEN}{command}{GREEN:#}{pad}  {DIM}{purpose}{DIM:#}"
            ));
        }
    }

    /// A piece of work that takes a while.
    pub fn progress(&self, label: &str) -> Progress {
        let live = !self.json && self.verbosity == Verbosity::Normal && io::stderr().is_terminal();
        let plain = !self.json && self.verbosity >= Verbosity::Normal;
        Progress::start(self.clone(), label, live, plain)
    }

    /// Warnings about a manifest that is used all the same.
    pub fn warnings(&self, source: &Source, warnings: &[Diagnostic]) {
        if let (true, Ok(mut warned)) = (self.json, self.warned.lock()) {
            *warned = Some(diagnostics::values(source, warnings));
        }
        if !warnings.is_empty() {
            self.say(&diagnostics::render(source, warnings));
        }
    }

    /// Why a manifest can't be used.
    pub fn rejected(&self, rejected: &Rejected) {
        if self.json {
            self.json_or_silence(&diagnostics::to_json(rejected));
        } else {
            self.say(&rejection(rejected));
        }
    }

    /// Why a command failed: the error, what caused it, what to do.
    pub fn failed(&self, error: &dyn std::error::Error, hints: &[String]) {
        let message = error.to_string();
        // Many errors already say what their source says.
        let causes: Vec<String> = std::iter::successors(error.source(), |cause| cause.source())
            .map(ToString::to_string)
            .filter(|cause| !message.contains(cause.as_str()))
            .collect();
        if self.json {
            self.json_or_silence(&serde_json::json!({
                "error": { "message": message, "causes": causes, "hints": hints }
            }));
            return;
        }
        self.say(&format!("{RED}error{RED:#}: {message}"));
        for cause in causes {
            self.say(&format!("  {DIM}caused by{DIM:#}: {cause}"));
        }
        for hint in hints {
            self.hint(hint);
        }
    }

    /// A line on stderr, for people: a machine finds the same in the JSON value. That stderr is
    /// closed is nobody's fault and nothing to report to.
    fn say(&self, text: &str) {
        if self.json {
            return;
        }
        let mut err = AutoStream::new(io::stderr().lock(), self.choice(io::stderr().is_terminal()));
        let _ = writeln!(err, "{text}");
    }

    /// A failure's JSON: when stdout is gone the exit code has to say it alone.
    fn json_or_silence(&self, value: &impl Serialize) {
        let _ = self.json(value);
    }

    fn choice(&self, terminal: bool) -> ColorChoice {
        let asked_not_to = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        resolved(self.colors, terminal, asked_not_to)
    }
}

/// What a flag beats: <https://no-color.org>, terminals that understand nothing, and pipes.
fn resolved(flag: ColorChoice, terminal: bool, asked_not_to: bool) -> ColorChoice {
    match flag {
        ColorChoice::Auto if terminal && !asked_not_to => ColorChoice::Always,
        ColorChoice::Auto => ColorChoice::Never,
        chosen => chosen,
    }
}

/// Tells a machine that its command line makes no sense; there is no printer before there are flags.
pub fn misuse(misuse: &Misuse) {
    let printer = Printer::new(ColorChoice::Never, Verbosity::Quiet, true);
    let error = Box::<dyn std::error::Error>::from(misuse.message.as_str());
    printer.failed(error.as_ref(), &misuse.hints);
}

/// What [`Printer::rejected`] tells a person, with colours.
pub fn rejection(rejected: &Rejected) -> String {
    let findings = diagnostics::render(&rejected.source, &rejected.diagnostics);
    format!(
        "{findings}\n{}",
        diagnostics::summary(&rejected.diagnostics)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_need_a_terminal_and_consent_or_a_flag() {
        assert_eq!(
            resolved(ColorChoice::Auto, true, false),
            ColorChoice::Always
        );
        assert_eq!(resolved(ColorChoice::Auto, true, true), ColorChoice::Never);
        assert_eq!(
            resolved(ColorChoice::Auto, false, false),
            ColorChoice::Never
        );
        assert_eq!(
            resolved(ColorChoice::Always, false, true),
            ColorChoice::Always
        );
        assert_eq!(
            resolved(ColorChoice::Never, true, false),
            ColorChoice::Never
        );
    }
}
