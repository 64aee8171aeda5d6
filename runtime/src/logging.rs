//! The log: to standard error, as text or as JSON lines.
//!
//! `SELLER_LOG` takes a filter as tracing-subscriber understands it (`info`,
//! `adcp_seller=debug`), `SELLER_LOG_FORMAT` takes `text` or `json`. What may be logged is decided
//! where it is logged; tokens and request bodies never are.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Why the log can't be set up as asked.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The filter is not understood.
    #[error(
        "SELLER_LOG is not a log filter: {0}; write a level such as `info`, or `adcp_seller=debug`"
    )]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The format is not known.
    #[error("SELLER_LOG_FORMAT is `{0}`; write `text` or `json`")]
    Format(String),
}

/// Starts logging for the whole process. Where the program has set up logging itself, that stays.
///
/// # Errors
///
/// When a setting is not understood.
pub fn start(filter: &str, format: &str) -> Result<(), LoggingError> {
    let filter = EnvFilter::builder().parse(filter)?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    // `try_init` fails only where a subscriber is in place already.
    let _ = match format {
        "text" => builder
            .with_ansi(std::io::stderr().is_terminal())
            .try_init(),
        "json" => builder.json().flatten_event(true).try_init(),
        other => return Err(LoggingError::Format(other.to_owned())),
    };
    Ok(())
}
