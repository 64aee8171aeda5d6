//! What is said at start-up, on the command line or in the environment.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use chrono::DateTime;
use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand};

use super::tasks::TasksArgs;
use super::webhooks::WebhooksArgs;
use crate::clock::Timestamp;

/// The command line of a seller.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve buyers. This is also what happens without a subcommand.
    Serve(Box<Options>),
    /// Look at tasks and decide those that wait for a person.
    Tasks(TasksArgs),
    /// Look at notifications to buyers that are not delivered, and have them tried again.
    Webhooks(WebhooksArgs),
}

/// What a seller's program is to do.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// Serve.
    Serve(Box<Options>),
    /// Ask the operator API of a seller that serves about tasks.
    Tasks(TasksArgs),
    /// Ask it about notifications.
    Webhooks(WebhooksArgs),
}

impl CommandLine {
    /// What is wanted. The options of `serve` count wherever they stood.
    pub(crate) fn wanted(self) -> Wanted {
        match self.command {
            Some(Command::Serve(options)) => Wanted::Serve(options),
            Some(Command::Tasks(tasks)) => Wanted::Tasks(tasks),
            Some(Command::Webhooks(webhooks)) => Wanted::Webhooks(webhooks),
            None => Wanted::Serve(Box::new(self.serve)),
        }
    }
}

/// How a seller is to run.
#[derive(Args, Clone)]
pub struct Options {
    /// Address to listen on: an IP address or a host's name, and a port.
    #[arg(
        long,
        env = "SELLER_ADDR",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:3001",
        value_parser = address
    )]
    pub addr: SocketAddr,
    /// Where state is kept: `memory:` or `sqlite:PATH`. Default: the manifest's store.
    #[arg(long, env = "SELLER_STORE", value_name = "URL")]
    pub store: Option<String>,
    /// Serve a sandbox: nothing reaches a real ad server, and the test controller is offered.
    #[arg(long, env = "SELLER_SANDBOX", value_parser = BoolishValueParser::new())]
    pub sandbox: bool,
    /// Folder with products.toml, formats.toml and the like.
    #[arg(
        long,
        env = "SELLER_CATALOG",
        value_name = "FOLDER",
        default_value = "catalog"
    )]
    pub catalog: PathBuf,
    /// TOML file with the API keys of buyers: `[[key]]` with principal and sha256, perhaps with
    /// not_before, not_after, label and tools. It is read again when it changes, and on SIGHUP.
    #[arg(long, env = "SELLER_API_KEYS", value_name = "FILE")]
    pub api_keys: Option<PathBuf>,
    /// TOML file with the agents whose signatures are taken: `[[signer]]` with principal and keys.
    /// Default in a sandbox: signers.toml of the catalogue, if it is there.
    #[arg(long, env = "SELLER_SIGNERS", value_name = "FILE")]
    pub signers: Option<PathBuf>,
    /// File with the private key that webhooks are signed with, as `adcp-scaffold keys new` writes
    /// it. A sandbox without one makes up a key.
    #[arg(long, env = "SELLER_WEBHOOK_KEY", value_name = "FILE")]
    pub webhook_key: Option<PathBuf>,
    /// Instant at which the clock of a sandbox starts, as 2026-03-10T00:00:00Z.
    #[arg(long, env = "SELLER_CLOCK", value_name = "INSTANT", value_parser = instant)]
    pub clock: Option<Timestamp>,
    /// Address of the operator API, or `off`. Default: 127.0.0.1:3002 where people approve or the
    /// seller makes proposals.
    #[arg(
        long,
        env = "SELLER_OPERATOR_ADDR",
        value_name = "HOST:PORT",
        value_parser = operator_address
    )]
    pub operator_addr: Option<OperatorAddr>,
    /// TOML file with the people who decide: `[[operator]]` with name, sha256 and may.
    #[arg(long, env = "SELLER_OPERATORS", value_name = "FILE")]
    pub operators: Option<PathBuf>,
    /// Accept on a developer's machine that finalized proposals are forgotten.
    #[arg(long, env = "SELLER_DEVELOPMENT", value_parser = BoolishValueParser::new())]
    pub development: bool,
    /// Bearer token of a sandbox. Only by environment: command lines can be seen by others.
    #[arg(skip = from_environment("SELLER_TOKEN"))]
    pub token: Option<String>,
    /// Operator token of a sandbox. Only by environment, too.
    #[arg(skip = operator_token())]
    pub operator_token: Option<String>,
    /// What to log: a level or a filter such as `adcp_seller=debug`.
    #[arg(
        long,
        env = "SELLER_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub log: String,
    /// How to log: `text` or `json`.
    #[arg(
        long,
        env = "SELLER_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log_format: String,
}

impl fmt::Debug for Options {
    /// Without the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("addr", &self.addr)
            .field("store", &self.store)
            .field("sandbox", &self.sandbox)
            .field("catalog", &self.catalog)
            .finish_non_exhaustive()
    }
}

/// Where the operator API is to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorAddr {
    /// Nowhere.
    Off,
    /// There.
    At(SocketAddr),
}

/// The token of an operator: what a sandbox lets in, and what the command line sends.
pub(super) fn operator_token() -> Option<String> {
    from_environment("SELLER_OPERATOR_TOKEN")
}

/// An empty value, as a copied `.env.example` has it, is no token.
fn from_environment(variable: &str) -> Option<String> {
    std::env::var(variable)
        .ok()
        .filter(|token| !token.is_empty())
}

pub(super) fn operator_address(text: &str) -> Result<OperatorAddr, String> {
    if text == "off" {
        return Ok(OperatorAddr::Off);
    }
    address(text)
        .map(OperatorAddr::At)
        .map_err(|error| format!("{error}, or `off`"))
}

/// The first address of a host that has several.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.to_socket_addrs()
        .map_err(|error| error.to_string())
        .and_then(|mut found| {
            found
                .next()
                .ok_or_else(|| "the host has no address".to_owned())
        })
        .map_err(|error| format!("{error}; write HOST:PORT such as 127.0.0.1:3001"))
}

fn instant(text: &str) -> Result<Timestamp, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.to_utc())
        .map_err(|error| format!("{error}; write an RFC 3339 instant such as 2026-03-10T00:00:00Z"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn read(words: &[&str]) -> Result<Options, clap::Error> {
        CommandLine::try_parse_from([&["seller"], words].concat()).map(|line| match line.wanted() {
            Wanted::Serve(options) => *options,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn serve_may_be_left_out() {
        CommandLine::command().debug_assert();
        let words = [
            "--addr",
            "127.0.0.1:4000",
            "--store",
            "memory:",
            "--sandbox",
            "--clock",
            "2026-03-10T01:00:00+01:00",
        ];
        for options in [read(&words), read(&[&["serve"], &words[..]].concat())] {
            let options = options.expect("good options");
            assert_eq!(
                (
                    options.addr.port(),
                    options.store.as_deref(),
                    options.sandbox
                ),
                (4000, Some("memory:"), true)
            );
            assert_eq!(
                options.clock.map(|clock| clock.to_rfc3339()).as_deref(),
                Some("2026-03-10T00:00:00+00:00")
            );
        }
        let plain = read(&[]).expect("everything has a default");
        assert_eq!(
            (plain.addr.to_string().as_str(), plain.sandbox, plain.clock),
            ("127.0.0.1:3001", false, None)
        );
    }

    #[test]
    fn tokens_are_never_shown() {
        let options = Options {
            token: Some("token-of-a-sandbox".to_owned()),
            operator_token: Some("token-of-an-operator".to_owned()),
            ..read(&[]).expect("everything has a default")
        };
        assert!(!format!("{options:?}").contains("token"));
    }

    #[test]
    fn the_operator_api_is_off_or_somewhere() {
        let addr = |words: &[&str]| read(words).expect("good options").operator_addr;
        assert_eq!(addr(&[]), None);
        assert_eq!(addr(&["--operator-addr", "off"]), Some(OperatorAddr::Off));
        assert_eq!(
            addr(&["--operator-addr", "127.0.0.1:9"]),
            Some(OperatorAddr::At(SocketAddr::from(([127, 0, 0, 1], 9))))
        );
    }

    #[test]
    fn a_host_may_be_named() {
        let options = read(&["--addr", "localhost:4817"]).expect("a host's name");
        assert!(options.addr.ip().is_loopback());
        assert_eq!(options.addr.port(), 4817);
    }

    #[test]
    fn bad_values_are_named_with_a_remedy() {
        for (words, said) in [
            (&["--clock", "yesterday"][..], "write an RFC 3339 instant"),
            (&["--addr", "3001"], "invalid socket address"),
            (&["--token", "secret"], "unexpected argument '--token'"),
            (&["run"], "unrecognized subcommand"),
            (
                &["--operator-addr", "3002"],
                "such as 127.0.0.1:3001, or `off`",
            ),
            (
                &["--operator-token", "secret"],
                "unexpected argument '--operator-token'",
            ),
        ] {
            let error = read(words).expect_err("refused").to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn tasks_are_a_command_of_their_own() {
        let line = CommandLine::try_parse_from(["seller", "tasks", "list", "--all"]);
        assert!(matches!(
            line.map(CommandLine::wanted),
            Ok(Wanted::Tasks(_))
        ));
        let help = CommandLine::command().render_long_help().to_string();
        assert!(help.contains("tasks"), "{help}");
    }
}
