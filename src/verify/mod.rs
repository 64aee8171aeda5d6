//! Builds a seller, starts it and has the official AdCP storyboard runner judge it.
//!
//! What counts is the number of steps that passed, failed and were skipped; the runner's exit
//! code says nothing (it is 0 with failed steps). Each bundle meets a fresh process and an empty
//! store, because the storyboards use fixed idempotency keys and count what they find.
//!
//! Nothing here knows what a storyboard asks for, and nothing here prints. Whatever is started is
//! stopped again, also on an error and on Ctrl-C.

mod error;
mod process;
mod clock;
mod build;
mod boot;
mod approver;
mod install;
mod run;
mod report;
mod verdict;

use std::path::{Path, PathBuf};

use approver::Approver;

use crate::plan::Transport;

pub use clock::StartInstant;
pub use error::VerifyError;
pub use verdict::{Failure, Run, Skip, Storyboard, Tally, Unlisted, Verdict};

/// What to verify, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The seller's folder.
    pub seller: PathBuf,
    /// How the runner calls it.
    pub transport: Transport,
    /// What to run, each on a fresh process and store.
    pub selection: Selection,
    /// Whether the seller is built with optimisations.
    pub release: bool,
    /// The instant at which runner and seller start; the machine's time if `None`.
    pub clock: Option<StartInstant>,
    /// Whether the seller keeps its state in SQLite rather than in memory.
    pub durable: bool,
    /// Whether operations of the seller wait for people. All of them are then approved.
    pub approvals: bool,
    /// Whether the store is kept beside the reports.
    pub keep: bool,
}

/// Which storyboards to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Bundles (`sales-non-guaranteed`) and storyboards (`sales_non_guaranteed`), by name.
    Named(Vec<String>),
    /// Everything that the seller's own capabilities call for, in one run.
    All,
}

/// The name under which the run of everything is reported.
const ALL: &str = "all";

/// Verifies a seller. `progress` is told what is going on.
///
/// # Errors
/// When there is no verdict: a tool is missing, the seller does not build or start, the runner can't
/// be installed or ends without a report, or somebody pressed Ctrl-C. A failed step is no error;
/// see [`Verdict::passes`].
pub fn verify(options: &Options, progress: &dyn Fn(&str)) -> Result<Verdict, VerifyError> {
    process::watch_for_interrupts()?;
    let runner = install::runner(progress)?;
    progress("building the seller");
    let program = build::build(&options.seller, options.release)?;
    let reports = options.seller.join("target").join("adcp-verify");
    std::fs::create_dir_all(&reports)
        .map_err(|source| VerifyError::unwritable(&reports, source))?;

    let names: Vec<Option<&str>> = match &options.selection {
        Selection::All => vec![None],
        Selection::Named(names) => names.iter().map(|name| Some(name.as_str())).collect(),
    };
    let mut runs = Vec::with_capacity(names.len());
    for name in names {
        let transport = options.transport.word();
        let files = Files::new(&reports, &format!("{}-{transport}", name.unwrap_or(ALL)));
        progress(&format!(
            "starting the seller for {}",
            name.unwrap_or("all storyboards")
        ));
        let seller = boot::boot(&program, options, &files)?;
        progress(&format!("running {}", name.unwrap_or("all storyboards")));
        let approver = seller.operators.map(Approver::start);
        let raw = run::run(&runner, &seller, name, options, &files)?;
        let answer = report::read(&raw, &files)?;
        let mut run = verdict::judge(name.unwrap_or(ALL), answer, &files.report);
        run.approved = approver.as_ref().map(Approver::approved);
        runs.push(run);
    }
    Ok(Verdict::new(options, runs))
}

/// Where one run leaves its traces.
struct Files {
    /// What the runner wrote.
    report: PathBuf,
    /// The runner's own summary.
    summary: PathBuf,
    /// What the runner said while it worked.
    runner_log: PathBuf,
    /// What the seller said.
    seller_log: PathBuf,
    /// Where the store is kept, if it is.
    store: PathBuf,
}

impl Files {
    fn new(folder: &Path, name: &str) -> Self {
        let safe = |letter: char| {
            if letter.is_ascii_alphanumeric() || "-_".contains(letter) {
                letter
            } else {
                '-'
            }
        };
        let name: String = name.chars().map(safe).collect();
        let file = |ending: &str| folder.join(format!("{name}.{ending}"));
        Files {
            report: file("json"),
            summary: file("summary.json"),
            runner_log: file("runner.log"),
            seller_log: file("seller.log"),
            store: file("db"),
        }
    }
}
