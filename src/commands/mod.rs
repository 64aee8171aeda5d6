//! One module per command. Each takes what was typed and a printer, and gives an outcome.

pub mod error;
pub mod source;
mod emission;
mod notes;
pub mod new;
pub mod regenerate;
pub mod check;
pub mod verify;
pub mod spec;
pub mod keys;
pub mod explain;

use clap::CommandFactory as _;

pub use error::{Error, Result};

use crate::cli::{Cli, Command, CompletionsArgs};
use crate::report::Printer;

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to object to: exit code 0.
    Fine,
    /// Drift, a conflict, a failed step: exit code 1.
    Findings,
}

/// Does what was typed.
///
/// # Errors
/// What stopped the command: exit code 2.
pub fn run(command: &Command, printer: &Printer) -> Result<Outcome> {
    match command {
        Command::New(args) => new::run(args, printer),
        Command::Regenerate(args) => regenerate::run(args, printer),
        Command::Check(args) => check::run(args, printer),
        Command::Verify(args) => verify::run(args, printer),
        Command::Spec(args) => spec::run(args, printer),
        Command::Keys(args) => keys::run(args, printer),
        Command::Explain(args) => explain::run(args, printer),
        Command::ManifestSchema => manifest_schema(printer),
        Command::Completions(args) => completions(args, printer),
    }
}

fn manifest_schema(printer: &Printer) -> Result<Outcome> {
    printer.data(&crate::manifest::json_schema())?;
    Ok(Outcome::Fine)
}

fn completions(args: &CompletionsArgs, printer: &Printer) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut Cli::command(),
        "adcp-scaffold",
        &mut script,
    );
    printer.data(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Fine)
}
