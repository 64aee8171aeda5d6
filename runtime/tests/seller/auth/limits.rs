//! Requests that are too large or too slow, told by a client that decides about every byte.

use std::time::Duration;

use adcp_seller::profile::Entry;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Door, open, profile};
use crate::support::{TOKEN, rpc};

#[tokio::test]
async fn headers_are_bounded_in_bytes_and_in_number() {
    let door = open(profile(Entry::PLAIN), |_| {}).await;
    let ping = rpc("ping", json!({})).to_string();
    let authorization = format!("Bearer {TOKEN}");
    let good = [
        ("content-type", "application/json"),
        ("authorization", authorization.as_str()),
    ];
    let padding = "x".repeat(10_000);
    let half = "x".repeat(4_000);
    let huge = "x".repeat(60_000);
    for (more, status) in [
        (vec![("x-padding", half.as_str())], 200),
        (vec![("x-padding", padding.as_str())], 431),
        (
            vec![
                ("x-a", half.as_str()),
                ("x-b", half.as_str()),
                ("x-c", half.as_str()),
            ],
            431,
        ),
        (vec![("x-padding", huge.as_str())], 431),
        (vec![("x-number", "1"); 100], 431),
    ] {
        let headers = [&good[..], &more].concat();
        let response = door
            .client
            .send("POST", "/mcp", &headers, ping.as_bytes())
            .await;
        assert_eq!(response.status, status, "{} more headers", more.len());
    }
    // A bearer token as long as that is no exception.
    let token = format!("Bearer {padding}");
    let headers = [good[0], ("authorization", &token)];
    let response = door
        .client
        .send("POST", "/mcp", &headers, ping.as_bytes())
        .await;
    assert_eq!(response.status, 431);
    assert_eq!(door.knock(TOKEN).await, 200);
    door.running.stop().await;
}

#[tokio::test]
async fn methods_that_no_message_uses_are_answered_in_order() {
    let door = open(profile(Entry::PLAIN), |_| {}).await;
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("authorization", authorization.as_str())];
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
        let response = door.client.send(method, "/mcp", &headers, b"").await;
        assert_eq!(
            (response.status, response.header("allow")),
            (405, Some("POST")),
            "{method}"
        );
        assert_eq!(
            door.client.send(method, "/mcp", &[], b"").await.status,
            401,
            "{method}"
        );
    }
    let response = door.client.send("HEAD", "/healthz", &[], b"").await;
    assert_eq!((response.status, response.body.len()), (200, 0));
    assert_eq!(
        door.client
            .send("OPTIONS", "/healthz", &[], b"")
            .await
            .status,
        405
    );
    door.running.stop().await;
}

/// What comes back on a connection on which so much is sent and nothing more, and after how long.
/// Time is tokio's, which runs ahead when everybody waits.
async fn left_hanging(door: &Door, sent: &str) -> (String, Duration) {
    let began = tokio::time::Instant::now();
    let mut stream = TcpStream::connect(door.client.address())
        .await
        .expect("the seller listens");
    stream.write_all(sent.as_bytes()).await.expect("taken");
    let mut answer = Vec::new();
    // A connection that is cut may end in an error as well as in an end.
    let _ = stream.read_to_end(&mut answer).await;
    (
        String::from_utf8_lossy(&answer).into_owned(),
        began.elapsed(),
    )
}

#[tokio::test(start_paused = true)]
async fn nobody_holds_a_connection_by_being_slow() {
    let door = open(profile(Entry::PLAIN), |_| {}).await;
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n"
    );
    for (sent, answered) in [
        ("", ""),
        // It may become HTTP/2, or not.
        ("P", ""),
        ("PRI * HTTP/2.0\r\n", ""),
        ("POST /mcp HTTP/1.1\r\nhost: local", ""),
        (head.as_str(), ""),
        (
            &format!("{head}content-length: 100\r\n\r\n{{"),
            "HTTP/1.1 408",
        ),
        (
            &format!("{head}transfer-encoding: chunked\r\n\r\n1\r\n{{\r\n"),
            "HTTP/1.1 408",
        ),
    ] {
        let (answer, after) = left_hanging(&door, sent).await;
        assert!(answer.starts_with(answered), "{sent}: {answer}");
        assert!(
            !answer.is_empty() || answered.is_empty(),
            "{sent}: {answer}"
        );
        assert!(after <= Duration::from_secs(61), "{sent}: {after:?}");
    }
}
