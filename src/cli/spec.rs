//! Arguments of `spec`.

use std::path::PathBuf;

use clap::Subcommand;

/// Arguments of `spec`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  adcp-scaffold spec list
  adcp-scaffold spec add 3.1.27.tgz
  adcp-scaffold spec remove 3.1")]
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
    #[command(after_help = "\
Examples:
  adcp-scaffold spec list
  adcp-scaffold spec list --verbose      with the specialisms of each line
  adcp-scaffold spec list --json")]
    List,
    /// Remove a line of your own; a built-in one of its name is used again
    #[command(after_help = "Example:\n  adcp-scaffold spec remove 3.0")]
    Remove(SpecRemoveArgs),
}

/// Arguments of `spec remove`.
#[derive(Debug, clap::Args)]
pub struct SpecRemoveArgs {
    /// The line, such as 3.0
    #[arg(value_name = "LINE")]
    pub line: String,
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

    /// What to call the source, such as a package and its version [default: PATH]
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
}
