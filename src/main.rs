//! The command `adcp-scaffold`: parse, run, exit code.

use std::process::ExitCode;

use adcp_scaffold::cli::{Cli, Misuse};
use adcp_scaffold::commands::{self, Outcome};
use adcp_scaffold::report;
use clap::Parser as _;

/// Drift, a conflict, a failed step.
const FINDINGS: u8 = 1;
/// The command couldn't do its work; clap uses the same for what it can't parse.
const ERROR: u8 = 2;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let Some(misuse) = Misuse::of(&error, std::env::args_os().skip(1)) else {
                error.exit();
            };
            report::misuse(&misuse);
            return ExitCode::from(ERROR);
        }
    };
    let printer = cli.global.printer();
    match commands::run(&cli.command, &printer) {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(FINDINGS),
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            error.report(&printer);
            ExitCode::from(ERROR)
        }
    }
}
