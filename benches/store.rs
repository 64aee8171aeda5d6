//! What the store's primitives cost, in memory and in a SQLite file.
//!
//! `cargo bench --bench store`. SQLite's commits wait for the disk, so their figures are the
//! disk's as much as ours; what matters is how far many commits at once share one sync.
#![allow(missing_docs)]

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use adcp_seller::identity::{Scope, TenantId};
use adcp_seller::store::{Batch, Draft, Key, Query, SharedStore, open};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use serde_json::json;
use tokio::runtime::Runtime;

/// How many records lie in the store while it is measured.
const RECORDS: u64 = 10_000;

/// How many commits are under way at once.
const AT_ONCE: u64 = 64;

fn key(number: u64) -> Key {
    let scope = Scope::account(&TenantId(TenantId::SINGLE.into()), "account");
    Key::new(scope, "media_buy", format!("mb_{number:06}"))
}

/// A record of a media buy's size, about 1 kB.
fn draft(number: u64) -> Draft {
    let package = |at: u64| json!({ "package_id": format!("pkg_{at}"), "product_id": "display", "budget": 5000.0, "pricing_option_id": "cpm_usd", "creatives": ["one", "two"], "paused": false });
    let body = json!({
        "media_buy_id": format!("mb_{number:06}"), "status": "active", "currency": "USD",
        "start_time": "2026-06-01T00:00:00Z", "end_time": "2026-06-30T23:59:59Z",
        "packages": (0..6).map(package).collect::<Vec<_>>(),
    });
    Draft::new(body)
        .sorted(format!("2026-06-01T{number:06}"))
        .tagged(format!("buyer_{}", number % 50))
}

async fn fill(store: &SharedStore) {
    for start in (0..RECORDS).step_by(500) {
        let mut batch = Batch::new();
        for number in start..start + 500 {
            batch.put(key(number), draft(number));
        }
        store
            .commit(batch)
            .await
            .expect("the store takes the records");
    }
}

async fn replace(store: &SharedStore, number: u64) {
    let mut batch = Batch::new();
    batch.put(key(number % RECORDS), draft(number % RECORDS));
    store
        .commit(batch)
        .await
        .expect("the store takes the record");
}

fn primitives(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let folder = tempfile::tempdir().expect("a folder for the file");
    let file = format!("sqlite:{}", folder.path().join("seller.db").display());
    for (name, url) in [("memory", "memory:"), ("sqlite", file.as_str())] {
        let store = open(url).expect("the store opens");
        runtime.block_on(fill(&store));
        let next = AtomicU64::new(0);
        let number = || next.fetch_add(7919, Ordering::Relaxed);

        let mut group = criterion.benchmark_group("store");
        group.bench_function(BenchmarkId::new("get", name), |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| async { black_box(store.get(&key(number() % RECORDS)).await) });
        });
        let page = |tag: Option<&str>| Query {
            scope: key(0).scope,
            kind: "media_buy",
            tag: tag.map(str::to_owned),
            after: None,
            limit: 50,
        };
        group.bench_function(BenchmarkId::new("list 50", name), |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| async { black_box(store.list(&page(None)).await) });
        });
        group.bench_function(BenchmarkId::new("list 50 by tag", name), |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| async { black_box(store.list(&page(Some("buyer_7"))).await) });
        });
        group.bench_function(BenchmarkId::new("commit", name), |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| replace(&store, number()));
        });
        group.throughput(Throughput::Elements(AT_ONCE));
        group.bench_function(BenchmarkId::new("commit 64 at once", name), |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| join_all((0..AT_ONCE).map(|_| replace(&store, number()))));
        });
        group.finish();
    }
}

criterion_group! {
    name = store;
    config = Criterion::default().sample_size(30);
    targets = primitives
}
criterion_main!(store);
