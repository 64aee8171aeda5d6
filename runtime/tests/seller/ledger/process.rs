//! Sellers in processes of their own, on one SQLite file: this test binary, started again.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use adcp_seller::clock::{Clock as _, SystemClock};
use adcp_seller::profile::{Entry, Profile, Rate};
use adcp_seller::store::sqlite::SqliteStore;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::bureau::Bureau;
use crate::market::{AdServer, Market, Parts, account};
use crate::support::line;

/// Tells a child which file to use.
const FILE: &str = "LEDGER_TEST_FILE";
/// Tells a child how many seconds after the first process it starts.
const LATER: &str = "LEDGER_TEST_LATER";

/// Proposals for a caller that uses more new keys than a seller takes by default.
static CROWDED: Profile = Profile {
    entry: Entry {
        fresh_keys: Rate {
            per_minute: 6_000_000,
            burst: 1_000_000,
        },
        ..Entry::PLAIN
    },
    ..line::PROPOSALS
};

/// A seller in another process, which reads lines and writes lines.
pub(super) struct Peer {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// Starts the ignored test of that name, on that file, `later` seconds on.
    pub(super) fn start(test: &str, file: &Path, later: i64) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args([
                "--exact",
                test,
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(FILE, file)
            .env(LATER, later.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test starts again");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Peer {
            child,
            input,
            output,
        }
    }

    /// Tells it something.
    pub(super) fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("it listens");
    }

    /// What it says next, the words of the test harness left out. `None` when it has ended.
    pub(super) fn hear(&mut self) -> Option<Value> {
        loop {
            let line = self.output.next()?.expect("text");
            if let Some(said) = line.strip_prefix(SAID) {
                return Some(serde_json::from_str(said).expect("JSON"));
            }
        }
    }

    /// Kills it, and returns what it had still said.
    pub(super) fn kill(mut self) -> Vec<Value> {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
        std::iter::from_fn(|| self.hear()).collect()
    }

    /// Lets it end by itself.
    pub(super) fn end(self) {
        let Peer {
            mut child, input, ..
        } = self;
        drop(input);
        assert!(child.wait().expect("it ends").success());
    }
}

/// What begins a line that a child says.
const SAID: &str = "said ";

/// Says something to the parent, in one write.
pub(super) fn say(what: &Value) {
    std::io::stdout()
        .write_all(format!("\n{SAID}{what}\n").as_bytes())
        .expect("the parent listens");
}

/// The file that the parent named.
pub(super) fn file_of_the_parent() -> PathBuf {
    std::env::var(FILE)
        .expect("started by another test of this folder")
        .into()
}

/// How many seconds after the first process this one starts.
pub(super) fn later() -> i64 {
    std::env::var(LATER)
        .ok()
        .and_then(|later| later.parse().ok())
        .unwrap_or_default()
}

/// Opens a seller on a file. Its clock starts `later` seconds after every test's instant and runs
/// on as real time does.
pub(super) async fn open(file: &Path, later: i64, pause: Duration) -> Market {
    let parts = Parts {
        store: Arc::new(SqliteStore::open(file).expect("the file opens")),
        ..Parts::of(&CROWDED)
    };
    let market = parts
        .open(Bureau::beside(file, pause), AdServer::default())
        .await;
    let clock = market.clock.clone();
    clock.advance(TimeDelta::seconds(later));
    tokio::spawn(async move {
        let mut before = SystemClock.now();
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let now = SystemClock.now();
            clock.advance(now - before);
            before = now;
        }
    });
    market
}

/// Sets up the account that everything is bought for.
pub(super) async fn provision(market: &Market) {
    let mut wanted = account("nova");
    wanted["billing"] = json!("operator");
    let request = json!({ "idempotency_key": "ledger-account-0001", "accounts": [wanted] });
    market.call("sync_accounts", request).await;
}

/// A brief that is answered with a proposal of that name.
pub(super) fn brief(name: &str) -> Value {
    json!({ "buying_mode": "brief", "brief": name, "account": account("nova") })
}

/// A request to make a proposal firm.
pub(super) fn finalize(proposal_id: &str) -> Value {
    json!({
        "buying_mode": "refine",
        "account": account("nova"),
        "refine": [{ "scope": "proposal", "proposal_id": proposal_id, "action": "finalize" }],
    })
}

/// A request to buy a proposal.
pub(super) fn accept(proposal_id: &str, key: &str) -> Value {
    json!({
        "idempotency_key": key,
        "account": account("nova"),
        "brand": { "domain": "nova.example" },
        "proposal_id": proposal_id,
        "total_budget": { "amount": 10_000, "currency": "USD" },
        "start_time": "2026-04-01T00:00:00Z",
        "end_time": "2026-05-01T00:00:00Z",
    })
}

/// How many rounds a test runs: so many as the environment says, else few.
pub(super) fn rounds(variable: &str, usual: usize) -> usize {
    std::env::var(variable)
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(usual)
}
