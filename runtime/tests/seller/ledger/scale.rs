//! What one accept costs with few and with many proposals in the file.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adcp_seller::identity::{Owner, Scope, TenantId};
use adcp_seller::store::sqlite::SqliteStore;
use adcp_seller::store::{Batch, Draft, Key, Store as _};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::process::{accept, brief, finalize, provision, rounds};
use crate::market::{Market, Parts};
use crate::support::planner::Planner;
use crate::support::{NOW, line};

/// How many records are written at once.
const PORTION: usize = 1000;

async fn open(file: &Path) -> Market {
    let planner = Planner::default();
    let parts = Parts {
        store: Arc::new(SqliteStore::open(file).expect("the file opens")),
        ..Parts::of(&line::PROPOSALS)
    };
    let market = parts.open(planner.clone(), planner.ad_server.clone()).await;
    provision(&market).await;
    market
}

/// Opens a seller whose file holds so many firm proposals: copies of one that it made itself.
async fn stocked(file: &Path, proposals: usize) -> Market {
    let market = open(file).await;
    market.call("get_products", brief("banners")).await;
    market.call("get_products", finalize("plan")).await;
    let (owner, body): (String, String) = rusqlite::Connection::open(file)
        .and_then(|connection| {
            connection.query_row(
                "SELECT owner, body FROM record WHERE kind = 'proposal'",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
        })
        .expect("the proposal is kept");
    let scope = Scope {
        tenant: TenantId(TenantId::SINGLE.into()),
        owner: Owner::parse(&owner).expect("an owner"),
    };
    let kept = NOW
        .parse::<adcp_seller::clock::Timestamp>()
        .expect("an instant")
        + TimeDelta::days(8);
    let body: Value = serde_json::from_str(&body).expect("JSON");
    let store = SqliteStore::open(file).expect("the file opens");
    for start in (0..proposals).step_by(PORTION) {
        let mut batch = Batch::new();
        for number in start..proposals.min(start + PORTION) {
            let id = name(number);
            let mut body = body.clone();
            body["proposal_id"] = json!(id);
            body["proposal"]["proposal_id"] = json!(id);
            batch.insert(
                Key::new(scope.clone(), "proposal", id),
                Draft::new(body).due(kept),
            );
        }
        store.commit(batch).await.expect("the file takes it");
    }
    market
}

/// Proposals are bought all over the file.
fn name(number: usize) -> String {
    format!("plan-{:08x}", (number as u32).wrapping_mul(0x9E37_79B1))
}

async fn buy(market: &Market, number: usize) -> Duration {
    let request = accept(&name(number), &market.key());
    let began = Instant::now();
    market.call("create_media_buy", request).await;
    began.elapsed()
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

/// `cargo test --test seller ledger::scale -- --ignored --nocapture`; `LEDGER_MANY` and
/// `LEDGER_ACCEPTS` change the sizes. The two files take turns, so that whatever else the machine
/// does meets both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, for minutes"]
async fn an_accept_costs_the_same_with_a_million_proposals() {
    let folder = tempfile::tempdir().expect("a folder");
    let many = rounds("LEDGER_MANY", 1_000_000);
    let accepts = rounds("LEDGER_ACCEPTS", 1000);
    let began = Instant::now();
    let few = stocked(&folder.path().join("few.db"), 1000.max(accepts)).await;
    let crowded = stocked(&folder.path().join("many.db"), many).await;
    eprintln!("stocked in {:?}", began.elapsed());
    let (mut with_few, mut with_many) = (Vec::new(), Vec::new());
    for number in 0..accepts {
        with_few.push(buy(&few, number).await);
        with_many.push(buy(&crowded, number * (many / accepts)).await);
    }
    with_few.sort_unstable();
    with_many.sort_unstable();
    for (what, times) in [("few", &with_few), ("many", &with_many)] {
        eprintln!(
            "{what}: p50 {:?}, p99 {:?}",
            percentile(times, 50),
            percentile(times, 99)
        );
    }
    let ratio = percentile(&with_many, 99).as_secs_f64() / percentile(&with_few, 99).as_secs_f64();
    eprintln!("p99 with many is {ratio:.2} times that with few");
    assert!(ratio <= 1.3, "the cost grows with the number of proposals");
}
