//! Receivers that redirect, hang, drip, flood or talk nonsense: nothing takes longer or more memory
//! than it was given.

use std::time::{Duration, Instant};

use adcp_seller::outbound::{Answer, Client, Failed, Limits, Reach};
use axum::http::{HeaderMap, HeaderValue, StatusCode};

use crate::receiver::{Manner, Receiver, says};

/// Little time, so that the tests need not wait for seconds.
fn client() -> Client {
    let limits = Limits {
        whole: Duration::from_millis(800),
        tail: Duration::from_millis(200),
        prefix: 16,
        ..Limits::default()
    };
    Client::new(Reach::AndLoopback, limits).expect("a client")
}

async fn post(client: &Client, url: &str) -> Result<Answer, Failed> {
    let target = client.judge(url).expect("a target");
    client.post(&target, HeaderMap::new(), "{}".into()).await
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    (work.await, start.elapsed())
}

#[tokio::test]
async fn what_is_posted_arrives_with_its_headers_and_the_answer_comes_back() {
    let receiver = Receiver::start(says("202 Accepted", "x-trace: 7\r\n", "taken")).await;
    let client = client();
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let target = client.judge(&receiver.url()).expect("a target");
    let sent = client.post(&target, headers, "{\"a\":1}".into()).await;
    let answer = sent.expect("an answer");
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.headers["x-trace"], "7");
    assert_eq!(answer.body, "taken");
    let [request] = &receiver.seen.requests()[..] else {
        panic!("not one request");
    };
    assert!(request.starts_with("POST /adcp HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
    let request = request.to_lowercase();
    assert!(request.contains("\r\ncontent-type: application/json\r\n"));
    assert!(request.contains("\r\nuser-agent: adcp-seller/"));
    assert!(!request.contains("accept-encoding"), "{request}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let other = Receiver::start(says("200 OK", "", "{}")).await;
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Go",
        "308 Go",
    ] {
        let location = format!("location: {}\r\n", other.url());
        let receiver = Receiver::start(says(status, &location, "")).await;
        let client = client();
        let posted = post(&client, &receiver.url()).await.expect("an answer");
        let fetched = client.get_json(&receiver.url(), 1024).await;
        for answer in [posted, fetched.expect("an answer")] {
            assert!(answer.status.is_redirection());
        }
    }
    assert_eq!(other.seen.connections(), 0);
}

#[tokio::test]
async fn of_a_hundred_megabytes_only_the_beginning_is_read() {
    for announced in [true, false] {
        let receiver = Receiver::start(Manner::Floods { announced }).await;
        let client = client();
        let answer = post(&client, &receiver.url()).await.expect("an answer");
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 16));
        let failed = client.get_json(&receiver.url(), 64 * 1024).await;
        assert_eq!(failed.expect_err("too large"), Failed::TooLarge(64 * 1024));
        tokio::time::sleep(Duration::from_millis(200)).await;
        // What lies in the buffers of two sockets, on both sides.
        let sent = receiver.seen.sent();
        assert!(sent < 30 * 1024 * 1024, "the receiver got rid of {sent}");
        assert_eq!(receiver.seen.open(), 0, "both connections are closed");
    }
}

#[tokio::test]
async fn a_body_of_just_the_size_that_is_allowed_is_read() {
    let receiver = Receiver::start(says("200 OK", "", "0123456789")).await;
    let client = client();
    let answer = client.get_json(&receiver.url(), 10).await;
    assert_eq!(answer.expect("it fits").body, "0123456789");
    let failed = client.get_json(&receiver.url(), 9).await;
    assert_eq!(failed.expect_err("it does not"), Failed::TooLarge(9));
}

#[tokio::test]
async fn a_body_that_drips_is_cut() {
    let receiver = Receiver::start(Manner::DripsBody).await;
    let client = Client::new(
        Reach::AndLoopback,
        Limits {
            whole: Duration::from_millis(800),
            tail: Duration::from_millis(200),
            ..Limits::default()
        },
    )
    .expect("a client");
    let (posted, took) = timed(post(&client, &receiver.url())).await;
    assert_eq!(posted.expect("the status came").status, 200);
    assert!(took < Duration::from_millis(700), "{took:?}");
    let announced = client.get_json(&receiver.url(), 999_999).await;
    let too_large = announced.expect_err("it says how much is to come");
    assert_eq!(too_large, Failed::TooLarge(999_999));
    let (fetched, took) = timed(client.get_json(&receiver.url(), 2_000_000)).await;
    assert_eq!(fetched.expect_err("no whole body"), Failed::TooSlow);
    assert!(took < Duration::from_millis(1600), "{took:?}");
}

#[tokio::test]
async fn a_receiver_that_hangs_or_drips_headers_is_given_up() {
    for manner in [Manner::Hangs, Manner::DripsHeaders] {
        let receiver = Receiver::start(manner).await;
        let client = client();
        let (posted, took) = timed(post(&client, &receiver.url())).await;
        assert_eq!(posted.expect_err("no answer"), Failed::TooSlow);
        assert!(took < Duration::from_millis(1600), "{took:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_closes_or_talks_nonsense_can_not_be_reached() {
    let nonsense = Manner::Says("220 mail.buyer.example ESMTP\r\n".to_owned());
    let headers = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(1000));
    for manner in [Manner::Closes, nonsense, Manner::Says(headers)] {
        let receiver = Receiver::start(manner).await;
        let failed = post(&client(), &receiver.url()).await;
        assert!(matches!(failed, Err(Failed::Unreachable(_))), "{failed:?}");
        assert_eq!(receiver.seen.requests().len(), 1, "nothing is tried twice");
    }
}

#[tokio::test]
async fn nobody_listening_is_told_without_the_url() {
    let receiver = Receiver::start(Manner::Hangs).await;
    let port = receiver.port();
    drop(receiver);
    tokio::task::yield_now().await;
    let url = format!("http://127.0.0.1:{port}/t0ps3cret?t0ps3cret");
    let failed = post(&client(), &url).await.expect_err("nobody listens");
    assert!(matches!(failed, Failed::Unreachable(_)), "{failed:?}");
    assert!(!format!("{failed} {failed:?}").contains("t0ps3cret"));
}

#[tokio::test]
async fn nothing_is_unpacked() {
    let packed = says("200 OK", "content-encoding: gzip\r\n", "{}");
    let receiver = Receiver::start(packed).await;
    let client = client();
    let failed = client.get_json(&receiver.url(), 1024).await;
    assert_eq!(failed.expect_err("packed"), Failed::Compressed);
    let answer = post(&client, &receiver.url()).await.expect("an answer");
    assert_eq!(answer.body, "{}");
}

#[tokio::test]
async fn cookies_are_not_kept() {
    let receiver = Receiver::start(says("200 OK", "set-cookie: a=b\r\n", "{}")).await;
    let client = client();
    for _ in 0..2 {
        let answer = client.get_json(&receiver.url(), 1024).await;
        assert_eq!(answer.expect("an answer").status, 200);
    }
    let requests = receiver.seen.requests();
    assert_eq!(requests.len(), 2);
    assert!(!requests[1].to_lowercase().contains("cookie"));
}

#[tokio::test]
async fn few_connections_are_kept_open() {
    let receiver = Receiver::start(says("200 OK", "", "{}")).await;
    let client = client();
    let url = receiver.url();
    let all = (0..16).map(|_| client.get_json(&url, 1024));
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(answer.expect("an answer").status, 200);
    }
    let kept = async {
        while receiver.seen.open() > 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), kept)
        .await
        .expect("the others are closed");
    assert!(receiver.seen.connections() > 2, "they went out together");
}
