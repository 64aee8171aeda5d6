//! Several processes on one SQLite file, and processes that are killed while they write.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use adcp_seller::identity::{Scope, TenantId};
use adcp_seller::store::sqlite::SqliteStore;
use adcp_seller::store::{Batch, Draft, Key, Query, Record, Store, StoreError};
use serde_json::json;

/// Tells a child which file to use and which part to play.
const FILE: &str = "STORE_TEST_FILE";

/// How many times one child counts.
const COUNTS: u64 = 150;

fn scope() -> Scope {
    Scope::account(&TenantId("tenant".into()), "account")
}

fn key(kind: &'static str, id: impl Into<String>) -> Key {
    Key::new(scope(), kind, id)
}

fn open(path: impl AsRef<Path>) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(path).unwrap())
}

/// Starts this test binary again, to run one of the children below.
fn spawn(child: &str, file: &Path) -> Child {
    let name = format!("processes::{child}");
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &name,
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn file_of_the_parent() -> String {
    std::env::var(FILE).expect("started by another test of this file")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the other process of processes_that_count_together_lose_nothing"]
async fn child_counts() {
    count(open(file_of_the_parent()).as_ref(), COUNTS).await;
}

async fn count(store: &dyn Store, times: u64) {
    let counter = key("counter", "only");
    let mut done = 0;
    while done < times {
        let record = store.get(&counter).await.unwrap();
        let revision = record.as_ref().map_or(0, |record| record.revision);
        let so_far = record.and_then(|record| record.body.as_u64()).unwrap_or(0);
        let mut batch = Batch::new();
        let draft = Draft::new(json!(so_far + 1));
        if revision == 0 {
            batch.insert(counter.clone(), draft)
        } else {
            batch.replace(counter.clone(), revision, draft)
        };
        match store.commit(batch).await {
            Ok(()) => done += 1,
            Err(StoreError::Conflict(_)) => {}
            Err(error) => panic!("{error}: {:?}", std::error::Error::source(&error)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_count_together_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seller.db");
    // Nobody has made the file yet: they also race to do that.
    let children = [
        spawn("child_counts", &file),
        spawn("child_counts", &file),
        spawn("child_counts", &file),
    ];
    let store = open(&file);
    count(store.as_ref(), COUNTS).await;
    for child in children {
        let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap())
            .await
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    let record = store.get(&key("counter", "only")).await.unwrap().unwrap();
    assert_eq!(record.body.as_u64(), Some(4 * COUNTS));
    assert_eq!(record.revision, 4 * COUNTS);
}

/// Writes pairs for ever, and says so on its standard output after each.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the process that a_killed_process_loses_nothing_that_it_acknowledged kills"]
async fn child_writes_pairs() {
    let store = open(file_of_the_parent());
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let store = store.clone();
        writers.spawn(async move {
            for number in 0.. {
                let id = format!("{}-{writer}-{number}", std::process::id());
                store.commit(pair(&id)).await.unwrap();
                let line = format!("written {id}\n");
                std::io::stdout().write_all(line.as_bytes()).unwrap();
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
}

/// Two records that are nothing without each other, as a media buy and its idempotency record.
fn pair(id: &str) -> Batch {
    let body = json!({ "id": id, "padding": "x".repeat(2000) });
    let mut batch = Batch::new();
    batch.insert(
        key("left", id),
        Draft::new(body.clone())
            .sorted(id)
            .tagged("pair")
            .tagged(id),
    );
    batch.insert(key("right", id), Draft::new(body).tagged("pair"));
    batch.put(key("last", "only"), Draft::new(json!(id)));
    batch
}

async fn all(store: &dyn Store, kind: &'static str, tag: Option<&str>) -> BTreeSet<String> {
    let mut query = Query {
        scope: scope(),
        kind,
        tag: tag.map(str::to_owned),
        after: None,
        limit: 500,
    };
    let mut found = BTreeSet::new();
    loop {
        let page: Vec<Record> = store.list(&query).await.unwrap();
        let Some(last) = page.last() else {
            return found;
        };
        query.after = Some((last.sort.clone(), last.key.id.clone()));
        found.extend(page.into_iter().map(|record| record.key.id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_nothing_that_it_acknowledged() {
    const ROUNDS: u64 = 50;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seller.db");
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        let mut child = spawn("child_writes_pairs", &file);
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap)
            .filter_map(|line| line.strip_prefix("written ").map(str::to_owned));
        // Some rounds are killed while they open the file, before anything is written.
        if round % 5 != 0 {
            acknowledged.extend(lines.next());
        }
        std::thread::sleep(Duration::from_micros(u64::from(rand(round)) % 25_000));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(lines);
        let store = open(&file);
        let left = all(store.as_ref(), "left", None).await;
        assert_eq!(
            left,
            all(store.as_ref(), "right", None).await,
            "a batch was written by half in round {round}"
        );
        assert_eq!(
            left,
            all(store.as_ref(), "left", Some("pair")).await,
            "the tags differ from the records in round {round}"
        );
        let lost: Vec<_> = acknowledged.difference(&left).collect();
        assert!(lost.is_empty(), "lost in round {round}: {lost:?}");
        let last = store.get(&key("last", "only")).await.unwrap();
        assert_eq!(
            last.map_or(0, |record| record.revision),
            left.len() as u64,
            "the third record of each batch counts them"
        );
    }
    assert!(
        acknowledged.len() > 200,
        "only {} commits were acknowledged: the rounds were too short to mean anything",
        acknowledged.len()
    );
    let connection = rusqlite::Connection::open(&file).unwrap();
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}

/// Different in every round and every run.
fn rand(round: u64) -> u32 {
    use std::hash::{BuildHasher as _, RandomState};
    (RandomState::new().hash_one(round) >> 32) as u32
}
