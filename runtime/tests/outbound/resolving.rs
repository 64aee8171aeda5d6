//! Names: one bad address refuses them all, and a resolver that never answers holds nobody.

use std::time::{Duration, Instant};

use adcp_seller::outbound::{Block, Client, Failed, Limits, Lookup, Reach, Rule, SystemLookup};
use tokio::task::JoinSet;

use crate::names::{Names, Sluggish, ip};
use crate::receiver::{Receiver, says};
use crate::tls::{HOST, certified};

async fn refused_for(names: Names, reach: Reach) -> Rule {
    let client = Client::builder(reach).lookup(names).build();
    let client = client.expect("a client");
    match client.get_json("https://hooks.buyer.example/", 1024).await {
        Err(Failed::Refused(refused)) => refused.rule,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn one_bad_address_among_good_ones_refuses_the_name() {
    let (acceptor, root) = certified(HOST);
    let receiver = Receiver::start_tls(says("200 OK", "", "{}"), acceptor).await;
    let url = format!("https://{HOST}:{}/", receiver.port());
    let bad = ip("169.254.169.254");
    let good = ip("127.0.0.1");
    for answer in [vec![good, bad], vec![bad, good], vec![good, good, bad]] {
        let client = Client::builder(Reach::AndLoopback)
            .lookup(Names::always(answer))
            .root(root.clone())
            .build()
            .expect("a client");
        let failed = client.get_json(&url, 1024).await;
        let Err(Failed::Refused(refused)) = failed else {
            panic!("not refused: {failed:?}");
        };
        let (address, block) = (bad, Block::LinkLocal);
        assert_eq!(refused.rule, Rule::Address { address, block });
    }
    assert_eq!(receiver.seen.connections(), 0);
}

#[tokio::test]
async fn a_public_name_that_points_at_this_machine_is_refused_outside_a_sandbox() {
    for address in ["127.0.0.1", "::1"] {
        let names = Names::always(vec![ip(address)]);
        let address = ip(address);
        let block = Block::Loopback;
        let rule = refused_for(names, Reach::Public).await;
        assert_eq!(rule, Rule::Address { address, block });
    }
}

#[tokio::test]
async fn a_crowd_of_addresses_is_refused() {
    let crowd = |size: u8| (1..=size).map(|last| format!("8.8.8.{last}"));
    let crowd: Vec<_> = crowd(33).map(|address| ip(&address)).collect();
    let rule = refused_for(Names::always(crowd), Reach::Public).await;
    assert_eq!(rule, Rule::TooManyAddresses);
}

#[tokio::test]
async fn a_name_without_an_address_can_not_be_reached() {
    let client = Client::builder(Reach::Public)
        .lookup(Names::always(Vec::new()))
        .build()
        .expect("a client");
    let failed = client.get_json("https://hooks.buyer.example/", 1024).await;
    assert!(matches!(failed, Err(Failed::Unreachable(_))), "{failed:?}");
}

#[tokio::test]
async fn lookups_that_never_end_hold_nobody() {
    let (acceptor, root) = certified(HOST);
    let receiver = Receiver::start_tls(says("200 OK", "", "{}"), acceptor).await;
    let client = Client::builder(Reach::AndLoopback)
        .limits(Limits {
            lookup: Duration::from_millis(600),
            ..Limits::default()
        })
        .lookup(Sluggish {
            answer: vec![ip("127.0.0.1")],
        })
        .root(root)
        .build()
        .expect("a client");
    let start = Instant::now();
    let mut held = JoinSet::new();
    for number in 0..200 {
        let client = client.clone();
        let url = format!("https://slow{number}.buyer.example/");
        held.spawn(async move { client.get_json(&url, 1024).await });
    }
    tokio::task::yield_now().await;
    let url = format!("https://{HOST}:{}/", receiver.port());
    let answer = client.get_json(&url, 1024).await.expect("an answer");
    assert_eq!(answer.status, 200);
    assert!(held.try_join_next().is_none(), "the others still wait");
    while let Some(ended) = held.join_next().await {
        let failed = ended.expect("no panic").expect_err("no address");
        assert_eq!(failed, Failed::TooSlow);
    }
    let took = start.elapsed();
    assert!(took < Duration::from_secs(3), "they took {took:?}");
}

#[tokio::test]
async fn in_a_sandbox_localhost_is_this_machine_whatever_a_resolver_says() {
    let receiver = Receiver::start(says("200 OK", "", "{}")).await;
    let names = Names::always(vec![ip("8.8.8.8")]);
    let client = Client::builder(Reach::AndLoopback)
        .lookup(names.clone())
        .build()
        .expect("a client");
    for host in ["localhost", "LOCALHOST", "hooks.localhost"] {
        let url = format!("http://{host}:{}/", receiver.port());
        let answer = client.get_json(&url, 1024).await.expect("an answer");
        assert_eq!((answer.status.as_u16(), names.asked()), (200, 0));
    }
}

#[tokio::test]
async fn the_machine_itself_is_asked_when_nothing_else_is_said() {
    let found = SystemLookup::default().lookup("localhost").await;
    let found = found.expect("every machine knows itself");
    assert!(found.iter().any(|address| address.is_loopback()));
}
