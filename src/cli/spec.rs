//! Arguments of `spec`.

use std::path::PathBuf;

use clap::Subcommand;

/// Arguments of `spec`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  adcp-scaffold spec list
  adcp-scaffold spec add 3.1.27.tgz")]
pub struct SpecArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SpecCommand,
}

/// What to do with AdCP lines.
#[derive(Debug, Subcommand)]
pub enum SpecCommand {
    /// Add a line from an official bundle
    Add(SpecAddArgs),
    /// Show the lines at hand
    #[command(
        after_help = "Examples:\n  adcp-scaffold spec list\n  adcp-scaffold spec list --json"
    )]
    List,
}

/// Arguments of `spec add`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  adcp-scaffold spec add 3.1.27.tgz             verified when 3.1.27.tgz.sha256 lies beside it
  adcp-scaffold spec add node_modules/@adcp/sdk/schemas
  adcp-scaffold spec add schemas --into facts   write the line's facts to a folder instead")]
pub struct SpecAddArgs {
    /// A folder or .tgz of schemas
    pub path: PathBuf,

    /// Write the facts here instead of among your own lines
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,

    /// What to call the source in the facts, such as a package and its version
    #[arg(long, value_name = "TEXT", requires = "into")]
    pub label: Option<String>,
}
