//! A seller that is killed at random instants while it finalizes and sells, and started again.
//!
//! The buyer behaves as buyers should: it repeats what it has no answer to, under the same key. In
//! every third round it does so only when the seller has settled everything by itself.
//! Each start happens a while later on the seller's clock, so that what the killed process
//! held is free again.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::bureau::{AS_TASKS, Book, Bureau};
use super::process::{self, Peer, accept, brief, file_of_the_parent, finalize, rounds, say};
use crate::market::Market;
use crate::support::TOKEN;

/// How long the ad server takes.
const PAUSE: Duration = Duration::from_millis(3);
/// How much later than the one before each process starts, in seconds: longer than any lease.
const APART: i64 = 100;
/// How long a buyer goes on trying, in real time.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often a buyer tries.
const PAUSES: Duration = Duration::from_millis(20);

/// A buyer who wants one proposal and does not give up.
struct Buyer<'a> {
    market: &'a Market,
    name: &'a str,
    since: Instant,
}

impl Buyer<'_> {
    async fn ask(&self, tool: &str, request: Value) -> Result<Value, String> {
        let result = self.market.send(TOKEN, tool, request).await;
        let answer = &result["structuredContent"];
        if result["isError"] == false {
            return Ok(answer.clone());
        }
        Err(answer["adcp_error"]["code"]
            .as_str()
            .expect("a code")
            .to_owned())
    }

    async fn wait(&self, why: &str) {
        assert!(
            self.since.elapsed() < PATIENCE,
            "{} is stuck: {why}",
            self.name
        );
        tokio::time::sleep(PAUSES).await;
    }

    /// Follows a task to its end; its result.
    async fn follow(&self, answer: &Value) -> Value {
        let task_id = &answer["task_id"];
        say(&json!({ "task": task_id }));
        loop {
            let task = self
                .ask(
                    "tasks/get",
                    json!({ "task_id": task_id, "include_result": true }),
                )
                .await
                .expect("an announced task is never lost");
            match task["status"].as_str() {
                Some("completed") => return task["result"].clone(),
                Some("submitted" | "working") => self.wait("its task").await,
                _ => panic!("{}: {task}", self.name),
            }
        }
    }

    /// Makes the proposal firm, if it is not by now.
    async fn firm(&self) {
        loop {
            match self.ask("get_products", finalize(self.name)).await {
                Ok(answer) if answer["status"] == "submitted" => {
                    self.follow(&answer).await;
                    return;
                }
                Ok(answer) => {
                    assert_eq!(answer["proposals"][0]["proposal_status"], "committed");
                    return;
                }
                // It has been bought, or is being bought: the killed process had got that far.
                Err(code) if code == "PROPOSAL_NOT_COMMITTED" => return,
                Err(code) if code == "PROPOSAL_NOT_FOUND" => {
                    let drafted = self.ask("get_products", brief(self.name)).await;
                    if drafted.is_err() {
                        self.wait("no draft").await;
                    }
                }
                Err(code) => self.later(&code).await,
            }
        }
    }

    /// Buys it; the media buy's id.
    async fn buy(&self) -> Value {
        let key = format!("crash-test-key:{}", self.name);
        loop {
            match self.ask("create_media_buy", accept(self.name, &key)).await {
                Ok(answer) if answer["status"] == "submitted" => {
                    return self.follow(&answer).await["media_buy_id"].clone();
                }
                Ok(answer) => return answer["media_buy_id"].clone(),
                Err(code) => self.later(&code).await,
            }
        }
    }

    async fn later(&self, code: &str) {
        let transient = ["SERVICE_UNAVAILABLE", "CONFLICT"];
        assert!(transient.contains(&code), "{}: {code}", self.name);
        self.wait(code).await;
    }
}

/// Buys the proposals that the parent names, line by line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the process that the crashes kill"]
async fn child_sells() {
    let market = process::open(&file_of_the_parent(), process::later(), PAUSE).await;
    process::provision(&market).await;
    say(&json!("ready"));
    let mut lines = std::io::stdin().lock().lines();
    while let Some(line) = tokio::task::block_in_place(|| lines.next()) {
        let buyer = Buyer {
            market: &market,
            name: &line.expect("text"),
            since: Instant::now(),
        };
        buyer.firm().await;
        let media_buy_id = buyer.buy().await;
        say(&json!({ "bought": buyer.name, "media_buy_id": media_buy_id }));
    }
}

/// What the processes have said so far.
#[derive(Default)]
struct Heard {
    bought: BTreeMap<String, BTreeSet<String>>,
    tasks: BTreeSet<String>,
}

impl Heard {
    fn note(&mut self, said: &Value) {
        if let Some(task) = said["task"].as_str() {
            self.tasks.insert(task.to_owned());
        }
        if let (Some(name), Some(id)) = (said["bought"].as_str(), said["media_buy_id"].as_str()) {
            self.bought
                .entry(name.to_owned())
                .or_default()
                .insert(id.to_owned());
        }
    }

    /// Listens until that proposal is bought.
    fn until_bought(&mut self, peer: &mut Peer, name: &str) {
        while !self.bought.contains_key(name) {
            let said = peer
                .hear()
                .unwrap_or_else(|| panic!("the process ended before {name} was bought"));
            self.note(&said);
        }
    }
}

/// Everything that a file holds of a sort.
fn records(file: &Path, kind: &str) -> Vec<Value> {
    let connection = rusqlite::Connection::open(file).expect("the file opens");
    let mut statement = connection
        .prepare("SELECT body FROM record WHERE kind = ?1")
        .expect("the table is there");
    statement
        .query_map([kind], |row| row.get::<_, String>(0))
        .expect("rows")
        .map(|body| serde_json::from_str(&body.expect("text")).expect("JSON"))
        .collect()
}

/// Waits until nothing is reserved or under way any more, without anybody asking for it.
fn until_settled(file: &Path, name: &str) {
    let began = Instant::now();
    loop {
        let reserved = records(file, "proposal")
            .into_iter()
            .filter(|proposal| proposal.get("reservation").is_some());
        let open = records(file, "task")
            .into_iter()
            .filter(|task| task.get("completed_at").is_none());
        let left: Vec<Value> = reserved.chain(open).collect();
        if left.is_empty() {
            return;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "nobody settles {name}: {left:?}"
        );
        std::thread::sleep(PAUSES);
    }
}

/// A random part of a span, different in every round and every run.
fn part_of(span: Duration) -> Duration {
    use std::hash::{BuildHasher as _, RandomState};
    let random = RandomState::new().hash_one(span) >> 40;
    #[allow(clippy::cast_precision_loss, reason = "24 bits")]
    span.mul_f64(random as f64 / (1_u64 << 24) as f64)
}

/// `LEDGER_CRASHES=200` for the two hundred rounds that the figures are about.
#[test]
fn a_seller_that_is_killed_sells_nothing_twice_and_forgets_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("seller.db");
    let rounds = rounds("LEDGER_CRASHES", 6);
    let mut heard = Heard::default();
    let mut starts = 0;
    let mut start = || {
        let mut peer = Peer::start("ledger::crashes::child_sells", &file, APART * starts);
        starts += 1;
        assert_eq!(peer.hear(), Some(json!("ready")));
        peer
    };
    // How long one sale takes, so that kills fall into it.
    let mut peer = start();
    let began = Instant::now();
    peer.tell("first");
    heard.until_bought(&mut peer, "first");
    let quick = began.elapsed().mul_f64(1.2);
    let began = Instant::now();
    let mut names = vec!["first".to_owned()];
    let mut killed_in_between = 0;
    let mut settled_alone = 0;
    for round in 0..rounds {
        let (name, span) = match round % 5 {
            4 => (format!("{AS_TASKS}-{round}"), Duration::from_millis(2500)),
            _ => (format!("quick-{round}"), quick),
        };
        peer.tell(&name);
        std::thread::sleep(part_of(span));
        for said in peer.kill() {
            heard.note(&said);
        }
        killed_in_between += usize::from(!heard.bought.contains_key(&name));
        if round % 7 == 6 {
            // The one that takes over does not get far either.
            let mut next = start();
            next.tell(&name);
            std::thread::sleep(part_of(quick));
            for said in next.kill() {
                heard.note(&said);
            }
        }
        peer = start();
        if round % 3 == 2 {
            until_settled(&file, &name);
            settled_alone += usize::from(!heard.bought.contains_key(&name));
        }
        // Also when it was bought: then the same key must give the same answer.
        heard.bought.entry(name.clone()).or_default();
        peer.tell(&name);
        let mut answered = false;
        while !answered {
            let said = peer
                .hear()
                .unwrap_or_else(|| panic!("the process ended before {name} was bought"));
            answered = said["bought"] == name.as_str();
            heard.note(&said);
        }
        names.push(name);
    }
    peer.end();
    eprintln!(
        "{rounds} rounds in {:?}, {killed_in_between} of them killed before the sale was answered; {settled_alone} of these were settled without the buyer",
        began.elapsed()
    );
    check(&file, &heard, &names);
}

fn check(file: &Path, heard: &Heard, names: &[String]) {
    let buys = records(file, "media_buy");
    let proposals = records(file, "proposal");
    let tasks = records(file, "task");
    assert_eq!(buys.len(), names.len(), "one media buy for each");
    assert_eq!(proposals.len(), names.len(), "one proposal for each");
    let Book {
        holds,
        orders,
        arrivals: _,
    } = Bureau::beside(file, PAUSE).read();
    for name in names {
        let ids: BTreeSet<&str> = buys
            .iter()
            .filter(|buy| buy["proposal_id"] == name.as_str())
            .filter_map(|buy| buy["media_buy_id"].as_str())
            .collect();
        let told: BTreeSet<&str> = heard.bought[name].iter().map(String::as_str).collect();
        assert_eq!(ids.len(), 1, "{name} was bought {} times", ids.len());
        assert_eq!(told, ids, "{name}: every answer names the one buy");
        assert_eq!(orders[name].len(), 1, "{name}: one operation ordered");
        assert_eq!(holds[name].len(), 1, "{name}: one operation held");
    }
    for proposal in &proposals {
        assert_eq!(proposal["state"], "consumed", "stuck: {proposal}");
        assert!(proposal.get("reservation").is_none(), "{proposal}");
    }
    for task in &tasks {
        assert_eq!(task["status"], "completed", "stuck or lost: {task}");
        assert_eq!(task["announced"], true, "a journal was left: {task}");
    }
    let kept: BTreeSet<&str> = tasks
        .iter()
        .filter_map(|task| task["task_id"].as_str())
        .collect();
    let told: BTreeSet<&str> = heard.tasks.iter().map(String::as_str).collect();
    assert!(told.is_subset(&kept), "lost: {:?}", told.difference(&kept));
}
