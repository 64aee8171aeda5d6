//! From what was said at start-up to a seller that serves, and to its end.
//!
//! Everything that can be wrong is found before the first connection is accepted, and said with
//! what to do about it.

mod options;
mod error;
mod check;
mod trust;
mod start;
mod secret;
mod banner;
mod print;
mod text;
mod desk;
pub mod tasks;
pub mod webhooks;

use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};
use tokio::signal;

use crate::logging;
use crate::seller::Seller;
use banner::Banner;
use options::{CommandLine, Wanted};
use start::Started;

pub(crate) use check::check;
pub use error::StartError;
pub use options::{OperatorAddr, Options};
pub use print::Console;
pub(crate) use secret::cursor_key;

/// How long calls in progress may take when the seller stops. Container runtimes kill after ten
/// seconds.
pub(crate) const GRACE: Duration = Duration::from_secs(8);
/// The exit code when what was asked for makes no sense.
const REFUSED: u8 = 2;
/// The exit code when the seller could not serve.
const FAILED: u8 = 1;

const EXAMPLES: &str = "\
Examples:
  SELLER --sandbox                                serve a sandbox
  SELLER tasks list                               what waits for a decision
  SELLER tasks approve TASK                       let it go on
  SELLER tasks reject TASK --reason 'sold out'    tell the buyer why not
  SELLER webhooks list                            notifications that can't be delivered";

/// Reads the command line and does what it says: serve until the process is told to stop, or ask
/// the operator API of a seller that serves.
///
/// The exit code of serving is 0 after an orderly stop, 1 when the seller could not serve, 2 when
/// it was asked for something impossible. That of the others is in [`tasks`] and
/// [`webhooks`].
pub(crate) async fn run(seller: Seller) -> ExitCode {
    let name = seller.profile().name;
    let about = format!(
        "{name}: a seller agent that speaks AdCP {}",
        seller.spec().line
    );
    let mut command = CommandLine::command()
        .name(name)
        .about(about)
        .after_help(EXAMPLES.replace("SELLER", name))
        .max_term_width(100);
    let line = command
        .try_get_matches_from_mut(std::env::args_os())
        .and_then(|matches| CommandLine::from_arg_matches(&matches));
    let options = match line.map(CommandLine::wanted) {
        Ok(Wanted::Serve(options)) => *options,
        Ok(Wanted::Tasks(asked)) => {
            let mut console = Console::of_process();
            let token = options::operator_token();
            return ExitCode::from(tasks::run(name, asked, token, &mut console).await);
        }
        Ok(Wanted::Webhooks(asked)) => {
            let mut console = Console::of_process();
            let token = options::operator_token();
            return ExitCode::from(webhooks::run(name, asked, token, &mut console).await);
        }
        Err(error) => {
            // Help that was asked for comes as an error, too. That it can't be printed is no news.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(REFUSED)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    if let Err(error) = logging::start(&options.log, &options.log_format) {
        banner::refuse(&error);
        return ExitCode::from(REFUSED);
    }
    match serve(seller, options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            banner::refuse(&error);
            ExitCode::from(if error.is_fault() { FAILED } else { REFUSED })
        }
    }
}

async fn serve(seller: Seller, options: Options) -> Result<(), StartError> {
    let (spec, profile, sandbox) = (seller.spec(), seller.profile(), options.sandbox);
    let Started {
        running,
        store,
        made_up_token,
        made_up_operator_token,
    } = start::start(seller, options).await?;
    Banner {
        spec,
        profile,
        url: running.url(),
        store: &store,
        sandbox,
        token: made_up_token.as_deref(),
        operator_url: running.operator_url(),
        operator_token: made_up_operator_token.as_deref(),
    }
    .print();
    told_to_stop().await;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

/// Returns when the process is interrupted (Ctrl-C) or asked to end (SIGTERM, which container
/// runtimes send).
async fn told_to_stop() {
    let interrupted = async {
        if let Err(error) = signal::ctrl_c().await {
            tracing::warn!(%error, "Ctrl-C will not be noticed");
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM will not be noticed");
                std::future::pending::<()>().await;
            }
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}
