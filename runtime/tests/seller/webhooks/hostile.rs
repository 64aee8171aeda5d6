//! Receivers that mean harm hold nobody: no request, and no other receiver.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use adcp_seller::outbound::{Addresses, Client, Lookup, Reach};
use adcp_seller::seller::Trust;
use serde_json::json;

use super::receiver::{Receiver, Reply};
use super::{FREE, Parts, config, post};
use crate::market::account;
use crate::support::TOKEN;

/// How long a call and an unrelated delivery may take beside receivers that hang: far less than any of
/// them is given.
const SOON: Duration = Duration::from_secs(3);

#[tokio::test]
async fn whoever_hangs_closes_or_sends_without_end_holds_nobody() {
    for reply in [
        Reply::Hang,
        Reply::Close,
        Reply::Huge,
        Reply::Saying(302, "location", "http://127.0.0.1:1/".to_owned()),
    ] {
        let (post, bad, good) = (
            post(&FREE).await,
            Receiver::answering(reply.clone()).await,
            Receiver::well().await,
        );
        let began = Instant::now();
        for _ in 0..30 {
            post.buy(&bad.url("/")).await;
        }
        post.buy(&good.url("/")).await;
        good.once(1).await;
        let took = began.elapsed();
        assert!(took < SOON, "{reply:?}: {took:?}");
        let began = Instant::now();
        post.call(
            "get_media_buys",
            serde_json::json!({ "account": account("nova") }),
        )
        .await;
        assert!(began.elapsed() < Duration::from_secs(1), "{reply:?}");
    }
}

#[tokio::test]
async fn a_buyer_with_many_receivers_that_hang_holds_no_other_buyer() {
    let (post, good) = (post(&FREE).await, Receiver::well().await);
    let mut hanging = Vec::new();
    for _ in 0..20 {
        hanging.push(Receiver::answering(Reply::Hang).await);
    }
    for number in 0..100 {
        post.buy(&hanging[number % 20].url("/")).await;
    }
    let began = Instant::now();
    let order = post.order(super::config(&good.url("/")));
    post.send_as(crate::support::OTHER_TOKEN, "create_media_buy", order)
        .await
        .expect("it is booked");
    good.once(1).await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_endless_answer_counts_by_its_status() {
    let (post, buyer) = (post(&FREE).await, Receiver::answering(Reply::Huge).await);
    post.buy(&buyer.url("/")).await;
    post.all_delivered().await;
    assert_eq!(buyer.received().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (post, there) = (post(&FREE).await, Receiver::well().await);
    let here = Receiver::answering(Reply::Saying(307, "location", there.url("/stolen"))).await;
    post.buy(&here.url("/")).await;
    let tried = post.delivery_once(|delivery| delivery.attempts == 1).await;
    assert_eq!(tried.tries[0].status, Some(307));
    assert!(there.received().is_empty());
}

#[tokio::test]
async fn outside_a_sandbox_nothing_on_this_machine_is_reached() {
    let buyer = Receiver::well().await;
    let port = buyer.origin.rsplit(':').next().expect("a port");
    for url in [
        buyer.url("/"),
        format!("https://127.0.0.1:{port}/"),
        format!("https://[::1]:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://0x7f000001:{port}/"),
        format!("https://localhost:{port}/"),
        "https://10.0.0.7/".to_owned(),
        "https://169.254.169.254/latest/meta-data".to_owned(),
    ] {
        let usual = Parts::of(&FREE);
        let post = Parts {
            sandbox: false,
            trust: Trust {
                reach: Reach::Public,
                ..usual.trust.clone()
            },
            ..usual
        }
        .open()
        .await;
        // What the URL alone shows is told to the buyer.
        let order = post.order(config(&url));
        let error = post
            .send_as(TOKEN, "create_media_buy", order)
            .await
            .expect_err("refused");
        assert_eq!(
            (&error["code"], &error["field"]),
            (
                &json!("INVALID_REQUEST"),
                &json!("push_notification_config.url")
            ),
            "{url}: {error}"
        );
    }
    assert!(buyer.received().is_empty());
}

/// Takes every name for the same addresses, and counts how often it is asked.
#[derive(Clone, Default)]
struct Pointing {
    to: Vec<IpAddr>,
    asked: Arc<AtomicUsize>,
}

impl Lookup for Pointing {
    fn lookup(&self, _: &str) -> Addresses {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let to = self.to.clone();
        Box::pin(async move { Ok(to) })
    }
}

#[tokio::test]
async fn a_name_that_stands_for_this_machine_is_not_reached_either() {
    let buyer = Receiver::well().await;
    let port = buyer.origin.rsplit(':').next().expect("a port");
    let (v4, v6) = (Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST);
    for to in [
        vec![v4.into()],
        vec![v6.into()],
        vec![v4.to_ipv6_mapped().into()],
        vec![Ipv4Addr::new(93, 184, 215, 14).into(), v4.into()],
    ] {
        let names = Pointing {
            to: to.clone(),
            ..Pointing::default()
        };
        let client = Client::builder(Reach::Public).lookup(names.clone());
        let usual = Parts::of(&FREE);
        let post = Parts {
            sandbox: false,
            trust: Trust {
                reach: Reach::Public,
                outbound: Some(client.build().expect("a client")),
                ..usual.trust.clone()
            },
            ..usual
        }
        .open()
        .await;
        let url = format!("https://receiver.example:{port}/");
        let answer = post.buy(&url).await;
        assert!(answer["media_buy_id"].is_string(), "{to:?}: {answer}");
        let dead = post.dead().await;
        assert_eq!(
            dead.attempts, 1,
            "{to:?}: what breaks a rule is not tried again"
        );
        assert_eq!(dead.tries[0].status, None, "{to:?}");
        assert_eq!(names.asked.load(Ordering::Relaxed), 1, "{to:?}");
    }
    assert!(buyer.received().is_empty());
}
