//! A seller that is killed between a commit and what tells of it, and started again; and two processes
//! on one file.
//!
//! The receiver belongs to the test and lives on. It notes every key under the operation that it tells
//! of: each operation that was committed is told of at least once, and always under one key.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adcp_seller::clock::ShiftedClock;
use adcp_seller::store::sqlite::SqliteStore;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use super::{FREE, NOW, Parts, config};

/// Tell a child which file to use, where the receiver is, and how many seconds after the first
/// process it starts.
const FILE: &str = "WEBHOOK_TEST_FILE";
const URL: &str = "WEBHOOK_TEST_URL";
const LATER: &str = "WEBHOOK_TEST_LATER";
/// What begins a line that a child says.
const SAID: &str = "said ";
/// How much later than the one before each process starts, in seconds: longer than any lease or pause.
const APART: i64 = 400;
/// How long the test waits for what should come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A seller in another process.
struct Peer {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    fn start(file: &Path, url: &str, later: i64) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args([
                "--exact",
                "webhooks::crashes::child_sells",
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(FILE, file)
            .env(URL, url)
            .env(LATER, later.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test starts again");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut peer = Peer {
            child,
            input,
            output,
        };
        assert_eq!(peer.hear(), Some("ready".to_owned()));
        peer
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("it listens");
    }

    /// What it says next; `None` when it has ended.
    fn hear(&mut self) -> Option<String> {
        loop {
            let line = self.output.next()?.expect("text");
            if let Some(said) = line.strip_prefix(SAID) {
                return Some(said.to_owned());
            }
        }
    }

    /// Kills it, and returns what it had still said.
    fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
        std::iter::from_fn(|| self.hear()).collect()
    }

    /// Lets it end by itself.
    fn end(self) {
        let Peer {
            mut child, input, ..
        } = self;
        drop(input);
        assert!(child.wait().expect("it ends").success());
    }
}

fn said(word: &str) {
    std::io::stdout()
        .write_all(format!("\n{SAID}{word}\n").as_bytes())
        .expect("the parent listens");
}

/// Buys under the keys that the parent names, line by line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the process that the crashes kill"]
async fn child_sells() {
    let variable = |name| std::env::var(name).expect("started by another test of this file");
    let later: i64 = variable(LATER).parse().expect("a number");
    let start = NOW
        .parse::<adcp_seller::clock::Timestamp>()
        .expect("an instant");
    let parts = Parts {
        store: Arc::new(SqliteStore::open(Path::new(&variable(FILE))).expect("the file opens")),
        ..Parts::of(&FREE)
    };
    let clock = ShiftedClock::starting_at(start + TimeDelta::seconds(later));
    let post = Arc::new(parts.open_at(clock).await);
    let url = variable(URL);
    said("ready");
    let mut lines = std::io::stdin().lock().lines();
    while let Some(line) = tokio::task::block_in_place(|| lines.next()) {
        let key = line.expect("text");
        let (post, url) = (Arc::clone(&post), url.clone());
        tokio::spawn(async move {
            let mut order = post.order(config(&url));
            order["idempotency_key"] = json!(key);
            order["push_notification_config"]["operation_id"] = json!(key);
            post.call("create_media_buy", order).await;
            said(&key);
        });
    }
}

/// The keys under which each operation was told of.
fn told(receiver: &Receiver) -> BTreeMap<String, BTreeSet<String>> {
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for received in receiver.received() {
        let body = received.json();
        let operation = body["operation_id"].as_str().expect("an operation");
        told.entry(operation.to_owned())
            .or_default()
            .insert(received.key());
    }
    told
}

/// The operations that a file holds as committed, by their keys.
fn committed(file: &Path) -> BTreeSet<String> {
    let connection = rusqlite::Connection::open(file).expect("the file opens");
    let mut statement = connection
        .prepare("SELECT id, body FROM record WHERE kind = 'idempotency'")
        .expect("the table is there");
    statement
        .query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })
        .expect("rows")
        .map(|row| row.expect("a row"))
        .filter(|(_, body)| {
            let body: Value = serde_json::from_str(body).expect("JSON");
            body.get("answer").is_some_and(|answer| !answer.is_null())
        })
        .filter_map(|(id, _)| id.find("crash-").map(|at| id[at..].to_owned()))
        .collect()
}

/// What the file still has to deliver.
fn waiting(file: &Path) -> i64 {
    let connection = rusqlite::Connection::open(file).expect("the file opens");
    connection
        .query_row(
            "SELECT count(*) FROM record WHERE kind = 'webhook'",
            [],
            |row| row.get(0),
        )
        .expect("a count")
}

async fn until_nothing_waits(file: &Path) {
    let began = Instant::now();
    while waiting(file) > 0 {
        assert!(began.elapsed() < PATIENCE, "{} are left", waiting(file));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A random part of a span, different in every round and every run.
fn part_of(span: Duration) -> Duration {
    use std::hash::{BuildHasher as _, RandomState};
    let random = RandomState::new().hash_one(span) >> 40;
    #[allow(clippy::cast_precision_loss, reason = "24 bits")]
    span.mul_f64(random as f64 / (1_u64 << 24) as f64)
}

/// `WEBHOOK_CRASHES=200` for the two hundred rounds that the figures are about.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seller_that_is_killed_tells_of_everything_and_under_one_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("seller.db");
    let rounds: usize = std::env::var("WEBHOOK_CRASHES")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(6);
    // A receiver that takes its time, so that kills fall between a commit and the end of a delivery.
    let receiver = Receiver::answering(Reply::Slow(200, Duration::from_millis(15))).await;
    let url = receiver.url("/");
    let mut answered = BTreeSet::new();
    let mut undelivered_at_a_kill = 0;
    for round in 0..rounds {
        let later = APART * i64::try_from(round).expect("few rounds");
        let mut peer = Peer::start(&file, &url, later);
        for order in 0..8 {
            peer.tell(&format!("crash-{round:04}-{order}-0123456789"));
        }
        // Some orders are answered, and their notifications are on their way or about to be.
        for _ in 0..=round % 8 {
            answered.extend(peer.hear());
        }
        tokio::time::sleep(part_of(Duration::from_millis(25))).await;
        answered.extend(peer.kill());
        undelivered_at_a_kill += usize::from(waiting(&file) > 0);
    }
    let later = APART * i64::try_from(rounds).expect("few rounds");
    let last = Peer::start(&file, &url, later);
    until_nothing_waits(&file).await;
    last.end();
    let (committed, told) = (committed(&file), told(&receiver));
    assert!(answered.is_subset(&committed), "an answer is a commit");
    let silent: Vec<_> = committed
        .iter()
        .filter(|key| !told.contains_key(*key))
        .collect();
    assert!(silent.is_empty(), "not told of: {silent:?}");
    for (operation, keys) in &told {
        assert_eq!(keys.len(), 1, "{operation}: {keys:?}");
        assert!(committed.contains(operation), "{operation} never was");
    }
    let sent = receiver.received().len();
    println!(
        "{rounds} kills, {undelivered_at_a_kill} with something undelivered; {} events in {sent} deliveries",
        told.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_file_tell_of_everything_under_one_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("seller.db");
    let receiver = Receiver::well().await;
    // One less than makes a process leave the receiver alone for a minute.
    receiver.then(vec![Reply::Status(503); 4]);
    let url = receiver.url("/");
    let mut peers = [Peer::start(&file, &url, 0), Peer::start(&file, &url, 0)];
    for order in 0..40 {
        peers[order % 2].tell(&format!("crash-two-{order:04}-0123456789"));
    }
    for peer in &mut peers {
        for _ in 0..20 {
            peer.hear().expect("it is booked");
        }
    }
    until_nothing_waits(&file).await;
    let told = told(&receiver);
    assert_eq!(told.len(), 40);
    assert!(told.values().all(|keys| keys.len() == 1), "{told:?}");
    // Every refused attempt is repeated once; no process sends what the other has sent.
    assert_eq!(receiver.received().len(), 44);
    for peer in peers {
        peer.end();
    }
}
