//! Arguments of the commands that work on a seller that exists.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;

use crate::plan::support;

/// Arguments of `regenerate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  adcp-scaffold regenerate
  adcp-scaffold regenerate acme-media --dry-run --diff
  adcp-scaffold regenerate --discard-edits      after a hand edit in wire/ was refused

Exit codes: 0 done, 1 a conflict was left in a file or the run was refused, 2 error")]
pub struct RegenerateArgs {
    /// The seller's folder
    #[arg(default_value = ".")]
    pub dir: PathBuf,

    /// Say what would change and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Show the changes line by line
    #[arg(long)]
    pub diff: bool,

    /// Overwrite generated files that were edited by hand
    #[arg(long)]
    pub discard_edits: bool,
}

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  adcp-scaffold check
  adcp-scaffold check acme-media --json

Exit codes: 0 in step, 1 drift, 2 error")]
pub struct CheckArgs {
    /// The seller's folder
    #[arg(default_value = ".")]
    pub dir: PathBuf,
}

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  adcp-scaffold verify
  adcp-scaffold verify acme-media --storyboards sales-non-guaranteed
  adcp-scaffold verify --all --transport a2a
  adcp-scaffold verify --all --json

Needs Node 20 or later: the storyboards and their runner are AdCP's own.
Exit codes: 0 no step failed, 1 a step failed, 2 error")]
pub struct VerifyArgs {
    /// The seller's folder
    #[arg(default_value = ".")]
    pub dir: PathBuf,

    /// Run these storyboards or bundles only
    #[arg(
        long,
        value_name = "NAME,…",
        value_delimiter = ',',
        conflicts_with = "all"
    )]
    pub storyboards: Vec<String>,

    /// Run every storyboard, the universal ones too
    #[arg(long)]
    pub all: bool,

    /// The transport that the runner calls over: mcp or a2a [default: the manifest's first]
    #[arg(long, value_name = "TRANSPORT", value_parser = PossibleValuesParser::new(support::TRANSPORTS))]
    #[arg(hide_possible_values = true)]
    pub transport: Option<String>,

    /// Build with optimisations
    #[arg(long)]
    pub release: bool,

    /// The instant at which runner and seller start: RFC 3339, or `system` for the real time
    #[arg(long, value_name = "INSTANT")]
    pub clock: Option<String>,

    /// Keep the store and the logs of the run
    #[arg(long)]
    pub keep: bool,
}
