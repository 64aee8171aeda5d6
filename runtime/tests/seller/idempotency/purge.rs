//! Records leave the store without anybody noticing.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adcp_seller::clock::Timestamp;
use adcp_seller::identity::{Principal, Scope, TenantId};
use adcp_seller::store::memory::MemoryStore;
use adcp_seller::store::sqlite::SqliteStore;
use adcp_seller::store::{Batch, Draft, Key, SharedStore};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::market::{AdServer, EXPLICIT, Market, Parts, banner, order};
use crate::support::desk::Desk;
use crate::support::mirror::Mirror;
use crate::support::{self, NOW};

/// Writes records that have been due for long.
async fn stock(store: &SharedStore, count: usize) {
    let scope = Scope::principal(
        &TenantId(TenantId::SINGLE.to_owned()),
        &Principal("somebody".to_owned()),
    );
    let past = NOW.parse::<Timestamp>().expect("an instant") - TimeDelta::days(3);
    let numbers: Vec<usize> = (0..count).collect();
    for portion in numbers.chunks(1000) {
        let mut batch = Batch::new();
        for number in portion {
            let body = json!({
                "hash": "0".repeat(64), "operation_id": format!("op_{number:032}"), "expires_at": past,
                "answer": { "media_buy_id": format!("mb_{number}"), "packages": ["x".repeat(400)] },
            });
            let id = format!("create_media_buy:expired-key-{number:012}");
            let key = Key::new(scope.clone(), "idempotency", id);
            batch.insert(key, Draft::new(body).due(past + TimeDelta::days(1)));
        }
        store.commit(batch).await.expect("written");
    }
}

#[tokio::test(start_paused = true)]
async fn many_records_leave_in_portions_and_what_is_kept_stays() {
    let mirror = Arc::new(Mirror::new(Arc::new(MemoryStore::new())));
    let store: SharedStore = mirror.clone();
    let seller = support::offline(store.clone(), Desk::default()).await;
    let kept = support::booking("kept-while-others-leave");
    assert_eq!(
        seller.call("create_media_buy", kept).await["isError"],
        false
    );
    stock(&store, 1234).await;
    assert_eq!(mirror.count("idempotency"), 1235);
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(mirror.count("idempotency"), 1);
}

async fn open(file: &Path) -> Market {
    let ad_server = AdServer::default();
    let parts = Parts {
        sandbox: true,
        store: Arc::new(SqliteStore::open(file).expect("the file opens")),
        ..Parts::of(&EXPLICIT)
    };
    parts.open(ad_server.clone(), ad_server).await
}

/// Whether the file still holds a record that has expired.
fn holds_any(file: &Path) -> bool {
    let connection = rusqlite::Connection::open(file).expect("the file opens");
    let found = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM record WHERE kind = 'idempotency' AND owner = 'p:somebody')",
        [],
        |row| row.get::<_, bool>(0),
    );
    found.expect("looked up")
}

/// One buyer's calls until it is told to stop: how long each took.
async fn calls(market: &Market, goes_on: impl Fn() -> bool) -> (Vec<Duration>, Vec<Duration>) {
    let (mut changes, mut reads) = (Vec::new(), Vec::new());
    while goes_on() {
        let began = Instant::now();
        market
            .call("create_media_buy", order(json!([banner(5000.0)])))
            .await;
        changes.push(began.elapsed());
        let began = Instant::now();
        let question: Value = json!({ "buying_mode": "brief", "brief": "banners" });
        market.call("get_products", question).await;
        reads.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    changes.sort_unstable();
    reads.sort_unstable();
    (changes, reads)
}

fn p99(sorted: &[Duration]) -> Duration {
    sorted[(sorted.len() - 1) * 99 / 100]
}

/// `cargo test --release --test seller idempotency::purge -- --ignored --nocapture`;
/// `PURGE_RECORDS` changes how many there are. The sweeper looks once a minute: until it does, calls
/// are measured in quiet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, for minutes"]
async fn calls_do_not_notice_that_records_are_purged() {
    let count = std::env::var("PURGE_RECORDS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(200_000);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("seller.db");
    let store: SharedStore = Arc::new(SqliteStore::open(&file).expect("the file opens"));
    stock(&store, count).await;
    drop(store);
    let began = Instant::now();
    let market = open(&file).await;
    let (changes, reads) = calls(&market, || began.elapsed() < Duration::from_secs(55)).await;
    assert!(holds_any(&file), "the sweeper has not begun");
    tokio::time::sleep(Duration::from_secs(60).saturating_sub(began.elapsed())).await;
    let purging = Instant::now();
    let (changes_then, reads_then) = calls(&market, || {
        purging.elapsed() < Duration::from_secs(5)
            || tokio::task::block_in_place(|| holds_any(&file))
    })
    .await;
    eprintln!("{count} records were purged in {:?}", purging.elapsed());
    for (what, quiet, then) in [
        ("changes", &changes, &changes_then),
        ("reads", &reads, &reads_then),
    ] {
        let ratio = p99(then).as_secs_f64() / p99(quiet).as_secs_f64();
        eprintln!(
            "{what}: p99 in quiet {:?} of {}, while purging {:?} of {}: {ratio:.2} times",
            p99(quiet),
            quiet.len(),
            p99(then),
            then.len()
        );
        assert!(ratio <= 2.0, "{what} notice the purge");
    }
}
