//! Where a manifest comes from (a file, the flags, a few questions) and the plan that it means.

use std::cell::RefCell;
use std::io;
use std::path::Path;

use super::{Error, Result};
use crate::cli::NewArgs;
use crate::manifest::{Answers, FILE_NAME, Source};
use crate::plan::{self, LineFacts, Lines, Plan};
use crate::report::{Printer, wizard};
use crate::spec::{self, SpecError, SpecLine};

/// A manifest that can be used, and everything that it takes to render it.
#[derive(Debug)]
pub struct Planned {
    /// The manifest.
    pub source: Source,
    /// What it means.
    pub plan: Plan,
    /// The AdCP line that it names.
    pub line: SpecLine,
}

/// The manifest of a seller that exists.
///
/// # Errors
/// The folder has none, or it is not text.
pub fn of_seller(dir: &Path) -> Result<Source> {
    let path = dir.join(FILE_NAME);
    if !path.exists() {
        return Err(
            Error::message(format!("`{}` has no `{FILE_NAME}`", dir.display()))
                .hint("name the seller's folder, or create one with `adcp-scaffold new DIR`"),
        );
    }
    Ok(Source::from_file(&path)?)
}

/// The manifest of a seller to be: `--manifest`, else what the flags say, else what the person
/// at the terminal answers.
///
/// # Errors
/// There is nobody to ask and nothing was said, or the file can't be read.
pub fn of_new(args: &NewArgs, printer: &Printer) -> Result<Source> {
    if let Some(path) = &args.manifest {
        return Ok(Source::from_file(path)?);
    }
    let answers = match args.answers() {
        Some(answers) => answers,
        None if printer.can_ask() => {
            wizard::ask(args.suggested_name(), &LinesAtHand::default().names())
                .map_err(cancelled)?
        }
        None => {
            return Err(Error::message("nobody to ask: this is not a terminal")
                .hint("add `--yes` to take every default, or `--manifest FILE`"));
        }
    };
    let answers = Answers {
        name: answers.name.or_else(|| args.suggested_name()),
        ..answers
    };
    Ok(Source::from_text(
        format!("{FILE_NAME} (from the command line)"),
        answers.to_toml(),
    ))
}

/// Ctrl-C or Esc in a question is a decision, said as such.
fn cancelled(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::Interrupted {
        return Error::message("cancelled; nothing was written");
    }
    error.into()
}

/// The plan of a manifest, with the line it names. Warnings are told on the way.
///
/// # Errors
/// The manifest can't be used, or a line of the user's own can't be read.
pub fn plan(source: Source, printer: &Printer) -> Result<Planned> {
    let lines = LinesAtHand::default();
    let accepted = plan::accept(source, &lines);
    if let Some(error) = lines.error.take() {
        return Err(error.into());
    }
    let accepted = accepted?;
    printer.warnings(&accepted.source, &accepted.warnings);
    let line = match lines.line.take() {
        Some(line) => line,
        None => spec::find(&accepted.plan.adcp)?,
    };
    Ok(Planned {
        source: accepted.source,
        plan: accepted.plan,
        line,
    })
}

/// The built-in lines and the user's own. Keeps the line that was asked for: reading one takes
/// longer than everything else here.
#[derive(Default)]
struct LinesAtHand {
    line: RefCell<Option<SpecLine>>,
    error: RefCell<Option<SpecError>>,
}

impl Lines for LinesAtHand {
    fn names(&self) -> Vec<String> {
        // Names are for messages; what stops them stops `facts` as well.
        spec::names().unwrap_or_default()
    }

    fn facts(&self, line: &str) -> Option<LineFacts> {
        match spec::find(line) {
            Ok(found) => {
                let facts = LineFacts::of(&found);
                self.line.replace(Some(found));
                Some(facts)
            }
            Err(SpecError::Unknown { .. }) => None,
            Err(error) => {
                self.error.replace(Some(error));
                None
            }
        }
    }
}
