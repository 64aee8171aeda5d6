//! What was typed: commands, flags and their help. Nothing here is judged or done.

mod new;
mod seller;
mod spec;
mod keys;
mod misuse;

use clap::{Parser, Subcommand, ValueEnum};

pub use keys::{KeyAlgorithm, KeyPurpose, KeysArgs, KeysCommand, KeysNewArgs, KeysShowArgs};
pub use misuse::Misuse;
pub use new::NewArgs;
pub use seller::{CheckArgs, RegenerateArgs, VerifyArgs};
pub use spec::{SpecAddArgs, SpecArgs, SpecCommand, SpecRemoveArgs};

use crate::report::{Printer, Verbosity};

const EXAMPLES: &str = "\
Examples:
  adcp-scaffold new acme-media                 ask a few questions, then write a seller
  adcp-scaffold new acme-media --yes           take every default
  adcp-scaffold regenerate                     after a change of seller.toml
  adcp-scaffold verify                         run the official storyboards

Exit codes: 0 fine, 1 findings (drift, conflicts, failed steps), 2 error";

/// Generates complete AdCP seller agents in Rust.
///
/// Reads the AdCP schemas and one manifest, `seller.toml`, and writes a crate that compiles, runs
/// and passes the official storyboards. Your own edits survive every later run.
#[derive(Debug, Parser)]
#[command(name = "adcp-scaffold", version, after_help = EXAMPLES, max_term_width = 100)]
#[command(disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
}

/// Flags of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// When to colour the output; `auto` respects NO_COLOR
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    #[arg(
        value_name = "auto|always|never",
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub color: Color,

    /// Say only what is wrong: warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// Print one JSON value on stdout, for a machine
    #[arg(long, global = true)]
    pub json: bool,
}

/// When to colour the output.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// In pipes too.
    Always,
    /// Nowhere.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a new seller
    New(Box<NewArgs>),
    /// Bring a seller in step with its manifest and this version, keeping your edits
    Regenerate(RegenerateArgs),
    /// Say whether a seller is in step with its manifest and this version
    Check(CheckArgs),
    /// Build and start a seller and run the official storyboards against it
    Verify(VerifyArgs),
    /// Show, add or remove AdCP lines
    Spec(SpecArgs),
    /// Make or show keys that sign webhooks and requests
    Keys(KeysArgs),
    /// Explain a code that stands in a message
    Explain(ExplainArgs),
    /// Print the JSON Schema of seller.toml
    #[command(after_help = "Example:\n  adcp-scaffold manifest-schema > seller.schema.json")]
    ManifestSchema,
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  adcp-scaffold completions fish > ~/.config/fish/completions/adcp-scaffold.fish"
    )]
    Completions(CompletionsArgs),
}

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  adcp-scaffold explain          list all codes
  adcp-scaffold explain M0007    what it means, with an example")]
pub struct ExplainArgs {
    /// The code, such as M0007; all of them are listed without one
    pub code: Option<String>,
}

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// Which shell
    pub shell: clap_complete::Shell,
}

impl Global {
    /// The printer that these flags ask for.
    pub fn printer(&self) -> Printer {
        let colors = match self.color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        };
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        Printer::new(colors, verbosity, self.json)
    }
}
