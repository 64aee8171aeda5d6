//! One key with nonces without end: what it costs the process, and what another key feels of it.
//!
//! Ignored, because it takes minutes. By itself, on a release build:
//! `SIGNATURES=1000000 cargo test --release -p adcp-seller --test seller signatures::load -- --ignored --nocapture`

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use adcp_seller::store;
use axum::body::Body;
use axum::http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

use super::pen::Pen;
use super::shop::{Plan, Shop, signer};

/// How many signers send at once.
const SENDERS: usize = 16;

/// What the process has in memory, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

/// Signs something and sends it over a connection that stays: its status.
async fn hand_in(client: &Client<HttpConnector, Body>, shop: &Shop, pen: &Pen) -> u16 {
    let letter = shop.letter("unheard_of", &json!({}));
    let mut request = Request::post(&letter.url);
    for (name, value) in pen.sign(&letter) {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(letter.body)).expect("a request");
    let response = client.request(request).await.expect("an answer");
    response.status().as_u16()
}

/// Calls of a calm key, one after the other: the time that 99 of 100 of them stay below.
async fn calm(shop: &Shop, pen: &Pen, calls: usize) -> Duration {
    let mut times = Vec::with_capacity(calls);
    for _ in 0..calls {
        let letter = shop.letter("unheard_of", &json!({}));
        let began = Instant::now();
        let response = shop.send(pen, &letter).await;
        times.push(began.elapsed());
        assert_eq!(response.status, 200, "{}", response.text());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    times.sort();
    times[times.len() * 99 / 100]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; see the head of the file"]
async fn a_flood_of_nonces_costs_no_memory_and_slows_no_other_key() {
    let signatures: usize = std::env::var("SIGNATURES")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(100_000);
    let cap = u64::try_from(signatures / 2).expect("a cap");
    let folder = tempfile::tempdir().expect("a folder");
    let file = format!("sqlite:{}", folder.path().join("seller.db").display());
    let (busy, calm_pen) = (Arc::new(Pen::ed25519("busy-1")), Pen::ed25519("calm-1"));
    let mut hasty = signer("busy", &[&busy]);
    hasty.cap = cap;
    let plan = Plan::of([hasty, signer("calm", &[&calm_pen])]);
    let store = store::open(&file).expect("the file opens");
    let shop = Arc::new(Plan { store, ..plan }.open_bare().await);

    let quiet = calm(&shop, &calm_pen, 400).await;
    let before = resident();
    let sent = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (shop, pen, sent) = (Arc::clone(&shop), Arc::clone(&busy), Arc::clone(&sent));
            tokio::spawn(async move {
                let client = Client::builder(TokioExecutor::new()).build_http();
                let mut taken = 0;
                while sent.fetch_add(1, Ordering::Relaxed) < signatures {
                    taken += usize::from(hand_in(&client, &shop, &pen).await == 200);
                }
                taken
            })
        })
        .collect();
    let busy_time = calm(&shop, &calm_pen, 400).await;
    let mut taken = 0;
    for sender in senders {
        taken += sender.await.expect("a sender ends");
    }
    let seconds = began.elapsed().as_secs_f64();
    let grown = resident().saturating_sub(before);
    println!(
        "{signatures} signatures in {seconds:.0} s ({:.0} a second), {taken} taken of at most {cap}; resident {} MiB before, {} MiB more after; another key's p99: {quiet:?} quiet, {busy_time:?} meanwhile",
        signatures as f64 / seconds,
        before / 1_048_576,
        grown / 1_048_576,
    );
    assert!(taken as u64 <= cap, "{taken}");
    assert!(taken as u64 >= cap * 95 / 100, "{taken}");
    assert!(grown < 128 * 1_048_576, "{grown} bytes");
}
