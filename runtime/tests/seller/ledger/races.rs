//! Two processes on one SQLite file race for one proposal.

use std::collections::BTreeSet;
use std::io::BufRead as _;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::bureau::Bureau;
use super::process::{self, Peer, accept, brief, file_of_the_parent, finalize, rounds, say};
use crate::market::{Market, account};
use crate::support::TOKEN;

/// So many requests come from each of the two processes at once.
const EACH: usize = 50;
/// How long the ad server takes: long enough for everybody to come in between.
const PAUSE: Duration = Duration::from_millis(5);

/// What a call came to, in a form that two processes can compare.
fn verdict(result: &Value) -> Value {
    let mut answer = result["structuredContent"].clone();
    if let Some(members) = answer.as_object_mut() {
        for name in ["adcp_version", "replayed", "context"] {
            members.remove(name);
        }
    }
    json!({ "refused": result["isError"], "answer": answer })
}

async fn accept_at_once(market: &Market, proposal_id: &str, who: &str) -> Vec<Value> {
    let calls = (0..EACH).map(async |number| {
        let key = format!("{who}:{proposal_id}:{number:04}:key");
        verdict(
            &market
                .send(TOKEN, "create_media_buy", accept(proposal_id, &key))
                .await,
        )
    });
    join_all(calls).await
}

/// The same request under the same key, from everybody at once.
async fn repeat_at_once(market: &Market, proposal_id: &str) -> Vec<Value> {
    let calls = (0..EACH).map(async |number| {
        let mut request = accept(proposal_id, &format!("everybody:{proposal_id}:key"));
        request["context"] = json!({ "number": number });
        let result = market.send(TOKEN, "create_media_buy", request).await;
        let answer = &result["structuredContent"];
        assert_eq!(answer["context"]["number"], number, "{answer}");
        let mut said = verdict(&result);
        said["replayed"] = answer["replayed"].clone();
        said
    });
    join_all(calls).await
}

async fn finalize_at_once(market: &Market, proposal_id: &str) -> Vec<Value> {
    let calls = (0..EACH).map(async |_| {
        verdict(
            &market
                .send(TOKEN, "get_products", finalize(proposal_id))
                .await,
        )
    });
    join_all(calls).await
}

/// Does what the parent says, line by line: `accept NAME`, `repeat NAME` or `finalize NAME`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other process of the races"]
async fn child_races() {
    let market = process::open(&file_of_the_parent(), process::later(), PAUSE).await;
    say(&json!("ready"));
    let mut lines = std::io::stdin().lock().lines();
    while let Some(line) = tokio::task::block_in_place(|| lines.next()) {
        let line = line.expect("text");
        let answers = match line.split_once(' ') {
            Some(("accept", name)) => accept_at_once(&market, name, "child").await,
            Some(("repeat", name)) => repeat_at_once(&market, name).await,
            Some(("finalize", name)) => finalize_at_once(&market, name).await,
            _ => panic!("not understood: {line}"),
        };
        say(&json!(answers));
    }
}

/// Both processes at once, and what all their calls came to.
async fn together(market: &Market, mut peer: Peer, what: &str, name: &str) -> (Vec<Value>, Peer) {
    peer.tell(&format!("{what} {name}"));
    let own = async {
        match what {
            "accept" => accept_at_once(market, name, "parent").await,
            "repeat" => repeat_at_once(market, name).await,
            _ => finalize_at_once(market, name).await,
        }
    };
    let theirs = tokio::task::spawn_blocking(move || {
        let answers = peer.hear().expect("it answers");
        (answers, peer)
    });
    let (mut own, theirs) = tokio::join!(own, theirs);
    let (answers, peer) = theirs.expect("it answers");
    own.extend(answers.as_array().expect("answers").iter().cloned());
    (own, peer)
}

async fn pair(file: &Path) -> (Market, Peer) {
    let market = process::open(file, 0, PAUSE).await;
    process::provision(&market).await;
    let mut peer = Peer::start("ledger::races::child_races", file, 0);
    assert_eq!(peer.hear(), Some(json!("ready")));
    (market, peer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_buyers_in_two_processes_one_gets_the_proposal() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("seller.db");
    let (market, mut peer) = pair(&file).await;
    let started = Instant::now();
    let rounds = rounds("LEDGER_RACES", 100);
    let mut won_here = 0;
    for round in 0..rounds {
        let name = format!("wanted-{round}");
        market.call("get_products", brief(&name)).await;
        market.call("get_products", finalize(&name)).await;
        let (answers, again) = together(&market, peer, "accept", &name).await;
        peer = again;
        let (won, lost): (Vec<_>, Vec<_>) = answers
            .iter()
            .partition(|answer| answer["refused"] == false);
        assert_eq!(won.len(), 1, "round {round}: {won:?}");
        assert_eq!(lost.len(), 2 * EACH - 1);
        for answer in lost {
            let error = &answer["answer"]["adcp_error"];
            assert_eq!(
                (&error["code"], &error["field"]),
                (&json!("PROPOSAL_NOT_COMMITTED"), &json!("proposal_id")),
                "round {round}: {answer}"
            );
        }
        won_here += usize::from(
            answers[..EACH]
                .iter()
                .any(|answer| answer["refused"] == false),
        );
    }
    let took = started.elapsed();
    peer.end();
    let bought = market
        .call("get_media_buys", json!({ "account": account("nova"), "status_filter": ["pending_creatives"], "pagination": { "max_results": 100 } }))
        .await;
    assert_eq!(
        bought["pagination"]["total_count"]
            .as_u64()
            .or(bought["media_buys"]
                .as_array()
                .map(|buys| buys.len() as u64)),
        Some(rounds as u64),
        "exactly one media buy a round"
    );
    let book = Bureau::beside(&file, PAUSE).read();
    assert_eq!(book.orders.len(), rounds);
    assert!(
        book.orders.values().all(|operations| operations.len() == 1),
        "nobody but the winner reached the ad server: {:?}",
        book.orders
    );
    eprintln!("{rounds} rounds in {took:?}; the parent won {won_here}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_finalizes_in_two_processes_hold_once_and_are_answered_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("seller.db");
    let (market, mut peer) = pair(&file).await;
    let rounds = rounds("LEDGER_RACES", 20);
    for round in 0..rounds {
        let name = format!("firm-{round}");
        market.call("get_products", brief(&name)).await;
        let (answers, again) = together(&market, peer, "finalize", &name).await;
        peer = again;
        let distinct: BTreeSet<String> = answers.iter().map(Value::to_string).collect();
        assert_eq!(distinct.len(), 1, "round {round}: {distinct:?}");
        assert_eq!(answers[0]["refused"], false, "{}", answers[0]);
        assert_eq!(
            answers[0]["answer"]["proposals"][0]["proposal_status"],
            "committed"
        );
    }
    peer.end();
    let book = Bureau::beside(&file, PAUSE).read();
    assert_eq!(book.holds.len(), rounds);
    assert!(
        book.arrivals.values().all(|arrivals| *arrivals == 1),
        "the manager is called once: {book:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_equal_requests_in_two_processes_are_one_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("seller.db");
    let (market, mut peer) = pair(&file).await;
    for round in 0..rounds("LEDGER_REPEATS", 20) {
        let name = format!("repeated-{round}");
        market.call("get_products", brief(&name)).await;
        market.call("get_products", finalize(&name)).await;
        let (answers, again) = together(&market, peer, "repeat", &name).await;
        peer = again;
        assert_eq!(answers.len(), 2 * EACH);
        let fresh = answers.iter().filter(|answer| answer["replayed"].is_null());
        assert_eq!(fresh.count(), 1, "round {round}");
        let distinct: BTreeSet<String> = answers
            .iter()
            .map(|answer| answer["answer"].to_string())
            .collect();
        assert_eq!(distinct.len(), 1, "round {round}: {distinct:?}");
        assert!(answers.iter().all(|answer| answer["refused"] == false));
    }
    peer.end();
    let book = Bureau::beside(&file, PAUSE).read();
    assert!(book.orders.values().all(|orders| orders.len() == 1));
    assert!(book.arrivals.values().all(|arrivals| *arrivals == 1));
}
