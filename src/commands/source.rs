//! Where a manifest comes from (a file, the flags, a few questions) and the plan that it means.

use std::cell::RefCell;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{Error, Result};
use crate::cli::NewArgs;
use crate::manifest::{
    self, Answers, Beside, Code, Companions as _, Diagnostic, FILE_NAME, Rejected, Source,
};
use crate::plan::{self, LineFacts, Lines, Plan, RuntimeSource};
use crate::report::{Printer, wizard};
use crate::spec::{self, SpecError, SpecLine};
use crate::wire::recipe;
use crate::workspace;

/// What the crate at `runtime.path` is called.
const RUNTIME_CRATE: &str = "adcp-seller";

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

/// A manifest as it was found, where the files are that it names, and the seller's folder, to which
/// its other paths are relative.
#[derive(Debug)]
pub struct Found {
    source: Source,
    companions: Beside,
    dir: PathBuf,
}

/// The manifest of a seller that exists.
///
/// # Errors
/// The folder has none, or it is not text.
pub fn of_seller(dir: &Path) -> Result<Found> {
    let path = dir.join(FILE_NAME);
    if !path.exists() {
        let error = Error::message(format!("`{}` has no `{FILE_NAME}`", dir.display()));
        return Err(if workspace::is_seller(dir) {
            error.hint("the folder is a seller's: restore the file from version control")
        } else {
            error.hint("name the seller's folder, or create one with `adcp-scaffold new DIR`")
        });
    }
    Ok(Found {
        source: Source::from_file(&path)?,
        companions: Beside::new(dir),
        dir: dir.to_owned(),
    })
}

/// The manifest of a seller to be: `--manifest`, else what the flags say, else what the person
/// at the terminal answers.
///
/// # Errors
/// There is nobody to ask and nothing was said, or the file can't be read.
pub fn of_new(args: &NewArgs, printer: &Printer) -> Result<Found> {
    let found = |source, beside: Option<&Path>| Found {
        source,
        companions: Beside::new(beside.and_then(Path::parent).unwrap_or(Path::new(""))),
        dir: args.dir.clone(),
    };
    if let Some(path) = &args.manifest {
        return Ok(found(Source::from_file(path)?, Some(path)));
    }
    let declared_kind = match &args.recipe_schema {
        Some(path) => kind_of_schema(path)?,
        None => None,
    };
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
        recipe_kind: answers.recipe_kind.or(declared_kind),
        ..answers
    };
    if answers.name.is_none() {
        let dir = args.dir.display();
        return Err(
            Error::message(format!("`{dir}` suggests no name for the seller"))
                .hint("say one with `--name NAME`: lower-case letters, digits and single hyphens"),
        );
    }
    let source = Source::from_text(
        format!("{FILE_NAME} (from the command line)"),
        answers.to_toml(),
    );
    Ok(found(source, args.recipe_schema.as_deref()))
}

/// The kind that an adopter's schema says itself. What is wrong with what the file says is found with
/// the rest of the manifest.
///
/// # Errors
/// The file can't be read: the flag is refused before a manifest is made from it.
fn kind_of_schema(path: &Path) -> Result<Option<String>> {
    // A path without a name is for the manifest's rules to refuse.
    let Some(name) = path.file_name() else {
        return Ok(None);
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    match Beside::new(folder).read(&name.to_string_lossy()) {
        Ok(text) => Ok(recipe::read(&text)
            .ok()
            .and_then(|schema| Some(recipe::declared_kind(&schema)?.to_owned()))),
        Err(reason) => {
            let shown = path.display().to_string();
            let line = format!("--recipe-schema {shown}");
            let span = line.len() - shown.len()..line.len();
            let diagnostic = plan::unreadable_schema(&shown, span, &reason);
            let source = Source::from_text("command line", line);
            Err(Rejected::new(source, vec![diagnostic]).into())
        }
    }
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
pub fn plan(found: Found, printer: &Printer) -> Result<Planned> {
    let Found {
        source,
        companions,
        dir,
    } = found;
    let lines = LinesAtHand::default();
    let accepted = plan::accept(source, &lines, &companions);
    if let Some(error) = lines.error.take() {
        return Err(error.into());
    }
    let mut accepted = accepted?;
    accepted
        .warnings
        .extend(runtime_absent(&accepted.plan, &accepted.source, &dir));
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

/// Whether the runtime crate is missing where the manifest says that it is.
fn runtime_absent(plan: &Plan, source: &Source, dir: &Path) -> Option<Diagnostic> {
    let RuntimeSource::Path(path) = &plan.runtime else {
        return None;
    };
    let file = without_steps_back(&at_home(dir).join(path)).join("Cargo.toml");
    let name = std::fs::read_to_string(&file)
        .ok()
        .and_then(|text| toml::from_str::<toml::Table>(&text).ok())
        .and_then(|table| Some(table.get("package")?.get("name")?.as_str()?.to_owned()));
    let message = match name {
        Some(name) if name == RUNTIME_CRATE => return None,
        Some(name) => format!("`{path}` holds the crate `{name}`, not `{RUNTIME_CRATE}`"),
        None => format!("`{path}` holds no crate `{RUNTIME_CRATE}`"),
    };
    let (manifest, _) = manifest::read(source);
    let at = manifest.runtime?.path?.span();
    Some(
        Diagnostic::new(Code::RuntimeAbsent, message, at, "the seller will not build")
            .note(format!("looked for `{}`", file.display()))
            .help("put the crate there before building, or write `source = \"vendored\"` instead of `path`"),
    )
}

/// The folder's whole path; one that `new` has yet to make has none but this.
fn at_home(dir: &Path) -> PathBuf {
    std::fs::canonicalize(dir)
        .or_else(|_| std::path::absolute(dir))
        .unwrap_or_else(|_| dir.to_owned())
}

/// The path with each `..` carried out, since the folder that it leaves may not be there yet.
fn without_steps_back(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
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
